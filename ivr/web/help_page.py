"""For supervisors: who asks for help in the middle of a call, and why; saying that one comes."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from ivr import help_request
from ivr.errors import Conflict
from ivr.web.entrance import Entrance, lead
from ivr.web.pages import Pages
from ivr.web.permission import Me, Permission, allow


class Help:
    def __init__(self, pages: Pages, entrance: Entrance) -> None:
        self._pages, self._entrance = pages, entrance
        self._database = entrance.office.database

    def router(self) -> APIRouter:
        made = APIRouter(dependencies=[allow(Permission.LISTEN_IN)])
        made.add_api_route("/help", self.show, methods=["GET", "HEAD"])
        made.add_api_route("/help/{contact_id}", self.answer, methods=["POST"])
        return made

    async def show(self, request: Request) -> Response:
        found, names = await help_request.listed(self._database, self._entrance.clock())
        return self._pages.show(request, "help.html", found=found, names=names, was_late="late" in request.query_params)

    async def answer(self, request: Request, me: Me, contact_id: str) -> Response:
        try:
            await help_request.answer(self._database, contact_id, me.account, self._entrance.knock(request))
        except Conflict:
            return lead("/help?late")
        return lead("/help")
