"""The administrators' pages: who may sign in, and one person. A one-time password is in the answer to its form, and
nowhere else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import fields
from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from ivr import accounts, staff
from ivr.accounts import By, Given, NewAccount, Role
from ivr.desk.entry import Fault, Refusal
from ivr.errors import Conflict, NotFound, Refused
from ivr.signing import Database
from ivr.staff import Language, Topic, Typed
from ivr.web import form
from ivr.web.entrance import lead
from ivr.web.permission import Me, Permission, allow
from ivr.web.room import Room

NOTHING = NewAccount("", "", Role.COUNSELLOR)
LISTS = frozenset({"languages", "topics"})
Deed = Callable[[Database, str, By], Awaitable[object]]
DEEDS: dict[str, Deed] = {  # by the end of their path; those that give a password are shown, not led on
    "reset": accounts.reset,
    "factor": accounts.reset_factor,
    "sessions": accounts.end_sessions,
}
PHONE_DEEDS = {"close": staff.close, "open": staff.reopen}


class AccountList(Room):
    def router(self) -> APIRouter:
        made = APIRouter(dependencies=[allow(Permission.MANAGE_ACCOUNTS)])
        made.add_api_route("/accounts", self.show, methods=["GET", "HEAD"])
        made.add_api_route("/accounts", self.add, methods=["POST"])
        made.add_api_route("/accounts/{name}", self.show_one, methods=["GET", "HEAD"])
        made.add_api_route("/accounts/{name}", self.change, methods=["POST"])
        made.add_api_route("/accounts/{name}/{deed}", self.do, methods=["POST"])
        return made

    async def show(self, request: Request, me: Me) -> Response:
        return await self._show(request, me)

    async def add(self, request: Request, me: Me) -> Response:
        sent = await form.read(request)
        new = NewAccount(*(sent.get(name, "") for name in ("name", "shown_name", "role")))
        given = await accounts.add(self._records, new, self._by(request, me))
        if isinstance(given, Refusal):
            return await self._show(request, me, fault=given.fault, new=new)
        return await self._show_one(request, me, given.account.name, given=given)

    async def show_one(self, request: Request, me: Me, name: str) -> Response:
        return await self._show_one(request, me, name)

    async def change(self, request: Request, me: Me, name: str) -> Response:
        wanted = typed(await form.read_lists(request))
        refused = await staff.change(self._settings, self._records, name, wanted, self._by(request, me))
        if refused:
            return await self._show_one(request, me, name, fault=refused.fault, wanted=wanted)
        return lead(f"/accounts/{name}?changed")

    async def do(self, request: Request, me: Me, name: str, deed: str) -> Response:
        try:
            done = await self._do(name, deed, self._by(request, me))
        except Refused:
            return await self._show_one(request, me, name, fault=Fault.SELF)
        except Conflict:
            return await self._show_one(request, me, name, fault=Fault.LAST)
        given = done if isinstance(done, Given) else None
        return await self._show_one(request, me, name, given=given) if given else lead(f"/accounts/{name}?changed")

    async def _do(self, name: str, deed: str, by: By) -> object:
        if deed in PHONE_DEEDS:
            await PHONE_DEEDS[deed](self._settings, self._records, name, by)
            return None
        if deed not in DEEDS:
            raise NotFound("no such deed")
        return await DEEDS[deed](self._records, name, by)

    @property
    def _records(self) -> Database:
        return self._entrance.office.database

    def _by(self, request: Request, me: Me) -> By:
        knock = self._entrance.knock(request)
        return By(me.account.name, knock.now, knock.address)

    async def _show(self, request: Request, me: Me, *, fault: str = "", new: NewAccount = NOTHING) -> Response:
        everybody = await staff.everybody(self._records, self._by(request, me))
        status = HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK
        told = {"everybody": everybody, "fault": fault, "typed": new, "roles": list(Role)}
        return self._pages.show(request, "accounts.html", status, **told)

    async def _show_one(  # noqa: PLR0913  what the page is shown with
        self, request: Request, me: Me, name: str, *, given: Given | None = None, fault: str = "",
        wanted: Typed | None = None,
    ) -> Response:  # fmt: skip
        person = await staff.find(self._records, name, self._by(request, me))
        status = HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK
        told = {
            "person": person,
            "given": given,
            "fault": fault,
            "typed": wanted or staff.typed(person),
            "is_changed": "changed" in request.query_params,
            "roles": list(Role),
            "tongues": list(Language),
            "topics": list(Topic),
        }
        return self._pages.show(request, "person.html", status, **told)


def typed(sent: dict[str, tuple[str, ...]]) -> Typed:
    """The form as it was sent. What it does not know is left out."""
    return Typed(
        **{
            each.name: sent.get(each.name, ()) if each.name in LISTS else sent.get(each.name, ("",))[-1].strip()
            for each in fields(Typed)
        }  # type: ignore[arg-type]
    )
