"""The way of a telephone in a page to the switch: a real web server between a browser and a switch on real sockets."""

from __future__ import annotations

import asyncio
import hashlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext

import httpx
import pytest
import uvicorn
from fastapi import APIRouter, WebSocket
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin, Subprotocol

from ivr.accounts import Role
from ivr.errors import Refused
from ivr.records.database import Database, opened
from ivr.records.keyring import open_keyring
from ivr.settings import Settings
from ivr.signing import office
from ivr.telephony.page_line import MOST_BYTES, SIP, Code
from ivr.web import telephone
from ivr.web.entrance import Entrance
from ivr.web.permission import Permission, allow, refuse_undeclared
from ivr.web.site import site
from ivr.web.static_files import STATIC_DIR
from tests.conftest import PROJECT
from tests.web.house import Browser, House

REGISTER = (
    "REGISTER sip:helpline.invalid SIP/2.0\r\nFrom: <sip:{0}-page@helpline.invalid>;tag=a\r\n"
    "To: <sip:{0}-page@helpline.invalid>\r\n\r\n"
)
OWN = REGISTER.format("101")


class FakeSwitch:
    """Takes telephones, keeps what they say, and answers each message with 200."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.gone = asyncio.Event()

    async def serve(self, line: ServerConnection) -> None:
        async for message in line:
            self.heard.append(str(message))
            await line.send("SIP/2.0 200 OK\r\n\r\n")
        self.gone.set()


class Line:
    """A site with accounts before a fake switch. Whoever `enters` sits at a browser of their own."""

    def __init__(self, house: House, port: int, switch: FakeSwitch) -> None:
        self.house, self.port, self.switch = house, port, switch
        self.address = f"http://127.0.0.1:{port}"

    @asynccontextmanager
    async def enters(self, name: str, role: Role = Role.COUNSELLOR, extension: str = "101") -> AsyncIterator[Browser]:
        given = await self.house.add(name, role, extension)
        async with httpx.AsyncClient(base_url=self.address) as client:
            client.headers.update({"Accept-Language": "en", "Sec-Fetch-Site": "same-origin"})
            browser = Browser(self.house, client)
            await browser.enter(given)
            yield browser

    async def rings_up(
        self, browser: Browser | None, origin: str | None = None, protocol: str = SIP
    ) -> ClientConnection:
        """Raises InvalidStatus: the site did not let it in."""
        cookies = dict(browser.client.cookies.items()) if browser else {}
        return await connect(
            f"ws://127.0.0.1:{self.port}/telephone",
            subprotocols=[Subprotocol(protocol)],
            origin=Origin(origin or self.address),
            additional_headers={"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())},
            proxy=None,
        )


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    async with opened(settings.database) as found:
        yield found


@pytest.fixture
async def line(settings: Settings, database: Database) -> AsyncIterator[Line]:
    open_keyring(settings.secrets_file, ("101", "102"))
    house = House(settings, database)
    switch = FakeSwitch()
    async with serve(switch.serve, "127.0.0.1", 0, subprotocols=[SIP]) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        known = settings.model_copy(update={"asterisk_http_port": port})
        with socket.create_server(("127.0.0.1", 0)) as listening:
            entrance = Entrance(office(known, database), lambda: house.now)
            async with running(site(known, house, entrance), listening):
                yield Line(house, listening.getsockname()[1], switch)


@asynccontextmanager
async def running(app: object, listening: socket.socket) -> AsyncIterator[None]:
    config = uvicorn.Config(
        app,  # type: ignore[arg-type]
        log_config=None,
        lifespan="off",
        ws="websockets-sansio",
        ws_max_size=MOST_BYTES,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    server.capture_signals = nullcontext  # type: ignore[method-assign,assignment]
    task = asyncio.create_task(server.serve([listening]))
    try:
        yield
    finally:
        server.should_exit = True
        await task


async def closed(socket: ClientConnection) -> int:
    """Why the site closed it."""
    async with asyncio.timeout(5):
        try:
            while True:
                await socket.recv()
        except ConnectionClosed as end:
            assert end.rcvd
            return end.rcvd.code


async def is_refused(line: Line, browser: Browser | None, **how: str) -> bool:
    try:
        socket = await line.rings_up(browser, **how)
    except InvalidStatus as answer:
        return answer.response.status_code == 403
    await socket.close()
    return False


async def test_what_the_page_says_reaches_the_switch_and_its_answer_the_page_until_it_leaves(line: Line) -> None:
    async with line.enters("aynur") as browser:
        socket = await line.rings_up(browser)
        await socket.send(OWN)
        assert await socket.recv() == "SIP/2.0 200 OK\r\n\r\n"
        assert line.switch.heard == [OWN]
        await socket.close()
        async with asyncio.timeout(5):
            await line.switch.gone.wait()


async def test_a_page_of_another_site_one_that_speaks_no_sip_and_who_may_take_no_calls_are_refused(line: Line) -> None:
    assert await is_refused(line, None)
    async with line.enters("aynur") as browser:
        for origin in ("http://elsewhere.invalid", "null", "http://127.0.0.1", "https://127.0.0.1:1"):
            assert await is_refused(line, browser, origin=origin)
        assert await is_refused(line, browser, protocol="chat")
    async with line.enters("keeper", Role.ADMINISTRATOR, "102") as browser:
        assert await is_refused(line, browser)


async def test_an_account_without_a_telephone_and_one_that_is_not_made_yet_are_refused(line: Line) -> None:
    async with line.enters("aynur", extension="") as browser:
        assert await is_refused(line, browser)
    async with line.enters("leyla", extension="103") as browser:
        assert await is_refused(line, browser)


async def test_a_password_alone_opens_no_telephone(line: Line) -> None:
    given = await line.house.add("aynur", extension="101")
    async with httpx.AsyncClient(base_url=line.address) as client:
        client.headers.update({"Sec-Fetch-Site": "same-origin"})
        browser = Browser(line.house, client)
        await browser.sign_in("aynur", given.one_time_password)
        assert await is_refused(line, browser)


MAY_NOT_SAY: list[tuple[str | bytes, Code]] = [
    (REGISTER.format("102"), Code.REFUSED),
    ("INVITE sip:102@x SIP/2.0\r\nFrom: <sip:101-page@x>\r\nTo: <sip:102@x>\r\n\r\n", Code.REFUSED),
    (b"\0bytes", Code.REFUSED),
    ("x" * (MOST_BYTES + 1), Code.TOO_LARGE),
]


async def test_what_it_may_not_say_and_too_much_end_the_connection(line: Line) -> None:
    async with line.enters("aynur") as browser:
        for said, code in MAY_NOT_SAY:
            socket = await line.rings_up(browser)
            await socket.send(said)
            assert await closed(socket) == code
        assert line.switch.heard == []
        socket = await line.rings_up(browser)
        for _ in range(telephone.MOST_MESSAGES + 1):
            await socket.send(OWN)
        assert await closed(socket) == Code.REFUSED
    assert len(line.switch.heard) <= telephone.MOST_MESSAGES


async def test_the_connection_ends_with_the_session_and_keeps_nobody_signed_in(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telephone, "LOOK_S", 0.01)
    async with line.enters("aynur") as browser:
        socket = await line.rings_up(browser)
        await browser.get("/account")
        await browser.send("/sign-out")
        assert await closed(socket) == Code.SIGNED_OUT
    async with line.enters("leyla", extension="102") as browser:
        socket = await line.rings_up(browser)
        line.house.later(minutes=31)
        assert await closed(socket) == Code.SIGNED_OUT


async def test_the_page_is_told_its_name_and_no_password(line: Line, settings: Settings) -> None:
    async with line.enters("aynur") as browser:
        told, page = await browser.get("/telephone/account"), await browser.get("/telephone/try")
    assert told.json() == {"user": "101-page"}
    assert told.headers["Cache-Control"] == "no-store"
    assert page.status_code == 200
    assert not any(secret in told.text + page.text for secret in open_keyring(settings.secrets_file).phones.values())


def test_a_socket_declares_its_permission_too() -> None:
    async def take(socket: WebSocket) -> None: ...

    declared, silent = APIRouter(), APIRouter()
    declared.add_api_websocket_route("/told", take, dependencies=[allow(Permission.ANYBODY)])
    silent.add_api_websocket_route("/silent", take)
    refuse_undeclared(declared.routes)
    with pytest.raises(Refused, match="/silent"):
        refuse_undeclared(silent.routes)


def test_the_script_is_made_from_its_sources() -> None:
    """When this fails: `make telephone`."""
    sources = [PROJECT / "package-lock.json", *sorted((PROJECT / "ivr/web/telephone").glob("*.js"))]
    made_from = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
    assert (STATIC_DIR / "telephone.js").read_text().startswith(f"/* {made_from} */")


async def test_scripts_go_compressed_and_pages_do_not(line: Line) -> None:
    async with httpx.AsyncClient(base_url=line.address, headers={"Accept-Encoding": "gzip"}) as client:
        script, page = await client.get("/static/telephone.js"), await client.get("/sign-in")
    assert script.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in page.headers
