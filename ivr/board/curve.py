"""Calls by the hour: today beside a usual day. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

HOURS = 24
Day = tuple[int, ...]
"""Calls that began in each hour of the helpline's clock."""


@dataclass(frozen=True, slots=True)
class Curve:
    """`usual`: the mean of `days` such weekdays before; empty where there is none. `hour`: the one that it is now."""

    day: date
    hour: int
    today: Day
    usual: tuple[float, ...] = ()
    days: int = 0

    @property
    def so_far(self) -> int:
        """In the hours that are over: only those can be compared."""
        return sum(self.today[: self.hour])

    @property
    def usual_so_far(self) -> float:
        return sum(self.usual[: self.hour])


def curve(day: date, hour: int, today: Day, before: Sequence[Day]) -> Curve:
    """`before`: the same weekday of earlier weeks. One without a single call was none: the line was not there yet."""
    found = [each for each in before if any(each)]
    if not found:
        return Curve(day, hour, today)
    usual = tuple(sum(counted) / len(found) for counted in zip(*found, strict=True))
    return Curve(day, hour, today, usual, len(found))
