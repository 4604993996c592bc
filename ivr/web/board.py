"""The supervisor's room: the line as it is now, for one person and for a wall. Its parts are sent as they change.

A part is rendered once for all who read the same language in the same role, and sent to each who has not got it yet.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from ivr import listening, moving, presence
from ivr.alarms import Alarm, raised
from ivr.board.feed import Feed
from ivr.board.state import Board
from ivr.board.view import View
from ivr.desk.access import Role
from ivr.errors import NotFound, Refused, TelephonyError
from ivr.listening import Mode, Wish
from ivr.overview import Overview
from ivr.presence import Unit, Word
from ivr.settings import Settings
from ivr.signing import Deed, record
from ivr.vitals import look_at
from ivr.web.entrance import Entrance, lead
from ivr.web.fresh import Fresh
from ivr.web.pages import Pages
from ivr.web.permission import Me, Permission, allow

TICK_S = 1.0  # a wait turns red although nothing happens
STREAM_S = 60.0  # then the browser asks anew, and whether it still may is looked at again
AGAIN_MS = 1_000
VITALS_S, VITALS_FRESH_S = 1.0, 10.0
PARTS = ("figures", "waiting", "talking", "people", "today")
WALL_PARTS = ("wall_figures", "wall_today")
WORDS = {"out": Word.SIGN_OUT, "in": Word.SIGN_IN}


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom a part is rendered."""

    language: str
    role: Role
    wall: bool

    def values(self, view: View) -> dict[str, Any]:
        return {"view": view, "role": self.role, "service_s": f"{view.limits.service_s:g}"}


class BoardPage:
    def __init__(self, settings: Settings, pages: Pages, entrance: Entrance, feed: Feed) -> None:
        self._settings, self._pages, self._entrance, self._feed = settings, pages, entrance, feed
        self._overview = Overview(settings, entrance.office.database)
        self._vitals = Fresh(partial(look_at, settings, entrance.office.database), VITALS_S, VITALS_FRESH_S)
        self._raised: tuple[Alarm, ...] = ()
        self._looking: asyncio.Task[None] | None = None
        self._made: dict[Reader, tuple[Board, int, Mapping[str, str]]] = {}

    def router(self) -> APIRouter:
        made = APIRouter()
        see, follow = [allow(Permission.SEE_BOARD)], [allow(Permission.SEE_BOARD, passive=True)]
        move, say = [allow(Permission.MOVE_CALLERS)], [allow(Permission.SAY_OTHERS_PRESENCE)]
        made.add_api_route("/board", self.show, methods=["GET", "HEAD"], dependencies=see)
        made.add_api_route("/board/wall", self.show_wall, methods=["GET", "HEAD"], dependencies=see)
        made.add_api_route("/board/events", self.send_changes, methods=["GET"], dependencies=follow)
        made.add_api_route("/board/calls/{call_id}/front", self.bring_to_front, methods=["POST"], dependencies=move)
        made.add_api_route("/board/people/{extension}/{word}", self.say, methods=["POST"], dependencies=say)
        listen = [allow(Permission.LISTEN_IN)]
        made.add_api_route("/board/talks/{extension}/{mode}", self.listen, methods=["POST"], dependencies=listen)
        return made

    async def show(self, request: Request, me: Me) -> Response:
        await self._look()
        view = await self._view(request)
        told = self._values(Reader(self._pages.language(request), me.account.role, wall=False), view)
        return self._pages.show(request, "board.html", **told, missed=request.query_params.get("missed", ""))

    async def show_wall(self, request: Request, me: Me) -> Response:
        await self._look()
        reader = Reader(self._pages.language(request), me.account.role, wall=True)
        return self._pages.show(request, "board_wall.html", **self._values(reader, await self._view(request)))

    async def send_changes(self, request: Request, me: Me) -> Response:
        """The parts as they are, then each that changes."""
        language, wall = self._pages.language(request), "wall" in request.query_params
        frames = self._frames(request, Reader(language, me.account.role, wall))
        return StreamingResponse(frames, media_type="text/event-stream")

    async def bring_to_front(self, request: Request, me: Me, call_id: str) -> Response:
        try:
            await moving.bring_to_front(self._settings, self._feed.board, call_id)
        except NotFound:
            return lead("/board?missed=caller")
        knock = self._entrance.knock(request)
        async with self._entrance.office.database.unit_of_work() as unit:
            await record(unit, me.account.name, Deed.CALLER_MOVED, knock, call_id)
        return lead("/board")

    async def say(self, request: Request, me: Me, extension: str, word: str) -> Response:
        if word not in WORDS:
            raise NotFound("no such word")
        knock = self._entrance.knock(request)

        async def on_record(unit: Unit) -> None:
            await record(unit, me.account.name, Deed.PRESENCE_SAID, knock, f"{extension} {WORDS[word]}")

        try:
            await presence.say(self._settings, extension, WORDS[word], on_record)
        except (NotFound, Refused):
            return lead("/board?missed=counsellor")
        self._overview.forget()
        return lead("/board")

    async def listen(self, request: Request, me: Me, extension: str, mode: str) -> Response:
        """The supervisor's own telephone rings; picked up, it is in that call."""
        if mode not in list(Mode):
            raise NotFound("no such way to listen")
        wish = Wish(me.account, extension, Mode(mode), self._entrance.knock(request))
        try:
            await listening.listen(self._settings, self._entrance.office.database, wish)
        except (NotFound, Refused, TelephonyError):
            return lead("/board?missed=talk")
        return lead("/board?missed=rings")

    def _values(self, reader: Reader, view: View) -> dict[str, Any]:
        """That the line is closed the board says by itself."""
        told = ((each.means(reader.language), each.remedy(reader.language)) for each in self._raised)
        return reader.values(view) | {"alarms": tuple(told)}

    async def _look(self) -> None:
        vitals = await self._vitals.get()
        if vitals is not None:
            self._raised = raised(vitals) if vitals.open else ()

    async def _view(self, request: Request) -> View:
        return await self._overview.view(self._feed.board, self._entrance.knock(request).now)

    async def _frames(self, request: Request, reader: Reader) -> AsyncIterator[str]:
        yield f"retry: {AGAIN_MS}\n\n"
        had: dict[str, str] = {}
        ends_at = time.monotonic() + STREAM_S
        while time.monotonic() < ends_at:
            board = self._feed.board
            if self._looking is None or self._looking.done():  # nobody is kept waiting by it
                self._looking = asyncio.create_task(self._look())
            for name, html in (await self._parts(request, reader, board)).items():
                if had.get(name) != html:
                    had[name] = html
                    yield f"event: part\ndata: {json.dumps({'name': name, 'html': html, 'now': time.time()})}\n\n"
            await self._feed.after(board, TICK_S)

    async def _parts(self, request: Request, reader: Reader, board: Board) -> Mapping[str, str]:
        """All of the page, made once for a board and a second, whoever asks."""
        second = int(time.monotonic())
        known = self._made.get(reader)
        if known is None or known[0] is not board or known[1] != second:
            view = await self._view(request)
            values = self._values(reader, view) | {"ticking": True}
            names = WALL_PARTS if reader.wall else PARTS
            parts = {name: self._pages.part(reader.language, "board_parts.html", name, **values) for name in names}
            self._made[reader] = (board, second, parts)
            return parts
        return known[2]
