"""The first page: is the line open, which numbers lead to it, how to call it. And the same for a monitor."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse

from ivr.flow.script import parse
from ivr.settings import Settings
from ivr.telephony.numbers import spaced
from ivr.web.fresh import Fresh
from ivr.web.pages import Pages
from ivr.web.permission import Permission, allow
from ivr.web.pulse import Pulse

NUMBERS_PATIENCE_S = 1.0
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104  compared with, not bound to


class Asked(Protocol):
    """What tells how the line is: `LinePulse`."""

    async def is_open(self) -> bool: ...

    async def read(self) -> Pulse: ...


@dataclass(frozen=True, slots=True)
class Numbers:
    short: str
    mobile: tuple[str, ...]


class Front:
    def __init__(self, settings: Settings, pages: Pages, pulse: Asked) -> None:
        self._settings = settings
        self._pages = pages
        self._pulse = pulse
        self._numbers = Fresh(self._read_numbers, NUMBERS_PATIENCE_S)

    def router(self) -> APIRouter:
        made = APIRouter(dependencies=[allow(Permission.ANYBODY)])
        made.add_api_route("/", self.show_line, methods=["GET", "HEAD"])
        made.add_api_route("/health", self.tell_monitor, methods=["GET", "HEAD"])
        return made

    async def show_line(self, request: Request) -> HTMLResponse:
        pulse, numbers = await asyncio.gather(self._pulse.read(), self._numbers.get())
        return self._pages.show(
            request,
            "front.html",
            pulse=pulse,
            numbers=numbers,
            looked_at=datetime.now(UTC),
            sip_host=_sip_host(self._settings),
            has_trunk=bool(self._settings.trunk_host),
        )

    async def tell_monitor(self) -> JSONResponse:
        is_open = await self._pulse.is_open()
        return JSONResponse({"open": is_open}, 200 if is_open else 503)

    async def _read_numbers(self) -> Numbers:
        return await asyncio.to_thread(_numbers, self._settings)


def _numbers(settings: Settings) -> Numbers:
    """From the flow that calls follow now; before the first opening, from the one they would follow."""
    file = settings.flow_in_use if settings.flow_in_use.exists() else settings.helpline_file
    script = parse(file.read_text(errors="replace"))
    return Numbers(script.number, tuple(spaced(number) for number in script.mobile_numbers))


def _sip_host(settings: Settings) -> str:
    """Port 5060 need not be said: RFC 3261, 19.1.2."""
    host = "127.0.0.1" if settings.bind_address in EVERYWHERE else settings.bind_address
    return host if settings.sip_port == 5060 else f"{host}:{settings.sip_port}"
