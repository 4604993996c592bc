"""Flows that were brought in on a page or by command: the one on trial, and those that were in use; who, and when."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Column, String, Table, Text, delete, insert, select, update

from ivr.records.database import Unit, UtcDateTime, metadata

MOST = 20  # that were in use


class Origin(StrEnum):
    PAGE = "page"  # brought in, tried, taken over
    FILE = "file"  # of IVR_HELPLINE_FILE, as it was when another took its place


@dataclass(frozen=True, slots=True)
class Flow:
    """`mark`: see flow/script.py. `keyed_at`, `called_at`: when it was tried by keyboard, and by a call, to an end,
    that `went` tells. `taken_at`: when it last took over; None: on trial. `before`: the id of that whose place it took.
    """

    id: str  # sorts by time
    mark: str
    text: str
    origin: Origin
    by: str
    at: datetime
    keyed_by: str = ""
    keyed_at: datetime | None = None
    called_by: str = ""
    called_at: datetime | None = None
    went: str = ""
    taken_by: str = ""
    taken_at: datetime | None = None
    before: str = ""

    @property
    def is_tried(self) -> bool:
        """What was in use once has been."""
        return bool(self.taken_at or (self.keyed_at and self.called_at))


table = Table(
    "flow",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("mark", String(12), nullable=False),
    Column("text", Text, nullable=False),
    Column("origin", String(8), nullable=False),
    Column("by", String(80), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("keyed_by", String(80), nullable=False),
    Column("keyed_at", UtcDateTime),
    Column("called_by", String(80), nullable=False),
    Column("called_at", UtcDateTime),
    Column("went", String(120), nullable=False),
    Column("taken_by", String(80), nullable=False),
    Column("taken_at", UtcDateTime),
    Column("before", String(40), nullable=False),
)
_COLUMNS = tuple(table.c[each.name] for each in fields(Flow))


async def all(unit: Unit) -> tuple[Flow, ...]:  # noqa: A001  read as flow.all
    """The newest first: the one on trial, if there is one, then by when they last took over."""
    rows = await unit.execute(select(*_COLUMNS).order_by(table.c.taken_at.desc(), table.c.id.desc()))
    found = [Flow(**{**row._mapping, "origin": Origin(row.origin)}) for row in rows]
    return tuple(sorted(found, key=lambda each: each.taken_at is not None))


async def put_on_trial(unit: Unit, flow: Flow) -> None:
    """In place of the one before, which nobody followed."""
    await drop_trial(unit)
    await unit.execute(insert(table).values(asdict(flow)))


async def drop_trial(unit: Unit) -> None:
    await unit.execute(delete(table).where(table.c.taken_at.is_(None)))


async def write(unit: Unit, flow: Flow) -> None:
    await unit.execute(insert(table).values(asdict(flow)))


async def note_keyed(unit: Unit, identity: str, by: str, at: datetime) -> None:
    on_trial = (table.c.id == identity, table.c.taken_at.is_(None))
    await unit.execute(update(table).where(*on_trial).values(keyed_by=by, keyed_at=at))


async def note_called(unit: Unit, mark: str, by: str, at: datetime, went: str) -> bool:
    """Whether the flow of that mark is still on trial."""
    on_trial = (table.c.mark == mark, table.c.taken_at.is_(None))
    done = await unit.execute(update(table).where(*on_trial).values(called_by=by, called_at=at, went=went[:120]))
    return done.rowcount > 0


async def take(unit: Unit, identity: str, by: str, at: datetime, before: str | None = None) -> None:
    """That flow is in use now. `before`: whose place it took; None: as it was. The oldest beyond MOST are forgotten."""
    taken = {"taken_by": by, "taken_at": at} | ({} if before is None else {"before": before})
    await unit.execute(update(table).where(table.c.id == identity).values(taken))
    newest = select(table.c.id).where(table.c.taken_at.is_not(None)).order_by(table.c.taken_at.desc())
    kept = [row.id for row in await unit.execute(newest.limit(MOST))]
    await unit.execute(delete(table).where(table.c.taken_at.is_not(None), table.c.id.not_in(kept)))
