"""All rows anew from the ledger, while the line goes on.

Nobody ever sees an empty table: rows are written over those that are there, ended calls only, so that none seems open
again; at the end, in the transaction that also says how far the rows are, what the ledger does not give is taken away.
Calls older than all that is on file stay: the ledger can no longer give them, and every attempt is on record.
Who was erased stays so: what the ledger still tells of them is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import delete

from ivr.records import call, contact, erasure, ledger_file, pledge, ring_out
from ivr.records.call import State
from ivr.records.database import Database, Unit
from ivr.records.ledger import (
    Folding,
    Position,
    Reader,
    counted,
    fold_events,
    open_call,
    open_stories,
    where,
    write_calls,
    write_open,
    write_position,
)
from ivr.records.ledger_file import Chunk, Place
from ivr.records.story import Story

Progress = Callable[[int, int], None]
"""Told how many bytes are done, of how many."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    lines: int
    rubbish: int
    refused: int
    removed: int


class Rebuild:
    """One pass over the ledger, up to where the rows are: it never passes the reader that keeps them, who would then
    begin calls again that are over. What it holds in memory is the calls open at that point of the file.
    """

    def __init__(self, database: Database, ledger: Path, *, batch_bytes: int = ledger_file.CHUNK_BYTES) -> None:
        self._database, self._ledger, self._batch_bytes = database, ledger, batch_bytes
        self._position = Position()
        self._stories: dict[str, Story] = {}
        self._erased: frozenset[str] = frozenset()
        self._heard: dict[str, set[int]] = {}
        self._before = 0

    async def run(self, progress: Progress) -> Rebuilt:
        with ledger_file.held(self._ledger, alone=False):
            return await self._run(progress)

    async def _run(self, progress: Progress) -> Rebuilt:
        await Reader(self._database, self._ledger).catch_up()
        since, total, done = ledger_file.began(self._ledger), ledger_file.size(self._ledger), 0
        async with self._database.unit_of_work() as unit:
            before = self._before = await _next_revision(unit)
            self._erased = await erasure.ids(unit)
        while chunk := self._read_on(await self._reader_place()):
            done += sum(map(len, chunk.lines)) + len(chunk.lines)
            async with self._database.unit_of_work() as unit:
                revision = await _next_revision(unit)  # first: it keeps the reader waiting
                folding = await self._fold(unit, chunk)
                await pledge.note(unit, folding.noted)
                await write_calls(unit, _ended(folding), revision)
                await ring_out.note(unit, folding.noted)
            progress(min(done, total), total)
        async with self._database.unit_of_work() as unit:
            return await self._finish(unit, before, since)

    async def _reader_place(self) -> Place:
        async with self._database.reading() as unit:
            return (await where(unit)).place

    def _read_on(self, limit: Place) -> Chunk | None:
        """The next chunk before `limit`, which is a place between two lines."""
        here = self._position.place
        chunk = ledger_file.read_on(self._ledger, here, self._batch_bytes)
        if chunk is None or chunk.place.head != limit.head or chunk.place.offset <= limit.offset:
            return chunk
        rest = limit.offset - (here.offset if here.head == limit.head else 0)
        return ledger_file.read_on(self._ledger, here, rest) if rest > 0 else None

    async def _fold(self, unit: Unit, chunk: Chunk) -> Folding:
        folding = Folding(self._stories, self._heard, marks=self._position.marks, erased=self._erased)
        await fold_events(unit, folding, chunk.lines, self._before)
        self._position = counted(self._position, chunk.place, folding)
        return folding

    async def _finish(self, unit: Unit, before: int, since: float) -> Rebuilt:
        limit = (await where(unit, lock=True)).place
        revision = await _next_revision(unit)
        while chunk := self._read_on(limit):  # what the reader read since; few lines
            folding = await self._fold(unit, chunk)
            await pledge.note(unit, folding.noted)
            await write_calls(unit, _ended(folding), revision)
            await ring_out.note(unit, folding.noted)
        await write_calls(unit, tuple(self._stories.values()), revision)
        await self._replace_open(unit, since)
        removed = await _remove(unit, before, since)
        now = self._position
        await write_position(unit, Position(limit, now.lines, now.rubbish, now.refused, revision, now.marks))
        return Rebuilt(now.lines, now.rubbish, now.refused, removed)

    async def _replace_open(self, unit: Unit, since: float) -> None:
        stories, heard = await open_stories(unit)
        older = [story for story in stories.values() if story.started_at < since]
        await unit.execute(delete(open_call))
        await write_open(unit, [*older, *self._stories.values()], heard | self._heard)


def _ended(folding: Folding) -> tuple[Story, ...]:
    return tuple(story for story in folding.changed.values() if story.state is State.ENDED)


async def _next_revision(unit: Unit) -> int:
    """Taken by writing it: what anybody writes from here on has a higher number, or this one."""
    was = await where(unit, lock=True)
    await write_position(unit, replace(was, revision=was.revision + 1))
    return was.revision + 1


async def _remove(unit: Unit, before: int, since: float) -> int:
    """Take away what lies in the time of the ledger and was not found in it."""
    stale = call.stale(before, datetime.fromtimestamp(since, UTC))
    await contact.forget(unit, stale)
    removed = await call.forget(unit, stale)
    if removed:
        await contact.settle(unit)
    return removed
