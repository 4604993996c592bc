"""The call log, a page at a time: every attempt that fits, in one of four orders, with what was written down about it.

Ids sort by time, so a span of time is a span of ids, and one index of (column, id) gives both the filter and the order.
A later page begins after the last row of the one before, however far that is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, exists, func, select, tuple_

from ivr.desk.catalogue import Risk
from ivr.records import call, contact, wrapup
from ivr.records.call import Outcome, State
from ivr.records.contact import FirstTime
from ivr.records.database import Unit

PAGE = 50


class Sort(StrEnum):
    NEWEST = "newest"
    OLDEST = "oldest"
    LONGEST_WAIT = "longest_wait"  # those who waited for nobody have no wait
    LONGEST_TALK = "longest_talk"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which calls; None or empty: all. `until` is not in it any more. `repeat`: whether the caller had rung before."""

    since: datetime | None = None
    until: datetime | None = None
    language: str = ""
    topic: str = ""
    category: str = ""
    outcome: str = ""
    counsellor: str = ""
    risk: str = ""
    silent: bool | None = None
    repeat: bool | None = None
    dialled: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """A call as a line of the log. What was written down is from the newest wrap-up, whose number is `version`."""

    id: str
    started_at: datetime
    ended_at: datetime | None
    dialled: str
    language: str | None
    topic: str | None
    age_band: str | None
    priority: str
    silent: bool
    outcome: Outcome | None
    counsellor: str | None
    wait_s: float | None
    talk_s: float | None
    state: State
    first_time: FirstTime | None
    ended: str | None
    risk: Risk | None
    categories: Sequence[str]
    has_summary: bool
    version: int | None


@dataclass(frozen=True, slots=True)
class Page:
    """`after`: where the next page begins; empty when this is the last."""

    calls: Sequence[Listed]
    after: str = ""


_OF_CALL = (
    "id", "started_at", "ended_at", "dialled", "language", "topic", "age_band", "priority", "silent", "outcome",
    "counsellor", "wait_s", "talk_s", "state",
)  # fmt: skip
_C, _W, _G = call.table.c, wrapup.table.c, wrapup.categories.c
_LONGEST = {Sort.LONGEST_WAIT: _C.wait_s, Sort.LONGEST_TALK: _C.talk_s}
FEW = 5_000  # rows that are sorted quicker than looked for
_SHOWN = (
    *(_C[name] for name in _OF_CALL),
    contact.table.c.first_time,
    _W.ended,
    _W.risk,
    _W.categories,
    _W.summary.is_not(None).label("has_summary"),
    _W.number.label("version"),
)


async def page(unit: Unit, asked: Asked, sort: Sort = Sort.NEWEST, after: str = "", limit: int = PAGE) -> Page:
    """`after`: as a page before gave it, in the same order; nonsense begins anew."""
    query = _query(asked, sort, after)
    if sort in _LONGEST and (await unit.execute(_count(asked))).scalar_one() > FEW:
        query = _walk(asked, sort, after)
    rows = [_listed(dict(row._mapping)) for row in await unit.execute(query.limit(limit + 1))]
    more = len(rows) > limit
    return Page(rows[:limit], _mark(rows[limit - 1], sort) if more else "")


def _query(asked: Asked, sort: Sort, after: str) -> Select[Any]:
    key, joined = _joined(asked)
    query = select(*_SHOWN).select_from(joined).where(*_wanted(asked, key))
    column = _LONGEST.get(sort)
    if column is not None:
        query = query.where(column.is_not(None)).order_by(column.desc(), _C.id.desc())
        seconds, _, last = after.partition("_")
        return query.where(tuple_(column, _C.id) < (_number(seconds), last)) if last else query
    if sort is Sort.OLDEST:
        return query.where(key > after).order_by(key)
    return (query.where(key < after) if after else query).order_by(key.desc())


def _count(asked: Asked) -> Select[Any]:
    """How many calls fit, and no more than one can tell quickly."""
    key, joined = _joined(asked)
    some = select(key).select_from(joined).where(*_wanted(asked, key)).limit(FEW + 1)
    return select(func.count()).select_from(some.subquery())


def _walk(asked: Asked, sort: Sort, after: str) -> Select[Any]:
    """By length, of many: along the index of the lengths until the page is full, where sorting all of them would take
    longer. What is asked for is hidden from the planner, which would go by its index."""
    column, (seconds, _, last) = _LONGEST[sort], after.partition("_")
    of_call, newest = contact.table.c.call_id == _C.id, and_(_W.contact_id == _C.id, _W.newest)
    joined = call.table.join(contact.table, of_call, isouter=True).join(wrapup.table, newest, isouter=True)
    named = ("language", "topic", "outcome", "counsellor", "dialled")
    wanted = [func.coalesce(_C[name], "") == getattr(asked, name) for name in named if getattr(asked, name)]
    if asked.silent is not None:
        wanted.append(func.coalesce(_C.silent, not asked.silent) == asked.silent)
    if asked.repeat is not None:
        wanted.append(func.coalesce(contact.table.c.first_time, "") == _first_time(asked.repeat))
    if asked.risk:
        wanted.append(func.coalesce(_W.risk, "") == asked.risk)
    if asked.category:
        wanted.append(exists().where(_G.code == asked.category, _G.contact_id == _C.id).correlate(call.table))
    if asked.since:
        wanted.append(func.coalesce(_C.id, "") >= _id_at(asked.since))
    if asked.until:
        wanted.append(func.coalesce(_C.id, "") < _id_at(asked.until))
    query = select(*_SHOWN).select_from(joined).where(column.is_not(None), *wanted)
    if last:
        query = query.where(tuple_(column, _C.id) < (_number(seconds), last))
    return query.order_by(column.desc(), _C.id.desc())


def _first_time(repeat: bool) -> str:
    return (FirstTime.NO if repeat else FirstTime.YES).value


def _joined(asked: Asked) -> tuple[ColumnElement[str], FromClause]:
    """The tables, and the column that says which call: of the table that the rarest thing asked for stands in, so that
    its index is walked in order. What is not asked of a contact may be missing."""
    calls, contacts, wrapups = call.table, contact.table, wrapup.table
    newest = and_(_W.contact_id == _C.id, _W.newest)
    of_call = contacts.c.call_id == _C.id
    if asked.category:
        chosen = wrapup.categories.join(calls, _G.contact_id == _C.id).join(wrapups, newest)
        return _G.contact_id, chosen.join(contacts, of_call, isouter=asked.repeat is None)
    if asked.risk:
        chosen = wrapups.join(calls, and_(_W.contact_id == _C.id, _W.newest))
        return _W.contact_id, chosen.join(contacts, of_call, isouter=asked.repeat is None)
    if asked.repeat is not None:
        return contacts.c.call_id, contacts.join(calls, of_call).join(wrapups, newest, isouter=True)
    return _C.id, calls.join(contacts, of_call, isouter=True).join(wrapups, newest, isouter=True)


def _wanted(asked: Asked, key: ColumnElement[str]) -> list[ColumnElement[bool]]:
    named = ("language", "topic", "outcome", "counsellor", "dialled")
    found = [_C[name] == getattr(asked, name) for name in named if getattr(asked, name)]
    if asked.silent is not None:
        found.append(_C.silent.is_(asked.silent))
    if asked.repeat is not None:
        found.append(contact.table.c.first_time == _first_time(asked.repeat))
    if asked.risk:
        found += [_W.risk == asked.risk, _W.newest]
    if asked.category:
        found.append(_G.code == asked.category)
    if asked.since:
        found.append(key >= _id_at(asked.since))
    if asked.until:
        found.append(key < _id_at(asked.until))
    return found


def _id_at(moment: datetime) -> str:
    """Before every id of that second and after every one before it."""
    return f"{int(moment.timestamp()):010d}-"


def _mark(last: Listed, sort: Sort) -> str:
    seconds = {Sort.LONGEST_WAIT: last.wait_s, Sort.LONGEST_TALK: last.talk_s}.get(sort)
    return f"{seconds!r}_{last.id}" if seconds is not None else last.id


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("inf")


def _listed(told: dict[str, Any]) -> Listed:
    kinds = {"outcome": Outcome, "state": State, "first_time": FirstTime, "risk": Risk}
    values = {name: kind(told[name]) for name, kind in kinds.items() if told[name] is not None}
    return Listed(**told | values | {"categories": tuple(told["categories"] or ())})
