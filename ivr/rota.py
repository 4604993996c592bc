"""The rota as people look at it and change it: every change is checked first, written whole, and can be taken back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path

from ivr.calendar import blocks, read, write
from ivr.errors import NotFound, Refused, ScriptError
from ivr.records import counsellor
from ivr.records import rota as table
from ivr.records.database import Unit, opened
from ivr.records.rota import Change
from ivr.routing.rota import Overlap, Rota, Shift, ShiftException, overlaps
from ivr.routing.rota_words import Names, Row, Rows, describe, groups, named, oddities, who
from ivr.settings import Settings

__all__ = ["Change"]  # what the faces read from here

WARNINGS_SHOWN = 10
Note = Callable[[Unit, str], Awaitable[None]]
"""What else is written in the transaction of a change, whose words it is told."""


async def unnoted(unit: Unit, what: str) -> None:
    """On the command line nobody is signed in."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The rota, whose it is, and the change that `undo` would take back."""

    rota: Rota
    names: Names
    last: Change | None = None

    @property
    def rows(self) -> Rows:
        return (*self.rota.shifts, *self.rota.exceptions)


@dataclass(frozen=True, slots=True)
class Changed:
    """What a change did. `change` None: it was only tried, and nothing was written. `rows`: written or taken away."""

    change: Change | None
    kept: Kept
    rows: Rows = ()
    warnings: tuple[str, ...] = ()


async def look(settings: Settings) -> Kept:
    async with opened(settings.database) as database, database.reading() as unit:
        return await _kept(unit)


async def _kept(unit: Unit) -> Kept:
    names = {person.extension: person.name for person in await counsellor.all(unit)}
    return Kept(await table.all(unit), names, await table.last_change(unit))


async def add(settings: Settings, rows: Rows, now: datetime, note: Note = unnoted) -> Changed:
    """Write `rows` too. Raises NotFound for somebody unknown, Refused when they are down at that time already."""
    async with opened(settings.database) as database, database.unit_of_work() as unit:
        before = await _kept(unit)
        _know(before.names, rows)
        _refuse_overlaps(before, rows)
        odd = tuple(islice(oddities(before.rota, before.names, rows), WARNINGS_SHOWN))
        change = await table.add(unit, rows, f"added {_in_words(rows)}", now)
        await note(unit, change.what)
        after = await _kept(unit)
        return Changed(change, after, named(after.rows, str(change.number)), odd)


async def remove(settings: Settings, names: Iterable[str], now: datetime, note: Note = unnoted) -> Changed:
    """Take rows away, by the names that `rota_words.groups` gives. Raises NotFound when a name means none."""
    async with opened(settings.database) as database, database.unit_of_work() as unit:
        before = await _kept(unit)
        gone = tuple(dict.fromkeys(row.id for name in names for row in _named(before, name)))
        rows = tuple(row for row in before.rows if row.id in gone)
        change = await table.remove(unit, gone, f"removed {_in_words(rows)}", now)
        await note(unit, change.what)
        return Changed(change, await _kept(unit), rows)


async def undo(settings: Settings, note: Note = unnoted) -> Changed:
    """Put back what was before the last change. Raises NotFound when there is none."""
    async with opened(settings.database) as database, database.unit_of_work() as unit:
        change = await table.undo(unit)
        await note(unit, f"undone: {change.what}")
        return Changed(change, await _kept(unit))


async def take_calendar(settings: Settings, file: Path, now: datetime, *, only_try: bool = False) -> Changed:
    """The calendar in `file` in place of the whole rota. Raises ScriptError with every fault; then nothing changes."""
    text = blocks.decoded(_bytes(file))
    async with opened(settings.database) as database, database.unit_of_work() as unit:
        before = await _kept(unit)
        rows = read.read(text, before.names, before.rota.clock)
        odd = tuple(oddities(before.rota, before.names, tuple(row for row in rows if isinstance(row, Shift))))
        if only_try:
            return Changed(None, replace(before, rota=_with(before.rota, rows)), rows, odd)
        change = await table.replace(unit, rows, f"imported {file.name}", now)
        return Changed(change, await _kept(unit), rows, odd)


def calendar_of(kept: Kept, now: datetime) -> str:
    """The rota as an iCalendar file."""
    return write.write(kept.rota, kept.names, now)


def _bytes(file: Path) -> bytes:
    try:
        with file.open("rb") as found:
            return found.read(blocks.SIZE_LIMIT + 1)
    except OSError as error:
        raise ScriptError(f"{file}: {error.strerror}", remedy="Name an .ics file that you may read.") from error


def _with(rota: Rota, rows: Iterable[Row]) -> Rota:
    """`rota` with these rows and no others."""
    told = tuple(rows)
    shifts = tuple(row for row in told if isinstance(row, Shift))
    return replace(rota, shifts=shifts, exceptions=tuple(row for row in told if isinstance(row, ShiftException)))


def _in_words(rows: Rows) -> str:
    return "; ".join(describe(group.rows) for group in groups(rows))


def _know(names: Names, rows: Rows) -> None:
    for row in rows:
        if row.extension not in names:
            known = ", ".join(who(extension, names) for extension in names)
            raise NotFound(f"There is no counsellor {row.extension}.", remedy=f"There are: {known}.")


def _named(kept: Kept, name: str) -> Rows:
    rows = named(kept.rows, name)
    if not rows:
        raise NotFound(f"There is no row {name} in the rota.", remedy="`ivr rota list` shows the rows and their names.")
    return rows


def _refuse_overlaps(kept: Kept, rows: Rows) -> None:
    new = {id(row) for row in rows}
    for found in overlaps(_with(kept.rota, (*kept.rows, *rows))):
        if id(found.first) in new or id(found.second) in new:
            raise _refusal(kept.names, found)


def _refusal(names: Names, found: Overlap) -> Refused:
    there = found.first if found.first.id else found.second
    why = f"{who(there.extension, names)} is on at that time already: {describe((there,))}."
    return Refused(why, remedy=f"Take that away first: ivr rota remove {there.id}")
