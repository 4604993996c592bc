"""A supervisor's browser at the live board, without the browser: signed in for real, its stream read for ever."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx

from ivr.accounts import Role
from ivr.records.database import opened
from ivr.settings import Settings
from tests.chaos.crowd import Crowd, Desk
from tests.web.house import Browser, House

AGAIN_S = 0.3
FRESH_S = 2.0  # a page that was told nothing for so long, while calls come and go, shows an old board
WITHIN_S = 1.5  # a call that began or ended so long ago may not be on it yet
AWAY = "The switch does not answer."  # other alarms, of a small disk say, stand there as well
_MENUS = re.compile(r"([0-9]+) callers?(?: more)? (?:is|are) in the menus")
_ROW = re.compile(r'<li class="row')


@dataclass(frozen=True, slots=True)
class Shown:
    """What the board says: calls in the line, and how many of them talk. None: it says that it cannot know."""

    calls: int
    talking: int


@dataclass(slots=True)
class Lookout:
    """`is_right` compares the board with the telephones' own account of the last moments."""

    url: str
    cookie: str
    _parts: dict[str, str] = field(default_factory=dict)
    _told_at: float = 0.0
    _truth: deque[tuple[float, Shown]] = field(default_factory=deque)

    def shown(self) -> Shown | None:
        waiting, talking = self._parts.get("waiting"), self._parts.get("talking")
        if waiting is None or talking is None or AWAY in self._parts.get("figures", AWAY):
            return None
        menus = sum(int(number) for number in _MENUS.findall(waiting))
        talks = len(_ROW.findall(talking))
        return Shown(menus + len(_ROW.findall(waiting)) + talks, talks)

    def is_right(self) -> bool:
        shown, told = self.shown(), [truth for _, truth in self._truth]
        if shown is None or not told or time.monotonic() - self._told_at > FRESH_S:
            return False
        return _between(shown.calls, [t.calls for t in told]) and _between(shown.talking, [t.talking for t in told])

    async def compare(self, crowd: Crowd, desk: Desk) -> None:
        """Keep the telephones' account of the last moments, for ever."""
        while True:
            now = time.monotonic()
            self._truth.append((now, Shown(len(crowd.on_the_line()), len(desk.talking()))))
            while self._truth[0][0] < now - WITHIN_S:
                self._truth.popleft()
            await asyncio.sleep(0.1)

    async def read(self) -> None:
        """The stream, opened again as often as it ends, for ever."""
        while True:
            with suppress(httpx.HTTPError):
                async with httpx.AsyncClient(base_url=self.url, cookies={"session": self.cookie}, timeout=5) as client:
                    await self._read_once(client)
            self._parts.clear()
            await asyncio.sleep(AGAIN_S)

    async def _read_once(self, client: httpx.AsyncClient) -> None:
        async with client.stream("GET", "/board/events?lang=en") as answer:
            if answer.status_code != httpx.codes.OK:
                return
            async for line in answer.aiter_lines():
                if line.startswith("data: {"):  # the clock is told as a number
                    part = json.loads(line.removeprefix("data: "))
                    self._parts[part["name"]] = part["html"]
                    self._told_at = time.monotonic()


def _between(number: int, told: list[int]) -> bool:
    return min(told) <= number <= max(told)


async def signed_in(settings: Settings) -> str:
    """The cookie of a supervisor, who signs in at the site of that line as a person would."""
    async with opened(settings.database) as database:
        house = House(settings, database)
        house.now = datetime.now(UTC)
        given = await house.add(f"lookout-{settings.web_port}", Role.SUPERVISOR)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{settings.web_port}") as client:
            client.headers["Sec-Fetch-Site"] = "same-origin"
            await Browser(house, client).enter(given)
            return client.cookies["session"]


@asynccontextmanager
async def lookout(settings: Settings, crowd: Crowd, desk: Desk) -> AsyncIterator[Lookout]:
    own = Lookout(f"http://127.0.0.1:{settings.web_port}", await signed_in(settings))
    tasks = [asyncio.create_task(own.read()), asyncio.create_task(own.compare(crowd, desk))]
    try:
        yield own
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
