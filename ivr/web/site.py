"""The web part, put together: pages, permissions, headers, errors. `serve` runs it until it is cancelled."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Any

import structlog
import uvicorn
from fastapi import APIRouter, FastAPI, Request, Response, WebSocket
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from ivr import page_call, presence
from ivr.board.feed import Feed, follow_line
from ivr.desk.access import may
from ivr.errors import Conflict, HelplineError, NotFound, Refused, ScriptError, TelephonyError, where
from ivr.settings import Settings
from ivr.signing import Account, Database, office
from ivr.telephony.page_line import MOST_BYTES, Code
from ivr.web.account_list import AccountList
from ivr.web.audit import Audit
from ivr.web.board import BoardPage
from ivr.web.call_list import CallList
from ivr.web.debriefs import Debriefs
from ivr.web.desk import Desk
from ivr.web.directory import Directory
from ivr.web.disclosures import Disclosures
from ivr.web.entering import Entering
from ivr.web.entrance import Elsewhere, Entrance, lead, place
from ivr.web.form import Limit
from ivr.web.front import Asked, Front
from ivr.web.hand_over import HandOver
from ivr.web.help_page import Help
from ivr.web.menu_list import MenuList
from ivr.web.menu_trial import MenuTrial
from ivr.web.message_list import MessageList
from ivr.web.metrics import Metrics
from ivr.web.own_account import OwnAccount
from ivr.web.pages import Pages
from ivr.web.passkeys import Passkeys
from ivr.web.patience import Patience
from ivr.web.permission import Permission, refuse_undeclared
from ivr.web.prompt_list import PromptList
from ivr.web.pulse import LinePulse
from ivr.web.reading import Reading
from ivr.web.report_page import ReportPage
from ivr.web.reviews import Reviews
from ivr.web.rota import Rota
from ivr.web.shield import Packed, Shield
from ivr.web.sign_in import SignIn
from ivr.web.static_files import static_router
from ivr.web.telephone import Telephone
from ivr.web.wrap_up import WrapUp

ADDRESS = "127.0.0.1"  # whoever opens it to others puts a server with a certificate in front
CLOSE_S = 2
MOST_CONNECTIONS = 1_000  # a watcher of the board holds one, a telephone in a page another
PING_S = 15.0  # a page that does not answer for as long is gone

# One branch of errors.py, one status. What an error says stays here: it may name files.
STATUS: dict[type[Exception], HTTPStatus] = {  # the first that fits counts
    NotFound: HTTPStatus.NOT_FOUND,
    Refused: HTTPStatus.FORBIDDEN,
    Conflict: HTTPStatus.CONFLICT,
    ScriptError: HTTPStatus.INTERNAL_SERVER_ERROR,
    TelephonyError: HTTPStatus.SERVICE_UNAVAILABLE,
    RequestValidationError: HTTPStatus.UNPROCESSABLE_ENTITY,
    Exception: HTTPStatus.INTERNAL_SERVER_ERROR,
}

log = structlog.get_logger()


def site(
    settings: Settings, pulse: Asked | None = None, entrance: Entrance | None = None, feed: Feed | None = None
) -> ASGIApp:
    """The whole site. Raises Refused when a route declares no permission. `feed`: the line as it is now; none: away."""
    pages = Pages()
    entrance = entrance or entrance_of(settings, Database(settings.database))
    papers, feed = WrapUp(settings, pages, entrance), feed or Feed()
    stands_on = settings, pages, entrance
    sign_in, own = SignIn(pages, entrance), OwnAccount(*stands_on)
    routers = (
        Front(settings, pages, pulse or LinePulse(settings)).router(),
        sign_in.router(),
        own.router(),
        Passkeys(entrance, own, sign_in).router(),
        Rota(*stands_on).router(),
        AccountList(*stands_on).router(),
        Audit(*stands_on).router(),
        Debriefs(*stands_on).router(),
        Reviews(*stands_on).router(),
        MenuList(settings, pages, entrance).router(),
        MenuTrial(settings, pages, entrance).router(),
        ReportPage(*stands_on).router(),
        PromptList(settings, pages, entrance).router(),
        CallList(*stands_on).router(),
        BoardPage(settings, pages, entrance, feed).router(),
        Metrics(settings, entrance, feed).router(),
        Telephone(settings, pages, entrance).router(),
        Desk(settings, pages, entrance, papers, feed).router(),
        Directory(pages, papers).router(),
        Help(pages, entrance).router(),
        MessageList(settings, pages, entrance).router(),
        Entering(pages, entrance, papers).router(),
        Disclosures(pages, entrance, papers).router(),
        Reading(pages, entrance, papers).router(),
        papers.router(),
        HandOver(settings, entrance).router(),
        static_router(),
    )
    return build(pages, *routers, entrance=entrance)


def entrance_of(settings: Settings, database: Database) -> Entrance:
    """Nobody is idle who talks on this line; whom it may ring next is locked, not signed out."""
    on_duty = partial(_is_on_duty, database)
    return Entrance(office(settings, database, partial(page_call.is_talking, settings), on_duty))


async def _is_on_duty(database: Database, person: Account) -> bool:
    takes_calls = bool(person.extension) and may(person.role, Permission.TAKE_CALLS)
    return takes_calls and await presence.is_on_duty(database, person.extension or "", datetime.now(UTC))


def build(pages: Pages, *routers: APIRouter, entrance: Entrance | None = None) -> ASGIApp:
    """Routes are taken one by one: a router inside a router could hide one that declares nothing. Nobody is led on from
    a path with a slash too many: that would be to whatever host the request names."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.entrance = entrance
    for router in routers:
        app.router.routes.extend(router.routes)
    refuse_undeclared(app.routes)
    _add_errors(app, pages)
    return Shield(Packed(Limit(Untold(app))))


class Untold:
    """What nobody has caught goes no further: the server would write all of it into the log, with whatever it holds of
    a caller. Its answer has been given by then (`_explain`)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except Exception as error:
            path = place(HTTPConnection(scope))
            log.error("web.failed", path=path, kind=type(error).__name__, at=where(error))


def _add_errors(app: FastAPI, pages: Pages) -> None:
    for branch in (*STATUS, HTTPException):
        app.add_exception_handler(branch, _or_close(partial(_explain, pages)))
    app.add_exception_handler(Elsewhere, _or_close(_lead))


def _or_close(explain: Callable[[Request, Exception], Awaitable[Response]]) -> Any:
    """A socket that is not let in gets no page: it is answered with 403."""

    async def answer(asking: Request | WebSocket, error: Exception) -> Response | None:
        if isinstance(asking, WebSocket):
            await asking.close(Code.REFUSED)
            return None
        return await explain(asking, error)

    return answer


async def _lead(request: Request, error: Exception) -> Response:
    assert isinstance(error, Elsewhere)  # noqa: S101  it is the handler of nothing else
    if "hx-request" in request.headers:  # a part of a page: not the part is to be replaced, the page is to be left
        return Response(status_code=HTTPStatus.UNAUTHORIZED, headers={"HX-Redirect": error.path})
    return lead(error.path)


async def _explain(pages: Pages, request: Request, error: Exception) -> Response:
    code = _status(error)
    if code >= HTTPStatus.INTERNAL_SERVER_ERROR and isinstance(error, HelplineError):  # the others: Untold
        log.error("web.failed", path=place(request), kind=type(error).__name__, at=where(error))
    answer = pages.show(request, "error.html", code, code=code)
    answer.headers.update(getattr(error, "headers", None) or {})
    return answer


def _status(error: Exception) -> int:
    if isinstance(error, HTTPException):
        return error.status_code
    return next(status for branch, status in STATUS.items() if isinstance(error, branch))


class Server(uvicorn.Server):
    """Signals are the business of the process it runs in."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(settings: Settings) -> None:
    """Run the site on loopback until cancelled; answers under way are finished. Raises Refused: the port is in use."""
    database, feed = Database(settings.database), Feed()
    config = uvicorn.Config(
        site(settings, entrance=entrance_of(settings, database), feed=feed),
        access_log=False,
        log_config=None,
        server_header=False,
        lifespan="off",
        http=Patience,
        limit_concurrency=MOST_CONNECTIONS,
        ws="websockets-sansio",
        ws_max_size=MOST_BYTES,
        ws_ping_interval=PING_S,
        ws_ping_timeout=PING_S,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=CLOSE_S,
    )
    server = Server(config)
    running = asyncio.create_task(server.serve([_listen(settings.web_port)]))
    following = asyncio.create_task(follow_line(feed, settings))
    try:
        await asyncio.shield(running)
    finally:
        following.cancel()
        server.should_exit = True
        await running
        await database.close()


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server((ADDRESS, port), backlog=256)
    except OSError as error:
        raise Refused(
            f"port {port} on {ADDRESS} cannot be used: {error.strerror}",
            remedy="Stop what uses it, or choose another with IVR_WEB_PORT.",
        ) from error
