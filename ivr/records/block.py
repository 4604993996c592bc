"""Callers whom a supervisor has asked to wait: by keyed hash, for a day at most, always with key 9 open.

A row stays as it was made: what is over, or was lifted, is on record too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Index, Row, String, Table, and_, insert, select, update

from ivr.records.database import Unit, UtcDateTime, metadata


@dataclass(frozen=True, slots=True)
class Block:
    """One block as it is shown: never with the caller's hash."""

    id: str
    call_id: str
    made_at: datetime
    made_by: str
    reason: str
    until: datetime
    lifted_at: datetime | None = None
    lifted_by: str | None = None

    def holds(self, now: datetime) -> bool:
        return self.lifted_at is None and now < self.until


table = Table(
    "block",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("caller", String(32), nullable=False, index=True),
    Column("call_id", String(40), nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("made_by", String(80), nullable=False),
    Column("reason", String(200), nullable=False),
    Column("until", UtcDateTime, nullable=False),
    Column("lifted_at", UtcDateTime),
    Column("lifted_by", String(80)),
    Index(None, "until"),
)
_SHOWN = tuple(table.c[field.name] for field in fields(Block))


def _holds(now: datetime) -> ColumnElement[bool]:
    return and_(table.c.lifted_at.is_(None), table.c.until > now)


async def make(unit: Unit, caller: str, made: Block) -> None:
    values = {field.name: getattr(made, field.name) for field in fields(Block)}
    await unit.execute(insert(table).values(caller=caller, **values))


async def callers(unit: Unit, now: datetime) -> frozenset[str]:
    """Hashes of all who are asked to wait now."""
    rows = await unit.execute(select(table.c.caller).where(_holds(now)))
    return frozenset(row.caller for row in rows)


async def of_caller(unit: Unit, caller: str, now: datetime) -> Block | None:
    """The block that holds for them now."""
    query = select(*_SHOWN).where(table.c.caller == caller, _holds(now)).order_by(table.c.until.desc()).limit(1)
    row = (await unit.execute(query)).one_or_none()
    return _block(row) if row else None


async def find(unit: Unit, block_id: str) -> Block | None:
    row = (await unit.execute(select(*_SHOWN).where(table.c.id == block_id))).one_or_none()
    return _block(row) if row else None


async def all(unit: Unit, now: datetime | None = None) -> Sequence[Block]:  # noqa: A001  read as block.all
    """Every block, oldest first; `now`: only those that hold then."""
    query = select(*_SHOWN) if now is None else select(*_SHOWN).where(_holds(now))
    return [_block(row) for row in await unit.execute(query.order_by(table.c.made_at, table.c.id))]


async def lift(unit: Unit, block_id: str, by: str, now: datetime) -> bool:
    """Whether it held until now."""
    ours = update(table).where(table.c.id == block_id, _holds(now)).values(lifted_at=now, lifted_by=by)
    return bool((await unit.execute(ours)).rowcount)


def _block(row: Row[Any]) -> Block:
    return Block(**row._mapping)
