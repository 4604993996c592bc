"""The rows about calls are a projection of the ledger: this keeps them up with it, each event exactly once.

Rows, stories of calls still open, and the place in the file are written in one transaction, under a lock that is taken
before the place is read. So a reader may be killed at any point, and any number of them may work at the same time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy import BigInteger, Column, Float, String, Table, Text, delete, select

from ivr.records import call, contact, erasure, ledger_file, message, pledge, ring_out
from ivr.records.database import Database, Unit, metadata, one_reader, upsert
from ivr.records.fold import begin, begins, fold
from ivr.records.ledger_file import NOWHERE, Place, mark
from ivr.records.promised import without_caller
from ivr.records.story import Story, from_json, row, to_json
from ivr.telephony.events import MARKS, Event, Kind, call_id, parse

__all__ = ["Reader", "mark", "where"]

LEDGER = "calls"
PEEK_BYTES = 16_384
ROWS_BY_THEMSELVES = frozenset({Kind.PROMISED, Kind.TRIED, Kind.RINGING_OUT, Kind.RANG_OUT, *MARKS})

position = Table(
    "ledger_position",
    metadata,
    Column("ledger", String(16), primary_key=True),
    Column("head", String(32), nullable=False),
    Column("tail", String(32), nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("began", Float, nullable=False),
    Column("lines", BigInteger, nullable=False),
    Column("rubbish", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
    Column("revision", BigInteger, nullable=False),
)
open_call = Table(
    "open_call",
    metadata,
    Column("linkedid", String(100), primary_key=True),
    Column("story", Text, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Position:
    """How far the rows are: the place, what was counted on the way there, and the number of the last batch."""

    place: Place = NOWHERE
    lines: int = 0
    rubbish: int = 0
    refused: int = 0
    revision: int = 0


@dataclass(slots=True)
class Folding:
    """A batch at work: the stories told so far, those that the batch changed, and those of which no more will come."""

    stories: dict[str, Story] = field(default_factory=dict)
    changed: dict[str, Story] = field(default_factory=dict)
    over: set[str] = field(default_factory=set)
    noted: list[Event] = field(default_factory=list)  # events that are rows by themselves, whatever call they are of
    lines: int = 0
    rubbish: int = 0
    refused: int = 0
    erased: frozenset[str] = frozenset()  # calls and call-backs whose caller is to be told of no more

    def take(self, lines: Collection[bytes]) -> None:
        self.lines += len(lines)
        for line in lines:
            event = parse(line)
            if event is not None:
                self._tell(event)
            elif line.strip():
                self.rubbish += 1

    def _tell(self, event: Event) -> None:
        if event.words and self.erased & {call_id(event.linkedid), event.words.get("id")}:
            event = replace(event, words=without_caller(event.words))
        if event.kind in ROWS_BY_THEMSELVES:
            self.noted.append(self._with_choices(event))
        if event.kind in MARKS:
            for story in list(self.stories.values()):
                self._put(story, fold(story, event))
            self.over |= self.stories.keys()
            self.stories.clear()
        elif begins(event):
            self.stories[event.linkedid] = self.changed[event.linkedid] = begin(event)
        elif told := self.stories.get(event.linkedid):
            self._put(told, fold(told, event))
            if event.kind is Kind.LINKEDID_END:
                del self.stories[event.linkedid]
                self.over.add(event.linkedid)

    def _with_choices(self, event: Event) -> Event:
        """A promise is about what the caller chose before; the menus in which it was agreed may not know all of it."""
        told = self.stories.get(event.linkedid)
        return replace(event, words={**told.chosen, **event.words}) if told else event

    def _put(self, before: Story, after: Story) -> None:
        self.refused += after.refused - before.refused
        if after is not before:
            self.stories[after.linkedid] = self.changed[after.linkedid] = after


class Reader:
    """Folds the ledger into the rows, batch by batch. It remembers the open stories as long as nobody else wrote."""

    def __init__(self, database: Database, ledger: Path, *, batch_bytes: int = ledger_file.CHUNK_BYTES) -> None:
        self._database, self._ledger, self._batch_bytes = database, ledger, batch_bytes
        self._stories: dict[str, Story] = {}
        self._revision = -1

    async def catch_up(self) -> int:
        """Fold all that is new; how many lines that was."""
        total = 0
        while lines := await self.read_batch():
            total += lines
        return total

    async def read_batch(self) -> int:
        """Fold what is new, at most one batch of it; how many lines that was."""
        async with self._database.reading() as unit:
            place = (await where(unit)).place
        if ledger_file.read_on(self._ledger, place, PEEK_BYTES) is None:
            return 0  # nobody's turn to write is taken for nothing
        async with self._database.unit_of_work(alone=False) as unit:
            folding, revision = await self._fold_batch(unit)
        self._stories, self._revision = folding.stories, revision  # only now: it is committed
        return folding.lines

    async def _fold_batch(self, unit: Unit) -> tuple[Folding, int]:
        was = await where(unit, lock=True)
        stories = self._stories if was.revision == self._revision else await open_stories(unit)
        folding = Folding(stories, erased=await erasure.ids(unit))
        self._revision = -1
        chunk = ledger_file.read_on(self._ledger, was.place, self._batch_bytes)
        if chunk is None:
            return folding, was.revision
        folding.take(chunk.lines)
        now = counted(was, chunk.place, folding)
        await pledge.note(unit, folding.noted)
        await write_calls(unit, folding.changed.values(), now.revision)
        await ring_out.note(unit, folding.noted)
        await _write_open(unit, folding)
        await write_position(unit, now)
        return folding, now.revision


def counted(was: Position, place: Place, folding: Folding) -> Position:
    return Position(
        place, was.lines + folding.lines, was.rubbish + folding.rubbish,
        was.refused + folding.refused, was.revision + 1,
    )  # fmt: skip


async def where(unit: Unit, *, lock: bool = False) -> Position:
    """How far the rows are. With `lock` nobody else moves on before this transaction ends."""
    if lock:
        await one_reader(unit, LEDGER)
    query = select(position).where(position.c.ledger == LEDGER)
    found = (await unit.execute(query.with_for_update() if lock else query)).one()
    place = Place(found.head, found.tail, found.offset, found.began)
    return Position(place, found.lines, found.rubbish, found.refused, found.revision)


async def write_position(unit: Unit, now: Position) -> None:
    place = now.place
    await upsert(unit, position, [{
        "ledger": LEDGER, "head": place.head, "tail": place.tail, "offset": place.offset, "began": place.began,
        "lines": now.lines, "rubbish": now.rubbish, "refused": now.refused, "revision": now.revision,
    }])  # fmt: skip


async def write_calls(unit: Unit, stories: Iterable[Story], revision: int) -> None:
    """The rows of these calls, of the contacts they are, and whether those callers had called before."""
    stories = [story for story in stories if story.is_call]
    rows = [row(story) | {"revision": revision} for story in stories]
    talks = [story.id for story in stories if story.met_at is not None]
    await call.write(unit, rows)
    talked = set(talks)
    await contact.write(unit, [contact.row_of_call(each) for each in rows if each["id"] in talked])
    if callers := call.callers(rows):
        await contact.settle(unit, callers, min(each["id"] for each in rows))
    await pledge.note_talks(unit, stories)
    await message.note(unit, stories)


async def open_stories(unit: Unit) -> dict[str, Story]:
    """Stories to go on with. One that cannot be read is left out: its row stays, and a rebuild mends it."""
    rows = await unit.execute(select(open_call))
    return {linkedid: story for linkedid, text in rows if (story := from_json(text))}


async def _write_open(unit: Unit, folding: Folding) -> None:
    if folding.over:
        await unit.execute(delete(open_call).where(open_call.c.linkedid.in_(folding.over)))
    await write_open(unit, [story for key, story in folding.changed.items() if key in folding.stories])


async def write_open(unit: Unit, stories: Iterable[Story]) -> None:
    await upsert(unit, open_call, [{"linkedid": story.linkedid, "story": to_json(story)} for story in stories])
