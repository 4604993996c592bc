"""The board as it is sent to whoever watches it: its parts, in each language and for each role."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from ivr.board.feed import Feed
from ivr.board.view import View
from ivr.desk.access import Role
from ivr.overview import Overview
from ivr.reports import chart
from ivr.web.board_alarms import BoardAlarms
from ivr.web.pages import Pages
from ivr.web.press import Parts, Press

TICK_S = 1.0  # a wait turns red although nothing happens
STREAM_S = 60.0  # then the browser asks anew, and whether it still may is looked at again
AGAIN_MS = 1_000
PARTS = ("help", "figures", "waiting", "talking", "people", "today", "curve")
WALL_PARTS = ("wall_figures", "wall_today", "wall_curve")


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom a part is rendered."""

    language: str
    role: Role
    wall: bool

    def values(self, view: View) -> dict[str, Any]:
        drawing = {"by_hour": chart.by_hour, "title": chart.Title}
        return {"view": view, "role": self.role, "service_s": f"{view.limits.service_s:g}"} | drawing


class BoardParts:
    """`clock` gives the time in UTC."""

    def __init__(
        self, pages: Pages, overview: Overview, feed: Feed, alarms: BoardAlarms, clock: Callable[[], datetime]
    ) -> None:
        self._pages, self._overview, self._feed, self._alarms, self._clock = pages, overview, feed, alarms, clock
        self._press = Press()

    async def frames(self, reader: Reader) -> AsyncGenerator[bytes, None]:
        """Server-sent events: what o'clock it is here, every part, then each that changes."""
        yield f"retry: {AGAIN_MS}\n\nevent: clock\ndata: {self._clock().timestamp()}\n\n".encode()
        async with aclosing(self._press.follow(reader, partial(self._made, reader), STREAM_S)) as changes:
            async for sent in changes:
                yield sent

    async def view(self) -> View:
        return await self._overview.view(self._feed.board, self._clock())

    def values(self, reader: Reader, view: View) -> dict[str, Any]:
        return reader.values(view) | {"alarms": self._alarms.told(reader.language)}

    async def _made(self, reader: Reader) -> AsyncIterator[Parts]:
        names = WALL_PARTS if reader.wall else PARTS
        while True:
            board = self._feed.board
            self._alarms.look_meanwhile()
            values = self.values(reader, await self._overview.view(board, self._clock())) | {"ticking": True}
            yield self._pages.parts(reader.language, "board_parts.html", names, **values)
            await self._feed.after(board, TICK_S)
