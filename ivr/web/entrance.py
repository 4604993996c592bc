"""Who is let in: the cookie, the permission a route declares, and whether a form came from a page of ours."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import quote, urlsplit

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from starlette.requests import HTTPConnection

from ivr.desk.access import HOME, Permission, may
from ivr.desk.entry import Step, own_path
from ivr.errors import Refused
from ivr.signing import Deed, Knock, Office, Seat, record, seat
from ivr.web import form
from ivr.web.permission import Allowed

COOKIE = "session"
TOKEN_FIELD = "form_token"  # noqa: S105  a field's name
TOKEN_HEADER = "X-Form-Token"  # noqa: S105  for what a script sends
LOOKS_ONLY = {"GET", "HEAD"}
LONGEST_TOKEN = 100
LOCKED = "/desk"  # where a locked session is opened again
_OURS = re.compile(r"[a-z][a-z0-9._-]{0,31}|[0-9]{10}-[0-9a-f]{6,8}|", re.ASCII)  # a page's name, an account's, an id
PAGE_OF = {Step.CODE: "/sign-in/code", Step.PASSWORD: "/account/password", Step.SET_UP: "/sign-in/set-up"}


class Elsewhere(Exception):
    """The reader is led to another page of ours."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class Entrance:
    """Stands before every route. `clock` gives the time in UTC."""

    def __init__(self, office: Office, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.office, self.clock = office, clock

    async def admit(self, request: HTTPConnection, asked: Allowed) -> None:
        """Lets pass, with `request.state.seat`; or raises Elsewhere (to the sign-in) or Refused.

        A socket only looks as far as forms go, but a page of another site would open it with the same cookie.
        """
        changes = isinstance(request, Request) and request.method not in LOOKS_ONLY
        if changes or not isinstance(request, Request):
            refuse_foreign(request)
        if asked.permission is Permission.ANYBODY:
            return
        who = await self.seat(request, counts=not asked.passive)
        if who is None:
            raise Elsewhere(_with_next("/sign-in", request))
        if who.locked and not asked.locked:
            raise Elsewhere(LOCKED)
        if asked.permission is not Permission.SIGNING_IN:
            await self._look(request, who, asked.permission)
        if changes and isinstance(request, Request):
            await self._refuse_forged(request, who, asked.files)

    async def still_may(self, request: HTTPConnection, permission: Permission) -> Seat | None:
        """Whose connection it is, if they are still signed in and still may: for what stays open, in a locked page too.
        Changes nothing."""
        who = await self.seat(request, counts=False)
        return who if who and who.step is Step.DONE and may(who.account.role, permission) else None

    async def seat(self, request: HTTPConnection, *, counts: bool = True) -> Seat | None:
        """Whose cookie came with it."""
        token = request.cookies.get(COOKIE, "")
        who = (
            await seat(self.office, token, self.knock(request), counts=counts)
            if 0 < len(token) <= LONGEST_TOKEN
            else None
        )
        request.state.seat, request.state.form_token = who, form_token(token) if who else ""
        return who

    def knock(self, request: HTTPConnection) -> Knock:
        return Knock(self.clock(), _address(request))

    async def _look(self, request: HTTPConnection, who: Seat, permission: Permission) -> None:
        if who.step is not Step.DONE:
            raise Elsewhere(_with_next(PAGE_OF[who.step], request))
        if not may(who.account.role, permission):
            await self._note(request, who, Deed.NOT_PERMITTED)
            raise Refused(f"{who.account.role} may not {permission}")

    async def _refuse_forged(self, request: Request, who: Seat, files: int) -> None:
        told = request.headers.get(TOKEN_HEADER) or (await form.read(request, files)).get(TOKEN_FIELD, "")
        if not hmac.compare_digest(told.encode(), request.state.form_token.encode()):
            await self._note(request, who, Deed.FORGED_FORM)
            raise Refused("a form without its token")

    async def _note(self, request: HTTPConnection, who: Seat, deed: Deed) -> None:
        async with self.office.database.unit_of_work() as unit:
            await record(unit, who.account.name, deed, self.knock(request), place(request))


def refuse_foreign(request: HTTPConnection) -> None:
    """Raises Refused for a form that another site's page sent. What sends neither header is no browser, and so
    carries nobody's cookie against their will."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None and site != "same-origin":
        raise Refused("a form from another site")
    if site is None and origin is not None and place_of(origin) != request.headers.get("host"):
        raise Refused("a form from another origin")


def place_of(origin: str) -> str:
    """Host and port of an Origin header; nothing for one that is none."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def place(request: HTTPConnection) -> str:
    """The path that was asked for, as it may stay on record: whatever somebody typed into it is left out."""
    return "/".join(part if _OURS.fullmatch(part) else "…" for part in request.url.path.split("/"))


def form_token(token: str) -> str:
    """What a form of this session carries: made from the cookie, of no use without it."""
    return hmac.new(token.encode(), b"form", hashlib.sha256).hexdigest()


def lead(path: str) -> RedirectResponse:
    """To be asked for anew, whatever led here (RFC 9110, 15.4.4)."""
    return RedirectResponse(path, HTTPStatus.SEE_OTHER)


def onwards(who: Seat, wanted: str) -> str:
    """The page for what is still to be done, or the one that was wanted."""
    if who.step is Step.DONE:
        return own_path(wanted, HOME[who.account.role])
    return f"{PAGE_OF[who.step]}?next={quote(own_path(wanted, ''))}"


def give_cookie(answer: Response, token: str, request: Request) -> None:
    """For as long as the browser is open; `Secure` where the page came by https."""
    is_safe = request.url.scheme == "https"
    answer.set_cookie(COOKIE, token, path="/", httponly=True, secure=is_safe, samesite="strict")


def take_cookie(answer: Response) -> None:
    answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")


def _with_next(page: str, request: HTTPConnection) -> str:
    """A form that was sent is not sent again: its sender begins where they land."""
    asked = request.url.path if isinstance(request, Request) and request.method in LOOKS_ONLY else ""
    return f"{page}?next={quote(own_path(asked, ''))}" if asked else page


def _address(request: HTTPConnection) -> str:
    """Of the browser; a server in front tells it by X-Forwarded-For. IPv6 addresses of one house are one: its /64."""
    try:
        known = ipaddress.ip_address(request.client.host if request.client else "")
    except ValueError:
        return "?"
    return str(known) if known.version == 4 else str(ipaddress.ip_network((known, 64), strict=False))
