"""The administrators' page: who may sign in. A one-time password is in the answer to its form, and nowhere else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from ivr import accounts
from ivr.accounts import By, Given, NewAccount, Role
from ivr.desk.entry import Fault, Refusal
from ivr.errors import Conflict, NotFound, Refused
from ivr.signing import Database
from ivr.web import form
from ivr.web.entrance import Entrance, lead
from ivr.web.pages import Pages
from ivr.web.permission import Me, Permission, allow

NOTHING = NewAccount("", "", Role.COUNSELLOR)
Deed = Callable[[Database, str, By], Awaitable[object]]
DEEDS: dict[str, Deed] = {  # by the end of their path; those that give a password are shown, not led on
    "reset": accounts.reset,
    "factor": accounts.reset_factor,
    "sessions": accounts.end_sessions,
    "close": accounts.close,
    "open": accounts.reopen,
}


class AccountList:
    def __init__(self, pages: Pages, entrance: Entrance) -> None:
        self._pages = pages
        self._entrance = entrance

    def router(self) -> APIRouter:
        made = APIRouter(dependencies=[allow(Permission.MANAGE_ACCOUNTS)])
        made.add_api_route("/accounts", self.show, methods=["GET", "HEAD"])
        made.add_api_route("/accounts", self.add, methods=["POST"])
        made.add_api_route("/accounts/{name}/{deed}", self.do, methods=["POST"])
        return made

    async def show(self, request: Request) -> Response:
        return await self._show(request)

    async def add(self, request: Request, me: Me) -> Response:
        sent = await form.read(request)
        new = NewAccount(*(sent.get(name, "") for name in ("name", "shown_name", "role", "extension")))
        given = await accounts.add(self._records, new, self._by(request, me))
        if isinstance(given, Refusal):
            return await self._show(request, fault=given.fault, typed=new)
        return await self._show(request, given=given)

    async def do(self, request: Request, me: Me, name: str, deed: str) -> Response:
        if deed not in DEEDS:
            raise NotFound("no such deed")
        try:
            done = await DEEDS[deed](self._records, name, self._by(request, me))
        except Refused:
            return await self._show(request, fault=Fault.SELF)
        except Conflict:
            return await self._show(request, fault=Fault.LAST)
        return await self._show(request, given=done) if isinstance(done, Given) else lead("/accounts")

    @property
    def _records(self) -> Database:
        return self._entrance.office.database

    def _by(self, request: Request, me: Me) -> By:
        knock = self._entrance.knock(request)
        return By(me.account.name, knock.now, knock.address)

    async def _show(
        self, request: Request, *, given: Given | None = None, fault: str = "", typed: NewAccount = NOTHING
    ) -> Response:
        everybody = await accounts.listed(self._records)
        status = HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK
        told = {
            "everybody": everybody,
            "given": given,
            "fault": fault,
            "typed": typed,
            "roles": list(Role),
            "wait_s": 0,
        }
        return self._pages.show(request, "accounts.html", status, **told)
