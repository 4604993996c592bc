"""Calls that were hard for the counsellor: who said so, when, and whether somebody has talked it over with them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Row, String, Table, and_, func, select, update

from ivr.records.database import Unit, UtcDateTime, insert_new, metadata

table = Table(
    "hard_call",
    metadata,
    Column("contact_id", String(40), primary_key=True),
    Column("account", String(80), primary_key=True),
    Column("extension", String(16), nullable=False),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("debriefed_at", UtcDateTime),
    Column("debriefed_by", String(80)),
)


@dataclass(frozen=True, slots=True)
class HardCall:
    """One mark, which is also the supervisor's task: open until `debriefed_at`."""

    contact_id: str
    account: str
    extension: str
    at: datetime
    debriefed_at: datetime | None = None
    debriefed_by: str | None = None


async def mark(unit: Unit, marked: HardCall) -> bool:
    """False when they have marked it already, which stays as it was."""
    return await insert_new(unit, table, {field.name: getattr(marked, field.name) for field in fields(HardCall)})


async def lately(unit: Unit, since: datetime) -> dict[str, datetime]:
    """Extension to their last hard call, of those after `since`."""
    last = select(table.c.extension, func.max(table.c.at).label("at")).where(table.c.at >= since)
    return {row.extension: row.at for row in await unit.execute(last.group_by(table.c.extension))}


async def listed(unit: Unit, *, only_open: bool) -> list[HardCall]:
    """The oldest first."""
    query = select(table).order_by(table.c.at, table.c.contact_id)
    rows = await unit.execute(query.where(table.c.debriefed_at.is_(None)) if only_open else query)
    return [_hard_call(row) for row in rows]


async def debrief(unit: Unit, contact_id: str, by: str, now: datetime) -> int:
    """How many marks of that contact were open until now."""
    still = and_(table.c.contact_id == contact_id, table.c.debriefed_at.is_(None))
    return (await unit.execute(update(table).where(still).values(debriefed_at=now, debriefed_by=by))).rowcount


def _hard_call(row: Row[Any]) -> HardCall:
    return HardCall(**row._mapping)
