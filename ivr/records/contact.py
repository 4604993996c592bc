"""One exchange with a child, on any channel. A call becomes a contact when caller and counsellor talked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Row,
    Select,
    String,
    Table,
    and_,
    case,
    delete,
    exists,
    func,
    insert,
    select,
    update,
)

from ivr.records import call, counted
from ivr.records.database import Unit, UtcDateTime, aside, first_id, metadata, upsert

TELEPHONE = "telephone"


class FirstTime(StrEnum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Contact:
    id: str
    received_at: datetime
    channel: str
    language: str | None
    topic: str | None
    age_band: str | None
    first_time: FirstTime
    counsellor: str | None
    call_id: str | None


table = Table(
    "contact",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("received_at", UtcDateTime, nullable=False, index=True),
    Column("channel", String(16), nullable=False),
    Column("language", String(8)),
    Column("topic", String(32)),
    Column("age_band", String(16)),
    Column("first_time", String(8), nullable=False, default=FirstTime.UNKNOWN.value),
    Column("counsellor", String(32)),
    Column("call_id", ForeignKey("call.id"), unique=True),
    Index(None, "first_time", "call_id"),
)
PAGE = 500
_SHOWN = tuple(table.c[field.name] for field in fields(Contact))


def row_of_call(row: Mapping[str, Any]) -> dict[str, Any]:
    """The contact that a call's row gives. Whether it is the first time is settled afterwards, see `settle`."""
    same = {name: row[name] for name in ("id", "language", "topic", "age_band", "counsellor")}
    return same | {"received_at": row["started_at"], "channel": TELEPHONE, "call_id": row["id"]}


async def write(unit: Unit, rows: Sequence[Mapping[str, Any]]) -> None:
    await upsert(unit, table, rows)
    await counted.refresh(unit, [row["id"] for row in rows])


async def enter(unit: Unit, came: Contact) -> None:
    """One that the telephone knows nothing of. A rebuild leaves it alone: it has no call."""
    await unit.execute(insert(table).values({field.name: getattr(came, field.name) for field in fields(Contact)}))
    await counted.refresh(unit, [came.id])


async def write_new(unit: Unit, rows: Sequence[Mapping[str, Any]]) -> None:
    """Contacts of the years before, which are not there yet; what they count as is written beside them."""
    await unit.execute(insert(table), list(rows))


async def settle(unit: Unit, callers: Sequence[str] | None = None, since_id: str = "") -> None:
    """Say of contacts by telephone whether the caller had called before, from the keyed hash.

    It follows from the calls' rows alone, never from the order in which they were written, so a rebuild says the same.
    `callers` None: all of them.
    """
    this, earlier = call.table.alias("this"), call.table.alias("earlier")
    known = exists().where(this.c.id == table.c.call_id, this.c.caller.is_not(None))
    before = exists().where(
        and_(this.c.id == table.c.call_id, earlier.c.caller == this.c.caller, earlier.c.id < this.c.id)
    )
    # of a call whose caller is forgotten it was said while that was known, and stays
    touched = select(call.table.c.id).where(call.table.c.id >= since_id, call.table.c.caller.is_not(None))
    if callers is not None:
        touched = touched.where(call.table.c.caller.in_(callers))
    verdict = case((before, FirstTime.NO.value), (known, FirstTime.YES.value), else_=FirstTime.UNKNOWN.value)
    await unit.execute(update(table).where(table.c.call_id.in_(touched)).values(first_time=verdict))
    await counted.settle(unit, touched)


def _contact(row: Row[Any]) -> Contact:
    values = dict(row._mapping)
    return Contact(**values | {"first_time": FirstTime(values["first_time"])})


async def page(unit: Unit, since: datetime | None = None, limit: int | None = None, after: str = "") -> list[Contact]:
    """The next contacts after the one with the id `after`, oldest first; `limit` keeps the newest."""
    query = select(*_SHOWN)
    if since is not None:
        query = query.where(table.c.id >= first_id(since), aside(unit, table.c.received_at) >= since)
    if limit is not None:
        query = select(query.order_by(table.c.id.desc()).limit(limit).subquery())
    (key,) = (column for column in query.selected_columns if column.name == "id")
    return [_contact(row) for row in await unit.execute(query.where(key > after).order_by(key).limit(PAGE))]


async def some(unit: Unit, ids: Sequence[str]) -> list[Contact]:
    """Those of `ids` that there are, oldest first."""
    rows = await unit.execute(select(*_SHOWN).where(table.c.id.in_(ids)).order_by(table.c.id))
    return [_contact(row) for row in rows]


async def count(unit: Unit, since: datetime | None = None) -> int:
    query = select(func.count()).select_from(table)
    if since is not None:
        query = query.where(table.c.received_at >= since)
    return int((await unit.execute(query)).scalar_one())


async def forget(unit: Unit, call_ids: Select[Any]) -> None:
    await counted.forget(unit, call_ids)
    await unit.execute(delete(table).where(table.c.call_id.in_(call_ids)))
