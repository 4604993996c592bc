"""Signing in, in up to three steps, and out again. Without script, like every form."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from ivr import credentials, passkeys, signing
from ivr.desk.entry import Fault, Refusal, Step, own_path
from ivr.web import form, qr
from ivr.web.entrance import Entrance, give_cookie, lead, onwards, take_cookie
from ivr.web.pages import Pages
from ivr.web.permission import Me, Permission, allow


class SignIn:
    def __init__(self, pages: Pages, entrance: Entrance) -> None:
        self._pages = pages
        self._entrance = entrance

    def router(self) -> APIRouter:
        made = APIRouter()
        out = [allow(Permission.SIGNING_IN, locked=True)]
        anybody, half_way = [allow(Permission.ANYBODY)], [allow(Permission.SIGNING_IN)]
        made.add_api_route("/sign-in", self.ask, methods=["GET", "HEAD"], dependencies=anybody)
        made.add_api_route("/sign-in", self.take, methods=["POST"], dependencies=anybody)
        made.add_api_route("/sign-in/code", self.ask_code, methods=["GET", "HEAD"], dependencies=half_way)
        made.add_api_route("/sign-in/code", self.take_code, methods=["POST"], dependencies=half_way)
        made.add_api_route("/sign-in/set-up", self.ask_set_up, methods=["GET", "HEAD"], dependencies=half_way)
        made.add_api_route("/sign-in/set-up", self.take_set_up, methods=["POST"], dependencies=half_way)
        made.add_api_route("/sign-out", self.sign_out, methods=["POST"], dependencies=out)
        return made

    async def ask(self, request: Request) -> Response:
        who = await self._entrance.seat(request)
        wanted = request.query_params.get("next", "")
        return lead(onwards(who, wanted)) if who else self._show_sign_in(request, wanted)

    async def take(self, request: Request) -> Response:
        sent = await form.read(request)
        name, wanted = sent.get("name", ""), sent.get("next", "")
        knock = self._entrance.knock(request)
        token = await signing.sign_in(self._entrance.office, name, sent.get("password", ""), knock)
        if isinstance(token, Refusal):
            return self._show_sign_in(request, wanted, token, name)
        if before := await self._entrance.seat(request):  # somebody else at the same browser
            await signing.sign_out(self._entrance.office, before, knock)
        return await self._go_on(request, token, wanted)

    async def ask_code(self, request: Request, me: Me) -> Response:
        wanted = request.query_params.get("next", "")
        return await self.show_code(request, me, wanted) if me.step is Step.CODE else lead(onwards(me, wanted))

    async def take_code(self, request: Request, me: Me) -> Response:
        sent = await form.read(request)
        wanted = sent.get("next", "")
        if me.step is not Step.CODE:
            return lead(onwards(me, wanted))
        knock = self._entrance.knock(request)
        token = await credentials.give_code(self._entrance.office, me, sent.get("code", ""), knock)
        if isinstance(token, Refusal):
            return await self.show_code(request, me, wanted, token)
        return await self._go_on(request, token, wanted)

    async def ask_set_up(self, request: Request, me: Me) -> Response:
        wanted = request.query_params.get("next", "")
        if me.step is not Step.SET_UP:
            return lead(onwards(me, wanted))
        return await self._show_set_up(request, me, wanted)

    async def take_set_up(self, request: Request, me: Me) -> Response:
        sent = await form.read(request)
        wanted = sent.get("next", "")
        if me.step is not Step.SET_UP:
            return lead(onwards(me, wanted))
        knock = self._entrance.knock(request)
        token = await credentials.set_up_factor(self._entrance.office, me, sent.get("code", ""), knock)
        if isinstance(token, Refusal):
            return await self._show_set_up(request, me, wanted, token)
        return await self._go_on(request, token, wanted)

    async def sign_out(self, request: Request, me: Me) -> Response:
        await signing.sign_out(self._entrance.office, me, self._entrance.knock(request))
        answer = lead("/sign-in")
        take_cookie(answer)
        return answer

    async def _go_on(self, request: Request, token: str, wanted: str) -> Response:
        who = await signing.seat(self._entrance.office, token, self._entrance.knock(request))
        answer = lead(onwards(who, wanted) if who else "/sign-in")
        give_cookie(answer, token, request)
        return answer

    def _show_sign_in(self, request: Request, wanted: str, refused: Refusal | None = None, name: str = "") -> Response:
        return show_form(self._pages, request, "sign_in.html", refused, wanted=own_path(wanted, ""), typed=name)

    async def show_code(self, request: Request, me: Me, wanted: str, refused: Refusal | None = None) -> Response:
        has_passkey = bool(await passkeys.listed(self._entrance.office, me))
        told = own_path(wanted, "")
        return show_form(self._pages, request, "second_factor.html", refused, wanted=told, has_passkey=has_passkey)

    async def _show_set_up(self, request: Request, me: Me, wanted: str, refused: Refusal | None = None) -> Response:
        secret = await credentials.offer_factor(self._entrance.office, me)
        address = credentials.factor_address(secret, me)
        key = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
        told = own_path(wanted, "")
        return show_form(
            self._pages, request, "factor_set_up.html", refused, wanted=told, picture=qr.drawn(address), key=key
        )


def show_form(pages: Pages, request: Request, name: str, refused: Refusal | None, **values: object) -> Response:
    """A form, anew when it was `refused`, with what was typed; passwords and codes are typed again."""
    if refused is None:
        return pages.show(request, name, HTTPStatus.OK, fault="", wait_s=0, **values)
    is_early = refused.fault is Fault.WAIT
    status = HTTPStatus.TOO_MANY_REQUESTS if is_early else HTTPStatus.UNPROCESSABLE_ENTITY
    answer = pages.show(request, name, status, fault=refused.fault, wait_s=refused.wait_s, **values)
    if is_early:
        answer.headers["Retry-After"] = str(refused.wait_s)
    return answer
