"""Which rows of the years before were brought in already. Keys are hashes: an id of another system may be a name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Column, String, Table, func, insert, select

from ivr.records.database import Unit, metadata

table = Table(
    "imported",
    metadata,
    Column("key", String(64), primary_key=True),  # of their id, or of what the row says and the how-many-eth it is
    Column("content", String(64), nullable=False),
    Column("contact_id", String(40), nullable=False),
)
AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Brought:
    """`key` says which row it is, `content` what it says."""

    key: str
    content: str
    contact_id: str


async def known(unit: Unit, keys: Sequence[str]) -> Mapping[str, str]:
    """Of these keys the ones that were brought in, with what they said."""
    found: dict[str, str] = {}
    for first in range(0, len(keys), AT_ONCE):
        some = select(table.c.key, table.c.content).where(table.c.key.in_(keys[first : first + AT_ONCE]))
        found |= {row.key: row.content for row in await unit.execute(some)}
    return found


async def count(unit: Unit) -> int:
    """How many rows were brought in, ever."""
    return int((await unit.execute(select(func.count()).select_from(table))).scalar_one())


async def note(unit: Unit, brought: Sequence[Brought]) -> None:
    await unit.execute(insert(table), [{name: getattr(each, name) for name in Brought.__slots__} for each in brought])
