"""The form for a contact, on a page of its own or in the middle of the desk. It needs no script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from ivr import glance, hard_call, signing, wrapup, wrapup_reading
from ivr.desk.access import may
from ivr.desk.regions import regions
from ivr.desk.wrapup import ONE_CLICK, Ended, Form
from ivr.errors import Conflict, Refused
from ivr.records.draft import Draft, Of
from ivr.settings import Settings
from ivr.web import form
from ivr.web.entrance import Entrance, lead, place
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
        write = [allow(Permission.WRITE_CONTACTS)]
        made.add_api_route("/contacts/{contact_id}", self.ask, methods=["GET", "HEAD"], dependencies=write)
        made.add_api_route("/contacts/{contact_id}", self.take, methods=["POST"], dependencies=write)
        made.add_api_route("/contacts/{contact_id}/draft", self.keep, methods=["POST"], dependencies=write)
        made.add_api_route("/contacts/{contact_id}/hard", self.mark_hard, methods=["POST"], dependencies=write)
        return made

    @cached_property
    def desk(self) -> wrapup.Desk:
        """When somebody first asks: until the line was opened there is nothing to seal with."""
        return wrapup.open_desk(self._settings, self._entrance.office.database)

    async def ask(self, request: Request, me: Me, contact_id: str) -> Response:
        paper = await self.paper(request, me, contact_id)
        if paper is None:
            contact = await self.mine(request, me, contact_id)
            versions = await wrapup_reading.history(self.desk, contact_id)
            return self._pages.show(request, "written.html", contact=contact, version=versions[-1])
        return self._pages.show(request, "wrap_up.html", **paper)

    async def paper(self, request: Request, me: Me, contact_id: str) -> dict[str, Any] | None:
        """What the form is shown with; None where somebody else has written it down. Raises NotFound and Refused."""
        contact = await self.mine(request, me, contact_id)
        versions = await wrapup_reading.history(self.desk, contact_id)
        of = Of(contact_id, me.account.name)
        if not versions:
            return self.values(request, me, contact, await wrapup.read_draft(self.desk, of))
        if versions[-1].by != me.account.name:
            return None
        reader, now = Reader(me.account.name, may_read=True), self._entrance.knock(request).now
        draft = await wrapup_reading.read_correction(self.desk, of, reader, now)
        return self.values(request, me, contact, draft) | {"corrects": True, "versions": versions}

    async def keep(self, request: Request, me: Me, contact_id: str) -> Response:
        """A draft, every few seconds, by the page itself: its revision now, or that another window was first."""
        await self.mine(request, me, contact_id)
        sent = await form.read_lists(request)
        sheet = Sheet(contact_id, me.account.name, typed(sent), number(sent))
        try:
            revision = await wrapup.save_draft(self.desk, sheet, self._entrance.knock(request).now)
        except Conflict:
            return JSONResponse({"stale": True}, HTTPStatus.CONFLICT)
        return JSONResponse({"seen": revision})

    async def mark_hard(self, request: Request, me: Me, contact_id: str) -> Response:
        """What was typed is kept, a pause begins, and the supervisor has a talk to hold."""
        contact = await self.mine(request, me, contact_id)
        sent = await form.read_lists(request)
        sheet = Sheet(contact_id, me.account.name, typed(sent), number(sent))
        now = self._entrance.knock(request).now
        if not await wrapup_reading.history(self.desk, contact_id):
            try:
                await wrapup.save_draft(self.desk, sheet, now)
            except Conflict:
                told = self.values(request, me, contact, Draft(sheet.form, sheet.seen))
                return self._pages.show(request, "wrap_up.html", HTTPStatus.CONFLICT, **told | {"is_stale": True})
        with suppress(Conflict):  # it is marked already
            await hard_call.mark_hard(self.desk.database, sheet.of, me.account.extension or "", now)
        return lead(f"/contacts/{contact_id}?hard")

    async def take(self, request: Request, me: Me, contact_id: str) -> Response:
        contact = await self.mine(request, me, contact_id)
        sent = await form.read_lists(request)
        sheet = Sheet(contact_id, me.account.name, typed(sent), number(sent))
        deed = sent.get("deed", ("",))[-1]
        draft = Draft(sheet.form, sheet.seen)
        try:
            faults = await self._do(request, sheet, deed)
        except Conflict:
            told = self.values(request, me, contact, draft) | {"corrects": deed == "correct", "is_stale": True}
            return self._pages.show(request, "wrap_up.html", HTTPStatus.CONFLICT, **told)
        if not faults:
            return lead(f"/contacts/{contact_id}?kept" if deed == "save" else "/desk?done")
        if deed == "close":  # what was typed is kept, and so is one revision further
            draft = replace(draft, revision=sheet.seen + 1)
        told = self.values(request, me, contact, draft) | {"corrects": deed == "correct", "faults": by_field(faults)}
        return self._pages.show(request, "wrap_up.html", HTTPStatus.UNPROCESSABLE_ENTITY, **told)

    async def _do(self, request: Request, sheet: Sheet, deed: str) -> tuple[Fault, ...]:
        now = self._entrance.knock(request).now
        if deed == "save":
            await wrapup.save_draft(self.desk, sheet, now)
            return ()
        if deed == "close":
            return await wrapup.close_contact(self.desk, sheet, now)
        if deed == "correct":
            return await wrapup.correct_contact(self.desk, sheet, now)
        if deed not in ONE_CLICK:
            raise Refused("That cannot be done with a contact.")
        await wrapup.close_in_one_click(self.desk, sheet.of, Ended(deed), now)
        return ()

    async def mine(self, request: Request, me: Me, contact_id: str) -> Contact:
        """Raises NotFound, and Refused for somebody else's contact, whose address was guessed: that is on record."""
        found = await wrapup.find_contact(self.desk, contact_id)
        is_theirs = found.counsellor == me.account.extension or may(me.account.role, Permission.READ_CONTACTS)
        if not is_theirs and not await self._took_part(me, found):
            async with self.desk.database.unit_of_work() as unit:
                knock = self._entrance.knock(request)
                await signing.record(unit, me.account.name, signing.Deed.NOT_PERMITTED, knock, place(request))
            raise Refused("This contact is somebody else's.")
        return found

    async def _took_part(self, me: Me, found: Contact) -> bool:
        """To whom a call was handed on writes it down as well."""
        extension = me.account.extension
        return bool(extension and found.call_id) and await glance.took_part(
            self.desk.database, found.call_id or "", extension or ""
        )

    def values(self, request: Request, me: Me, contact: Any, draft: Draft) -> dict[str, Any]:
        return {
            "contact": contact,
            "action": f"/contacts/{contact.id}",
            "typed": draft.form,
            "seen": draft.revision,
            "saved_at": draft.saved_at,
            "corrects": False,
            "versions": (),
            "is_stale": False,
            "is_kept": "kept" in request.query_params,
            "is_hard": "hard" in request.query_params,
            "faults": {},
            "lists": self.desk.newest,
            "regions": regions(),
            "one_click": ONE_CLICK,
            "likely": None,
            "seal_key": wrapup.local_key(self.desk, me.account.id),
        }


def by_field(faults: Iterable[Fault]) -> dict[str, Fault]:
    """The first fault of each field."""
    return {fault.field: fault for fault in reversed(tuple(faults))}


def typed(sent: Mapping[str, tuple[str, ...]]) -> Form:
    """The form as it was sent. What it does not know is left out."""
    return Form(
        **{
            name: sent.get(name, ()) if name in LISTS else sent.get(name, ("",))[-1]  # type: ignore[arg-type]
            for name in Form.__slots__
        }
    )


def number(sent: Mapping[str, tuple[str, ...]]) -> int:
    """What the form has seen; 0 for what is no number."""
    text = sent.get("seen", ("0",))[-1]
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
