"""Talks that were looked at afterwards: the marks lie open, for counting; what the two wrote is sealed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, LargeBinary, Row, String, Table, and_, select, update

from ivr.desk.rubric import Mark
from ivr.desk.wrapup import Ended
from ivr.records import contact, wrapup
from ivr.records.contact import Contact
from ivr.records.database import Unit, UtcDateTime, metadata, upsert
from ivr.records.sealed import Keys, seal, unseal

table = Table(
    "review",
    metadata,
    Column("contact_id", String(40), primary_key=True),
    Column("counsellor", String(32), nullable=False, index=True),
    Column("by", String(80), nullable=False),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("rubric", String(16), nullable=False),
    Column("marks", JSON, nullable=False),
    Column("remark", LargeBinary),
    Column("answer", LargeBinary),
    Column("answered_at", UtcDateTime),
)


@dataclass(frozen=True, slots=True)
class Review:
    """`counsellor`: the extension that talked. `by`: the account that looked. `answer`: the counsellor's, or empty."""

    contact_id: str
    counsellor: str
    by: str
    at: datetime
    rubric: str
    marks: Mapping[str, Mark]
    remark: str = field(default="", repr=False)
    answer: str = field(default="", repr=False)
    answered_at: datetime | None = None


async def write(unit: Unit, keys: Keys, review: Review) -> None:
    row = {
        "contact_id": review.contact_id,
        "counsellor": review.counsellor,
        "by": review.by,
        "at": review.at,
        "rubric": review.rubric,
        "marks": {code: mark.value for code, mark in review.marks.items()},
        "remark": _sealed(keys, review.remark, review.contact_id, "remark"),
    }
    await upsert(unit, table, [row])


async def answer(unit: Unit, keys: Keys, contact_id: str, text: str, now: datetime) -> bool:
    """False when somebody has answered before."""
    still = and_(table.c.contact_id == contact_id, table.c.answered_at.is_(None))
    values = {"answer": _sealed(keys, text, contact_id, "answer"), "answered_at": now}
    return (await unit.execute(update(table).where(still).values(values))).rowcount == 1


async def find(unit: Unit, keys: Keys, contact_id: str) -> Review | None:
    """With its words: who may read them is decided before."""
    row = (await unit.execute(select(table).where(table.c.contact_id == contact_id))).one_or_none()
    if row is None:
        return None
    remark, reply = (_opened(keys, getattr(row, name), contact_id, name) for name in ("remark", "answer"))
    return replace(_review(row), remark=remark, answer=reply)


async def some(unit: Unit, ids: Sequence[str]) -> dict[str, Review]:
    """Those of these contacts that were looked at, without their words."""
    rows = await unit.execute(select(table).where(table.c.contact_id.in_(ids)))
    return {row.contact_id: _review(row) for row in rows}


async def of_counsellor(unit: Unit, extension: str, limit: int) -> list[Review]:
    """The newest first, without their words."""
    query = select(table).where(table.c.counsellor == extension).order_by(table.c.at.desc()).limit(limit)
    return [_review(row) for row in await unit.execute(query)]


async def talks(unit: Unit, since: datetime, until: datetime) -> list[Contact]:
    """Contacts of that span in which somebody was counselled."""
    shown = contact.table.join(wrapup.table, wrapup.table.c.contact_id == contact.table.c.id)
    counselled = (wrapup.table.c.newest, wrapup.table.c.ended == Ended.COUNSELLED.value)
    span = (contact.table.c.received_at >= since, contact.table.c.received_at < until)
    query = (
        select(contact.table.c.id).select_from(shown).where(*counselled, *span, contact.table.c.counsellor.is_not(None))
    )
    return await contact.some(unit, [row.id for row in await unit.execute(query)])


def _review(row: Row[Any]) -> Review:
    marks = {code: Mark(mark) for code, mark in row.marks.items() if mark in list(Mark)}
    return Review(row.contact_id, row.counsellor, row.by, row.at, row.rubric, marks, answered_at=row.answered_at)


def about(contact_id: str, name: str) -> str:
    """What a word of it is sealed for."""
    return f"review:{name}:{contact_id}"


def _sealed(keys: Keys, text: str, contact_id: str, name: str) -> bytes | None:
    return seal(keys, text, about(contact_id, name)) if text else None


def _opened(keys: Keys, sealed: bytes | None, contact_id: str, name: str) -> str:
    return unseal(keys, sealed, about(contact_id, name)) if sealed else ""
