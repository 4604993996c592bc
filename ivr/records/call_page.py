"""The call log, a page at a time: every attempt that fits, in one of four orders, with what was written down about it.

Ids sort by time, so a span of time is a span of ids, and one index of (column, id) gives both the filter and the order.
Of several filters the rarest is walked. First the ids of a page are found, then what is shown of these: nothing is
joined that is not on the page. A later page begins after the last row of the one before, however far that is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, func, select, tuple_

from ivr.desk.catalogue import Risk
from ivr.records import call, contact, wrapup
from ivr.records.call import Outcome, State
from ivr.records.contact import FirstTime
from ivr.records.database import Unit, aside, first_id

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
FEW = 10_000  # rows that are sorted quicker than looked for along an index of lengths
APART = 5  # so many times as many where what is asked for stands in another table, and is looked up for each
COUNTED = FEW * APART + 1  # rows of one value; more are so many, whatever they are
_SHOWN = (
    *(_C[name] for name in _OF_CALL),
    contact.table.c.first_time,
    _W.ended,
    _W.risk,
    _W.categories,
    _W.summary.is_not(None).label("has_summary"),
    _W.number.label("version"),
)
_NAMED = ("language", "topic", "outcome", "counsellor", "dialled")
_SPAN, _ALL = "span", ""
# The column that says which call it is, in the table that an index is walked of; in `call` for whatever is not here.
_KEYS = {"category": _G.contact_id, "risk": _W.contact_id, "repeat": contact.table.c.call_id}


async def page(unit: Unit, asked: Asked, sort: Sort = Sort.NEWEST, after: str = "", limit: int = PAGE) -> Page:
    """`after`: as a page before gave it, in the same order; nonsense begins anew."""
    by, often = await _rarest(unit, asked, sort)
    walked = _ALL if sort in _LONGEST and often > _few(by) else by
    query = _shown(_which(unit, asked, walked, Place(sort, after)).limit(limit + 1), sort)
    rows = [_listed(dict(row._mapping)) for row in await unit.execute(query)]
    more = len(rows) > limit
    return Page(rows[:limit], _mark(rows[limit - 1], sort) if more else "")


@dataclass(frozen=True, slots=True)
class Place:
    """An order, and after which row of it."""

    sort: Sort
    after: str


async def _rarest(unit: Unit, asked: Asked, sort: Sort) -> tuple[str, int]:
    """What of that which is asked for the fewest rows have, and how many: its index is walked. Counted from the indexes
    alone, up to COUNTED."""
    names = _names(asked)
    if len(names) < 2 and sort not in _LONGEST:
        return (names[0] if names else _ALL), COUNTED
    if not names:
        return _ALL, COUNTED
    counts = [_count(asked, name).label(name) for name in names]
    found = (await unit.execute(select(*counts))).one()
    return min(zip(names, found, strict=True), key=lambda each: each[1])


def _few(by: str) -> int:
    return FEW * (APART if by in _KEYS else 1)


def _names(asked: Asked) -> list[str]:
    """Of the fields asked for; equally rare ones in this order."""
    found = [name for name in ("category", "risk", "counsellor", "topic", "outcome", "language", "dialled")
             if getattr(asked, name)]  # fmt: skip
    found += [name for name in ("repeat", "silent") if getattr(asked, name) is not None]
    return found + ([_SPAN] if asked.since or asked.until else [])


def _count(asked: Asked, name: str) -> ColumnElement[int]:
    key = _KEYS.get(name, _C.id)
    if name == "risk":
        wanted = [_W.risk == asked.risk]  # older versions too: whether it is the newest is not in the index
    else:
        wanted = _within(asked, key) if name == _SPAN else [_has(asked, name, lambda column: column)]
    return select(func.count()).select_from(select(key).where(*wanted).limit(COUNTED).subquery()).scalar_subquery()


def _which(unit: Unit, asked: Asked, by: str, place: Place) -> Select[Any]:
    """The calls of a page, in order: ids, and lengths. `by`: the field whose index is walked."""
    if place.sort in _LONGEST:
        return _by_length(unit, asked, by, place)
    key: ColumnElement[Any] = _KEYS.get(by, _C.id)
    wanted = _wanted(unit, asked, by, lambda each: [*_within(asked, each), *_beyond(each, place)])
    order = key if place.sort is Sort.OLDEST else key.desc()
    return select(key.label("id")).select_from(_joined(asked, by)).where(*wanted).order_by(order)


def _by_length(unit: Unit, asked: Asked, by: str, place: Place) -> Select[Any]:
    """Few are sorted: what is added to their length is nothing, and no index of lengths has it."""
    column: ColumnElement[Any] = _LONGEST[place.sort]
    length = column if by == _ALL else column + 0
    wanted = [length.is_not(None), *_wanted(unit, asked, by, lambda each: _within(asked, each))]
    seconds, _, last = place.after.partition("_")
    if last:
        wanted.append(tuple_(length, _C.id) < (_number(seconds), last))
    chosen = select(_C.id, length.label("length")).select_from(_joined(asked, by)).where(*wanted)
    return chosen.order_by(length.desc(), _C.id.desc())


def _wanted(
    unit: Unit, asked: Asked, by: str, bounds: Callable[[ColumnElement[Any]], list[ColumnElement[bool]]]
) -> list[ColumnElement[bool]]:
    """What is asked for, and the `bounds` of each id: only what is walked may be looked up in an index of its own."""
    walked = _KEYS.get(by, _C.id) if by != _ALL or not _names(asked) else None
    found = [_has(asked, by, lambda column: column)] if by not in (_ALL, _SPAN) else []
    found += [_has(asked, name, partial(aside, unit)) for name in _names(asked) if name not in (by, _SPAN)]
    return found + [each for key in _used(asked) for each in bounds(key if key is walked else aside(unit, key))]


def _used(asked: Asked) -> list[ColumnElement[str]]:
    """The column that says which call, of each table that something is asked of. Each is held to the same span: a merge
    of two tables would begin at the first row of the one that is not."""
    return [_C.id, *(key for name, key in _KEYS.items() if name in _names(asked))]


def _joined(asked: Asked, by: str) -> FromClause:
    """The table that is walked, then `call`, then those that something else is asked of."""
    tables = {key.table: key for name, key in _KEYS.items() if name in _names(asked)}
    first = _KEYS.get(by, _C.id).table
    found: FromClause = first if first is call.table else first.join(call.table, tables.pop(first) == _C.id)
    for table, key in tables.items():
        found = found.join(table, key == _C.id)
    return found


def _shown(which: Select[Any], sort: Sort) -> Select[Any]:
    """Everything that a line shows, of these calls alone."""
    these = which.subquery("these")
    shown = these.join(call.table, _C.id == these.c.id).join(
        contact.table, contact.table.c.call_id == _C.id, isouter=True
    )
    query = select(*_SHOWN).select_from(shown.join(wrapup.table, and_(_W.contact_id == _C.id, _W.newest), isouter=True))
    if sort in _LONGEST:
        return query.order_by(these.c.length.desc(), these.c.id.desc())
    return query.order_by(these.c.id if sort is Sort.OLDEST else these.c.id.desc())


def _has(asked: Asked, name: str, seen: Callable[[ColumnElement[Any]], ColumnElement[Any]]) -> ColumnElement[bool]:
    """`seen`: how its columns are shown to the planner."""
    value: object = getattr(asked, name)
    match name:
        case "silent":
            return seen(_C.silent).is_(value)
        case "repeat":
            first = FirstTime.NO if asked.repeat else FirstTime.YES
            # those that were no calls stand before all others in the index
            return and_(seen(contact.table.c.first_time) == first.value, contact.table.c.call_id.is_not(None))
        case "risk":
            return and_(seen(_W.risk) == value, seen(_W.newest))
        case "category":
            return and_(seen(_G.code) == value)
    return and_(seen(_C[name]) == value)


def _within(asked: Asked, key: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    found = [key >= first_id(asked.since)] if asked.since else []
    return found + ([key < first_id(asked.until)] if asked.until else [])


def _beyond(key: ColumnElement[Any], place: Place) -> list[ColumnElement[bool]]:
    if place.sort is Sort.OLDEST:
        return [key > place.after]
    return [key < place.after] if place.after else []


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
