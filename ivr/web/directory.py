"""Where children and families can be sent, with a search, and the emergency card."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from ivr.desk import search
from ivr.web.pages import Pages
from ivr.web.permission import Permission, allow
from ivr.web.wrap_up import WrapUp


class Directory:
    def __init__(self, pages: Pages, papers: WrapUp) -> None:
        self._pages, self._papers = pages, papers

    def router(self) -> APIRouter:
        made = APIRouter(dependencies=[allow(Permission.SEE_DESK)])
        made.add_api_route("/directory", self.show, methods=["GET", "HEAD"])
        return made

    async def show(self, request: Request) -> Response:
        """Everything, or what fits `q`."""
        lists, asked = self._papers.desk.newest, request.query_params.get("q", "")[: search.QUERY_LIMIT]
        language = self._pages.language(request)
        fitting = [each.code for each in search.search(search.referrals(lists), asked, language)]
        found = [lists.referrals[code] for code in (fitting if asked.strip() else lists.referrals)]
        return self._pages.show(request, "directory.html", asked=asked, found=found, card=lists.card)
