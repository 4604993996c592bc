"""Bringing in the contacts of the years before: looked through as a whole, then written as a whole or not at all.

Each becomes a contact and the first version of what is written about it, as if it had been entered at the desk: it is
in the lists, can be corrected, and its free text is sealed. A row that was brought in before is left as it is.
"""

from __future__ import annotations

import secrets
import stat
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from ivr.errors import Refused, ScriptError
from ivr.records import contact, counted, imported, wrapup
from ivr.records.database import Unit
from ivr.records.imported import Brought
from ivr.reports.contact_rows import Fault, Reader, Row
from ivr.wrapup import Desk

__all__ = ["Fault"]

LARGEST_BYTES = 500_000_000
MOST_ROWS = 2_000_000
LONGEST_LINE = 1_000_000  # bytes
TELL_EVERY = 250_000  # bytes
AT_ONCE = 2_000  # rows in one statement
KEPT = 200_000  # rows of a file in memory; those of a larger one are read twice
MOST_FAULTS = 10_000  # kept and told; more are counted
BY = "import"

Numbered = tuple[Row, str]
"""A row and its key."""
Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is, and of how much."""


@dataclass(frozen=True, slots=True)
class Found:
    """What is in a file. `new` would be, or were, brought in; `known` were there before. `more`: faults not told."""

    rows: int
    new: int
    faults: tuple[Fault, ...] = ()
    more: int = 0

    @property
    def known(self) -> int:
        return self.rows - self.new


@dataclass(slots=True)
class _Look:
    """The first pass, as far as it is."""

    before: int = 0  # rows brought in until then: none is ever taken away, so as many later are the same
    known: set[str] = field(default_factory=set)
    rows: int = 0
    new: int = 0
    faults: list[Fault] = field(default_factory=list)
    more: int = 0
    lines_of_ids: dict[str, int] = field(default_factory=dict)
    kept: list[Numbered | Fault] = field(default_factory=list)

    def blame(self, fault: Fault) -> None:
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(fault)
        else:
            self.more += 1


async def look_through(desk: Desk, path: Path, now: datetime, progress: Progress) -> Found:
    """What would be brought in, or every fault. Changes nothing. Raises Refused for what is no file to be read."""
    return _found(await _look(desk, path, now, progress))


async def _look(desk: Desk, path: Path, now: datetime, progress: Progress) -> _Look:
    async with desk.database.reading() as unit:
        look = _Look(await imported.count(unit))
    with _opened(path) as file:
        for some in _batches(_read(desk, file, now, progress)):
            await _look_at(desk, some, look)
            if len(look.kept) < KEPT:
                look.kept += some
    return look


def _found(look: _Look) -> Found:
    if not look.rows and not look.faults:
        look.blame(Fault(2, "", "there are no rows", "Put one contact on each line after the first."))
    return Found(look.rows, look.new, tuple(sorted(look.faults, key=lambda each: each.line)), look.more)


async def bring_in(desk: Desk, path: Path, now: datetime, progress: Progress) -> Found:
    """Everything in the file that is not there yet, in one transaction. With a single fault nothing is written.

    Raises Refused for what is no file to be read, or was changed between the two looks at it.
    """
    look = await _look(desk, path, now, progress)
    found, new = _found(look), 0
    if found.faults or not found.new:
        return found
    with _opened(path) as file:
        again = look.kept if len(look.kept) == look.rows else _read(desk, file, now, lambda *_: None)
        async with desk.database.unit_of_work() as unit:
            known = look.known if await imported.count(unit) == look.before else None
            for number, some in enumerate(_batches(again), 1):
                new += await _write(desk, unit, await _new(unit, some, known), now)
                progress("writing", min(number * AT_ONCE, look.rows), look.rows)
    return Found(found.rows, new)


def refuse_faulty(path: Path, found: Found) -> None:
    """Raises ScriptError."""
    if found.faults:
        problems = (*map(str, found.faults), *([f"… and {found.more:,} more"] if found.more else ()))
        remedy = "Put these right and run it again; nothing was brought in."
        raise ScriptError(
            f"{path.name} has {len(found.faults) + found.more:,} faults", problems=problems, remedy=remedy
        )


def _opened(path: Path) -> BinaryIO:
    try:
        told = path.stat()
        if not stat.S_ISREG(told.st_mode):
            raise Refused(f"{path} is no file.", remedy="Give a CSV file.")
        if told.st_size > LARGEST_BYTES:
            raise Refused(
                f"{path.name} has {told.st_size / 1e6:,.0f} MB; {LARGEST_BYTES / 1e6:,.0f} MB is the most.",
                remedy="Divide it, by years say; what was brought in already is known again.",
            )
        return path.open("rb")
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}.", remedy="Look at its name and its owner.") from error


def _read(desk: Desk, file: BinaryIO, now: datetime, progress: Progress) -> Iterator[Numbered | Fault]:
    size, seen, times = Path(file.name).stat().st_size, 0, dict[str, int]()

    def lines() -> Iterator[bytes]:
        done = told = 0
        while line := file.readline(LONGEST_LINE):
            done += len(line)
            if done - told >= TELL_EVERY or done == size:
                progress("looking", done, size)
                told = done
            yield line

    for each in Reader(desk.lists, now).read(lines()):
        if isinstance(each, Fault):
            yield each
            continue
        seen += 1
        if seen > MOST_ROWS:
            raise Refused(f"There are more than {MOST_ROWS:,} rows.", remedy="Divide the file, by years say.")
        if not each.id:
            times[each.content] = times.get(each.content, 0) + 1
        yield each, each.key(times.get(each.content, 0))


def _batches(found: Iterable[Numbered | Fault]) -> Iterator[list[Numbered | Fault]]:
    rest = iter(found)
    while some := list(islice(rest, AT_ONCE)):
        yield some


async def _look_at(desk: Desk, some: Sequence[Numbered | Fault], look: _Look) -> None:
    rows = [each for each in some if not isinstance(each, Fault)]
    for fault in some:
        if isinstance(fault, Fault):
            look.blame(fault)
    known: Mapping[str, str] = {}
    if look.before:
        async with desk.database.reading() as unit:
            known = await imported.known(unit, [key for _, key in rows])
    look.known |= known.keys()
    for row, key in rows:
        look.rows += 1
        look.new += key not in known
        for fault in _clashes(row, key, known.get(key), look):
            look.blame(fault)


def _clashes(row: Row, key: str, before: str | None, look: _Look) -> Iterator[Fault]:
    if before not in (None, row.content):
        reason = "was brought in before, and said something else then"
        yield Fault(row.line, "id", reason, "Correct that contact at the desk, or give this row an id of its own.")
    if row.id and (first := look.lines_of_ids.setdefault(key, row.line)) != row.line:
        yield Fault(row.line, "id", f"is that of line {first} too", "Give each row an id of its own.")


async def _new(unit: Unit, some: Sequence[Numbered | Fault], known: Collection[str] | None) -> list[Numbered]:
    """Those that are not there yet. `known` None: somebody has brought some in since they were looked through."""
    rows = [each for each in some if not isinstance(each, Fault)]
    if len(rows) < len(some):
        raise Refused("The file was changed meanwhile.", remedy="Run it again; nothing was brought in.")
    if known is None:
        known = await imported.known(unit, [key for _, key in rows])
    return [(row, key) for row, key in rows if key not in known]


async def _write(desk: Desk, unit: Unit, rows: Sequence[Numbered], now: datetime) -> int:
    new = [(row, key, _contact_id(row)) for row, key in rows]
    if not new:
        return 0
    await contact.write_new(unit, [_contact(row, own) for row, _, own in new])
    await wrapup.write_new(unit, desk.keys, [_written(row, own, now) for row, _, own in new])
    await counted.write_new(unit, [_counted(row, own) for row, _, own in new])
    await imported.note(unit, [Brought(key, row.content, own) for row, key, own in new])
    return len(new)


def _contact_id(row: Row) -> str:
    return f"{int(row.received_at.timestamp())}-{secrets.token_hex(6)}"


def _stated(value: str) -> str | None:
    return None if value == "unknown" else value


def _ended(row: Row) -> str:
    return "counselled" if row.counselling == "yes" else "other"


def _contact(row: Row, own: str) -> dict[str, Any]:
    seen = {name: getattr(row, name) for name in ("received_at", "channel", "language", "topic", "first_time")}
    return seen | {"id": own, "age_band": _stated(row.age_band)}


def _written(row: Row, own: str, now: datetime) -> dict[str, Any]:
    head = {"contact_id": own, "at": now, "by": BY, "ended": _ended(row)}
    said = {name: getattr(row, name) for name in ("lists", "topic", "language", "gender", "summary")}
    codes = [row.category] if row.category else []
    return head | said | {"age_band": _stated(row.age_band), "categories": codes}


def _counted(row: Row, own: str) -> dict[str, Any]:
    said = {name: getattr(row, name) for name in ("channel", "language", "topic", "gender", "first_time", "lists")}
    codes = [row.category] if row.category else []
    told = said | {"received_at": row.received_at, "age_band": _stated(row.age_band), "ended": _ended(row)}
    return counted.row_of(told | {"contact_id": own, "categories": codes, "actions": None})
