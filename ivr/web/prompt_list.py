"""What callers hear: the words of every prompt, its sound, and a place for a reading of one's own."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse
from starlette.datastructures import UploadFile

from ivr import take_by_phone, takes
from ivr.errors import NotFound, Refused, TelephonyError
from ivr.settings import Settings
from ivr.signing import Deed, record
from ivr.takes import Fault
from ivr.web.entrance import Entrance, lead
from ivr.web.pages import Pages
from ivr.web.permission import Me, Permission, allow
from ivr.web.speech import LANGUAGES

NOT_RUNG = ("none", "away")


class PromptList:
    def __init__(self, settings: Settings, pages: Pages, entrance: Entrance) -> None:
        self._settings = settings
        self._pages = pages
        self._entrance = entrance
        self._making = asyncio.Lock()  # one take at a time: the sounds are built from all there are

    def router(self) -> APIRouter:
        made = APIRouter()
        change, send = [allow(Permission.CHANGE_LINE)], [allow(Permission.CHANGE_LINE, files=1)]
        made.add_api_route("/prompts", self.begin, methods=["GET", "HEAD"], dependencies=change)
        made.add_api_route("/prompts/{code}", self.show, methods=["GET", "HEAD"], dependencies=change)
        made.add_api_route("/prompts/phone/{take}.wav", self.play_take, methods=["GET", "HEAD"], dependencies=change)
        made.add_api_route("/prompts/{code}/{name}.wav", self.play, methods=["GET", "HEAD"], dependencies=change)
        made.add_api_route("/prompts/{code}/{name}", self.take, methods=["POST"], dependencies=send)
        made.add_api_route("/prompts/{code}/{name}/ring", self.ring, methods=["POST"], dependencies=change)
        made.add_api_route("/prompts/{code}/{name}/back", self.take_back, methods=["POST"], dependencies=change)
        return made

    async def begin(self) -> Response:
        return lead(f"/prompts/{LANGUAGES[0]}")

    async def show(self, request: Request, code: str) -> Response:
        return await self._show(request, code)

    async def play(self, code: str, name: str) -> Response:
        takes.find(self._settings, code, name)
        file = takes.sound_file(self._settings, code, name)
        if not file.exists():
            raise NotFound("This prompt has no sound yet.")
        return FileResponse(file, media_type="audio/wav", content_disposition_type="inline")

    async def take(self, request: Request, me: Me, code: str, name: str) -> Response:
        sound = await self._sound(request)
        async with self._making:
            fault = await takes.keep(self._settings, code, name, sound, await _seen(request))
        if fault:
            return await self._show(request, code, fault, name)
        await self._note(request, me, Deed.PROMPT_RECORDED, f"{code}/{name}")
        return lead(f"/prompts/{code}#{name}")

    async def _sound(self, request: Request) -> bytes:
        """A file, or what was read by phone."""
        told = await request.form()
        sent, by_phone = told.get("take"), told.get("phone")
        if isinstance(sent, UploadFile):
            return await sent.read(takes.LARGEST_BYTES)
        found = take_by_phone.find(self._settings, by_phone) if isinstance(by_phone, str) else None
        return await asyncio.to_thread(found.read_bytes) if found else b""

    async def ring(self, request: Request, me: Me, code: str, name: str) -> Response:
        """The reader's own telephone: picked up, it hears a tone, and what is read then is kept aside."""
        prompt = takes.find(self._settings, code, name)
        if not me.account.extension:
            return lead(f"/prompts/{code}?phone=none&of={name}#{name}")
        try:
            take = await take_by_phone.ring(self._settings, me.account.extension, prompt.longest_s)
        except (Refused, NotFound, TelephonyError):
            return lead(f"/prompts/{code}?phone=away&of={name}#{name}")
        return lead(f"/prompts/{code}?phone={take}&of={name}#{name}")

    async def play_take(self, take: str) -> Response:
        file = take_by_phone.find(self._settings, take)
        if file is None:
            raise NotFound("Nothing was read yet.")
        return FileResponse(file, media_type="audio/wav", content_disposition_type="inline")

    async def take_back(self, request: Request, me: Me, code: str, name: str) -> Response:
        async with self._making:
            fault = await takes.take_back(self._settings, code, name, await _seen(request))
        if fault:
            return await self._show(request, code, fault, name)
        await self._note(request, me, Deed.PROMPT_TAKEN_BACK, f"{code}/{name}")
        return lead(f"/prompts/{code}#{name}")

    async def _note(self, request: Request, me: Me, deed: Deed, about: str) -> None:
        async with self._entrance.office.database.unit_of_work() as unit:
            await record(unit, me.account.name, deed, self._entrance.knock(request), about)

    async def _show(self, request: Request, code: str, fault: Fault | None = None, of: str = "") -> Response:
        shelf = await asyncio.to_thread(takes.shelf, self._settings, code)
        phone = request.query_params.get("phone", "")
        status = HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK
        status = HTTPStatus.CONFLICT if fault is Fault.CHANGED else status
        told = {
            "shelf": shelf,
            "code": code,
            "fault": fault,
            "faulty": of,
            "read": sum(each.recorded for each in shelf),
            "most_bytes": takes.LARGEST_BYTES,
            "phone": phone if phone in NOT_RUNG or take_by_phone.NAME.fullmatch(phone) else "",
            "by_phone": request.query_params.get("of", ""),
            "is_there": take_by_phone.find(self._settings, phone) is not None,
        }
        return self._pages.show(request, "prompts.html", status, **told)


async def _seen(request: Request) -> str | None:
    """The recording that the page showed; None where it did not say."""
    told = (await request.form()).get("seen")
    return told if isinstance(told, str) else None
