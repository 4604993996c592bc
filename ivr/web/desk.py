"""The counsellor's page, for now only who is there."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from ivr.web.pages import Pages
from ivr.web.permission import Permission, allow


class Desk:
    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def router(self) -> APIRouter:
        made = APIRouter(dependencies=[allow(Permission.SEE_DESK)])
        made.add_api_route("/desk", self.show, methods=["GET", "HEAD"])
        return made

    async def show(self, request: Request) -> Response:
        return self._pages.show(request, "desk.html")
