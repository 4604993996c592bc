"""A contact that did not come by telephone: a walk-in, a letter, an e-mail, a social network; the same form."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from ivr import wrapup
from ivr.desk.wrapup_form import Code, check
from ivr.errors import Conflict
from ivr.records.draft import Draft, Of
from ivr.web import form
from ivr.web.entrance import Entrance, lead
from ivr.web.pages import ZONE, Pages
from ivr.web.permission import Me, Permission, allow
from ivr.web.wrap_up import WrapUp, by_field, number, typed
from ivr.wrapup import Channel, Fault, Sheet

NEW = "new"  # what its draft is kept under, one for each account
BLANK = SimpleNamespace(id=NEW, channel="", received_at=None)


class Entering:
    def __init__(self, pages: Pages, entrance: Entrance, papers: WrapUp) -> None:
        self._pages, self._entrance, self._papers = pages, entrance, papers

    def router(self) -> APIRouter:
        made = APIRouter(dependencies=[allow(Permission.WRITE_CONTACTS)])
        made.add_api_route("/contacts/new", self.ask, methods=["GET", "HEAD"])
        made.add_api_route("/contacts/new", self.take, methods=["POST"])
        made.add_api_route("/contacts/new/draft", self.keep, methods=["POST"])
        return made

    async def ask(self, request: Request, me: Me) -> Response:
        draft = await wrapup.read_draft(self._papers.desk, Of(NEW, me.account.name))
        now = self._entrance.knock(request).now.astimezone(ZONE)
        return self._show(request, me, draft, {"came_at": f"{now:%Y-%m-%dT%H:%M}"})

    async def keep(self, request: Request, me: Me) -> Response:
        sent = await form.read_lists(request)
        sheet = Sheet(NEW, me.account.name, typed(sent), number(sent))
        try:
            revision = await wrapup.save_draft(self._papers.desk, sheet, self._entrance.knock(request).now)
        except Conflict:
            return JSONResponse({"stale": True}, HTTPStatus.CONFLICT)
        return JSONResponse({"seen": revision})

    async def take(self, request: Request, me: Me) -> Response:
        sent, single = await form.read_lists(request), await form.read(request)
        sheet = Sheet(NEW, me.account.name, typed(sent), number(sent))
        draft, now = Draft(sheet.form, sheet.seen), self._entrance.knock(request).now
        if single.get("deed") == "save":
            try:
                await wrapup.save_draft(self._papers.desk, sheet, now)
            except Conflict:
                return self._show(request, me, draft, single, is_stale=True)
            return lead("/contacts/new?kept")
        channel, at, faults = _head(single, now)
        if channel and at:
            entered = await wrapup.enter_contact(self._papers.desk, sheet, channel, at, now)
            if entered.contact_id:
                return lead("/desk?done")
            return self._show(request, me, draft, single, faults=entered.faults)
        found = check(sheet.form, self._papers.desk.newest)
        faults += found if isinstance(found, tuple) else ()
        return self._show(request, me, draft, single, faults=faults)

    def _show(  # noqa: PLR0913  what the page is shown with
        self, request: Request, me: Me, draft: Draft, single: dict[str, str], *, faults: tuple[Fault, ...] = (),
        is_stale: bool = False,
    ) -> Response:  # fmt: skip
        told: dict[str, Any] = self._papers.values(request, me, BLANK, draft)
        told |= {"typed_channel": single.get("channel", ""), "typed_came_at": single.get("came_at", "")}
        told |= {"channels": tuple(Channel), "faults": by_field(faults), "is_stale": is_stale}
        status = HTTPStatus.CONFLICT if is_stale else HTTPStatus.UNPROCESSABLE_ENTITY if faults else HTTPStatus.OK
        return self._pages.show(request, "wrap_up.html", status, **told)


def _head(sent: dict[str, str], now: datetime) -> tuple[Channel | None, datetime | None, tuple[Fault, ...]]:
    """How and when it came, or what is wrong with that. A time is the clock's on the wall, in Baku."""
    told, faults = sent.get("channel", ""), []
    channel = Channel(told) if told in list(Channel) else None
    if channel is None:
        faults.append(Fault("channel", Code.UNKNOWN if told else Code.MISSING))
    try:
        at = datetime.fromisoformat(sent.get("came_at", "")).replace(tzinfo=ZONE).astimezone(UTC)
    except (ValueError, OverflowError):
        return channel, None, (*faults, Fault("came_at", Code.NOT_A_TIME))
    if at > now:
        return channel, None, (*faults, Fault("came_at", Code.FUTURE))
    return channel, at, tuple(faults)
