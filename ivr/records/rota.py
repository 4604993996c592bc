"""The rota as rows: weekly shifts and single exceptions, and what they were before each change.

Every change has a number, and its rows are named after it: change 12 made 12.1, 12.2 and so on. Numbers are never
used again, so a row's name says when it was made and never comes to mean another row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Integer,
    Row,
    String,
    Table,
    delete,
    false,
    func,
    insert,
    select,
    update,
)

from ivr.errors import NotFound
from ivr.records import counsellor
from ivr.records.database import Unit, UtcDateTime, metadata, one_at_a_time
from ivr.routing.rota import ExceptionKind, Rota, Shift, ShiftException

KEPT_CHANGES = 50

# Times of day are the helpline's own, as minutes since midnight; an end at or before its start is tomorrow.
shifts = Table(
    "shift",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("extension", ForeignKey("counsellor.extension"), nullable=False),
    Column("weekday", Integer, nullable=False),  # 0 is Monday
    Column("starts", Integer, nullable=False),
    Column("ends", Integer, nullable=False),
    Column("from_day", Date),
    Column("until_day", Date),  # the last day on which it begins
)
exceptions = Table(
    "shift_exception",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("extension", ForeignKey("counsellor.extension"), nullable=False),
    Column("kind", String(16), nullable=False),  # extra or absent
    Column("day", Date, nullable=False),
    Column("starts", Integer, nullable=False),
    Column("ends", Integer, nullable=False),
)
changes = Table(
    "rota_change",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("what", String(200), nullable=False),
    Column("before", JSON, nullable=False),  # all rows as they were: {"shifts": […], "exceptions": […]}
    Column("undone", Boolean, nullable=False),
)

Rows = tuple[Shift | ShiftException, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One change of the rota; `what` is a sentence for people."""

    number: int
    made_at: datetime
    what: str


async def all(unit: Unit) -> Rota:  # noqa: A001  read as rota.all
    """The whole rota, and whom it is for: the active counsellors."""
    people = frozenset(person.extension for person in await counsellor.all(unit) if person.active)
    weekly, single = await _rows(unit, shifts, _shift), await _rows(unit, exceptions, _exception)
    return Rota(people, tuple(weekly), tuple(single))


async def _rows(unit: Unit, table: Table, value: Callable[[Row[Any]], Any]) -> list[Any]:
    return sorted(map(value, await unit.execute(select(table))), key=lambda row: _by_number(row.id))


def _shift(row: Row[Any]) -> Shift:
    return Shift(**row._mapping)


def _exception(row: Row[Any]) -> ShiftException:
    return ShiftException(**dict(row._mapping) | {"kind": ExceptionKind(row.kind)})


def _by_number(row_id: str) -> tuple[int, ...]:
    return tuple(int(part) for part in row_id.split("."))


async def add(unit: Unit, rows: Rows, what: str, now: datetime) -> Change:
    """Write `rows` beside those that are there. What they are called is settled here."""
    change = await _begin(unit, what, now)
    await _insert(unit, rows, change.number)
    return change


async def remove(unit: Unit, row_ids: Iterable[str], what: str, now: datetime) -> Change:
    """Take those rows away, and no others. Their ids are full ones, as in `Shift.id`."""
    change = await _begin(unit, what, now)
    gone = list(row_ids)
    for table in (shifts, exceptions):
        await unit.execute(delete(table).where(table.c.id.in_(gone)))
    return change


async def replace(unit: Unit, rows: Rows, what: str, now: datetime) -> Change:
    """`rows` in place of everything that is there."""
    change = await _begin(unit, what, now)
    await _clear(unit)
    await _insert(unit, rows, change.number)
    return change


async def last_change(unit: Unit) -> Change | None:
    """The change that `undo` would take back."""
    found = (await unit.execute(_not_undone())).first()
    return Change(found.number, found.made_at, found.what) if found else None


async def undo(unit: Unit) -> Change:
    """Put back what was before the last change that is not undone. Raises NotFound when none is on record."""
    await one_at_a_time(unit, changes)
    found = (await unit.execute(_not_undone())).first()
    if found is None:
        raise NotFound("No change of the rota is on record.", remedy="Nothing was changed; see `ivr rota`.")
    await _clear(unit)
    await _put_back(unit, found.before)
    await unit.execute(update(changes).where(changes.c.number == found.number).values(undone=True))
    return Change(found.number, found.made_at, found.what)


def _not_undone() -> Any:
    return select(changes).where(changes.c.undone == false()).order_by(changes.c.number.desc()).limit(1)


async def _begin(unit: Unit, what: str, now: datetime) -> Change:
    """Note the change, and all rows as they are before it."""
    await one_at_a_time(unit, changes)
    highest = (await unit.execute(select(func.max(changes.c.number)))).scalar_one_or_none()
    change = Change((highest or 0) + 1, now, what[:200])
    before = {table.name: [_plain(row) for row in await unit.execute(select(table))] for table in (shifts, exceptions)}
    values = {"number": change.number, "made_at": now, "what": change.what, "before": before, "undone": False}
    await unit.execute(insert(changes).values(values))
    await unit.execute(delete(changes).where(changes.c.number <= change.number - KEPT_CHANGES))
    return change


def _plain(row: Row[Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in row._mapping.items()}


async def _clear(unit: Unit) -> None:
    for table in (shifts, exceptions):
        await unit.execute(delete(table))


async def _put_back(unit: Unit, before: Mapping[str, list[dict[str, Any]]]) -> None:
    for table in (shifts, exceptions):
        if rows := [_typed(table, row) for row in before[table.name]]:
            await unit.execute(insert(table), rows)


def _typed(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    days = {column.name for column in table.columns if isinstance(column.type, Date)}
    return {name: date.fromisoformat(value) if name in days and value else value for name, value in row.items()}


async def _insert(unit: Unit, rows: Rows, number: int) -> None:
    named = [(row, asdict(row) | {"id": f"{number}.{place}"}) for place, row in enumerate(rows, 1)]
    for table, kind in ((shifts, Shift), (exceptions, ShiftException)):
        if values := [each for row, each in named if isinstance(row, kind)]:
            await unit.execute(insert(table), values)
