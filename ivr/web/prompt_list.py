"""What callers hear: the words of every prompt, its sound, and a place for a reading of one's own."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse
from starlette.datastructures import UploadFile

from ivr import takes
from ivr.errors import NotFound
from ivr.settings import Settings
from ivr.signing import Deed, record
from ivr.takes import Fault
from ivr.web.entrance import Entrance, lead
from ivr.web.pages import Pages
from ivr.web.permission import Me, Permission, allow
from ivr.web.speech import LANGUAGES


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
        made.add_api_route("/prompts/{code}/{name}.wav", self.play, methods=["GET", "HEAD"], dependencies=change)
        made.add_api_route("/prompts/{code}/{name}", self.take, methods=["POST"], dependencies=send)
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
        sent = (await request.form()).get("take")
        sound = await sent.read(takes.LARGEST_BYTES) if isinstance(sent, UploadFile) else b""
        async with self._making:
            fault = await takes.keep(self._settings, code, name, sound)
        if fault:
            return await self._show(request, code, fault, name)
        await self._note(request, me, Deed.PROMPT_RECORDED, f"{code}/{name}")
        return lead(f"/prompts/{code}#{name}")

    async def take_back(self, request: Request, me: Me, code: str, name: str) -> Response:
        async with self._making:
            await takes.take_back(self._settings, code, name)
        await self._note(request, me, Deed.PROMPT_TAKEN_BACK, f"{code}/{name}")
        return lead(f"/prompts/{code}#{name}")

    async def _note(self, request: Request, me: Me, deed: Deed, about: str) -> None:
        async with self._entrance.office.database.unit_of_work() as unit:
            await record(unit, me.account.name, deed, self._entrance.knock(request), about)

    async def _show(self, request: Request, code: str, fault: Fault | None = None, of: str = "") -> Response:
        shelf = await asyncio.to_thread(takes.shelf, self._settings, code)
        status = HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK
        told = {
            "shelf": shelf,
            "code": code,
            "fault": fault,
            "faulty": of,
            "read": sum(each.recorded for each in shelf),
        }
        return self._pages.show(request, "prompts.html", status, **told)
