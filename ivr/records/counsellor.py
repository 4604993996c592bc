"""Who answers: one row per counsellor's phone."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Boolean, Column, String, Table, select

from ivr.records.database import Unit, metadata


@dataclass(frozen=True, slots=True)
class Counsellor:
    extension: str
    name: str
    languages: tuple[str, ...]
    active: bool


table = Table(
    "counsellor",
    metadata,
    Column("extension", String(16), primary_key=True),
    Column("name", String(80), nullable=False),
    Column("languages", String(40), nullable=False),  # as in "az ru": three at most, always read together
    Column("active", Boolean, nullable=False),
)


async def all(unit: Unit) -> tuple[Counsellor, ...]:  # noqa: A001  read as counsellor.all
    """Every counsellor, active or not, by extension."""
    rows = await unit.execute(select(table).order_by(table.c.extension))
    return tuple(Counsellor(row.extension, row.name, tuple(row.languages.split()), row.active) for row in rows)
