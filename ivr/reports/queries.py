"""The questions that reports ask of the rows. Nothing here depends on the dialect; what is local time is not here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select

from ivr.records import call, callback
from ivr.records.call import Outcome
from ivr.records.counted import table as counted
from ivr.records.database import Unit, aside
from ivr.reports.measures import DIMENSIONS, Cell
from ivr.reports.periods import Span
from ivr.routing.hours import BAKU


@dataclass(frozen=True, slots=True)
class Reason:
    """What was written about so many contacts. `categories`: codes, a space between them; `lists`: their version."""

    lists: str | None
    categories: str | None
    ended: str | None
    gender: str | None
    age_band: str | None
    channel: str
    contacts: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call, as far as a report wants to know."""

    started_at: datetime
    ended_at: datetime | None
    outcome: Outcome | None
    language: str | None
    silent: bool
    wait_s: float | None
    talk_s: float | None


Left = tuple[datetime, Sequence[Mapping[str, Any]]]


def _in(span: Span) -> ColumnElement[bool]:
    return and_(counted.c.day >= span.first.toordinal(), counted.c.day <= span.last.toordinal())


def _called_in(span: Span) -> ColumnElement[bool]:
    begins, ends = span.moments
    return and_(
        call.table.c.started_at >= begins, call.table.c.started_at < ends, call.table.c.dialled != call.CALLBACK
    )


async def first_contact(unit: Unit) -> date | None:
    """The day of the first contact that is counted."""
    first = (await unit.execute(select(func.min(counted.c.day)))).scalar_one()
    return None if first is None else date.fromordinal(first)


async def first_call(unit: Unit) -> date | None:
    first = (await unit.execute(select(func.min(call.table.c.started_at)))).scalar_one()
    return None if first is None else BAKU.day(first)


async def cells(unit: Unit, span: Span) -> list[tuple[Cell, int]]:
    """How many contacts each combination of DIMENSIONS has; from the index alone."""
    by = [counted.c[name] for name in DIMENSIONS]
    rows = await unit.execute(select(*by, func.count()).where(_in(span)).group_by(*by))
    return [(tuple(row[:-1]), row[-1]) for row in rows]


async def actions(unit: Unit, span: Span) -> list[tuple[str, int]]:
    query = select(counted.c.actions, func.count()).where(_in(span), counted.c.actions.is_not(None))
    return [(codes, n) for codes, n in await unit.execute(query.group_by(counted.c.actions))]


async def reasons(unit: Unit, span: Span) -> list[Reason]:
    names = ("lists", "categories", "ended", "gender", "age_band", "channel")
    by = [counted.c[name] for name in names]
    rows = await unit.execute(select(*by, func.count()).where(_in(span)).group_by(*by))
    return [Reason(*values) for values in map(tuple, rows)]


async def attempts(unit: Unit, span: Span) -> list[Attempt]:
    """Every call to the line that is over; those that we made ourselves are none."""
    names = ("started_at", "ended_at", "outcome", "language", "silent", "wait_s", "talk_s")
    query = select(*(call.table.c[name] for name in names)).where(_called_in(span), call.table.c.ended_at.is_not(None))
    return [Attempt(**dict(row._mapping) | {"outcome": _outcome(row.outcome)}) for row in await unit.execute(query)]


def _outcome(told: str | None) -> Outcome | None:
    return Outcome(told) if told else None


async def outcomes(unit: Unit, span: Span) -> dict[str, int]:
    """Calls to the line that are over, by how they ended."""
    over = and_(_called_in(span), call.table.c.outcome.is_not(None))
    query = select(call.table.c.outcome, func.count()).where(over).group_by(call.table.c.outcome)
    return {outcome: int(n) for outcome, n in await unit.execute(query)}


async def left_menus(unit: Unit, span: Span) -> list[Left]:
    """Calls that ended in the menus: when they began, and their steps."""
    left = aside(unit, call.table.c.outcome) == Outcome.ABANDONED_IN_MENU.value  # a day has fewer rows than that has
    query = select(call.table.c.started_at, call.table.c.steps).where(_called_in(span), left)
    return [(row.started_at, row.steps) for row in await unit.execute(query)]


async def repeats(unit: Unit, span: Span) -> dict[int, int]:
    """How many callers rang so often: times to callers. Who they are is a hash, and stays in the database."""
    known = and_(_called_in(span), call.table.c.caller.is_not(None))
    each = select(func.count().label("times")).where(known).group_by(call.table.c.caller).subquery()
    rows = await unit.execute(select(each.c.times, func.count()).group_by(each.c.times))
    return {int(times): int(callers) for times, callers in rows}


async def promises(unit: Unit, span: Span) -> dict[str, int]:
    """Call-backs that were asked for in the span, by what has become of them."""
    begins, ends = span.moments
    asked = and_(callback.table.c.asked_at >= begins, callback.table.c.asked_at < ends)
    rows = await unit.execute(
        select(callback.table.c.state, func.count()).where(asked).group_by(callback.table.c.state)
    )
    return {state: int(n) for state, n in rows}
