"""The rows about calls are a projection of the ledger: this keeps them up with it, each event exactly once.

Rows, stories of calls still open, and the place in the file are written in one transaction, under a lock that is taken
before the place is read. So a reader may be killed at any point, and any number of them may work at the same time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from zlib import crc32

from sqlalchemy import BigInteger, Column, Float, String, Table, Text, delete, select

from ivr.records import call, contact, erasure, ledger_file, message, pledge, ring_out
from ivr.records.database import Database, Unit, metadata, one_reader, upsert
from ivr.records.fold import begin, begins, fold
from ivr.records.ledger_file import NOWHERE, Place, mark
from ivr.records.promised import without_caller
from ivr.records.story import Story, from_json, heard_of, row, to_json
from ivr.telephony.events import MARKS, Event, Kind, call_id, parse

__all__ = ["Reader", "mark", "where"]

LEDGER = "calls"
PEEK_BYTES = 16_384
MOST_MARKS = 100  # starts of the switch; how long ago, nobody counts
MOST_HEARD = 4_000  # lines of one call: a night in a queue
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
    Column("marks", Text, nullable=False, server_default=""),
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
    marks: tuple[int, ...] = ()  # the newest of ours that were read


@dataclass(slots=True)
class Folding:
    """A batch at work: the stories told so far, those that the batch changed, and those of which no more will come.

    A part of the ledger may stand in it twice (a copy put back, a disk that was mended): `heard` are the lines that
    told each open call, `settled` the calls that are over, `marks` those of ours that were read. What is told
    again changes nothing.
    """

    stories: dict[str, Story] = field(default_factory=dict)
    heard: dict[str, set[int]] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)
    marks: tuple[int, ...] = ()
    changed: dict[str, Story] = field(default_factory=dict)
    over: set[str] = field(default_factory=set)
    noted: list[Event] = field(default_factory=list)  # events that are rows by themselves, whatever call they are of
    lines: int = 0
    rubbish: int = 0
    refused: int = 0
    erased: frozenset[str] = frozenset()  # calls and call-backs whose caller is to be told of no more

    def take(self, lines: Collection[bytes]) -> None:
        self.tell(self.read(lines))

    def read(self, lines: Collection[bytes]) -> list[tuple[Event, int]]:
        """Each event, and a number by which its line is known again."""
        self.lines += len(lines)
        return [(event, crc32(line)) for line in lines if line.strip() and (event := self._parsed(line))]

    def _parsed(self, line: bytes) -> Event | None:
        event = parse(line)
        self.rubbish += event is None
        if event and event.words and self.erased & {call_id(event.linkedid), event.words.get("id")}:
            return replace(event, words=without_caller(event.words))
        return event

    def tell(self, events: Iterable[tuple[Event, int]]) -> None:
        for event, line in events:
            if event.kind in MARKS:
                self._mark(event, line)
            elif begins(event):
                self._begin(event, line)
            else:
                self._go_on(event, line)

    def _mark(self, event: Event, line: int) -> None:
        """The switch was started, or died, and with it every call that had begun."""
        if line in self.marks:
            self.refused += 1
            return
        self.marks = (*self.marks, line)[-MOST_MARKS:]
        self.noted.append(event)
        for story in list(self.stories.values()):
            self._put(story, fold(story, event))
            self._close(story.linkedid)

    def _begin(self, event: Event, line: int) -> None:
        if event.linkedid in self.stories or event.linkedid in self.settled:
            self.refused += 1
            return
        self.stories[event.linkedid] = self.changed[event.linkedid] = begin(event)
        self.heard[event.linkedid] = {line}

    def _go_on(self, event: Event, line: int) -> None:
        told = self.stories.get(event.linkedid)
        if told and self._is_heard(event.linkedid, line):
            self.refused += 1
            return
        if event.kind in ROWS_BY_THEMSELVES:
            self.noted.append(_with_choices(event, told))
        if told:
            self._put(told, fold(told, event))
            if event.kind is Kind.LINKEDID_END:
                self._close(event.linkedid)

    def _is_heard(self, linkedid: str, line: int) -> bool:
        heard = self.heard.setdefault(linkedid, set())
        if line in heard:
            return True
        if len(heard) < MOST_HEARD:
            heard.add(line)
        return False

    def _close(self, linkedid: str) -> None:
        del self.stories[linkedid]
        self.heard.pop(linkedid, None)
        self.settled.add(linkedid)
        self.over.add(linkedid)

    def _put(self, before: Story, after: Story) -> None:
        self.refused += after.refused - before.refused
        if after is not before:
            self.stories[after.linkedid] = self.changed[after.linkedid] = after


def _with_choices(event: Event, told: Story | None) -> Event:
    """A promise is about what the caller chose before; the menus in which it was agreed may not know all of it."""
    return replace(event, words={**told.chosen, **event.words}) if told else event


class Reader:
    """Folds the ledger into the rows, batch by batch. It remembers the open stories as long as nobody else wrote."""

    def __init__(self, database: Database, ledger: Path, *, batch_bytes: int = ledger_file.CHUNK_BYTES) -> None:
        self._database, self._ledger, self._batch_bytes = database, ledger, batch_bytes
        self._stories: dict[str, Story] = {}
        self._heard: dict[str, set[int]] = {}
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
        self._stories, self._heard = folding.stories, folding.heard  # only now: it is committed
        self._revision = revision
        return folding.lines

    async def _fold_batch(self, unit: Unit) -> tuple[Folding, int]:
        was = await where(unit, lock=True)
        is_mine = was.revision == self._revision
        folding = Folding(self._stories, self._heard) if is_mine else Folding(*await open_stories(unit))
        folding.marks, folding.erased = was.marks, await erasure.ids(unit)
        self._revision = -1
        chunk = ledger_file.read_on(self._ledger, was.place, self._batch_bytes)
        if chunk is None:
            return folding, was.revision
        await fold_events(unit, folding, chunk.lines)
        now = counted(was, chunk.place, folding)
        await pledge.note(unit, folding.noted)
        await write_calls(unit, folding.changed.values(), now.revision)
        await ring_out.note(unit, folding.noted)
        await _write_open(unit, folding)
        await write_position(unit, now)
        return folding, now.revision


async def fold_events(unit: Unit, folding: Folding, lines: Collection[bytes], since: int = -1) -> None:
    """Tell `folding` what these lines say. A call that is on record as over, by a batch after `since`, is not begun
    again."""
    events = folding.read(lines)
    begun = {call_id(event.linkedid): event.linkedid for event, _ in events if begins(event)}
    folding.settled |= {begun[name] for name in await call.over(unit, list(begun), since)}
    folding.tell(events)


def counted(was: Position, place: Place, folding: Folding) -> Position:
    return Position(
        place, was.lines + folding.lines, was.rubbish + folding.rubbish,
        was.refused + folding.refused, was.revision + 1, folding.marks,
    )  # fmt: skip


async def where(unit: Unit, *, lock: bool = False) -> Position:
    """How far the rows are. With `lock` nobody else moves on before this transaction ends."""
    if lock:
        await one_reader(unit, LEDGER)
    query = select(position).where(position.c.ledger == LEDGER)
    found = (await unit.execute(query.with_for_update() if lock else query)).one()
    place = Place(found.head, found.tail, found.offset, found.began)
    marks = tuple(map(int, found.marks.split()))
    return Position(place, found.lines, found.rubbish, found.refused, found.revision, marks)


async def write_position(unit: Unit, now: Position) -> None:
    place = now.place
    await upsert(unit, position, [{
        "ledger": LEDGER, "head": place.head, "tail": place.tail, "offset": place.offset, "began": place.began,
        "lines": now.lines, "rubbish": now.rubbish, "refused": now.refused, "revision": now.revision,
        "marks": " ".join(map(str, now.marks)),
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


async def open_stories(unit: Unit) -> tuple[dict[str, Story], dict[str, set[int]]]:
    """Stories to go on with, and the lines that told them. One that cannot be read is left out: its row stays, and a
    rebuild mends it."""
    rows = [(linkedid, text) for linkedid, text in await unit.execute(select(open_call))]
    stories = {linkedid: story for linkedid, text in rows if (story := from_json(text))}
    return stories, {linkedid: heard_of(text) for linkedid, text in rows if linkedid in stories}


async def _write_open(unit: Unit, folding: Folding) -> None:
    if folding.over:
        await unit.execute(delete(open_call).where(open_call.c.linkedid.in_(folding.over)))
    still = [story for key, story in folding.changed.items() if key in folding.stories]
    await write_open(unit, still, folding.heard)


async def write_open(unit: Unit, stories: Iterable[Story], heard: Mapping[str, Collection[int]]) -> None:
    rows = ((story.linkedid, to_json(story, heard.get(story.linkedid, ()))) for story in stories)
    await upsert(unit, open_call, [{"linkedid": linkedid, "story": text} for linkedid, text in rows])
