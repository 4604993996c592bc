"""Looking after the counsellors: talks that are due after a hard call, and how much each of them carries."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request, Response

from ivr import hard_call
from ivr.errors import Refused
from ivr.signing import Deed, record
from ivr.web.entrance import lead
from ivr.web.permission import Me, Permission, allow
from ivr.web.room import Room

SPAN = timedelta(days=30)


class Debriefs(Room):
    def router(self) -> APIRouter:
        made = APIRouter(dependencies=[allow(Permission.HOLD_DEBRIEFS)])
        made.add_api_route("/debriefs", self.show, methods=["GET", "HEAD"])
        made.add_api_route("/debriefs/{contact_id}", self.done, methods=["POST"])
        return made

    async def show(self, request: Request) -> Response:
        database = self._entrance.office.database
        loads = await hard_call.loads(database, self._entrance.knock(request).now - SPAN)
        return self._pages.show(
            request,
            "debriefs.html",
            due=await hard_call.list_hard(database),
            loads=loads,
            names={load.extension: load.name for load in loads},
            most=max([1, *(load.severe for load in loads)]),
            is_done="done" in request.query_params,
        )

    async def done(self, request: Request, me: Me, contact_id: str) -> Response:
        knock = self._entrance.knock(request)
        try:
            await hard_call.done_debrief(self._entrance.office.database, contact_id, me.account.name, knock.now)
        except Refused:  # somebody else was quicker, or a page was sent twice: the talk was held all the same
            return lead("/debriefs")
        async with self._entrance.office.database.unit_of_work() as unit:
            await record(unit, me.account.name, Deed.DEBRIEFED, knock, contact_id)
        return lead("/debriefs?done")
