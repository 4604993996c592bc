"""What was written down, read again, and a caller's number in clear: both ask why first, and who reads is on record."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from ivr import wrapup, wrapup_reading
from ivr.desk.access import may
from ivr.errors import NotFound, Refused
from ivr.telephony.numbers import spaced
from ivr.web import form
from ivr.web.entrance import Entrance
from ivr.web.pages import Pages
from ivr.web.permission import Me, Permission, allow
from ivr.web.wrap_up import WrapUp
from ivr.wrapup_reading import REASON_LIMIT, Reader, Version


class Reading:
    def __init__(self, pages: Pages, entrance: Entrance, papers: WrapUp) -> None:
        self._pages, self._entrance, self._papers = pages, entrance, papers

    def router(self) -> APIRouter:
        made = APIRouter()
        read, opens = [allow(Permission.READ_OWN_CONTACTS)], [allow(Permission.OPEN_NUMBER)]
        made.add_api_route("/contacts/{written_id}/versions", self.show, methods=["GET", "HEAD"], dependencies=read)
        made.add_api_route("/contacts/{written_id}/versions", self.open, methods=["POST"], dependencies=read)
        made.add_api_route("/callbacks/{callback_id}/number", self.ask_why, methods=["GET", "HEAD"], dependencies=opens)
        made.add_api_route("/callbacks/{callback_id}/number", self.open_number, methods=["POST"], dependencies=opens)
        return made

    async def show(self, request: Request, me: Me, written_id: str) -> Response:
        """One's own words at once; somebody else's ask for a reason."""
        contact, versions = await self._found(written_id)
        if all(each.by == me.account.name for each in versions):
            reader, now = Reader(me.account.name, may_read=True), self._entrance.knock(request).now
            versions = await wrapup_reading.read_versions(self._papers.desk, written_id, reader, now)
            return self._show(request, contact, versions, is_open=True)
        if not may(me.account.role, Permission.READ_CONTACTS):
            raise Refused("What somebody else wrote is for supervisors.")
        return self._show(request, contact, versions)

    async def open(self, request: Request, me: Me, written_id: str) -> Response:
        contact, versions = await self._found(written_id)
        why = (await form.read(request)).get("reason", "")
        if not 0 < len(why.strip()) <= REASON_LIMIT:
            return self._show(request, contact, versions, typed_reason=why, lacks_reason=True)
        reader = Reader(me.account.name, may(me.account.role, Permission.READ_CONTACTS), why)
        now = self._entrance.knock(request).now
        versions = await wrapup_reading.read_versions(self._papers.desk, written_id, reader, now)
        return self._show(request, contact, versions, is_open=True)

    async def ask_why(self, request: Request, callback_id: str) -> Response:
        return self._show_number(request, callback_id)

    async def open_number(self, request: Request, me: Me, callback_id: str) -> Response:
        """Shown on this one page, never in an address."""
        why = (await form.read(request)).get("reason", "")
        if not 0 < len(why.strip()) <= REASON_LIMIT:
            return self._show_number(request, callback_id, typed_reason=why, lacks_reason=True)
        reader = Reader(me.account.name, may(me.account.role, Permission.OPEN_NUMBER), why)
        now = self._entrance.knock(request).now
        number = await wrapup_reading.open_number(self._papers.desk, callback_id, reader, now)
        return self._show_number(request, callback_id, number=spaced(number))

    async def _found(self, contact_id: str) -> tuple[wrapup.Contact, list[Version]]:
        contact = await wrapup.find_contact(self._papers.desk, contact_id)
        versions = await wrapup_reading.history(self._papers.desk, contact_id)
        if not versions:
            raise NotFound("Nothing is written down about this contact.")
        return contact, versions

    def _show(  # noqa: PLR0913  what the page is shown with
        self, request: Request, contact: wrapup.Contact, versions: list[Version], *, is_open: bool = False,
        typed_reason: str = "", lacks_reason: bool = False,
    ) -> Response:  # fmt: skip
        status = HTTPStatus.UNPROCESSABLE_ENTITY if lacks_reason else HTTPStatus.OK
        told = {"is_open": is_open, "typed_reason": typed_reason, "lacks_reason": lacks_reason, "limit": REASON_LIMIT}
        lists = {version: self._papers.desk.lists.get(version) for version in {v.written.lists for v in versions}}
        return self._pages.show(
            request, "versions.html", status, contact=contact, versions=versions, lists=lists, **told
        )

    def _show_number(
        self, request: Request, callback_id: str, number: str = "", typed_reason: str = "", lacks_reason: bool = False
    ) -> Response:
        status = HTTPStatus.UNPROCESSABLE_ENTITY if lacks_reason else HTTPStatus.OK
        told = {"number": number, "typed_reason": typed_reason, "lacks_reason": lacks_reason, "limit": REASON_LIMIT}
        return self._pages.show(request, "number.html", status, callback_id=callback_id, **told)
