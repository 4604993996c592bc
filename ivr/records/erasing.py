"""Everything that tells of one caller, found by the keyed hash, counted, and taken away at their wish.

What is counted stays, as after its time (`keeping.py`). The duty-of-care register stays as well: the law asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, delete, func, or_, select, true, update

from ivr.records import block, call, callback, contact, draft, message, opening, review, wrapup
from ivr.records.callback import attempts
from ivr.records.database import Unit
from ivr.routing.promise import OPEN, State


@dataclass(frozen=True, slots=True)
class Theirs:
    """What is one caller's, as ids. `caller`: the keyed hash; empty where it is unknown."""

    caller: str
    calls: tuple[str, ...]
    callbacks: tuple[str, ...]
    contacts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """`name`: what it is called when it is counted. `leave`: what its columns become; None: the rows go."""

    name: str
    table: Table
    which: ColumnElement[bool]
    leave: Mapping[str, Any] | None = None


async def of_caller(unit: Unit, caller: str) -> Theirs:
    found = await unit.execute(select(call.table.c.id).where(call.table.c.caller == caller))
    return await _with_contacts(unit, caller, tuple(row.id for row in found))


async def of_call(unit: Unit, call_id: str) -> Theirs:
    """Of one call alone: whoever withheld their number is known by nothing else."""
    return await _with_contacts(unit, "", (call_id,))


async def of_contact(unit: Unit, contact_id: str) -> Theirs:
    """Of one that came without a telephone."""
    return Theirs("", (), (), (contact_id,))


async def _with_contacts(unit: Unit, caller: str, calls: tuple[str, ...]) -> Theirs:
    promised = callback.table.c.call_id.in_(calls)
    which = or_(promised, callback.table.c.caller == caller) if caller else promised
    callbacks = tuple(row.id for row in await unit.execute(select(callback.table.c.id).where(which)))
    rung = select(attempts.c.call_id).where(attempts.c.callback_id.in_(callbacks), attempts.c.call_id.is_not(None))
    ours = tuple(row.call_id for row in await unit.execute(rung))
    mine = select(contact.table.c.id).where(contact.table.c.call_id.in_((*calls, *ours)))
    return Theirs(caller, calls, callbacks, tuple(row.id for row in await unit.execute(mine)))


async def is_on_the_line(unit: Unit, theirs: Theirs) -> bool:
    still = and_(call.table.c.id.in_(theirs.calls), call.table.c.ended_at.is_(None))
    return (await unit.execute(select(call.table.c.id).where(still).limit(1))).first() is not None


def _parts(theirs: Theirs, by: str, now: datetime) -> list[Part]:
    calls, promises, messages, blocks = call.table, callback.table, message.table, block.table
    written, reviews = wrapup.table, review.table
    of_theirs = promises.c.id.in_(theirs.callbacks)
    texts = or_(written.c.summary.is_not(None), written.c.age.is_not(None))
    words = or_(reviews.c.remark.is_not(None), reviews.c.answer.is_not(None))
    opened = opening.table.c.of.in_((*theirs.contacts, *theirs.callbacks))
    asked_to_wait = or_(blocks.c.call_id.in_(theirs.calls), _is(blocks, theirs.caller))
    left = or_(messages.c.id.in_([_as_message(each) for each in theirs.calls]), _is(messages, theirs.caller))
    withdrawn = {"state": State.WITHDRAWN.value, "next_at": None}
    return [
        Part("calls", calls, and_(calls.c.id.in_(theirs.calls), calls.c.caller.is_not(None)), {"caller": None}),
        Part("open promises", promises, and_(of_theirs, promises.c.state.in_(sorted(OPEN))), withdrawn),
        Part("sealed numbers", promises, and_(of_theirs, promises.c.number.is_not(None)), {"number": None}),
        Part("call-backs", promises, and_(of_theirs, promises.c.caller.is_not(None)), {"caller": None}),
        Part("messages", messages, and_(left, messages.c.deleted_at.is_(None)), {"deleted_at": now, "deleted_by": by}),
        Part("callers of messages", messages, and_(left, messages.c.caller.is_not(None)), {"caller": None}),
        Part("summaries", written, and_(_of(written, theirs), texts), {"summary": None, "age": None}),
        Part("drafts", draft.table, _of(draft.table, theirs)),
        Part("reviews", reviews, and_(_of(reviews, theirs), words), {"remark": None, "answer": None}),
        Part("reasons for opening", opening.table, and_(opened, opening.table.c.reason != ""), {"reason": ""}),
        Part("blocks", blocks, asked_to_wait, {"caller": "", "reason": "", "lifted_at": now, "lifted_by": by}),
    ]  # fmt: skip


def _of(table: Table, theirs: Theirs) -> ColumnElement[bool]:
    return table.c.contact_id.in_(theirs.contacts)


def _is(table: Table, caller: str) -> ColumnElement[bool]:
    return table.c.caller == caller if caller else ~true()


def _as_message(call_id: str) -> str:
    """1795281282-000007 → 1795281282-7: a message is named by the channel."""
    second, _, number = call_id.partition("-")
    return f"{second}-{int(number)}"


async def count(unit: Unit, theirs: Theirs, now: datetime) -> dict[str, int]:
    """How many rows of each kind tell of them."""
    return {part.name: await _count(unit, part) for part in _parts(theirs, "", now)}


async def _count(unit: Unit, part: Part) -> int:
    return int((await unit.execute(select(func.count()).select_from(part.table).where(part.which))).scalar_one())


async def erase(unit: Unit, theirs: Theirs, by: str, now: datetime) -> dict[str, int]:
    """In one transaction; how many rows of each kind it was."""
    return {part.name: await _erase(unit, part) for part in _parts(theirs, by, now)}


async def _erase(unit: Unit, part: Part) -> int:
    change = update(part.table).values(dict(part.leave)) if part.leave else delete(part.table)
    return (await unit.execute(change.where(part.which))).rowcount
