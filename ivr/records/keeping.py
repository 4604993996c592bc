"""What is kept for how long: every place that tells of a caller or holds what somebody wrote, by kind, and what is left
of it when its time is over. What is counted stays: topic, age band, region, outcome, whether they had rung before.

A few rows at a time, while others work; it may be cut off at any point and run again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    LargeBinary,
    String,
    Table,
    and_,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
    update,
)

from ivr.records import (
    block,
    call,
    callback,
    contact,
    disclosure,
    draft,
    message,
    opening,
    resealing,
    review,
    session,
    wrapup,
)
from ivr.records.copying import tables
from ivr.records.database import Unit
from ivr.routing.promise import OPEN, OVER, State

AT_ONCE = 200
Key = tuple[Any, ...]
"""What a row is known by."""
BY = "ivr"


class Kind(StrEnum):
    """Each has a setting of its own, see `ivr/retention.py`."""

    NUMBERS = "numbers"  # sealed, to ring back
    CALLERS = "callers"  # keyed hashes, by which a caller is known again
    TEXTS = "texts"  # summaries, exact ages; reasons that were given for a block or an opening
    DRAFTS = "drafts"
    HEARD_MESSAGES = "heard_messages"
    MESSAGES = "messages"
    REVIEWS = "reviews"  # what supervisor and counsellor wrote to each other
    REGISTER = "register"  # notes of the duty-of-care register
    SESSIONS = "sessions"
    LEDGER = "ledger"  # files; no rows are of this kind


@dataclass(frozen=True, slots=True)
class Place:
    """`when`: what a row's age is counted from. `still`: whether there is anything to take. `leave`: what its columns
    become, at a moment; None: the row goes. `after`: given the moment before which it is due, what else must hold."""

    kind: Kind
    table: Table
    when: ColumnElement[datetime]
    still: ColumnElement[bool]
    leave: Callable[[datetime], Mapping[str, Any]] | None = None
    after: Callable[[datetime], ColumnElement[bool]] = lambda before: true()

    @property
    def columns(self) -> frozenset[Column[Any]]:
        names = self.leave(_ANY) if self.leave else self.table.c.keys()
        return frozenset(self.table.c[name] for name in names)

    def due(self, before: datetime) -> ColumnElement[bool]:
        return and_(self.when < before, self.still, self.after(before))


@dataclass(frozen=True, slots=True)
class Due:
    """How many rows are due, and from when the oldest is."""

    count: int = 0
    oldest: datetime | None = None

    def __add__(self, more: Due) -> Due:
        times = [each for each in (self.oldest, more.oldest) if each]
        return Due(self.count + more.count, min(times, default=None))


_ANY = datetime.min.replace(tzinfo=UTC)


def _become(**values: Any) -> Callable[[datetime], Mapping[str, Any]]:
    return lambda now: values


def _deleted(now: datetime) -> Mapping[str, Any]:
    return {"deleted_at": now, "deleted_by": BY}


def _not_heard_of(before: datetime) -> ColumnElement[bool]:
    """Nobody is forgotten while they still ring: whether a call was their first follows from those before it."""
    later = call.table.alias("later")
    return ~exists().where(later.c.caller == call.table.c.caller, later.c.started_at >= before)


_calls, _promises, _messages, _blocks = call.table, callback.table, message.table, block.table
_written, _reviews = wrapup.table, review.table
# From the conversation on, whenever it was written down, corrected, or brought in from the years before.
_heard = select(contact.table.c.received_at).where(contact.table.c.id == _written.c.contact_id).scalar_subquery()
_spoken = func.coalesce(_heard, _written.c.at)
_IS_DONE = or_(_promises.c.state.in_(sorted(OVER)), _promises.c.state == State.KEPT.value)

PLACES = (
    Place(
        Kind.NUMBERS, _promises, _promises.c.safe_until, and_(_promises.c.number.is_not(None), _IS_DONE),
        _become(number=None),
    ),
    Place(
        Kind.CALLERS, _calls, _calls.c.started_at, and_(_calls.c.caller.is_not(None), _calls.c.ended_at.is_not(None)),
        _become(caller=None), _not_heard_of,
    ),
    Place(
        Kind.CALLERS, _promises, _promises.c.asked_at,
        and_(_promises.c.caller.is_not(None), ~_promises.c.state.in_(sorted(OPEN))), _become(caller=None),
    ),
    Place(Kind.CALLERS, _messages, _messages.c.left_at, _messages.c.caller.is_not(None), _become(caller=None)),
    Place(Kind.CALLERS, _blocks, _blocks.c.until, _blocks.c.caller != "", _become(caller="")),
    Place(
        Kind.TEXTS, _written, _spoken, or_(_written.c.summary.is_not(None), _written.c.age.is_not(None)),
        _become(summary=None, age=None),
    ),
    Place(Kind.TEXTS, opening.table, opening.table.c.at, opening.table.c.reason != "", _become(reason="")),
    Place(Kind.TEXTS, _blocks, _blocks.c.until, _blocks.c.reason != "", _become(reason="")),
    Place(Kind.DRAFTS, draft.table, draft.table.c.saved_at, true()),
    Place(Kind.HEARD_MESSAGES, _messages, _messages.c.heard_at, _messages.c.deleted_at.is_(None), _deleted),
    Place(Kind.MESSAGES, _messages, _messages.c.left_at, _messages.c.deleted_at.is_(None), _deleted),
    Place(
        Kind.REVIEWS, _reviews, _reviews.c.at, or_(_reviews.c.remark.is_not(None), _reviews.c.answer.is_not(None)),
        _become(remark=None, answer=None),
    ),
    Place(
        Kind.REGISTER, disclosure.table, disclosure.table.c.written_at, disclosure.table.c.note.is_not(None),
        _become(note=None),
    ),
    Place(
        Kind.SESSIONS, session.table, func.coalesce(session.table.c.ended_at, session.table.c.seen_at), true(),
    ),
)  # fmt: skip
# Of somebody of ours, as long as they are with us.
OF_STAFF = {("account", "totp_secret")}
# Who called, as a kind of person: a child, a parent.
NO_HASH = {("wrapup", "caller")}
HASH_LETTERS = 32


def untold() -> list[str]:
    """Columns that are sealed, or hold a caller's hash, and of which nothing here says how long they are kept."""
    told = {column for place in PLACES for column in place.columns}
    columns = [column for table in tables() for column in table.c if column not in told]
    return [f"{column.table.name}.{column.name}" for column in columns if _tells_of_somebody(column)]


def _tells_of_somebody(column: Column[Any]) -> bool:
    name = (column.table.name, column.name)
    if isinstance(column.type, LargeBinary):
        return name not in resealing.OPEN | OF_STAFF
    is_hash = column.name == "caller" and isinstance(column.type, String) and column.type.length == HASH_LETTERS
    return is_hash and name not in NO_HASH


async def due(unit: Unit, place: Place, before: datetime) -> Due:
    query = select(func.count(), func.min(place.when, type_=_time(place))).where(place.due(before))
    count, oldest = (await unit.execute(query.select_from(place.table))).one()
    return Due(count, oldest)


async def take(unit: Unit, place: Place, before: datetime, now: datetime, after: Key = ()) -> list[Key]:
    """Take what is due, at most `AT_ONCE` rows of it, in the order of their keys and beyond `after`: the keys of those,
    so that who goes on need not walk over what is gone already."""
    keys = list(place.table.primary_key.columns)
    query = select(*keys).where(place.due(before)).order_by(*keys).limit(AT_ONCE)
    if after:
        query = query.where(
            tuple_(*keys) > tuple_(*(literal(each, key.type) for each, key in zip(after, keys, strict=True)))
        )
    found = [tuple(row) for row in await unit.execute(query)]
    if found:
        change = update(place.table).values(dict(place.leave(now))) if place.leave else delete(place.table)
        await unit.execute(change.where(tuple_(*keys).in_(found)))
    return found


def _time(place: Place) -> Any:
    return place.when.type


async def numbers(unit: Unit) -> dict[str, bytes]:
    """The sealed numbers that are still needed, by the id of the call-back."""
    query = select(_promises.c.id, _promises.c.number).where(_promises.c.number.is_not(None))
    return {row.id: row.number for row in await unit.execute(query)}
