"""The telephone part of a contact: its states, its row, and the questions asked of the rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Row,
    Select,
    String,
    Table,
    and_,
    delete,
    func,
    or_,
    select,
)

from ivr.records import tally
from ivr.records.database import Unit, UtcDateTime, first_id, metadata, upsert
from ivr.records.tally import Of
from ivr.routing.hours import BAKU

CALLBACK = "callback"
"""What stands in place of a dialled number where it was we who rang: the child's number stands nowhere."""


class State(StrEnum):
    MENU = "menu"
    WAITING = "waiting"
    TALKING = "talking"
    ENDED = "ended"


class Move(StrEnum):
    NOTED = "noted"  # a step that changes no state: a menu attempt, a choice, a phone that rings
    DECIDED = "decided"  # the flow has ended; from here the caller waits for a person
    MET = "met"  # caller and counsellor are in one bridge
    PARTED = "parted"  # …and no longer, though the caller is still there
    HUNG_UP = "hung_up"
    LOST = "lost"  # the switch died


# From the menu straight to a talk: the line that said `decided` may be the one that was torn. The talk still counts.
TRANSITIONS: dict[State, dict[Move, State]] = {
    State.MENU: {
        Move.NOTED: State.MENU,
        Move.DECIDED: State.WAITING,
        Move.MET: State.TALKING,
        Move.HUNG_UP: State.ENDED,
        Move.LOST: State.ENDED,
    },
    State.WAITING: {
        Move.NOTED: State.WAITING,
        Move.MET: State.TALKING,
        Move.HUNG_UP: State.ENDED,
        Move.LOST: State.ENDED,
    },
    State.TALKING: {
        Move.NOTED: State.TALKING,
        Move.PARTED: State.WAITING,
        Move.HUNG_UP: State.ENDED,
        Move.LOST: State.ENDED,
    },
    State.ENDED: {},
}


def advance(state: State, move: Move) -> State | None:
    """Where `move` leads; None when it may not be made here."""
    return TRANSITIONS[state].get(move)


class Outcome(StrEnum):
    ANSWERED = "answered"
    ABANDONED_IN_MENU = "abandoned_in_menu"
    ABANDONED_IN_QUEUE = "abandoned_in_queue"
    CALLBACK_PROMISED = "callback_promised"
    MESSAGE_LEFT = "message_left"
    FORWARDED = "forwarded"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Call:
    """One call as the record shows it. Durations in seconds; `counsellor` is the extension that talked first."""

    id: str
    started_at: datetime
    ended_at: datetime | None
    dialled: str
    language: str | None
    topic: str | None
    age_band: str | None
    priority: str
    silent: bool
    queue: str | None
    outcome: Outcome | None
    counsellor: str | None
    wait_s: float | None
    talk_s: float | None
    steps: Sequence[Mapping[str, Any]]
    state: State


@dataclass(frozen=True, slots=True)
class Lately:
    """What a call tells of its caller, whom only the keyed hash names."""

    id: str
    caller: str
    started_at: datetime
    silent: bool
    outcome: Outcome | None
    counsellor: str | None
    revision: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which calls: `limit` keeps the newest; they come oldest first all the same."""

    since: datetime | None = None
    outcome: Outcome | None = None
    limit: int | None = None


ASKED = ("language", "topic", "outcome", "counsellor", "dialled", "silent")
table = Table(
    "call",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("started_at", UtcDateTime, nullable=False, index=True),
    Column("ended_at", UtcDateTime),
    Column("dialled", String(32), nullable=False),
    Column("language", String(8)),
    Column("topic", String(32)),
    Column("age_band", String(16)),
    Column("priority", String(16), nullable=False),
    Column("silent", Boolean, nullable=False),
    Column("queue", String(40)),
    Column("outcome", String(32)),
    Column("counsellor", String(32)),
    Column("wait_s", Float),
    Column("talk_s", Float),
    Column("steps", JSON, nullable=False),
    Column("state", String(16), nullable=False),
    Column("door", BigInteger),
    Column("reason", String(40)),
    Column("caller", String(32)),  # keyed hash; leaves the database in no listing
    Column("revision", BigInteger, nullable=False, index=True),  # the batch that wrote it: who follows asks by it
    Index(None, "caller", "id"),
    *(Index(None, name, "id") for name in ASKED),
    # by length, and whatever may be asked for beside: it is looked up in the index alone
    Index("ix_call_by_wait", "wait_s", "id", *ASKED),
    Index("ix_call_by_talk", "talk_s", "id", *ASKED),
)
PAGE = 500
_SHOWN = tuple(table.c[field.name] for field in fields(Call))


async def write(unit: Unit, rows: Sequence[Mapping[str, Any]]) -> None:
    await upsert(unit, table, rows)
    if rows:
        await tally.spoil(unit, Of.CALLS, {BAKU.day(row["started_at"]).toordinal() for row in rows})


def _filtered(wanted: Wanted) -> Select[Any]:
    query = select(*_SHOWN)
    if wanted.since is not None:
        query = query.where(table.c.id >= first_id(wanted.since), table.c.started_at >= wanted.since)
    if wanted.outcome is not None:
        query = query.where(table.c.outcome == wanted.outcome.value)
    return query


def _query(wanted: Wanted) -> Select[Any]:
    query = _filtered(wanted)
    if wanted.limit is None:
        return query
    newest = query.order_by(table.c.id.desc()).limit(wanted.limit).subquery()
    return select(newest)


def _call(row: Row[Any]) -> Call:
    values = dict(row._mapping)
    outcome = values.pop("outcome")
    return Call(**values | {"state": State(values["state"])}, outcome=Outcome(outcome) if outcome else None)


async def page(unit: Unit, wanted: Wanted, after: str = "") -> list[Call]:
    """The next calls after the one with the id `after`, oldest first. A year of them need not fit in memory."""
    query = _query(wanted)
    (key,) = (column for column in query.selected_columns if column.name == "id")
    rows = await unit.execute(query.where(key > after).order_by(key).limit(PAGE))
    return [_call(row) for row in rows]


async def changed(unit: Unit, after: int, until: int, since: datetime) -> list[Call]:
    """Calls that are open or ended after `since`, and were written in the batches after `after`, up to `until`."""
    query = select(*_SHOWN).where(table.c.revision > after, table.c.revision <= until)
    query = query.where(or_(table.c.ended_at.is_(None), table.c.ended_at >= since))
    return [_call(row) for row in await unit.execute(query.order_by(table.c.id))]


_KNOWN = and_(table.c.caller.is_not(None), table.c.dialled != CALLBACK)
_OF_CALLER = select(*(table.c[field.name] for field in fields(Lately))).where(_KNOWN)


async def newest_revision(unit: Unit) -> int:
    return int((await unit.execute(select(func.max(table.c.revision)))).scalar_one() or 0)


async def lately(unit: Unit, since: datetime, after: str) -> list[Lately]:
    """The next calls after the id `after` of those that began since then, of callers who can be known again."""
    query = _OF_CALLER.where(table.c.id > max(after, first_id(since)), table.c.started_at >= since)
    return [_lately(row) for row in await unit.execute(query.order_by(table.c.id).limit(PAGE))]


async def lately_changed(unit: Unit, since: datetime, after: int) -> list[Lately]:
    """All of these that were written after the batch `after`."""
    query = _OF_CALLER.where(table.c.started_at >= since, table.c.revision > after)
    return [_lately(row) for row in await unit.execute(query)]


def _lately(row: Row[Any]) -> Lately:
    return Lately(**dict(row._mapping) | {"outcome": Outcome(row.outcome) if row.outcome else None})


async def find(unit: Unit, call_id: str) -> Call | None:
    row = (await unit.execute(select(*_SHOWN).where(table.c.id == call_id))).one_or_none()
    return _call(row) if row else None


async def severe(unit: Unit, since: datetime) -> dict[str, dict[str, int]]:
    """How many calls of each priority every counsellor has answered since then: extension to priority to number."""
    answered = (table.c.started_at >= since, table.c.counsellor.is_not(None))
    columns = (table.c.counsellor, table.c.priority, func.count().label("calls"))
    query = select(*columns).where(*answered).group_by(table.c.counsellor, table.c.priority)
    found: dict[str, dict[str, int]] = {}
    for row in await unit.execute(query):
        found.setdefault(row.counsellor, {})[row.priority] = row.calls
    return found


async def caller_of(unit: Unit, call_id: str) -> str | None:
    """The keyed hash of that call's caller; empty when the number was withheld, None when there is no such call."""
    row = (await unit.execute(select(table.c.caller).where(table.c.id == call_id))).one_or_none()
    return (row.caller or "") if row else None


async def talking(unit: Unit, since: datetime) -> dict[str, datetime]:
    """Who talks now, in calls that began after `since`: extension to the moment they began to."""
    query = select(*_SHOWN).where(table.c.started_at >= since, table.c.state == State.TALKING)
    met = (step for row in await unit.execute(query) for step in _call(row).steps if step["step"] == "talking")
    return {step["extension"]: datetime.fromisoformat(step["at"]) for step in met if "extension" in step}


async def going_on(unit: Unit, since: datetime) -> list[Call]:
    """Calls that began after `since` and are not over, oldest first."""
    query = select(*_SHOWN).where(table.c.started_at >= since, table.c.ended_at.is_(None))
    return [_call(row) for row in await unit.execute(query.order_by(table.c.id))]


async def of_caller(unit: Unit, caller: str, before: str, limit: int) -> list[Call]:
    """The newest calls of that keyed hash that began before the call with the id `before`, newest first."""
    query = select(*_SHOWN).where(table.c.caller == caller, table.c.id < before)
    return [_call(row) for row in await unit.execute(query.order_by(table.c.id.desc()).limit(limit))]


async def oldest(unit: Unit) -> datetime | None:
    """Since when there are calls on record."""
    first = select(table.c.started_at).order_by(table.c.id).limit(1)
    return (await unit.execute(first)).scalar_one_or_none()


async def count_open(unit: Unit) -> int:
    query = select(func.count()).where(table.c.ended_at.is_(None))
    return int((await unit.execute(query)).scalar_one())


async def rang_back(unit: Unit, since: datetime) -> dict[str, datetime]:
    """When each counsellor's last call-back ended, of those after `since`: the switch's queues know nothing of it."""
    ours = (table.c.dialled == CALLBACK, table.c.ended_at >= since, table.c.counsellor.is_not(None))
    last = select(table.c.counsellor, func.max(table.c.ended_at).label("ended")).where(*ours)
    rows = await unit.execute(last.group_by(table.c.counsellor))
    return {row.counsellor: row.ended for row in rows}


async def waiting(unit: Unit) -> list[tuple[datetime, str]]:
    """Since when each caller in the queue has been there, and with which priority."""
    now = select(table.c.started_at, table.c.priority).where(
        table.c.state == State.WAITING.value, table.c.ended_at.is_(None)
    )
    return [(row.started_at, row.priority) for row in await unit.execute(now)]


async def count(unit: Unit, wanted: Wanted) -> int:
    query = _filtered(wanted).with_only_columns(func.count(table.c.id))
    return int((await unit.execute(query)).scalar_one())


async def over(unit: Unit, ids: Sequence[str], since: int) -> set[str]:
    """Which of these are on record as over, by a batch after `since`."""
    found: set[str] = set()
    for at in range(0, len(ids), PAGE):
        which = (table.c.id.in_(ids[at : at + PAGE]), table.c.ended_at.is_not(None), table.c.revision > since)
        found |= set((await unit.execute(select(table.c.id).where(*which))).scalars())
    return found


def stale(revision: int, since: datetime) -> Select[Any]:
    """Ids of calls of that span which a rebuild has passed and not found."""
    return select(table.c.id).where(table.c.revision <= revision, table.c.started_at >= since)


async def forget(unit: Unit, ids: Select[Any]) -> int:
    await tally.spoil(unit, Of.CALLS)
    return (await unit.execute(delete(table).where(table.c.id.in_(ids)))).rowcount


def callers(rows: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple({row["caller"] for row in rows if row["caller"]})
