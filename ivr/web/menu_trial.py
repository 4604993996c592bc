"""Menus on trial: what they would change, the keyboard, the test call, and whether they may take over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request, Response

from ivr import menus_call, new_flow
from ivr.errors import Conflict, NotFound, Refused, TelephonyError
from ivr.flow.difference import compare
from ivr.flow.picture import draw
from ivr.flow.script import parse
from ivr.flow.steps import Begun
from ivr.flow.walk import count
from ivr.prepare import words_of_prompts
from ivr.settings import Settings
from ivr.web import form
from ivr.web.entrance import Entrance, lead
from ivr.web.menu_list import by, shelf_of
from ivr.web.pages import Pages
from ivr.web.permission import Me, Permission, allow

AT = "/menus/trial"


class MenuTrial:
    def __init__(self, settings: Settings, pages: Pages, entrance: Entrance) -> None:
        self._settings = settings
        self._pages = pages
        self._entrance = entrance
        self._database = entrance.office.database

    def router(self) -> APIRouter:
        made, change = APIRouter(), [allow(Permission.CHANGE_LINE)]
        made.add_api_route(AT, self.show, methods=["GET", "HEAD"], dependencies=change)
        made.add_api_route(f"{AT}/keys", self.press, methods=["POST"], dependencies=change)
        made.add_api_route(f"{AT}/ring", self.ring, methods=["POST"], dependencies=change)
        made.add_api_route(f"{AT}/drop", self.drop, methods=["POST"], dependencies=change)
        return made

    async def show(self, request: Request, me: Me) -> Response:
        return await self._show(request, me)

    async def press(self, request: Request, me: Me) -> Response:
        """One more key after those before. The page carries them: it needs no script, and outlives a restart."""
        sent = await form.read(request)
        words = () if "again" in sent else (*sent.get("keys", "").split(), sent.get("key", "timeout"))
        begun = sent.get("begun", "")
        return await self._show(request, me, words, Begun(begun) if begun in list(Begun) else Begun.USUAL)

    async def ring(self, request: Request, me: Me) -> Response:
        if not me.account.extension:
            return await self._show(request, me, missed="no_phone")
        try:
            await menus_call.ring(self._settings, me.account.extension)
        except (Refused, NotFound, TelephonyError):
            return await self._show(request, me, missed="phone")
        return await self._show(request, me, missed="rings")

    async def drop(self, request: Request, me: Me) -> Response:
        try:
            await new_flow.drop_trial(self._settings, self._database, await by(self._entrance, request, me))
        except Conflict:
            return lead(AT)
        return lead("/menus")

    async def _show(
        self, request: Request, me: Me, words: Sequence[str] = (), begun: Begun = Begun.USUAL, missed: str = ""
    ) -> Response:
        shelf = await shelf_of(self._settings, self._entrance)
        if shelf is None or shelf.trial is None:
            return lead("/menus")
        script, who = parse(shelf.trial.text), await by(self._entrance, request, me)
        played = await new_flow.try_keys(self._database, shelf.trial, words, begun, who)
        if played.is_through:  # and is on record now
            shelf = await shelf_of(self._settings, self._entrance) or shelf
        told: dict[str, Any] = {
            "shelf": shelf,
            "trial": shelf.trial,
            "change": compare(shelf.script, script),
            "was": shelf.script,
            "will": script,
            "played": played,
            "picture": draw(script, count(script, ()), plain=True),
            "keys": " ".join(played.words),
            "begun": begun,
            "stories": list(Begun),
            "words": words_of_prompts(self._settings),
            "missed": missed,
            "code": menus_call.CODE,
        }
        return self._pages.show(request, "menus_trial.html", **told)
