"""Who was erased at their wish: the calls and call-backs that were theirs, by ids that name nobody.

The list is kept for good. The ledger may still tell of these calls; whoever reads it leaves out who called.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Column, ForeignKey, String, Table, func, insert, select

from ivr.records.database import Unit, UtcDateTime, metadata, upsert

table = Table(
    "erasure",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("by", String(80), nullable=False),
    Column("reason", String(200), nullable=False),
)
erased = Table(
    "erased",
    metadata,
    Column("id", String(40), primary_key=True),  # of a call, or of a call-back
    Column("erasure_id", ForeignKey("erasure.id"), nullable=False),
)


@dataclass(frozen=True, slots=True)
class Erasure:
    """That somebody was erased: when, by whom, why; never who."""

    id: str
    at: datetime
    by: str
    reason: str


async def note(unit: Unit, made: Erasure, ids: Iterable[str]) -> None:
    await unit.execute(insert(table).values({field.name: getattr(made, field.name) for field in fields(Erasure)}))
    await upsert(unit, erased, [{"id": each, "erasure_id": made.id} for each in sorted(set(ids))])


async def ids(unit: Unit) -> frozenset[str]:
    return frozenset(row.id for row in await unit.execute(select(erased.c.id)))


async def count(unit: Unit) -> int:
    """How often somebody was erased: whoever remembers callers forgets them when it grows."""
    return int((await unit.execute(select(func.count()).select_from(table))).scalar_one())
