"""The call log: every attempt, filtered, sorted, kept as a view, taken home as a file; and one call's whole life."""

from __future__ import annotations

import tempfile
from functools import cached_property
from http import HTTPStatus
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, StreamingResponse
from starlette.background import BackgroundTask

from ivr import call_export, call_review, wrapup
from ivr.call_review import Listed, Page, Question, SavedView, Sort
from ivr.desk.access import may
from ivr.desk.catalogue import Risk
from ivr.errors import NotFound, Refused
from ivr.flow.steps import Language, Topic
from ivr.records.call import Outcome
from ivr.web import call_filter, form
from ivr.web.call_filter import COLUMNS, COOKIE, Filter
from ivr.web.entrance import lead
from ivr.web.pages import COOKIE_S
from ivr.web.permission import Me, Permission, allow
from ivr.web.room import Room

LONGEST_SEARCH = 80
NOTHING = Page(())
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class CallList(Room):
    def router(self) -> APIRouter:
        made = APIRouter()
        see, read = [allow(Permission.SEE_REPORTS)], [allow(Permission.READ_CONTACTS)]
        made.add_api_route("/calls", self.show, methods=["GET", "HEAD"], dependencies=see)
        made.add_api_route("/calls/views", self.keep_view, methods=["POST"], dependencies=see)
        made.add_api_route("/calls/views/forget", self.forget_view, methods=["POST"], dependencies=see)
        made.add_api_route("/calls/export.{kind}", self.export, methods=["POST"], dependencies=see)
        made.add_api_route("/calls/search", self.search, methods=["POST"], dependencies=read)
        made.add_api_route("/calls/{call_id}", self.show_life, methods=["GET", "HEAD"], dependencies=see)
        return made

    @cached_property
    def _desk(self) -> wrapup.Desk:
        """When somebody first asks: until the line was opened there is nothing to unseal with."""
        return wrapup.open_desk(self._settings, self._entrance.office.database)

    async def show(self, request: Request, me: Me) -> Response:
        wanted = call_filter.read(request.query_params)
        found, after = NOTHING, request.query_params.get("after", "")
        if not wanted.faults:
            found = await call_review.page(self._desk.database, wanted.asked, wanted.sort, after)
        return await self._show(request, me, wanted, found)

    async def search(self, request: Request, me: Me) -> Response:
        sent, wanted = await form.read(request), call_filter.read(request.query_params)
        words = sent.get("words", "").strip()[:LONGEST_SEARCH]
        if not words or wanted.faults:
            return lead(f"/calls?{wanted.query()}")
        question = Question(words, me.account.name, self._entrance.knock(request), sent.get("after", ""))
        found = await call_review.search(self._desk, wanted.asked, question)
        page = Page(found.calls, found.after)
        return await self._show(request, me, wanted, page, words=words, opened=found.opened)

    async def show_life(self, request: Request, me: Me, call_id: str) -> Response:
        life = await call_review.life(self._desk, call_id)
        return self._pages.show(request, "call.html", life=life, reads=may(me.account.role, Permission.READ_CONTACTS))

    async def export(self, request: Request, me: Me, kind: str) -> Response:
        wanted = call_filter.read(request.query_params)
        if kind not in ("csv", "xlsx") or wanted.faults:
            raise NotFound("no such export")
        database, about = self._desk.database, f"{kind} {wanted.query()}"
        await call_review.note_export(database, me.account.name, about, self._entrance.knock(request))
        calls = call_review.every(database, wanted.asked, wanted.sort)
        if kind == "csv":
            told = {"Content-Disposition": 'attachment; filename="calls.csv"'}
            return StreamingResponse(call_export.as_csv(calls), media_type="text/csv; charset=utf-8", headers=told)
        with tempfile.NamedTemporaryFile(suffix=".xlsx", delete=False) as made:
            file = Path(made.name)
        await call_export.as_sheet(calls, file)
        return FileResponse(file, media_type=SHEET, filename="calls.xlsx", background=BackgroundTask(file.unlink))

    async def keep_view(self, request: Request, me: Me) -> Response:
        sent, wanted = await form.read(request), call_filter.read(request.query_params)
        view = SavedView(me.account.name, sent.get("name", "").strip(), wanted.query())
        try:
            await call_review.keep_view(self._desk.database, view)
        except Refused:
            return await self._show(request, me, wanted, NOTHING, view_fault=True)
        return lead(f"/calls?{view.query}")

    async def forget_view(self, request: Request, me: Me) -> Response:
        sent = await form.read(request)
        await call_review.forget_view(self._desk.database, me.account.name, sent.get("name", ""))
        return lead("/calls")

    async def _show(  # noqa: PLR0913  what the page is shown with
        self, request: Request, me: Me, wanted: Filter, found: Page, *, words: str = "", opened: int | None = None,
        view_fault: bool = False,
    ) -> Response:  # fmt: skip
        asked = request.query_params.getlist("column")
        columns = call_filter.columns(asked, request.cookies.get(COOKIE, ""))
        told = {
            "wanted": wanted, "asked": wanted.asked, "found": found, "columns": columns, "all_columns": COLUMNS,
            "names": await call_review.names(self._desk.database),
            "views": await call_review.views(self._desk.database, me.account.name),
            "words": words, "opened": opened, "view_fault": view_fault,
            "lists": self._desk.newest, "reads": may(me.account.role, Permission.READ_CONTACTS),
            "sorts": list(Sort), "outcomes": list(Outcome), "topics": list(Topic), "risks": list(Risk),
            "tongues": list(Language), "is_first": not request.query_params.get("after"),
        }  # fmt: skip
        status = HTTPStatus.UNPROCESSABLE_ENTITY if wanted.faults or view_fault else HTTPStatus.OK
        answer = self._pages.show(request, "calls.html", status, **told)
        if asked:
            answer.set_cookie(
                COOKIE,
                ".".join(columns),
                max_age=COOKIE_S,
                httponly=True,
                samesite="lax",
                secure=request.url.scheme == "https",
            )
        return answer


__all__ = ["CallList", "Listed"]
