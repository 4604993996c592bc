"""The furnished house served on loopback, with somebody of every role at a browser of their own."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import uvicorn
from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from starlette.types import ASGIApp

from ivr.desk.access import Role
from ivr.desk.presence import Said, Word
from ivr.records import attempt, counsellor, presence
from ivr.records.counsellor import Counsellor
from ivr.records.database import Database, migrate
from ivr.settings import Settings
from ivr.signing import Account
from ivr.web.site import Server
from tests.gallery.furnishing import AT_DESKS, FURNISHED, GIVEN, HALF_WAY, LOCKED, RUNG, TALKING
from tests.gallery.views import NOBODY, View, views
from tests.web.house import PASSWORD, House

Scheme = Literal["light", "dark"]
WIDE, NARROW = (1280, 800), (360, 740)
# Nothing is looked for elsewhere.
LOCALES = {"az": "az-AZ", "ru": "ru-RU", "en": "en-GB"}  # a browser writes dates in the way of its own language
FLAGS = ("--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE 127.0.0.1")


@dataclass(frozen=True, slots=True)
class Look:
    """How a page is looked at."""

    language: str = "en"
    size: tuple[int, int] = WIDE
    scheme: Scheme = "light"


@dataclass
class OpenHouse:
    """`cookies`: of each visitor, by their name or role."""

    house: House
    app: ASGIApp
    address: str
    browser: Browser
    known: dict[str, str]
    cookies: dict[str, str] = field(default_factory=dict)

    def views(self) -> list[View]:
        return list(views(self.app, self.known))

    @asynccontextmanager
    async def look(self, view: View, look: Look) -> AsyncIterator[Page]:
        """The page as it stands there, its deed done. A context of its own: no visitor sees another's cookies."""
        self.house.pulse = view.pulse
        async with self.house.database.unit_of_work() as unit:
            await unit.execute(attempt.table.delete())  # of looks before this one: nobody is to wait
        context = await self._context(view.who, look)
        try:
            page = await context.new_page()
            answer = await page.goto(self.address + view.path, wait_until="load")
            assert answer is not None
            assert answer.status == view.status, f"{view.path}: {answer.status}"
            assert page.url.partition("?")[0] == (self.address + view.path).partition("?")[0], f"led on to {page.url}"
            await view.deed(page)
            yield page
        finally:
            await context.close()

    async def _context(self, who: str, look: Look) -> BrowserContext:
        width, height = look.size
        context = await self.browser.new_context(
            locale=LOCALES[look.language],
            viewport={"width": width, "height": height},
            color_scheme=look.scheme,
            reduced_motion="reduce",
        )
        cookies = {"lang": look.language} | ({"session": self.cookies[who]} if who else {})
        await context.add_cookies(
            [{"name": name, "value": told, "url": self.address} for name, told in cookies.items()]
        )
        return context


@asynccontextmanager
async def open_house(folder: Path, host: str = "127.0.0.1") -> AsyncIterator[OpenHouse]:
    """`folder`: an empty one, for the database. `host`: a passkey wants a name."""
    settings = Settings(state_dir=folder / "state")
    migrate(settings.database)
    house = House(settings, Database(settings.database))
    house.on_duty = _is_locked
    await _counsellors(house)
    cookies = await _sign_in(house)
    known: dict[str, str] = {}
    for part in FURNISHED:
        known |= await part(house)
    app = house.site()
    async with served(app, host=host) as address, chromium() as browser:
        yield OpenHouse(house, app, address, browser, known, cookies)
    await house.database.close()
    shutil.rmtree(folder / "state", ignore_errors=True)


async def _sign_in(house: House) -> dict[str, str]:
    cookies = {}
    for who in (LOCKED, *Role, RUNG, TALKING, GIVEN, HALF_WAY):
        role = who if isinstance(who, Role) else Role.COUNSELLOR
        name = {Role.COUNSELLOR: "aynur", Role.SUPERVISOR: "sevda", Role.ADMINISTRATOR: "rauf"}.get(who, who)
        given = await house.add(name, role, AT_DESKS.get(who, "101" if who is Role.COUNSELLOR else ""))
        async with house.browser() as browser:
            if who == GIVEN:
                await browser.change_password(given)
            else:
                await browser.enter(given)
            if who == HALF_WAY:
                house.later(minutes=1)
                await browser.sign_in(who, PASSWORD)
            cookies[str(who)] = browser.client.cookies["session"]
        if who == LOCKED:
            house.later(minutes=31)
    return cookies


async def _is_locked(person: Account) -> bool:
    return person.name == LOCKED


async def _counsellors(house: House) -> None:
    async with house.database.unit_of_work() as unit:
        for name, extension in AT_DESKS.items():
            await counsellor.write(unit, Counsellor(extension, name.title(), ("az", "ru"), active=True))
            await presence.write(unit, Said(extension, Word.SIGN_IN, datetime.now(UTC)))


@asynccontextmanager
async def served(app: ASGIApp, port: int = 0, host: str = "127.0.0.1") -> AsyncIterator[str]:
    listening = socket.create_server(("127.0.0.1", port))
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1)
    server = Server(config)
    running = asyncio.create_task(server.serve([listening]))
    try:
        yield f"http://{host}:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running
        listening.close()


@asynccontextmanager
async def chromium(*flags: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=[*FLAGS, *flags])
        try:
            yield browser
        finally:
            await browser.close()


__all__ = ["NARROW", "NOBODY", "WIDE", "Look", "OpenHouse", "chromium", "open_house"]
