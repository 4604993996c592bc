"""The supervisor's room: the line as it is now, for one person and for a wall, and what can be done from it."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from ivr import help_request, listening, moving, presence
from ivr.board.feed import Feed
from ivr.errors import Conflict, NotFound, Refused, TelephonyError
from ivr.listening import Mode, Wish
from ivr.overview import Overview
from ivr.presence import Unit, Word
from ivr.settings import Settings
from ivr.signing import Deed, record
from ivr.web.board_alarms import BoardAlarms
from ivr.web.board_parts import BoardParts, Reader
from ivr.web.entrance import Entrance, lead
from ivr.web.pages import Pages
from ivr.web.permission import Me, Permission, allow

WORDS = {"out": Word.SIGN_OUT, "in": Word.SIGN_IN}


class BoardPage:
    def __init__(self, settings: Settings, pages: Pages, entrance: Entrance, feed: Feed) -> None:
        self._settings, self._pages, self._entrance, self._feed = settings, pages, entrance, feed
        self._overview = Overview(settings, entrance.office.database)
        self._alarms = BoardAlarms(settings, entrance.office.database)
        self._parts = BoardParts(pages, self._overview, feed, self._alarms, entrance.clock)

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
        made.add_api_route("/board/help/{contact_id}", self.come, methods=["POST"], dependencies=listen)
        return made

    async def show(self, request: Request, me: Me) -> Response:
        await self._alarms.look()
        reader = Reader(self._pages.language(request), me.account.role, wall=False)
        told, missed = self._parts.values(reader, await self._parts.view()), request.query_params.get("missed", "")
        return self._pages.show(request, "board.html", **told, missed=missed)

    async def show_wall(self, request: Request, me: Me) -> Response:
        await self._alarms.look()
        reader = Reader(self._pages.language(request), me.account.role, wall=True)
        return self._pages.show(request, "board_wall.html", **self._parts.values(reader, await self._parts.view()))

    async def send_changes(self, request: Request, me: Me) -> Response:
        """The parts as they are, then each that changes."""
        language, wall = self._pages.language(request), "wall" in request.query_params
        frames = self._parts.frames(Reader(language, me.account.role, wall))
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

    async def come(self, request: Request, me: Me, contact_id: str) -> Response:
        """To a counsellor who asked for help."""
        database, knock = self._entrance.office.database, self._entrance.knock(request)
        try:
            await help_request.answer(database, contact_id, me.account, knock)
        except Conflict:
            return lead("/board?missed=help")
        finally:
            self._overview.forget()
        return lead("/board")
