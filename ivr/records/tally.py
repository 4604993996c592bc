"""Days that are over, counted: what a report would count from their rows, kept as one row a day.

Whoever changes a row of such a day takes its count away in the same transaction (`spoil`). A day that has none is
counted from its rows: so nothing waits for a count, and none can be wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from sqlalchemy import JSON, Column, Integer, Select, String, Table, delete, select

from ivr.records.database import Unit, metadata, upsert

Counts = Mapping[str, int]
"""Whatever the reports count by, and how often; counts of several days are added up."""


class Of(StrEnum):
    """Which rows were counted."""

    CONTACTS = "contacts"
    CALLS = "calls"


table = Table(
    "tally",
    metadata,
    Column("of", String(16), primary_key=True),
    Column(
        "day", Integer, primary_key=True, autoincrement=False
    ),  # by the helpline's clock, as `date.toordinal` counts
    Column("counts", JSON, nullable=False),
)


async def spoil(unit: Unit, of: Of, days: Iterable[int] | Select[tuple[int]] | None = None) -> None:
    """These days are no longer as they were counted; None: any day may be."""
    gone = delete(table).where(table.c.of == of.value)
    if days is not None:
        gone = gone.where(table.c.day.in_(days if isinstance(days, Select) else sorted(set(days))))
    await unit.execute(gone)


async def read(unit: Unit, of: Of, first: int, last: int) -> Mapping[int, Counts]:
    """Of these days, both of them included, those that were counted."""
    wanted = (table.c.of == of.value, table.c.day >= first, table.c.day <= last)
    return {row.day: row.counts for row in await unit.execute(select(table.c.day, table.c.counts).where(*wanted))}


async def known(unit: Unit, of: Of) -> set[int]:
    return {row.day for row in await unit.execute(select(table.c.day).where(table.c.of == of.value))}


async def keep(unit: Unit, of: Of, days: Mapping[int, Counts]) -> None:
    """Nobody may change rows of these days between the counting and the end of this transaction: see `daily`."""
    await upsert(unit, table, [{"of": of.value, "day": day, "counts": dict(n)} for day, n in days.items()])
