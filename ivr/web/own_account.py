"""My account: who I am here, my password, and out of every browser at once."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from ivr import credentials, passkeys, signing, staff
from ivr.credentials import NewPassword
from ivr.desk.entry import Refusal, Step
from ivr.web import form
from ivr.web.entrance import give_cookie, lead, onwards, take_cookie
from ivr.web.permission import Me, Permission, allow
from ivr.web.room import Room
from ivr.web.sign_in import show_form

DONE = ("changed", "passkey", "removed")  # what the page says is done, by what stands in the address


class OwnAccount(Room):
    def router(self) -> APIRouter:
        made = APIRouter()
        own, half_way = [allow(Permission.OWN_ACCOUNT)], [allow(Permission.SIGNING_IN)]
        made.add_api_route("/account", self.show, methods=["GET", "HEAD"], dependencies=own)
        made.add_api_route("/account/sign-out", self.sign_out_everywhere, methods=["POST"], dependencies=own)
        made.add_api_route("/account/password", self.ask_password, methods=["GET", "HEAD"], dependencies=half_way)
        made.add_api_route("/account/password", self.take_password, methods=["POST"], dependencies=half_way)
        return made

    async def show(self, request: Request, me: Me) -> Response:
        return await self.show_again(request, me)

    async def show_again(self, request: Request, me: Me, refused: Refusal | None = None, typed: str = "") -> Response:
        theirs = await passkeys.listed(self._entrance.office, me)
        papers = staff.reminders(me.account, self._entrance.knock(request).now)
        done = next((each for each in DONE if each in request.query_params), "")
        return show_form(
            self._pages, request, "account.html", refused, passkeys=theirs, done=done, typed=typed, due=papers
        )

    async def sign_out_everywhere(self, request: Request, me: Me) -> Response:
        await signing.sign_out_everywhere(self._entrance.office, me, self._entrance.knock(request))
        answer = lead("/sign-in")
        take_cookie(answer)
        return answer

    async def ask_password(self, request: Request, me: Me) -> Response:
        wanted = request.query_params.get("next", "")
        if me.step not in {Step.PASSWORD, Step.DONE}:  # a code comes first
            return lead(onwards(me, wanted))
        return show_form(self._pages, request, "password.html", None, wanted=wanted)

    async def take_password(self, request: Request, me: Me) -> Response:
        sent = await form.read(request)
        wanted = sent.get("next", "")
        if me.step not in {Step.PASSWORD, Step.DONE}:
            return lead(onwards(me, wanted))
        typed = NewPassword(*(sent.get(name, "") for name in ("old", "new", "again")))
        token = await credentials.change_password(self._entrance.office, me, typed, self._entrance.knock(request))
        if isinstance(token, Refusal):
            return show_form(self._pages, request, "password.html", token, wanted=wanted)
        return await self._go_on(request, me, token, wanted)

    async def _go_on(self, request: Request, me: Me, token: str, wanted: str) -> Response:
        who = await signing.seat(self._entrance.office, token, self._entrance.knock(request))
        was_asked = me.step is Step.PASSWORD
        answer = lead(onwards(who, wanted) if who and was_asked else "/account?changed")
        give_cookie(answer, token, request)
        return answer
