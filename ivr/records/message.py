"""Messages that callers left when nobody could answer. The sound is a file; this is what is known of it.

A row is made from the ledger and then stays: a rebuild changes nothing of a message that is there, and a deleted one
leaves its row, without its sound, so that it does not come back.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Column, Float, ForeignKey, String, Table, and_, func, select, update

from ivr.errors import NotFound
from ivr.records.database import Unit, UtcDateTime, insert_new, metadata
from ivr.records.story import Story

MESSAGE_ID = re.compile(r"[0-9]{10,11}-[0-9]{1,12}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Message:
    """One message as the record shows it. `heard_at` and `heard_by` are the first time that somebody listened."""

    id: str
    left_at: datetime
    language: str | None
    topic: str | None
    seconds: float
    heard_at: datetime | None
    heard_by: str | None


table = Table(
    "message",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("left_at", UtcDateTime, nullable=False),
    Column("language", String(8)),
    Column("topic", String(32)),
    Column("caller", String(32)),  # keyed hash; leaves the database in no listing
    Column("seconds", Float, nullable=False),
    Column("heard_at", UtcDateTime),
    Column("heard_by", String(80)),
    Column("deleted_at", UtcDateTime),
    Column("deleted_by", String(80)),
)
hearings = Table(
    "message_hearing",
    metadata,
    Column("message_id", ForeignKey("message.id"), primary_key=True),
    Column("at", UtcDateTime, primary_key=True),
    Column("by", String(80), nullable=False),
)
_SHOWN = tuple(table.c[field.name] for field in fields(Message))
_IS_THERE = table.c.deleted_at.is_(None)


async def note(unit: Unit, stories: Iterable[Story]) -> None:
    """Rows of the messages that were left in these calls; those that are there stay as they are."""
    for story in stories:
        for left in story.messages:
            known = {name: story.chosen.get(name) for name in ("language", "topic", "caller")}
            await add(unit, left["id"], datetime.fromtimestamp(left["at"], UTC), {"seconds": left["seconds"], **known})


async def add(unit: Unit, message_id: str, left_at: datetime, known: Mapping[str, Any]) -> None:
    """`known`: its seconds, and what else is known of it."""
    await insert_new(unit, table, {"id": message_id, "left_at": left_at, **known})


async def listed(unit: Unit) -> list[Message]:
    """Every message that was not deleted, as they were left."""
    return [
        Message(**row._mapping) for row in await unit.execute(select(*_SHOWN).where(_IS_THERE).order_by(table.c.id))
    ]


async def standing(unit: Unit, ids: Collection[str]) -> dict[str, bool]:
    """Which of these are known, and whether they are still wanted; a deleted one is not."""
    rows = await unit.execute(select(table.c.id, table.c.deleted_at).where(table.c.id.in_(ids)))
    return {row.id: row.deleted_at is None for row in rows}


async def deleted(unit: Unit) -> frozenset[str]:
    return frozenset(row.id for row in await unit.execute(select(table.c.id).where(~_IS_THERE)))


async def hear(unit: Unit, message_id: str, by: str, at: datetime) -> None:
    """Put on record that somebody listens. Raises NotFound."""
    first = {"heard_at": func.coalesce(table.c.heard_at, at), "heard_by": func.coalesce(table.c.heard_by, by)}
    await _change(unit, message_id, first)
    await insert_new(unit, hearings, {"message_id": message_id, "at": at, "by": by})


async def delete(unit: Unit, message_id: str, by: str, at: datetime) -> None:
    """Raises NotFound; a deleted message is not there any more."""
    await _change(unit, message_id, {"deleted_at": at, "deleted_by": by})


async def _change(unit: Unit, message_id: str, values: Mapping[str, Any]) -> None:
    which = and_(table.c.id == message_id, _IS_THERE)
    if not (await unit.execute(update(table).where(which).values(values))).rowcount:
        raise NotFound(f"there is no message {message_id}", remedy="`ivr messages` lists them.")
