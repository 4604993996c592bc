"""What a counsellor asks of the switch while they talk: who else is in the call, and handing it over."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from ivr import counsellors, handover, presence
from ivr.errors import NotFound, Refused, TelephonyError
from ivr.handover import Ask
from ivr.presence import State
from ivr.settings import Settings
from ivr.web import form
from ivr.web.entrance import Entrance, lead
from ivr.web.permission import Me, Permission, allow

DEEDS = {
    "now": handover.hand_over,
    "ask": handover.ask_first,
    "join": handover.ask_in,
    "hand": handover.settle,
    "back": handover.take_back,
    "out": handover.put_out,
}
WITH_A_NUMBER = {
    "now": handover.hand_outside,
    "ask": handover.ask_outside,
    "join": handover.ask_in_outside,
}


class HandOver:
    def __init__(self, settings: Settings, entrance: Entrance) -> None:
        self._settings, self._entrance = settings, entrance

    def router(self) -> APIRouter:
        made = APIRouter()
        takes = [allow(Permission.TAKE_CALLS, locked=True)]
        looks = [allow(Permission.TAKE_CALLS, passive=True, locked=True)]
        made.add_api_route("/telephone/call", self.tell_call, methods=["GET"], dependencies=looks)
        made.add_api_route("/telephone/others", self.tell_others, methods=["GET"], dependencies=looks)
        made.add_api_route("/telephone/handover", self.do, methods=["POST"], dependencies=takes)
        return made

    async def tell_call(self, me: Me) -> JSONResponse:
        """Who hears it beside the two (`by`, `mode`), who is asked while the caller hears music (an extension, or
        `outside`), and whether a number outside rings to join."""
        try:
            found = await handover.look(self._settings, me.account.extension or "")
        except TelephonyError:
            return JSONResponse({}, HTTPStatus.SERVICE_UNAVAILABLE)
        heard = [{"by": each.by, "mode": each.mode} for each in found.heard]
        return JSONResponse({"heard": heard, "asking": found.asking, "rings": found.rings})

    async def tell_others(self, me: Me) -> JSONResponse:
        """Who could take the call now; `outside`: whether this counsellor may also give it to a number."""
        known, _ = await presence.everybody(self._settings)
        free = [one for one in known if one.state is State.AVAILABLE and one.registered]
        others = [one for one in free if one.extension != me.account.extension]
        listed = [{"extension": one.extension, "name": one.counsellor} for one in others]
        return JSONResponse({"others": listed, "outside": await self._rings_out(me)})

    async def _rings_out(self, me: Me) -> bool:
        people = await counsellors.listed(self._settings) if self._settings.ring_out_numbers else ()
        return any(one.rings_out and one.extension == me.account.extension for one in people)

    async def do(self, request: Request, me: Me) -> Response:
        """Answers a script with 204, or 409 when nothing was done; a form is led back to the desk."""
        sent = await form.read(request)
        is_script = "application/json" in request.headers.get("accept", "")
        try:
            await self._do(request, me, sent)
        except (Refused, NotFound, TelephonyError):
            if not is_script:
                raise
            return Response(status_code=HTTPStatus.CONFLICT)
        return Response(status_code=HTTPStatus.NO_CONTENT) if is_script else lead("/desk")

    async def _do(self, request: Request, me: Me, sent: dict[str, str]) -> None:
        deed, number = sent.get("deed", ""), sent.get("number", "").strip()
        if deed not in DEEDS:
            raise Refused("That cannot be done with a call.")
        act = WITH_A_NUMBER.get(deed, DEEDS[deed]) if number else DEEDS[deed]
        ask = Ask(me.account, number or sent.get("to", ""), self._entrance.knock(request))
        await act(self._settings, self._entrance.office.database, ask)
