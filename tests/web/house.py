"""A site with accounts, and a person at a browser who does what people do."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from html import unescape

import httpx
import pyotp
from starlette.types import ASGIApp

from ivr import accounts
from ivr.accounts import By, Given, NewAccount, Role
from ivr.board.feed import Feed
from ivr.records import audit
from ivr.records.database import Database
from ivr.settings import Settings
from ivr.signing import Account, IsOn, nobody, office
from ivr.web.entrance import Entrance
from ivr.web.pulse import Pulse
from ivr.web.site import site

PASSWORD = "four quiet words here"
BEGINS = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


class House:
    """`pulse`: what the line says of itself; closed, where that is not what is looked at."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings = settings
        self.database = database
        self.now = BEGINS
        self.in_call: IsOn = nobody
        self.on_duty: IsOn = nobody
        self.pulse = Pulse(open=False)
        self.feed = Feed()
        self.known: dict[str, str] = {}

    async def is_open(self) -> bool:
        return self.pulse.open

    async def read(self) -> Pulse:
        return self.pulse

    def later(self, **by: float) -> None:
        self.now += timedelta(**by)

    async def add(self, name: str, role: Role = Role.COUNSELLOR, extension: str = "") -> Given:
        given = await accounts.add(self.database, NewAccount(name, name.title(), role, extension), By("test", self.now))
        assert isinstance(given, Given)
        return given

    def site(self) -> ASGIApp:
        async def in_call(person: Account) -> bool:
            return await self.in_call(person)

        async def on_duty(person: Account) -> bool:
            return await self.on_duty(person)

        entrance = Entrance(office(self.settings, self.database, in_call, on_duty), lambda: self.now)
        return site(self.settings, self, entrance, self.feed)

    @asynccontextmanager
    async def browser(self, scheme: str = "http", address: str = "127.0.0.1") -> AsyncIterator[Browser]:
        transport = httpx.ASGITransport(self.site(), raise_app_exceptions=False, client=(address, 1))
        async with httpx.AsyncClient(transport=transport, base_url=f"{scheme}://127.0.0.1") as client:
            client.headers.update({"Accept-Language": "en", "Sec-Fetch-Site": "same-origin"})
            yield Browser(self, client)

    async def deeds(self) -> list[tuple[str, str, str]]:
        """What is on record, oldest first: by whom, what, about what."""
        async with self.database.reading() as unit:
            found = await audit.newest(unit, 1000)
        return [(each.by, str(each.deed), each.about) for each in reversed(found)]


class Browser:
    """One person at one browser; keeps the page they look at."""

    def __init__(self, house: House, client: httpx.AsyncClient) -> None:
        self.house = house
        self.client = client
        self.secret = ""

    async def get(self, path: str) -> httpx.Response:
        return await self._shown(await self.client.get(path, follow_redirects=True))

    async def send(self, path: str, **fields: str) -> httpx.Response:
        """The form of the page looked at, with its hidden fields."""
        answer = await self.client.post(path, data=self.hidden | fields, follow_redirects=True)
        return await self._shown(answer)

    async def _shown(self, answer: httpx.Response) -> httpx.Response:
        hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', answer.text)
        self.hidden = {name: unescape(value) for name, value in hidden}
        return answer

    async def sign_in(self, name: str, password: str, wanted: str = "") -> httpx.Response:
        await self.get(f"/sign-in?next={wanted}" if wanted else "/sign-in")
        return await self.send("/sign-in", name=name, password=password)

    async def enter(self, given: Given) -> httpx.Response:
        """All of a first sign-in."""
        await self.change_password(given)
        return await self.set_up()

    async def change_password(self, given: Given) -> httpx.Response:
        """Half of it."""
        await self.sign_in(given.account.name, given.one_time_password)
        return await self.send("/account/password", old=given.one_time_password, new=PASSWORD, again=PASSWORD)

    async def set_up(self) -> httpx.Response:
        page = await self.get("/sign-in/set-up")
        found = re.search(r'class="key">([A-Z2-7 ]+)<', page.text)
        assert found, page.text
        self.secret = found[1].replace(" ", "")
        return await self.send("/sign-in/set-up", code=self.code())

    def code(self) -> str:
        """What their telephone shows now."""
        return pyotp.TOTP(self.secret).at(int(self.house.now.timestamp()))
