"""Messages that callers left: who may, hears them here; every hearing is on record before the first sound."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from ivr import messages
from ivr.settings import Settings
from ivr.web.entrance import Entrance
from ivr.web.pages import Pages
from ivr.web.permission import Me, Permission, allow


class MessageList:
    def __init__(self, settings: Settings, pages: Pages, entrance: Entrance) -> None:
        self._settings, self._pages, self._database = settings, pages, entrance.office.database

    def router(self) -> APIRouter:
        made = APIRouter(dependencies=[allow(Permission.HEAR_MESSAGES)])
        made.add_api_route("/messages", self.show, methods=["GET", "HEAD"])
        made.add_api_route("/messages/{message_id}/sound", self.play, methods=["POST"])
        return made

    async def show(self, request: Request) -> Response:
        found = await messages.listed(self._database)
        return self._pages.show(request, "messages.html", found=found[::-1])

    async def play(self, request: Request, me: Me, message_id: str) -> Response:
        """The sound itself. Asked for by a form, never by a link: a look at a page must not put a hearing on record."""
        box = messages.open_box(self._settings, self._database)
        sound = await messages.hear(box, message_id, me.account.name)
        headers = {"Content-Disposition": "inline", "Content-Security-Policy": "default-src 'none'; media-src 'self'"}
        return Response(sound, media_type="audio/wav", headers=headers)
