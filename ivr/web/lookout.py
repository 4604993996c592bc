"""What all desks look at, looked up once for all of them: however many are open, the database and the switch are asked
by one."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from ivr import glance
from ivr.board.feed import Feed
from ivr.board.state import Board
from ivr.glance import Mine, People, Stage, Traffic
from ivr.settings import Settings
from ivr.signing import Database
from ivr.web.fresh import Fresh

TRAFFIC_FRESH_S, TRAFFIC_PATIENCE_S = 0.15, 2.0
PEOPLE_FRESH_S, PEOPLE_PATIENCE_S = 0.5, 2.0


@dataclass(frozen=True, slots=True)
class Seen:
    """`traffic` is None while the database is away; `people.asked` is false while the switch is."""

    traffic: Traffic | None
    people: People
    board: Board = field(compare=False)

    def mine(self, extension: str | None) -> Mine:
        if not (self.traffic and extension):
            return Mine()
        return glance.mine(self.traffic, extension, glance.said_of(self.board, extension), datetime.now(UTC))


class Lookout:
    def __init__(self, settings: Settings, database: Database, feed: Feed) -> None:
        self._wrap_up, self._database, self._feed = timedelta(seconds=settings.wrap_up_s), database, feed
        self._traffic = Fresh(self._ask_traffic, TRAFFIC_PATIENCE_S, TRAFFIC_FRESH_S)
        self._people = Fresh(self._ask_people, PEOPLE_PATIENCE_S, PEOPLE_FRESH_S)
        self._last = Seen(None, People(), feed.board)

    async def look(self) -> Seen:
        traffic = await self._traffic.get()
        people = (await self._people.get() if traffic else None) or People()
        self._last = Seen(traffic, people, self._feed.board)
        return self._last

    def last(self) -> Seen:
        """What was looked up last, by any desk, with what the switch says now."""
        return replace(self._last, board=self._feed.board)

    async def stirs(self, seen: Seen, extension: str | None, within_s: float) -> bool:
        """Until the switch says something else of that phone: True, or the time is over."""
        board, said, clock = seen.board, glance.said_of(seen.board, extension), asyncio.get_running_loop().time
        ends_at = clock() + within_s
        while (left_s := ends_at - clock()) > 0 and glance.said_of(board, extension) == said:
            board = await self._feed.after(board, left_s)
        return glance.said_of(board, extension) != said

    def forget(self) -> None:
        """Somebody has just said something: the next look is a new one."""
        self._people = Fresh(self._ask_people, PEOPLE_PATIENCE_S, PEOPLE_FRESH_S)
        self._traffic = Fresh(self._ask_traffic, TRAFFIC_PATIENCE_S, TRAFFIC_FRESH_S)

    async def _ask_traffic(self) -> Traffic:
        return await glance.traffic(self._database, datetime.now(UTC))

    async def _ask_people(self) -> People:
        return await glance.people(self._database, self._feed.board, self._wrap_up, datetime.now(UTC))


__all__ = ["Lookout", "Seen", "Stage"]
