"""What a counsellor said last about being there: one row each. What follows from it is decided elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, String, Table, select

from ivr.records.database import Unit, UtcDateTime, metadata, upsert


@dataclass(frozen=True, slots=True)
class Said:
    """`word` is one of `desk/presence.py`'s words."""

    extension: str
    word: str
    at: datetime


table = Table(
    "presence",
    metadata,
    Column("extension", String(16), primary_key=True),
    Column("said", String(16), nullable=False),
    Column("said_at", UtcDateTime, nullable=False),
)


async def all(unit: Unit) -> dict[str, Said]:  # noqa: A001  read as presence.all
    rows = await unit.execute(select(table))
    return {row.extension: Said(row.extension, row.said, row.said_at) for row in rows}


async def write(unit: Unit, said: Said) -> None:
    await upsert(unit, table, [{"extension": said.extension, "said": said.word, "said_at": said.at}])
