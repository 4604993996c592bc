"""The duty-of-care register: a year of it, one entry with its versions, a new one about a contact."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Response

from ivr import disclosing
from ivr.desk.disclosure import NOTE_LIMIT, ChildTold
from ivr.disclosing import Form, Who
from ivr.errors import Conflict
from ivr.web import form
from ivr.web.entrance import Entrance, lead
from ivr.web.pages import Pages
from ivr.web.permission import Me, Permission, allow
from ivr.web.wrap_up import WrapUp, number


class Disclosures:
    def __init__(self, pages: Pages, entrance: Entrance, papers: WrapUp) -> None:
        self._pages, self._entrance, self._papers = pages, entrance, papers

    def router(self) -> APIRouter:
        made = APIRouter()
        read, write = [allow(Permission.READ_OWN_CONTACTS)], [allow(Permission.WRITE_CONTACTS)]
        everything = [allow(Permission.READ_CONTACTS)]
        about = "/contacts/{contact_id}/duty-of-care"
        made.add_api_route("/duty-of-care", self.show, methods=["GET", "HEAD"], dependencies=read)
        made.add_api_route("/duty-of-care/export.csv", self.export, methods=["POST"], dependencies=everything)
        made.add_api_route("/duty-of-care/{entry_id}", self.read, methods=["GET", "HEAD"], dependencies=read)
        made.add_api_route("/duty-of-care/{entry_id}", self.correct, methods=["POST"], dependencies=read)
        made.add_api_route(about, self.ask, methods=["GET", "HEAD"], dependencies=write)
        made.add_api_route(about, self.enter, methods=["POST"], dependencies=write)
        return made

    async def show(self, request: Request, me: Me) -> Response:
        year = _year(request.query_params.get("year", ""))
        found = await disclosing.register(self._papers.desk, self._who(request, me), year)
        told = await self._told(request)
        this = self._entrance.knock(request).now.year
        return self._pages.show(request, "duty_of_care.html", register=found, this_year=this, **told)

    async def export(self, request: Request, me: Me) -> Response:
        year = _year((await form.read(request)).get("year", ""))
        text = await disclosing.export(self._papers.desk, self._who(request, me), year)
        told = {"Content-Disposition": 'attachment; filename="duty-of-care.csv"', "Cache-Control": "no-store"}
        return Response(text, media_type="text/csv; charset=utf-8", headers=told)

    async def ask(self, request: Request, me: Me, contact_id: str) -> Response:
        contact = await self._papers.mine(request, me, contact_id)
        return await self._ask(request, contact, Form(decided_by=me.account.name), ())

    async def enter(self, request: Request, me: Me, contact_id: str) -> Response:
        contact = await self._papers.mine(request, me, contact_id)
        typed = _typed(await form.read_lists(request))
        made = await disclosing.enter(self._papers.desk, self._who(request, me), contact.id, typed)
        if isinstance(made, str):
            return lead(f"/duty-of-care/{made}?kept")
        return await self._ask(request, contact, typed, made)

    async def read(self, request: Request, me: Me, entry_id: str) -> Response:
        return await self._entry(request, me, entry_id)

    async def correct(self, request: Request, me: Me, entry_id: str) -> Response:
        sent = await form.read_lists(request)
        typed, who = _typed(sent), self._who(request, me)
        try:
            faults = await disclosing.correct(self._papers.desk, who, entry_id, number(sent), typed)
        except Conflict:
            return await self._entry(request, me, entry_id, typed, is_stale=True)
        if not faults:
            return lead(f"/duty-of-care/{entry_id}?kept")
        return await self._entry(request, me, entry_id, typed, faults)

    def _who(self, request: Request, me: Me) -> Who:
        return Who(me.account.name, me.account.role, self._entrance.knock(request).now)

    async def _ask(
        self, request: Request, contact: Any, typed: Form, faults: tuple[str, ...]
    ) -> Response:  # fmt: skip
        status = HTTPStatus.UNPROCESSABLE_ENTITY if faults else HTTPStatus.OK
        told = await self._told(request)
        had = await disclosing.of_contact(self._papers.desk, contact.id)
        shown = told | {"contact": contact, "typed": typed, "faults": faults, "had": had}
        return self._pages.show(request, "disclosure_new.html", status, **shown)

    async def _entry(  # noqa: PLR0913  what the page is shown with
        self, request: Request, me: Me, entry_id: str, typed: Form | None = None, faults: tuple[str, ...] = (), *,
        is_stale: bool = False,
    ) -> Response:  # fmt: skip
        versions = await disclosing.read(self._papers.desk, self._who(request, me), entry_id)
        status = HTTPStatus.CONFLICT if is_stale else HTTPStatus.UNPROCESSABLE_ENTITY if faults else HTTPStatus.OK
        shown = {"versions": versions, "typed": typed or disclosing.form_of(versions[-1]), "faults": faults}
        states = {"is_stale": is_stale, "is_kept": "kept" in request.query_params, "corrects": typed is not None}
        return self._pages.show(
            request, "disclosure.html", status, **shown, **states, **await self._told(request)
        )  # fmt: skip

    async def _told(self, request: Request) -> dict[str, Any]:
        now: datetime = self._entrance.knock(request).now
        checks, people = await disclosing.known(self._papers.desk, now)
        lists = {version: each.disclosures for version, each in self._papers.desk.lists.items()}
        latest = now.astimezone(checks.zone).strftime("%Y-%m-%dT%H:%M")
        return {
            "newest": checks.lists, "lists": lists, "people": people, "knew": list(ChildTold), "limit": NOTE_LIMIT,
            "latest": latest,
        }  # fmt: skip


def _year(text: str) -> int | None:
    """None for what is no year: this one."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else None


def _typed(sent: dict[str, tuple[str, ...]]) -> Form:
    return Form(**{name: sent.get(name, ("",))[-1] for name in Form.__slots__})
