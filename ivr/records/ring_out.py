"""Calls that counsellors made to the outside: who, when, how long, for which contact; never to which number."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy import Column, Float, String, Table, or_, select, update

from ivr.records import call, contact
from ivr.records.database import Unit, UtcDateTime, insert_new, metadata
from ivr.telephony.events import MARKS, Event, Kind, call_id

BELONGS_FOR = timedelta(hours=1)
"""A call out belongs to the contact that its counsellor has, or had last and that ended no longer ago."""
_PHONE = re.compile(r"PJSIP/([0-9]{2,8})-[0-9a-f]{1,16}", re.ASCII)
_SECONDS = re.compile(r"[0-9]{1,6}")


class Outcome(StrEnum):
    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    GIVEN_UP = "given_up"  # by the counsellor, while it rang
    FAILED = "failed"
    LOST = "lost"  # the switch ended before it did


# What app_dial says (DIALSTATUS).
_OUTCOMES: Mapping[str, Outcome] = {
    "ANSWER": Outcome.ANSWERED,
    "BUSY": Outcome.BUSY,
    "NOANSWER": Outcome.NO_ANSWER,
    "CANCEL": Outcome.GIVEN_UP,
}


@dataclass(frozen=True, slots=True)
class RingOut:
    id: str
    started_at: datetime
    ended_at: datetime | None
    counsellor: str
    contact_id: str | None
    outcome: Outcome | None
    talk_s: float | None


table = Table(
    "ring_out",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("started_at", UtcDateTime, nullable=False, index=True),
    Column("ended_at", UtcDateTime),
    Column("counsellor", String(16), nullable=False),
    Column("contact_id", String(40)),
    Column("outcome", String(16)),
    Column("talk_s", Float),
)


async def note(unit: Unit, events: Iterable[Event]) -> None:
    """Write down what the ledger says of them. Reading an event again changes nothing."""
    for event in events:
        if event.kind is Kind.RINGING_OUT:
            await _begin(unit, event)
        elif event.kind is Kind.RANG_OUT:
            await _end(unit, event)
        elif event.kind in MARKS:
            await _lose(unit, _time(event))


async def _begin(unit: Unit, event: Event) -> None:
    if phone := _PHONE.fullmatch(event.channel):
        at = _time(event)
        row = {"id": call_id(event.linkedid), "started_at": at, "counsellor": phone[1]}
        await insert_new(unit, table, row | {"contact_id": await _contact(unit, phone[1], at)})


async def _contact(unit: Unit, extension: str, at: datetime) -> str | None:
    """The contact this call out is for: theirs, still going on or ended within the hour before."""
    ended = call.table.c.ended_at
    found = await unit.execute(
        select(contact.table.c.id)
        .join(call.table, call.table.c.id == contact.table.c.call_id)
        .where(contact.table.c.counsellor == extension, contact.table.c.received_at <= at)
        .where(or_(ended.is_(None), ended >= at - BELONGS_FOR))
        .order_by(contact.table.c.received_at.desc())
        .limit(1)
    )
    return found.scalar()


async def _end(unit: Unit, event: Event) -> None:
    outcome = _OUTCOMES.get(event.words.get("outcome", ""), Outcome.FAILED)
    seconds = event.words.get("talk_s", "")
    talk_s = float(seconds) if outcome is Outcome.ANSWERED and _SECONDS.fullmatch(seconds) else None
    end = update(table).where(table.c.id == call_id(event.linkedid))
    await unit.execute(end.values(ended_at=_time(event), outcome=outcome, talk_s=talk_s))


async def _lose(unit: Unit, at: datetime) -> None:
    going_on = table.c.ended_at.is_(None), table.c.started_at <= at
    await unit.execute(update(table).where(*going_on).values(ended_at=at, outcome=Outcome.LOST))


def _time(event: Event) -> datetime:
    return datetime.fromtimestamp(event.at, UTC)


async def all(unit: Unit, limit: int) -> list[RingOut]:  # noqa: A001  read as ring_out.all
    """The newest `limit` of them, oldest first."""
    columns = [table.c[item.name] for item in fields(RingOut)]
    rows = await unit.execute(select(*columns).order_by(table.c.id.desc()).limit(limit))
    return [_ring_out(dict(row._mapping)) for row in rows][::-1]


def _ring_out(values: dict[str, object]) -> RingOut:
    outcome = values["outcome"]
    return RingOut(**values | {"outcome": Outcome(str(outcome)) if outcome else None})  # type: ignore[arg-type]
