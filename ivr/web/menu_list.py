"""The menus as callers meet them, top-down; others brought in, taken over, taken back."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from starlette.datastructures import FormData, UploadFile

from ivr import menus, new_flow
from ivr.errors import Conflict, Fault, NotFound, Refused, ScriptError
from ivr.flow.picture import draw
from ivr.new_flow import By, Shelf
from ivr.settings import Settings
from ivr.web.entrance import Entrance, lead
from ivr.web.pages import Pages
from ivr.web.permission import Me, Permission, allow

SPAN = timedelta(days=30)
MOST_BYTES = 800_000  # four for each letter a flow may have
WRONG: dict[type[Exception], str] = {Refused: "same", Conflict: "changed", UnicodeDecodeError: "no_text"}
STOPPED = (ScriptError, Refused, Conflict, NotFound)
MISSED: dict[type[Exception], str] = {Refused: "untried", Conflict: "changed", NotFound: "changed"}


class MenuList:
    def __init__(self, settings: Settings, pages: Pages, entrance: Entrance) -> None:
        self._settings = settings
        self._pages = pages
        self._entrance = entrance
        self._database = entrance.office.database

    def router(self) -> APIRouter:
        made = APIRouter()
        change, send = [allow(Permission.CHANGE_LINE)], [allow(Permission.CHANGE_LINE, files=1)]
        made.add_api_route("/menus", self.show, methods=["GET", "HEAD"], dependencies=change)
        made.add_api_route("/menus/new", self.edit, methods=["GET", "HEAD"], dependencies=change)
        made.add_api_route("/menus/new", self.put_on_trial, methods=["POST"], dependencies=send)
        made.add_api_route("/menus/take-over", self.take_over, methods=["POST"], dependencies=change)
        made.add_api_route("/menus/back", self.go_back, methods=["POST"], dependencies=change)
        made.add_api_route("/menus/file", self.follow_file, methods=["POST"], dependencies=change)
        return made

    async def show(self, request: Request) -> Response:
        return await self._show(request)

    async def edit(self, request: Request) -> Response:
        """Those in use, to begin with; or those on trial, to go on with."""
        shelf = await shelf_of(self._settings, self._entrance)
        if shelf is None:
            return lead("/menus")
        wanted = shelf.trial if "trial" in request.query_params else None
        return self._edit(request, shelf, wanted.text if wanted else shelf.text)

    async def put_on_trial(self, request: Request, me: Me) -> Response:
        """Whatever is wrong with it, what was typed is still there."""
        shelf, sent = await shelf_of(self._settings, self._entrance), await request.form()
        if shelf is None:
            return lead("/menus")
        typed = str(sent.get("text", ""))
        try:
            typed = await _told(sent) or typed
            if not typed.strip():
                return self._edit(request, shelf, shelf.text, "nothing")
            await new_flow.put_on_trial(self._settings, self._database, typed, await by(self._entrance, request, me))
        except ScriptError as error:
            return self._edit(request, shelf, typed, faults=new_flow.faults(error))
        except tuple(WRONG) as error:
            return self._edit(request, shelf, typed, WRONG[type(error)])
        return lead("/menus/trial")

    async def take_over(self, request: Request, me: Me) -> Response:
        wanted = str((await request.form()).get("flow", ""))
        try:
            who = await by(self._entrance, request, me)
            await new_flow.take_over(self._settings, self._database, wanted, who)
        except STOPPED as error:
            return await self._show(request, error)
        return lead("/menus")

    async def go_back(self, request: Request, me: Me) -> Response:
        try:
            await new_flow.go_back(self._settings, self._database, await by(self._entrance, request, me))
        except STOPPED as error:
            return await self._show(request, error)
        return lead("/menus")

    async def follow_file(self, request: Request, me: Me) -> Response:
        try:
            await new_flow.follow_file(self._settings, self._database, await by(self._entrance, request, me))
        except STOPPED as error:
            return await self._show(request, error)
        return lead("/menus")

    async def _show(self, request: Request, error: Exception | None = None) -> Response:
        since, shelf = self._entrance.knock(request).now - SPAN, await shelf_of(self._settings, self._entrance)
        seen = await menus.seen(self._settings, self._database, since) if shelf else None
        told = {
            "seen": seen,
            "shelf": shelf,
            "picture": draw(seen.script, seen.places) if seen else None,
            "missed": MISSED.get(type(error), "faulty") if error else "",
            "faults": new_flow.faults(error) if isinstance(error, ScriptError) else (),
            "file": self._settings.helpline_file.name,
        }
        return self._pages.show(request, "menus.html", HTTPStatus.CONFLICT if error else HTTPStatus.OK, **told)

    def _edit(
        self, request: Request, shelf: Shelf, text: str, wrong: str = "", faults: tuple[Fault, ...] = ()
    ) -> Response:
        status = HTTPStatus.UNPROCESSABLE_ENTITY if wrong or faults else HTTPStatus.OK
        told = {"shelf": shelf, "text": text, "wrong": wrong, "faults": faults}
        return self._pages.show(request, "menus_new.html", status, **told)


async def _told(sent: FormData) -> str:
    """What stands in the file, where one was chosen. Raises UnicodeDecodeError."""
    file = sent.get("file")
    chosen = isinstance(file, UploadFile) and file.filename
    return (await file.read(MOST_BYTES)).decode() if isinstance(file, UploadFile) and chosen else ""


async def shelf_of(settings: Settings, entrance: Entrance) -> Shelf | None:
    """None before the line was ever opened."""
    try:
        return await new_flow.shelf(settings, entrance.office.database)
    except NotFound:
        return None


async def by(entrance: Entrance, request: Request, me: Me) -> By:
    knock = entrance.knock(request)
    sent = await request.form() if request.method == "POST" else {}
    return By(me.account.name, knock.now, knock.address, str(sent.get("seen", "")))
