"""The desk: my state, who is on, who waits, and in the middle the contact, from the ring to what is written down.

It is whole without a script. With one, `/desk/stream` says what changes: parts of the page, as the server draws them.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Hashable
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from ivr import glance, help_request, presence, signing, silent, wrapup_reading
from ivr.board.feed import Feed
from ivr.desk import search
from ivr.desk.access import may
from ivr.desk.entry import Fault
from ivr.errors import Conflict, HelplineError, NotFound, Refused
from ivr.flow.questions import EXPLAIN, STOP
from ivr.glance import Caller, Mine, Stage
from ivr.help_request import Why
from ivr.prepare import load_questions, words_of_prompts
from ivr.presence import Word
from ivr.settings import Settings
from ivr.signing import Seat
from ivr.web import form
from ivr.web.entrance import Entrance, lead
from ivr.web.lookout import Lookout, Seen
from ivr.web.pages import Pages
from ivr.web.permission import Me, Permission, allow
from ivr.web.wrap_up import LOOK_BACK, WrapUp
from ivr.wrapup import Of

LOOK_EVERY_S = 0.2  # for what the log brings; what rings is shown when the switch says it
BEAT_EVERY_S = 3.0  # a page that hears nothing for three of these says so
SESSION_EVERY_S = 5.0
OPENS_BY_ITSELF = timedelta(minutes=30)  # a contact that nobody has written down, so soon after it
PARTS = {"side": "desk_side.html", "glance": "glance.html", "answers": "answers.html"}
SAID = {"sign_in": Word.SIGN_IN, "pause": Word.PAUSE, "sign_out": Word.SIGN_OUT}


@dataclass(frozen=True, slots=True)
class View:
    """What one desk shows. Two that are equal are drawn the same: what other callers press in a menu is in neither."""

    seen: Seen = field(compare=False)
    mine: Mine
    caller: Caller | None
    side: Hashable = None


def _viewed(seen: Seen, mine: Mine, caller: Caller | None = None) -> View:
    of = seen.traffic
    return View(seen, mine, caller, (seen.people, of and (of.waiting, of.due, of.open_help)))


class Desk:
    def __init__(self, settings: Settings, pages: Pages, entrance: Entrance, papers: WrapUp, feed: Feed) -> None:
        self._settings, self._pages, self._entrance, self._papers = settings, pages, entrance, papers
        self._database = entrance.office.database
        self._lookout = Lookout(settings, self._database, feed)
        self._questions: list[tuple[str, dict[str, str]]] | None = None

    def router(self) -> APIRouter:
        made = APIRouter()
        see, looks = [allow(Permission.SEE_DESK)], [allow(Permission.SEE_DESK, passive=True)]
        locked, lives = (
            [allow(Permission.SEE_DESK, locked=True)],
            [allow(Permission.SEE_DESK, passive=True, locked=True)],
        )
        say, talk = [allow(Permission.SAY_PRESENCE)], [allow(Permission.TALK_SILENTLY)]
        made.add_api_route("/desk", self.show, methods=["GET", "HEAD"], dependencies=locked)
        made.add_api_route("/desk/unlock", self.unlock, methods=["POST"], dependencies=locked)
        made.add_api_route("/desk/stream", self.stream, methods=["GET"], dependencies=lives)
        made.add_api_route("/desk/paper", self.show_paper, methods=["GET"], dependencies=looks)
        made.add_api_route("/desk/categories", self.find_categories, methods=["GET"], dependencies=looks)
        made.add_api_route("/desk/presence", self.say, methods=["POST"], dependencies=say)
        made.add_api_route("/desk/silent", self.talk_silently, methods=["POST"], dependencies=talk)
        made.add_api_route("/desk/help", self.ask_help, methods=["POST"], dependencies=see)
        return made

    async def show(self, request: Request, me: Me) -> Response:
        if me.locked:
            return self._pages.show(
                request, "desk.html", locked=True, mine=None, fault=request.query_params.get("fault", "")
            )
        view = await self._view(me)
        middle = await self._middle(request, me, view.mine, request.query_params.get("contact", ""))
        told = self._values(me, view) | middle
        told |= {"is_done": "done" in request.query_params, "locked": False, "fault": ""}
        return self._pages.show(request, "desk.html", **told)

    async def unlock(self, request: Request, me: Me) -> Response:
        """A script is told 204, or 422 and 429 as a sign-in would be; a form is led back to the desk."""
        told = (await form.read(request)).get("unlock", "")
        refused = await signing.unlock(self._entrance.office, me, told, self._entrance.knock(request))
        if "hx-request" not in request.headers:
            return lead(f"/desk?fault={refused.fault}" if refused else "/desk")
        if refused is None:
            return Response(status_code=HTTPStatus.NO_CONTENT)
        is_early = refused.fault is Fault.WAIT
        return Response(status_code=HTTPStatus.TOO_MANY_REQUESTS if is_early else HTTPStatus.UNPROCESSABLE_ENTITY)

    async def show_paper(self, request: Request, me: Me) -> Response:
        """The middle alone, for the script."""
        view = await self._view(me)
        told = await self._middle(request, me, view.mine, request.query_params.get("contact", ""))
        return self._pages.show(request, "desk_middle.html", is_done=False, **self._values(me, view) | told)

    async def find_categories(self, request: Request, me: Me) -> Response:
        """Search as you type: the categories that fit, as the options of a list."""
        asked, language = request.query_params.get("q", ""), self._pages.language(request)
        found = search.search(search.entries(self._papers.desk.newest), asked, language)
        return self._pages.show(request, "category_options.html", found=[e for e in found if e.under])

    async def say(self, request: Request, me: Me) -> Response:
        told = (await form.read(request)).get("word", "")
        if told not in SAID or not me.account.extension:
            raise Refused("That is nothing a desk can say.")
        await presence.say(self._settings, me.account.extension, SAID[told])
        self._lookout.forget()
        return lead("/desk")

    async def talk_silently(self, request: Request, me: Me) -> Response:
        """Presses the keys of silent talk on the counsellor's side of the call."""
        sent = await form.read(request)
        known = load_questions(self._settings)
        keys = {"start": EXPLAIN, "stop": STOP}.get(sent.get("deed", "")) or known.keys(sent.get("question", ""))
        if not me.account.extension:
            raise Refused("Without a telephone nobody talks.")
        await silent.press_on(self._settings, me.account.extension, keys)
        return lead("/desk")

    async def ask_help(self, request: Request, me: Me) -> Response:
        sent = await form.read(request)
        mine = (await self._view(me)).mine
        if not mine.contact_id or not me.account.extension:
            raise Conflict("Nobody talks at this desk now.")
        now = self._entrance.knock(request).now
        if sent.get("deed") == "take_back":
            await help_request.take_back(self._database, mine.contact_id, now)
        else:
            of = Of(mine.contact_id, me.account.name)
            await help_request.ask(self._database, of, me.account.extension, sent.get("why", ""), now)
        self._lookout.forget()
        return lead("/desk")

    async def stream(self, request: Request, me: Me) -> Response:
        headers = {"X-Accel-Buffering": "no"}  # a server in front is to pass it on as it comes
        return StreamingResponse(self.tell(request, me), media_type="text/event-stream", headers=headers)

    async def tell(self, request: Request, me: Me) -> AsyncIterator[str]:
        """Events for the page: `desk` with the parts that it shows, `beat` when nothing changes, `locked` as long as
        nothing is to be shown, `over` at the end."""
        shown: View | None = None
        parts: dict[str, str] = {}
        session_at = beat_at = 0.0
        stirred = False
        who: Seat | None = me
        yield "retry: 1000\n\n"
        while True:
            now = time.monotonic()
            if now >= session_at:
                session_at = now + SESSION_EVERY_S
                who = await self._still(request, who)
                if who is None:
                    yield _event("over", {})
                    return
                if who.locked:
                    shown = None
                    yield _event("locked", {})
            if who and who.locked:
                await asyncio.sleep(LOOK_EVERY_S)
                continue
            view = await self._view(me, shown, at_once=stirred)
            if view != shown:
                parts = self._draw(request, me, view, parts if shown and _same_call(view, shown) else {})
                shown, beat_at = view, now + BEAT_EVERY_S
                yield _event("desk", _told(view, parts))
            elif now >= beat_at:
                beat_at = now + BEAT_EVERY_S
                yield _event("beat", {})
            stirred = await self._lookout.stirs(view.seen, me.account.extension, LOOK_EVERY_S)

    async def _still(self, request: Request, before: Seat | None) -> Seat | None:
        """Whose page it is. A database that is away ends nobody's session."""
        try:
            who = await self._entrance.seat(request, counts=False)
        except HelplineError:
            return before
        return who if who and may(who.account.role, Permission.SEE_DESK) else None

    async def _view(self, me: Me, before: View | None = None, *, at_once: bool = False) -> View:
        """`before`: what was shown last; who rings is not looked up twice for one call. `at_once`: from what was looked
        up last, where that knows the call."""
        seen = self._lookout.last() if at_once else await self._lookout.look()
        mine = seen.mine(me.account.extension)
        if at_once and mine.stage is not Stage.RINGING:
            return await self._view(me, before)
        if mine.call is None:
            return _viewed(seen, mine)
        if before and before.caller and before.mine.call and before.mine.call.id == mine.call.id:
            return _viewed(seen, mine, before.caller)
        try:
            return _viewed(seen, mine, await glance.caller(self._database, mine.call.id))
        except HelplineError:
            return _viewed(seen, mine)

    def _draw(self, request: Request, me: Me, view: View, kept: dict[str, str]) -> dict[str, str]:
        """`kept`: parts that the same call was drawn in; the side shows the others, so it is always another."""
        told = self._values(me, view)
        return {
            name: self._pages.render(request, file, **told) if name == "side" or name not in kept else kept[name]
            for name, file in PARTS.items()
        }

    def _values(self, me: Me, view: View) -> dict[str, Any]:
        my_state = next((one for one in view.seen.people.shown if one.extension == me.account.extension), None)
        lists = self._papers.desk.newest
        return {
            "around": view.seen,
            "mine": view.mine,
            "caller": view.caller,
            "my_state": my_state,
            "whys": tuple(Why),
            "card": lists.card,
            "directory": lists.referrals.values(),
            "questions": self._asked(),
            "may_read": may(me.account.role, Permission.READ_CONTACTS),
            "may_open": may(me.account.role, Permission.OPEN_NUMBER),
            "may_help": may(me.account.role, Permission.LISTEN_IN),
        }

    def _asked(self) -> list[tuple[str, dict[str, str]]]:
        """The questions of silent talk by name, with the words that the caller hears in each language."""
        if self._questions is None:
            words = words_of_prompts(self._settings)
            names = load_questions(self._settings).names
            spoken = {name: {lang: words[f"{lang}/ask-{name}"] for lang in ("az", "ru", "en")} for name in names}
            self._questions = list(spoken.items())
        return self._questions

    async def _middle(self, request: Request, me: Me, mine: Mine, asked: str) -> dict[str, Any]:
        """The contact in the middle, or what is still to be written down."""
        now = self._entrance.knock(request).now
        extension = me.account.extension
        found = await wrapup_reading.unfinished(self._papers.desk, now - LOOK_BACK, extension) if extension else []
        newest = found[-1].contact if found and mine.stage is Stage.QUIET else None
        if newest and newest.received_at < now - OPENS_BY_ITSELF:
            newest = None
        chosen = mine.contact_id or asked or (newest.id if newest and "list" not in request.query_params else "")
        try:
            paper = await self._papers.paper(request, me, chosen) if chosen else None
        except (NotFound, Refused):
            paper = None
        return {"unfinished": found, "paper": paper} | (paper or {})


def _same_call(view: View, before: View) -> bool:
    return (view.mine, view.caller) == (before.mine, before.caller)


def _told(view: View, parts: dict[str, str]) -> dict[str, Any]:
    return {
        "parts": parts,
        "stage": view.mine.stage,
        "contact": view.mine.contact_id,
        "switch": view.seen.people.asked,
        "database": view.seen.traffic is not None,
    }


def _event(name: str, told: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(told)}\n\n"
