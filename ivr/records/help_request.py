"""A counsellor asks, in the middle of a call and without a word to the child, that a supervisor come: one row each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, Row, String, Table, and_, select, update

from ivr.records.database import Unit, UtcDateTime, insert_new, metadata


class Why(StrEnum):
    """What help is needed for. A code and no text: nothing about a child is in it, so every board may show it."""

    DANGER = "danger"  # the child is in danger now
    UNSURE = "unsure"  # does not know how to go on
    LAW = "law"
    LANGUAGE = "language"  # an interpreter is needed
    STRAIN = "strain"  # it is too much for the counsellor
    OTHER = "other"


table = Table(
    "help_request",
    metadata,
    Column("contact_id", String(40), primary_key=True),
    Column("asked_at", UtcDateTime, primary_key=True),
    Column("account", String(80), nullable=False),
    Column("extension", String(16), nullable=False),
    Column("why", String(16), nullable=False),
    Column("answered_at", UtcDateTime),
    Column("answered_by", String(80)),
    Column("taken_back_at", UtcDateTime),
)


@dataclass(frozen=True, slots=True)
class HelpRequest:
    """Open until somebody answers it, or who asked takes it back."""

    contact_id: str
    asked_at: datetime
    account: str
    extension: str
    why: Why
    answered_at: datetime | None = None
    answered_by: str | None = None
    taken_back_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.answered_at is None and self.taken_back_at is None


_IS_OPEN = and_(table.c.answered_at.is_(None), table.c.taken_back_at.is_(None))


async def ask(unit: Unit, asked: HelpRequest) -> bool:
    """False when one about this contact is open already, which stays as it was."""
    still = select(table.c.contact_id).where(table.c.contact_id == asked.contact_id, _IS_OPEN)
    if (await unit.execute(still)).first():
        return False
    return await insert_new(unit, table, {field.name: getattr(asked, field.name) for field in fields(HelpRequest)})


async def answer(unit: Unit, contact_id: str, by: str, now: datetime) -> int:
    """How many were open until now."""
    return await _settle(unit, contact_id, answered_at=now, answered_by=by)


async def take_back(unit: Unit, contact_id: str, now: datetime) -> int:
    return await _settle(unit, contact_id, taken_back_at=now)


async def since(unit: Unit, moment: datetime) -> Sequence[HelpRequest]:
    """Asked since then, open or not, the oldest first."""
    rows = await unit.execute(select(table).where(table.c.asked_at >= moment).order_by(table.c.asked_at))
    return [_request(row) for row in rows]


async def _settle(unit: Unit, contact_id: str, **values: object) -> int:
    still = update(table).where(table.c.contact_id == contact_id, _IS_OPEN)
    return (await unit.execute(still.values(**values))).rowcount


def _request(row: Row[Any]) -> HelpRequest:
    return HelpRequest(**dict(row._mapping) | {"why": Why(row.why)})
