"""Promises to ring a child back, and every attempt to keep one. The number is sealed and stands nowhere else.

Rows are made from the ledger (`pledge.py`); what becomes of them is decided in `routing/promise.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Row,
    String,
    Table,
    and_,
    case,
    exists,
    func,
    or_,
    select,
    update,
)

from ivr.errors import NotFound
from ivr.records import call
from ivr.records.database import Unit, UtcDateTime, insert_new, metadata, unless_taken
from ivr.routing.promise import OPEN, OVER, Attempt, Outcome, Standing, State

table = Table(
    "callback",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("call_id", String(40), nullable=False),
    Column("caller", String(32), index=True),  # keyed hash of the number that is rung
    Column("number", LargeBinary),  # sealed; null once it is no longer needed
    Column("language", String(8)),
    Column("topic", String(32)),
    Column("age_band", String(16)),
    Column("priority", String(16), nullable=False),
    Column("only_caller", Boolean, nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("safe_from", UtcDateTime, nullable=False),
    Column("safe_until", UtcDateTime, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", UtcDateTime),
    Index(None, "state", "next_at"),
)
attempts = Table(
    "callback_attempt",
    metadata,
    Column("callback_id", ForeignKey("callback.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("counsellor", String(16)),
    Column("outcome", String(24)),
    Column("call_id", String(40)),  # of our own call, which is on record where child and counsellor met
    Column("talk_s", Float),
)
KEPT_NUMBER = timedelta(days=1)  # a kept promise may turn out not to be, by the counsellor's key
URGENCY = ("danger", "high")


@dataclass(frozen=True, slots=True)
class Callback:
    """One promise as the record shows it: never with its number."""

    id: str
    call_id: str
    asked_at: datetime
    safe_from: datetime
    safe_until: datetime
    language: str | None
    topic: str | None
    age_band: str | None
    priority: str
    only_caller: bool
    state: State
    attempts: int
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt. `call_id` is our own call's; `outcome` None while it goes on."""

    number: int
    at: datetime
    counsellor: str | None
    outcome: Outcome | None
    call_id: str | None
    talk_s: float | None


_SHOWN = tuple(table.c[field.name] for field in fields(Callback))
_OF_ATTEMPT = tuple(attempts.c[field.name] for field in fields(Tried))
_IS_OPEN = table.c.state.in_(sorted(OPEN))
_KEPT = exists().where(attempts.c.callback_id == table.c.id, attempts.c.outcome == Outcome.ANSWERED.value)


def asked_before(caller: str, moment: datetime) -> ColumnElement[bool]:
    """Promises to this caller, to whichever telephone, that were made before and not kept."""
    own_calls = select(call.table.c.id).where(call.table.c.caller == caller)
    theirs = or_(table.c.caller == caller, table.c.call_id.in_(own_calls))
    return and_(theirs, table.c.asked_at < moment, ~_KEPT)


async def withdraw(unit: Unit, which: ColumnElement[bool]) -> int:
    """Take back those of `which` that are open; how many these were. Their numbers are forgotten."""
    gone = update(table).where(which, _IS_OPEN).values(state=State.WITHDRAWN.value, next_at=None, number=None)
    return (await unit.execute(gone)).rowcount


async def awaiting(unit: Unit) -> frozenset[str]:
    """Hashes of all to whom a call-back is promised: of the number that is rung, and of the one that asked."""
    asked = select(call.table.c.caller).join(table, table.c.call_id == call.table.c.id).where(_IS_OPEN)
    rows = await unit.execute(select(table.c.caller).where(_IS_OPEN).union(asked))
    return frozenset(row.caller for row in rows if row.caller)


# ---- keeping them


async def due(unit: Unit, now: datetime) -> list[Callback]:
    """What may be placed now, the most urgent first. Not while that caller is on the line."""
    rings_now = exists().where(call.table.c.caller == table.c.caller, call.table.c.ended_at.is_(None))
    query = select(*_SHOWN).where(_is_due(now), ~rings_now)
    urgency = case({word: n for n, word in enumerate(URGENCY)}, value=table.c.priority, else_=len(URGENCY))
    return [_callback(row) for row in await unit.execute(query.order_by(urgency, table.c.asked_at))]


def _is_due(now: datetime) -> ColumnElement[bool]:
    safe = and_(table.c.safe_from <= now, table.c.safe_until > now)
    return and_(table.c.state == State.PROMISED.value, table.c.next_at <= now, safe)


async def claim(unit: Unit, callback_id: str, now: datetime) -> int | None:
    """Begin an attempt: its number; None when somebody else did, or when it is not due any more."""
    this = select(table.c.id).where(table.c.id == callback_id, _is_due(now))
    if (await unit.execute(unless_taken(unit, this))).one_or_none() is None:
        return None
    ours = update(table).where(table.c.id == callback_id).values(state=State.CALLING.value, next_at=None)
    await unit.execute(ours)
    last = select(func.max(attempts.c.number)).where(attempts.c.callback_id == callback_id)
    number = ((await unit.execute(last)).scalar_one() or 0) + 1
    await insert_new(unit, attempts, {"callback_id": callback_id, "number": number, "at": now})
    return number


async def answer_for(unit: Unit, callback_id: str, call_id: str) -> int | None:
    """The attempt that the switch's call is; the first call to ask has it. None: it is no attempt, or is over."""
    going_on = and_(
        attempts.c.callback_id == callback_id,
        attempts.c.outcome.is_(None),
        or_(attempts.c.call_id.is_(None), attempts.c.call_id == call_id),
        exists().where(table.c.id == callback_id, table.c.state == State.CALLING.value),
    )
    if not (await unit.execute(update(attempts).where(going_on).values(call_id=call_id))).rowcount:
        return None
    return int((await unit.execute(select(attempts.c.number).where(going_on))).scalar_one())


async def give_to(unit: Unit, callback_id: str, number: int, counsellor: str) -> None:
    """Who is asked to take this attempt."""
    this = and_(attempts.c.callback_id == callback_id, attempts.c.number == number)
    await unit.execute(update(attempts).where(this).values(counsellor=counsellor))


async def taken_by(unit: Unit, callback_id: str, number: int) -> str | None:
    this = and_(attempts.c.callback_id == callback_id, attempts.c.number == number)
    found: str | None = (await unit.execute(select(attempts.c.counsellor).where(this))).scalar_one()
    return found


async def asked_now(unit: Unit, besides: str) -> frozenset[str]:
    """Counsellors who are being asked to take another call-back this moment."""
    going_on = and_(attempts.c.outcome.is_(None), attempts.c.callback_id != besides)
    rows = await unit.execute(select(attempts.c.counsellor).where(going_on, attempts.c.counsellor.is_not(None)))
    return frozenset(row.counsellor for row in rows)


async def ringing(unit: Unit) -> dict[str, Callback]:
    """Extension of each counsellor who is being asked to take a call-back this moment, and which."""
    going_on = and_(attempts.c.outcome.is_(None), attempts.c.counsellor.is_not(None))
    query = select(attempts.c.counsellor, *_SHOWN).join(table, table.c.id == attempts.c.callback_id).where(going_on)
    return {row.counsellor: _callback(row) for row in await unit.execute(query)}


async def of_call(unit: Unit, call_id: str) -> Callback | None:
    """The promise that our own call kept, or tried to."""
    query = select(*_SHOWN).join(attempts, table.c.id == attempts.c.callback_id).where(attempts.c.call_id == call_id)
    row = (await unit.execute(query)).first()
    return _callback(row) if row else None


async def open_for(unit: Unit, caller: str, moment: datetime) -> Callback | None:
    """What is promised to this caller and not kept yet, the newest."""
    query = select(*_SHOWN).where(asked_before(caller, moment), _IS_OPEN).order_by(table.c.id.desc())
    row = (await unit.execute(query)).first()
    return _callback(row) if row else None


async def not_asked_yet(unit: Unit) -> int:
    """Attempts that have begun and for which the switch has not asked whom to ring."""
    waiting = select(func.count()).where(attempts.c.outcome.is_(None), attempts.c.counsellor.is_(None))
    return int((await unit.execute(waiting)).scalar_one())


async def caller_hash(unit: Unit, callback_id: str) -> str:
    return (await unit.execute(select(table.c.caller).where(table.c.id == callback_id))).scalar_one() or ""


async def sealed_number(unit: Unit, callback_id: str) -> bytes | None:
    return (await unit.execute(select(table.c.number).where(table.c.id == callback_id))).scalar_one_or_none()


async def unsettled(unit: Unit) -> list[Callback]:
    """Promises that attempts may have changed: open ones, and kept ones that turned out not to be."""
    query = select(*_SHOWN).where(or_(_IS_OPEN, and_(table.c.state == State.KEPT.value, ~_KEPT)))
    return [_callback(row) for row in await unit.execute(query)]


async def settle(unit: Unit, before: Callback, now: Standing) -> None:
    """What the attempts made of it, unless somebody changed it meanwhile."""
    this = update(table).where(table.c.id == before.id, table.c.state == before.state.value)
    await unit.execute(this.values(state=now.state.value, attempts=now.attempts, next_at=now.next_at))


async def lose(unit: Unit, before: datetime) -> list[str]:
    """Attempts that began before then and of which nothing was heard are over; the promises that these were for."""
    silent = and_(attempts.c.outcome.is_(None), attempts.c.at < before)
    ids = [row.callback_id for row in await unit.execute(select(attempts.c.callback_id).where(silent))]
    await unit.execute(update(attempts).where(silent).values(outcome=Outcome.LOST.value))
    return ids


async def lapse(unit: Unit, now: datetime) -> list[str]:
    """Promises whose safe hours are over become lapsed; their ids."""
    late = and_(table.c.state == State.PROMISED.value, table.c.safe_until <= now)
    ids = [row.id for row in await unit.execute(select(table.c.id).where(late))]
    await unit.execute(update(table).where(late).values(state=State.LAPSED.value, next_at=None))
    return ids


async def forget_numbers(unit: Unit, now: datetime, after: timedelta = KEPT_NUMBER) -> None:
    """Take away the sealed numbers that nobody will ring any more."""
    kept = and_(table.c.state == State.KEPT.value, table.c.safe_until < now - after)
    gone = and_(table.c.number.is_not(None), or_(table.c.state.in_(sorted(OVER)), kept))
    await unit.execute(update(table).where(gone).values(number=None))


async def hurry(unit: Unit, callback_id: str, now: datetime) -> bool:
    """Let it be due at once; False when it is not promised, or not in its safe hours."""
    safe = and_(table.c.safe_from <= now, table.c.safe_until > now, table.c.state == State.PROMISED.value)
    return bool((await unit.execute(update(table).where(table.c.id == callback_id, safe).values(next_at=now))).rowcount)


# ---- looking


async def listed(unit: Unit, states: Sequence[State] = ()) -> list[Callback]:
    """Promises in these states, or all, as they were made."""
    query = select(*_SHOWN).order_by(table.c.id)
    rows = await unit.execute(query.where(table.c.state.in_([s.value for s in states])) if states else query)
    return [_callback(row) for row in rows]


async def find(unit: Unit, callback_id: str) -> Callback | None:
    row = (await unit.execute(select(*_SHOWN).where(table.c.id == callback_id))).one_or_none()
    return _callback(row) if row else None


async def get(unit: Unit, callback_id: str) -> Callback:
    """Raises NotFound."""
    found = await find(unit, callback_id)
    if found is None:
        raise NotFound(f"there is no call-back {callback_id}", remedy="`ivr callbacks all` lists them.")
    return found


async def tried(unit: Unit, callback_id: str) -> list[Tried]:
    query = select(*_OF_ATTEMPT).where(attempts.c.callback_id == callback_id).order_by(attempts.c.number)
    return [_tried(row) for row in await unit.execute(query)]


def as_attempts(rows: Iterable[Tried]) -> list[Attempt]:
    return [Attempt(row.at, row.outcome) for row in rows]


async def is_promised(unit: Unit, caller: str, now: datetime) -> bool:
    """Whether a call-back is promised to this caller, by the keyed hash."""
    return bool((await unit.execute(select(exists().where(asked_before(caller, now), _IS_OPEN)))).scalar_one())


def _callback(row: Row[Any]) -> Callback:
    told = {column.name: row._mapping[column.name] for column in _SHOWN}
    return Callback(**told | {"state": State(row.state)})


def _tried(row: Row[Any]) -> Tried:
    return Tried(**dict(row._mapping) | {"outcome": Outcome(row.outcome) if row.outcome else None})
