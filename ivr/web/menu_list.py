"""The menus as callers meet them, top-down: what each key means, where it leads, who took it, who hung up."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request, Response

from ivr import menus
from ivr.errors import NotFound
from ivr.settings import Settings
from ivr.web.entrance import Entrance
from ivr.web.pages import Pages
from ivr.web.permission import Permission, allow

SPAN = timedelta(days=30)


class MenuList:
    def __init__(self, settings: Settings, pages: Pages, entrance: Entrance) -> None:
        self._settings = settings
        self._pages = pages
        self._entrance = entrance

    def router(self) -> APIRouter:
        made = APIRouter()
        made.add_api_route("/menus", self.show, methods=["GET", "HEAD"], dependencies=[allow(Permission.CHANGE_LINE)])
        return made

    async def show(self, request: Request) -> Response:
        since = self._entrance.knock(request).now - SPAN
        try:
            seen = await menus.seen(self._settings, self._entrance.office.database, since)
        except NotFound:
            seen = None
        return self._pages.show(request, "menus.html", seen=seen)
