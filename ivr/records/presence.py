"""What a counsellor said last about being there: one row each. What follows from it is decided elsewhere."""

from __future__ import annotations

from sqlalchemy import Column, String, Table, select

from ivr.desk.presence import Said, Word
from ivr.records.database import Unit, UtcDateTime, metadata, upsert

table = Table(
    "presence",
    metadata,
    Column("extension", String(16), primary_key=True),
    Column("said", String(16), nullable=False),
    Column("said_at", UtcDateTime, nullable=False),
)


async def all(unit: Unit) -> dict[str, Said]:  # noqa: A001  read as presence.all
    """Extension to what was said. A word of another version of the program counts for nothing."""
    rows = await unit.execute(select(table).where(table.c.said.in_(list(Word))))
    return {row.extension: Said(row.extension, Word(row.said), row.said_at) for row in rows}


async def write(unit: Unit, said: Said) -> None:
    await upsert(unit, table, [{"extension": said.extension, "said": said.word, "said_at": said.at}])
