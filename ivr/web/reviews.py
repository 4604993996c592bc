"""Talks that are looked at afterwards: drawn by nobody's hand, written by a supervisor, answered by the counsellor."""

from __future__ import annotations

from functools import cached_property
from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from ivr import reviewing, wrapup
from ivr.desk.access import may
from ivr.errors import Conflict, Refused
from ivr.reviewing import Mark, Review, share
from ivr.signing import Deed, record
from ivr.web import form
from ivr.web.entrance import lead
from ivr.web.permission import Me, Permission, allow
from ivr.web.room import Room


class Reviews(Room):
    def router(self) -> APIRouter:
        made = APIRouter()
        see, write = [allow(Permission.SEE_DESK)], [allow(Permission.REVIEW_CALLS)]
        made.add_api_route("/reviews", self.show, methods=["GET", "HEAD"], dependencies=see)
        made.add_api_route("/reviews/{contact_id}", self.ask, methods=["GET", "HEAD"], dependencies=see)
        made.add_api_route("/reviews/{contact_id}", self.take, methods=["POST"], dependencies=write)
        made.add_api_route("/reviews/{contact_id}/answer", self.answer, methods=["POST"], dependencies=see)
        return made

    @cached_property
    def _desk(self) -> wrapup.Desk:
        return wrapup.open_desk(self._settings, self._entrance.office.database)

    async def show(self, request: Request, me: Me) -> Response:
        now, mine = self._entrance.knock(request).now, _extension(me)
        return self._pages.show(
            request,
            "reviews.html",
            drawn=await reviewing.drawn(self._desk, now) if _looks(me) else None,
            mine=await reviewing.of_counsellor(self._desk, mine) if mine else [],
            share=share,
        )

    async def ask(self, request: Request, me: Me, contact_id: str) -> Response:
        contact = await reviewing.about(self._desk, contact_id)
        mine = _extension(me)
        if not _looks(me) and contact.counsellor != mine:
            raise Refused("This is between two others.")
        found = await reviewing.read(self._desk, contact_id, mine, is_supervisor=_looks(me))
        return self._show(request, me, contact, found)

    async def take(self, request: Request, me: Me, contact_id: str) -> Response:
        contact, sent = await reviewing.about(self._desk, contact_id), await form.read(request)
        rubric, knock = reviewing.load_rubric(), self._entrance.knock(request)
        marks, remark = reviewing.marks_of(sent, rubric), sent.get("remark", "").strip()
        looked = Review(contact_id, contact.counsellor or "", me.account.name, knock.now, rubric.version, marks, remark)
        try:
            await reviewing.keep(self._desk, looked, _extension(me))
        except (Refused, Conflict) as error:
            return self._show(request, me, contact, looked, fault=_fault(error, looked))
        await self._note(request, me, Deed.REVIEWED, contact_id)
        return lead(f"/reviews/{contact_id}?kept")

    async def answer(self, request: Request, me: Me, contact_id: str) -> Response:
        text = (await form.read(request)).get("answer", "")
        knock = self._entrance.knock(request)
        if not 0 < len(text.strip()) <= reviewing.WORDS_LIMIT:
            contact = await reviewing.about(self._desk, contact_id)
            found = await reviewing.read(self._desk, contact_id, _extension(me), is_supervisor=False)
            return self._show(request, me, contact, found, fault="answer", typed=text)
        await reviewing.answer(self._desk, contact_id, _extension(me), text, knock.now)
        await self._note(request, me, Deed.REVIEW_ANSWERED, contact_id)
        return lead(f"/reviews/{contact_id}?kept")

    async def _note(self, request: Request, me: Me, deed: Deed, contact_id: str) -> None:
        async with self._entrance.office.database.unit_of_work() as unit:
            await record(unit, me.account.name, deed, self._entrance.knock(request), contact_id)

    def _show(  # noqa: PLR0913  what the page is shown with
        self, request: Request, me: Me, contact: wrapup.Contact, found: Review | None, *, fault: str = "",
        typed: str = "",
    ) -> Response:  # fmt: skip
        is_theirs = contact.counsellor == _extension(me)
        status = HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK
        return self._pages.show(
            request,
            "review.html",
            status,
            contact=contact,
            review=found,
            rubric=reviewing.load_rubric(),
            marks=list(Mark),
            writes=_looks(me) and not is_theirs and not (found and found.answered_at),
            answers=is_theirs and found is not None and not found.answered_at,
            fault=fault,
            typed=typed,
            limit=reviewing.WORDS_LIMIT,
            is_kept="kept" in request.query_params,
        )


def _extension(me: Me) -> str:
    """Empty for who takes no calls."""
    return me.account.extension or ""


def _looks(me: Me) -> bool:
    return may(me.account.role, Permission.REVIEW_CALLS)


def _fault(error: Exception, looked: Review) -> str:
    if isinstance(error, Conflict):
        return "answered"
    if len(looked.remark) > reviewing.WORDS_LIMIT:
        return "long"
    return "marks" if looked.marks.keys() != reviewing.load_rubric().items.keys() else "own"
