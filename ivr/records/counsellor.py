"""Who answers: one row per counsellor's phone."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Boolean, Column, Row, String, Table, false, select, true

from ivr.records.database import Unit, metadata, upsert


@dataclass(frozen=True, slots=True)
class Counsellor:
    extension: str
    name: str
    languages: tuple[str, ...]
    active: bool
    topics: tuple[str, ...] = ()  # topics that this counsellor may take; none named: all
    danger: bool = True  # trained for callers in danger
    rings_out: bool = False  # may ring a parent, a school, an emergency service over the trunk


table = Table(
    "counsellor",
    metadata,
    Column("extension", String(16), primary_key=True),
    Column("name", String(80), nullable=False),
    Column("languages", String(40), nullable=False),  # as in "az ru": three at most, always read together
    Column("active", Boolean, nullable=False),
    Column("topics", String(80), nullable=False, server_default=""),
    Column("danger", Boolean, nullable=False, server_default=true()),
    Column("rings_out", Boolean, nullable=False, server_default=false()),
)


async def all(unit: Unit) -> tuple[Counsellor, ...]:  # noqa: A001  read as counsellor.all
    """Every counsellor, active or not, by extension."""
    rows = await unit.execute(select(table).order_by(table.c.extension))
    return tuple(_counsellor(row) for row in rows)


async def write(unit: Unit, person: Counsellor) -> None:
    """Add, or put in the place of the one with that extension."""
    joined = {"languages": " ".join(person.languages), "topics": " ".join(person.topics)}
    await upsert(unit, table, [asdict(person) | joined])


def _counsellor(row: Row[Any]) -> Counsellor:
    told = dict(row._mapping)
    return Counsellor(**told | {name: tuple(told[name].split()) for name in ("languages", "topics")})
