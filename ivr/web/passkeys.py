"""Passkeys in the browser: `static/passkey.js` asks for what is to be signed, and sends the answer as a form."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from ivr import passkeys, signing
from ivr.desk.entry import Refusal, Step
from ivr.passkeys import Site
from ivr.web import form
from ivr.web.entrance import Entrance, give_cookie, lead, onwards
from ivr.web.own_account import OwnAccount
from ivr.web.permission import Me, Permission, allow
from ivr.web.sign_in import SignIn

JSON = "application/json"


class Passkeys:
    def __init__(self, entrance: Entrance, own: OwnAccount, sign_in: SignIn) -> None:
        self._entrance = entrance
        self._own = own
        self._sign_in = sign_in

    def router(self) -> APIRouter:
        made = APIRouter()
        routes: dict[str, tuple[Permission, Callable[..., Awaitable[Response]]]] = {
            "/account/passkeys/offer": (Permission.OWN_ACCOUNT, self.offer),
            "/account/passkeys": (Permission.OWN_ACCOUNT, self.add),
            "/account/passkeys/remove": (Permission.OWN_ACCOUNT, self.remove),
            "/sign-in/passkey/ask": (Permission.SIGNING_IN, self.ask),
            "/sign-in/passkey": (Permission.SIGNING_IN, self.give),
        }
        for path, (permission, handler) in routes.items():
            made.add_api_route(path, handler, methods=["POST"], dependencies=[allow(permission)])
        return made

    async def offer(self, request: Request, me: Me) -> Response:
        return Response(await passkeys.offer(self._entrance.office, me, site_of(request)), media_type=JSON)

    async def add(self, request: Request, me: Me) -> Response:
        sent = await form.read(request)
        told = sent.get("passkey_name", ""), sent.get("answer", "")
        knock = self._entrance.knock(request)
        refused = await passkeys.add(self._entrance.office, me, site_of(request), told, knock)
        if refused:
            return await self._own.show_again(request, me, refused, told[0])
        return lead("/account?passkey")

    async def remove(self, request: Request, me: Me) -> Response:
        its_id = (await form.read(request)).get("passkey", "")
        await passkeys.remove(self._entrance.office, me, its_id, self._entrance.knock(request))
        return lead("/account?removed")

    async def ask(self, request: Request, me: Me) -> Response:
        if me.step is not Step.CODE:
            return Response(status_code=HTTPStatus.CONFLICT)
        return Response(await passkeys.ask(self._entrance.office, me, site_of(request)), media_type=JSON)

    async def give(self, request: Request, me: Me) -> Response:
        sent = await form.read(request)
        wanted = sent.get("next", "")
        if me.step is not Step.CODE:
            return lead(onwards(me, wanted))
        knock = self._entrance.knock(request)
        token = await passkeys.give(self._entrance.office, me, site_of(request), sent.get("answer", ""), knock)
        if isinstance(token, Refusal):
            return await self._sign_in.show_code(request, me, wanted, token)
        who = await signing.seat(self._entrance.office, token, knock)
        answer = lead(onwards(who, wanted) if who else "/sign-in")
        give_cookie(answer, token, request)
        return answer


def site_of(request: Request) -> Site:
    return Site(request.url.hostname or "", f"{request.url.scheme}://{request.url.netloc}")
