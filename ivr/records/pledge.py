"""What the ledger says about call-backs, written down: promises, ends of attempts, talks that make one needless.

A promise is a row as soon as its event is read. Reading it again changes nothing: a row that is there stays as it is,
so that a rebuild never opens a kept promise again. Of promises to one telephone only the newest stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import and_, exists, false, or_, select, update

from ivr.records.callback import asked_before, attempts, table, withdraw
from ivr.records.database import Unit, insert_new, upsert
from ivr.records.promised import attempt_of, promise_of
from ivr.records.story import Story
from ivr.telephony.events import Event, Kind


async def note(unit: Unit, events: Iterable[Event]) -> None:
    """Write down what was promised, and how attempts ended."""
    for event in events:
        if event.kind is Kind.PROMISED:
            await _promise(unit, promise_of(event))
        elif event.kind is Kind.TRIED:
            await _try(unit, attempt_of(event))


async def _promise(unit: Unit, row: Mapping[str, Any] | None) -> None:
    if row is None or not await insert_new(unit, table, row):
        return
    theirs = table.c.caller == row["caller"] if row["caller"] else false()  # whoever was erased is nobody's like
    same = and_(table.c.id != row["id"], or_(theirs, table.c.call_id == row["call_id"]))
    newer = await unit.execute(select(exists().where(same, table.c.asked_at > row["asked_at"])))
    await withdraw(unit, table.c.id == row["id"] if newer.scalar_one() else same)


async def _try(unit: Unit, row: Mapping[str, Any] | None) -> None:
    """How an attempt ended. Told twice (answered, and then by key that it was not the child) the last word counts."""
    if row is None or not (await unit.execute(select(exists().where(table.c.id == row["callback_id"])))).scalar_one():
        return
    key = attempts.c.callback_id == row["callback_id"], attempts.c.number == row["number"]
    began = (await unit.execute(select(attempts.c.at, attempts.c.counsellor).where(*key))).one_or_none()
    if began:
        row = {**row, "at": began.at, "counsellor": row["counsellor"] or began.counsellor}
    await upsert(unit, attempts, [row])


async def note_talks(unit: Unit, stories: Iterable[Story]) -> None:
    """Whoever was answered, or said so, needs no call-back any more. A call-back's own talk is its attempt's."""
    for story in stories:
        if story.is_callback:
            await unit.execute(update(attempts).where(attempts.c.call_id == story.id).values(talk_s=story.talked_s))
        elif (caller := story.chosen.get("caller")) and (until := _needed_until(story)):
            await withdraw(unit, asked_before(caller, datetime.fromtimestamp(until, UTC)))


def _needed_until(story: Story) -> float | None:
    """Promises of this caller from before that moment are needed no more."""
    if story.met_at is not None:
        return story.met_at
    return story.started_at if story.chosen.get("promise") == "withdrawn" else None
