"""The counsellor's page: contacts that are still to be written down, and the form for one. It needs no script."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from ivr import wrapup, wrapup_reading
from ivr.desk.access import may
from ivr.desk.regions import regions
from ivr.desk.wrapup import ONE_CLICK, Ended, Form
from ivr.errors import Conflict, Refused
from ivr.records.draft import Draft, Of
from ivr.settings import Settings
from ivr.web import form
from ivr.web.entrance import Entrance, lead
from ivr.web.pages import Pages
from ivr.web.permission import Me, Permission, allow
from ivr.wrapup import Contact, Fault, Sheet
from ivr.wrapup_reading import Reader

LOOK_BACK = timedelta(days=14)
LISTS = frozenset({"categories", "groups", "risk_yes", "actions", "referrals"})


class WrapUp:
    def __init__(self, settings: Settings, pages: Pages, entrance: Entrance) -> None:
        self._settings = settings
        self._pages = pages
        self._entrance = entrance

    def router(self) -> APIRouter:
        made = APIRouter()
        see, write = [allow(Permission.SEE_DESK)], [allow(Permission.WRITE_CONTACTS)]
        made.add_api_route("/desk", self.show_desk, methods=["GET", "HEAD"], dependencies=see)
        made.add_api_route("/contacts/{contact_id}", self.ask, methods=["GET", "HEAD"], dependencies=write)
        made.add_api_route("/contacts/{contact_id}", self.take, methods=["POST"], dependencies=write)
        return made

    @cached_property
    def _desk(self) -> wrapup.Desk:
        """When somebody first asks: until the line was opened there is nothing to seal with."""
        return wrapup.open_desk(self._settings, self._entrance.office.database)

    async def show_desk(self, request: Request, me: Me) -> Response:
        since = self._entrance.knock(request).now - LOOK_BACK
        mine = me.account.extension
        found = await wrapup_reading.unfinished(self._desk, since, mine) if mine else []
        return self._pages.show(request, "desk.html", unfinished=found, is_done="done" in request.query_params)

    async def ask(self, request: Request, me: Me, contact_id: str) -> Response:
        contact = await self._mine(me, contact_id)
        versions = await wrapup_reading.history(self._desk, contact_id)
        of = Of(contact_id, me.account.name)
        if not versions:
            return self._show(request, contact, await wrapup.read_draft(self._desk, of))
        if versions[-1].by != me.account.name:
            return self._pages.show(request, "written.html", contact=contact, version=versions[-1])
        reader, now = Reader(me.account.name, may_read=True), self._entrance.knock(request).now
        draft = await wrapup_reading.read_correction(self._desk, of, reader, now)
        return self._show(request, contact, draft, corrects=True)

    async def take(self, request: Request, me: Me, contact_id: str) -> Response:
        contact = await self._mine(me, contact_id)
        sent = await form.read_lists(request)
        sheet = Sheet(contact_id, me.account.name, typed(sent), _number(sent.get("seen", ("0",))[-1]))
        deed = sent.get("deed", ("",))[-1]
        draft = Draft(sheet.form, sheet.seen)
        try:
            faults = await self._do(request, sheet, deed)
        except Conflict:
            return self._show(request, contact, draft, corrects=deed == "correct", is_stale=True)
        if not faults:
            return lead(f"/contacts/{contact_id}?kept" if deed == "save" else "/desk?done")
        if deed == "close":  # what was typed is kept, and so is one revision further
            draft = replace(draft, revision=sheet.seen + 1)
        return self._show(request, contact, draft, corrects=deed == "correct", faults=faults)

    async def _do(self, request: Request, sheet: Sheet, deed: str) -> tuple[Fault, ...]:
        now = self._entrance.knock(request).now
        if deed == "save":
            await wrapup.save_draft(self._desk, sheet, now)
            return ()
        if deed == "close":
            return await wrapup.close_contact(self._desk, sheet, now)
        if deed == "correct":
            return await wrapup.correct_contact(self._desk, sheet, now)
        if deed not in ONE_CLICK:
            raise Refused("That cannot be done with a contact.")
        await wrapup.close_in_one_click(self._desk, sheet.of, Ended(deed), now)
        return ()

    async def _mine(self, me: Me, contact_id: str) -> Contact:
        """Raises NotFound, and Refused for somebody else's contact."""
        found = await wrapup.find_contact(self._desk, contact_id)
        if found.counsellor != me.account.extension and not may(me.account.role, Permission.READ_CONTACTS):
            raise Refused("This contact is somebody else's.")
        return found

    def _show(  # noqa: PLR0913  what the page is shown with
        self, request: Request, contact: Contact, draft: Draft, *, corrects: bool = False, is_stale: bool = False,
        faults: tuple[Fault, ...] = (),
    ) -> Response:  # fmt: skip
        status = HTTPStatus.CONFLICT if is_stale else HTTPStatus.UNPROCESSABLE_ENTITY if faults else HTTPStatus.OK
        told = {
            "contact": contact,
            "typed": draft.form,
            "seen": draft.revision,
            "saved_at": draft.saved_at,
            "corrects": corrects,
            "is_stale": is_stale,
            "is_kept": "kept" in request.query_params,
            "faults": {fault.field: fault for fault in reversed(faults)},
            "lists": self._desk.newest,
            "regions": regions(),
            "one_click": ONE_CLICK,
        }
        return self._pages.show(request, "wrap_up.html", status, **told)


def typed(sent: Mapping[str, tuple[str, ...]]) -> Form:
    """The form as it was sent. What it does not know is left out."""
    return Form(
        **{
            name: sent.get(name, ()) if name in LISTS else sent.get(name, ("",))[-1]  # type: ignore[arg-type]
            for name in Form.__slots__
        }
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
