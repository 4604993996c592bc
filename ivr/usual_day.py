"""How today's calls come, beside the same weekdays before: read from the rows, seldom."""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta

from ivr.board.curve import HOURS, Curve, Day, curve
from ivr.records import call_day
from ivr.records.database import Unit
from ivr.routing.hours import BAKU

WEEKS = 4
FRESH_S = 20.0


class UsualDay:
    """Days that are over are counted once an hour, today when what is known of it is `FRESH_S` old."""

    def __init__(self) -> None:
        self._before: tuple[Day, ...] = ()
        self._known: Curve | None = None
        self._stale_at = 0.0

    async def read(self, unit: Unit, now: datetime) -> Curve:
        day, minute = BAKU.reads(now)
        hour = minute // 60
        known = self._known
        is_of_this_hour = known is not None and (known.day, known.hour) == (day, hour)
        if known and is_of_this_hour and time.monotonic() < self._stale_at:
            return known
        if not is_of_this_hour:
            self._before = tuple([await _count(unit, day - timedelta(weeks=back)) for back in range(1, WEEKS + 1)])
        self._known = curve(day, hour, await _count(unit, day), self._before)
        self._stale_at = time.monotonic() + FRESH_S
        return self._known


async def _count(unit: Unit, day: date) -> Day:
    return await call_day.between(unit, [BAKU.moment(day, hour * 60) for hour in range(HOURS + 1)])
