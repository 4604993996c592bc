"""How many calls came since some moment, and how they ended: what the board counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from sqlalchemy import and_, case, func, select

from ivr.records.call import CALLBACK, Outcome, table
from ivr.records.database import Unit


@dataclass(frozen=True, slots=True)
class Count:
    """Of one outcome. `waited`: those that got as far as waiting for a person. `in_time`: answered within the time."""

    calls: int
    waited: int
    in_time: int
    longest_wait_s: float | None


async def by_outcome(unit: Unit, since: datetime, within_s: float) -> dict[Outcome, Count]:
    """Calls from outside that began since then. One in progress counts once somebody has answered it."""
    quick = and_(table.c.outcome == Outcome.ANSWERED.value, table.c.wait_s <= within_s)
    counted = (
        func.count().label("calls"),
        func.count(table.c.queue).label("waited"),
        func.sum(case((quick, 1), else_=0)).label("in_time"),
        func.max(table.c.wait_s).label("longest"),
    )
    ended = (table.c.started_at >= since, table.c.dialled != CALLBACK, table.c.outcome.is_not(None))
    rows = await unit.execute(select(table.c.outcome, *counted).where(*ended).group_by(table.c.outcome))
    return {Outcome(row.outcome): Count(row.calls, row.waited, row.in_time, row.longest) for row in rows}


WAIT_BOUNDS_S = (5, 10, 20, 40, 60, 100, 200, 400)


@dataclass(frozen=True, slots=True)
class Waits:
    """How long those waited who met somebody. `within`: bound in seconds to how many, each with those before it."""

    within: tuple[tuple[float, int], ...]
    met: int
    total_s: float


async def waits(unit: Unit, since: datetime) -> Waits:
    """Of calls from outside that began since then."""
    within = [func.sum(case((table.c.wait_s <= bound, 1), else_=0)) for bound in WAIT_BOUNDS_S]
    met = (table.c.started_at >= since, table.c.dialled != CALLBACK, table.c.talk_s.is_not(None))
    row = (await unit.execute(select(func.count(), func.sum(table.c.wait_s), *within).where(*met))).one()
    counts = zip(WAIT_BOUNDS_S, row[2:], strict=True)
    return Waits(tuple((bound, int(count or 0)) for bound, count in counts), int(row[0]), float(row[1] or 0))


async def by_door(unit: Unit, since: datetime) -> dict[int, int]:
    """Calls from outside that began since then, by the door that led them through the menus."""
    led = (table.c.started_at >= since, table.c.dialled != CALLBACK, table.c.door.is_not(None))
    rows = await unit.execute(select(table.c.door, func.count().label("calls")).where(*led).group_by(table.c.door))
    return {row.door: row.calls for row in rows}


async def between(unit: Unit, moments: Sequence[datetime]) -> tuple[int, ...]:
    """How many calls from outside began between each moment and the next; `moments` in order."""
    began = table.c.started_at
    counts = (func.count(case((and_(began >= one, began < other), 1))) for one, other in pairwise(moments))
    ours = (began >= moments[0], began < moments[-1], table.c.dialled != CALLBACK)
    row = (await unit.execute(select(*(each.label(f"n{at}") for at, each in enumerate(counts))).where(*ours))).one()
    return tuple(row)
