"""The telephone in the page: its script's way to the switch, and a first page to try it on.

The switch's own WebSocket is on loopback and takes whoever has a password. Here a page gets through to it if somebody
is signed in who has an extension, under that extension's name and no other, as long as they are signed in.
"""

from __future__ import annotations

import asyncio
import re
import time

import structlog
from fastapi import APIRouter, Request, WebSocket
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.websockets import WebSocketDisconnect, WebSocketState

from ivr import page_call
from ivr.errors import HelplineError, NotFound, Refused
from ivr.records.keyring import open_keyring
from ivr.settings import Settings
from ivr.signing import Seat
from ivr.telephony import page_line, phones
from ivr.telephony.page_guard import Guard
from ivr.telephony.page_line import SIP, Code, PageLine
from ivr.web.entrance import Entrance, place_of
from ivr.web.pages import Pages
from ivr.web.permission import Me, Permission, allow

LOOK_S = 5.0  # how long a telephone may outlive its session
RETURN_S = 8.0  # a page whose connection was cut is back in five, or does not come back
MOST_MESSAGES, IN_S = 60, 5.0  # a call has about ten messages
_CALL = re.compile(r"^INVITE .*?^(?:Call-ID|i) *: *(\S+)", re.MULTILINE | re.DOTALL | re.IGNORECASE)

log = structlog.get_logger()


class Telephone:
    """Of whoever is signed in, may take calls, and has an extension."""

    def __init__(self, settings: Settings, pages: Pages, entrance: Entrance) -> None:
        self._settings, self._pages, self._entrance = settings, pages, entrance
        self._calls: dict[PageLine, str] = {}  # the last call that rang on a connection, by its SIP Call-ID
        self._cut_off: dict[str, str] = {}  # an extension's, while it has no connection
        self._watching: set[asyncio.Task[None]] = set()

    def router(self) -> APIRouter:
        declared, by_itself = [allow(Permission.TAKE_CALLS)], [allow(Permission.TAKE_CALLS, passive=True, locked=True)]
        made = APIRouter()
        made.add_api_websocket_route("/telephone", self.connect, dependencies=by_itself)
        made.add_api_route("/telephone/account", self.tell_account, methods=["GET"], dependencies=by_itself)
        made.add_api_route("/telephone/try", self.show, methods=["GET"], dependencies=declared)
        return made

    async def show(self, request: Request, me: Me) -> HTMLResponse:
        _extension(me)
        return self._pages.show(request, "telephone_try.html")

    async def tell_account(self, me: Me) -> JSONResponse:
        """Under which name the page registers. No password: it needs none."""
        return JSONResponse({"user": phones.page_of(_extension(me))})

    async def connect(self, socket: WebSocket, me: Me) -> None:
        try:
            extension = _extension(me)
            if not _is_own(socket) or SIP not in socket.scope["subprotocols"]:
                raise Refused("a telephone in no page of ours")
            guard = await asyncio.to_thread(self._guard, extension)
            async with page_line.connected(self._settings.asterisk_http_port) as line:
                await socket.accept(SIP)
                code = Code.LOST
                try:
                    self._come(extension, line)
                    code = await self._carry(socket, line, guard, extension)
                finally:
                    self._left(extension, line, code)
        except HelplineError as error:
            log.warning("telephone.closed", reason=str(error))
            code = Code.REFUSED if isinstance(error, Refused) else Code.AWAY
        await _close(socket, code)

    def _guard(self, extension: str) -> Guard:
        passwords = open_keyring(self._settings.secrets_file).phones
        if extension not in passwords:
            raise NotFound("this extension has no telephone yet", remedy="Reopen the line.")
        return Guard(phones.page_of(extension), phones.page_password(passwords[extension]))

    async def _carry(self, socket: WebSocket, line: PageLine, guard: Guard, extension: str) -> Code:
        """Until one of the three ends: the page, the switch, the session."""
        ways = [
            asyncio.create_task(_to_switch(socket, line, guard)),
            asyncio.create_task(self._to_page(socket, line)),
            asyncio.create_task(self._until_signed_out(socket, extension)),
        ]
        try:
            done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            return done.pop().result()
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _until_signed_out(self, socket: WebSocket, extension: str) -> Code:
        # A session ends in the database, and tells nobody.
        while who := await self._entrance.still_may(socket, Permission.TAKE_CALLS):
            if who.account.extension != extension:
                break
            await asyncio.sleep(LOOK_S)
        return Code.SIGNED_OUT

    async def _to_page(self, socket: WebSocket, line: PageLine) -> Code:
        while (message := await line.receive()) is not None:
            if rings := _CALL.match(message):
                self._calls[line] = rings[1]
            await socket.send_text(message)
        return Code.AWAY

    def _come(self, extension: str, line: PageLine) -> None:
        if call := self._cut_off.pop(extension, ""):
            self._calls[line] = call

    def _left(self, extension: str, line: PageLine, code: Code) -> None:
        """A page that was closed, or loaded again, has lost its call; one that was cut off may come back to it."""
        if call := self._calls.pop(line, ""):
            self._cut_off[extension] = call
            watching = asyncio.create_task(self._let_go(extension, call, RETURN_S if code is Code.LOST else 0))
            self._watching.add(watching)
            watching.add_done_callback(self._watching.discard)

    async def _let_go(self, extension: str, call: str, patience_s: float) -> None:
        await asyncio.sleep(patience_s)
        if self._cut_off.get(extension) != call:
            return
        del self._cut_off[extension]
        try:
            if await page_call.let_go_on(self._settings, extension, call):
                log.warning("telephone.page_gone", extension=extension)
        except HelplineError as error:
            log.warning("telephone.not_let_go", reason=str(error))


async def _to_switch(socket: WebSocket, line: PageLine, guard: Guard) -> Code:
    since, count = time.monotonic(), 0
    try:
        while True:
            message = await socket.receive_text()
            if time.monotonic() - since > IN_S:
                since, count = time.monotonic(), 0
            count += 1
            if count > MOST_MESSAGES:
                raise Refused("a telephone in a page says too much")
            await line.send(guard.passed(message))
    except KeyError:  # bytes, not text: SIP is text here
        return Code.REFUSED
    except WebSocketDisconnect as left:
        return Code.LOST if left.code in (Code.LOST, Code.NOT_SAID) else Code.NORMAL


def _extension(me: Seat) -> str:
    if not me.account.extension:
        raise Refused("an account without a telephone")
    return me.account.extension


def _is_own(socket: WebSocket) -> bool:
    """A page of another site would come with the same cookie: RFC 6455, 10.2."""
    return bool(socket.headers.get("host")) and place_of(socket.headers.get("origin", "")) == socket.headers["host"]


async def _close(socket: WebSocket, code: Code) -> None:
    if socket.client_state is WebSocketState.DISCONNECTED or socket.application_state is WebSocketState.DISCONNECTED:
        return
    try:
        await socket.close(code)
    except (RuntimeError, WebSocketDisconnect):
        log.debug("telephone.gone")
