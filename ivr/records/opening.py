"""Who opened what is sealed, when and why: a caller's number, or what somebody else wrote down. Rows stay for good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Column, String, Table, insert, select

from ivr.records import audit
from ivr.records.audit import Deed, Entry
from ivr.records.database import Unit, UtcDateTime, metadata


class What(StrEnum):
    NUMBER = "number"
    SUMMARY = "summary"


@dataclass(frozen=True, slots=True)
class Opening:
    """`of`: the id of the contact or of the call-back."""

    id: str
    at: datetime
    by: str
    what: What
    of: str
    reason: str


table = Table(
    "opening",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("by", String(80), nullable=False),
    Column("what", String(16), nullable=False),
    Column("of", String(40), nullable=False, index=True),
    Column("reason", String(200), nullable=False),
)


async def note(unit: Unit, made: Opening) -> None:
    """Here with its reason, and in the audit as a deed like any other."""
    await audit.write(unit, Entry(made.at, made.by, Deed.SEALED_OPENED, f"{made.what} {made.of}"))
    await unit.execute(insert(table).values({field.name: getattr(made, field.name) for field in fields(Opening)}))


async def listed(unit: Unit, of: str = "") -> Sequence[Opening]:
    """The oldest first; `of`: of that contact or call-back alone."""
    query = select(table).order_by(table.c.at, table.c.id)
    rows = await unit.execute(query.where(table.c.of == of) if of else query)
    return [Opening(**dict(row._mapping) | {"what": What(row.what)}) for row in rows]
