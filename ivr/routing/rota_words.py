"""The rota's rows in words: rows that belong together, what a row says, and what is odd about a new one. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ivr.routing.rota import ExceptionKind, Rota, Shift, ShiftException, length_min, spans
from ivr.routing.week import show_days, show_times

Row = Shift | ShiftException
Rows = tuple[Row, ...]
Names = Mapping[str, str]
"""Extension to name, of everybody there may be a row about."""

_DAY = timedelta(days=1)
_NAME = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,9})(?:-([0-9]{1,9}))?)?")


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of one change that follow one another and differ in their day alone. `id` names them all."""

    id: str
    rows: Rows


def who(extension: str, names: Names) -> str:
    """As in "101 Aynur"."""
    return f"{extension} {names.get(extension, '')}".strip()


def groups(rows: Iterable[Row]) -> list[Group]:
    found: list[list[Row]] = []
    for row in rows:
        if found and _follows(found[-1][-1], row):
            found[-1].append(row)
        else:
            found.append([row])
    return [Group(_name_of(some), tuple(some)) for some in found]


def _follows(before: Row, row: Row) -> bool:
    if row.id and _place(row.id) != (_place(before.id)[0], _place(before.id)[1] + 1):
        return False
    if isinstance(before, Shift) and isinstance(row, Shift):
        return replace(before, weekday=row.weekday) == row
    if isinstance(before, ShiftException) and isinstance(row, ShiftException):
        return replace(before, day=before.day + _DAY) == row
    return False


def _name_of(rows: list[Row]) -> str:
    return rows[0].id if len(rows) == 1 else f"{rows[0].id}-{_place(rows[-1].id)[1]}"


def _place(row_id: str) -> tuple[int, int]:
    """The change that made the row, and which of its rows it is."""
    change, _, number = row_id.partition(".")
    return int(change or 0), int(number or 0)


def named(rows: Iterable[Row], name: str) -> Rows:
    """The rows that `name` means: 12 is all of change 12, 12.3 one of them, 12.3-5 three. None, if there are none."""
    found = _NAME.fullmatch(name.strip())
    if not found:
        return ()
    change, first = int(found[1]), int(found[2] or 0)
    last = int(found[3] or found[2] or 10**9)
    return tuple(row for row in rows if _place(row.id)[0] == change and first <= _place(row.id)[1] <= last)


def describe(rows: Rows) -> str:
    """A group in words: "101 mon-fri 09:00-17:00"; "102 absent 2026-12-20..2026-12-31 00:00-24:00"."""
    first, last = rows[0], rows[-1]
    times = show_times(first.starts, first.ends)
    if isinstance(first, Shift):
        bounds = [f"{word} {day}" for word, day in (("from", first.from_day), ("until", first.until_day)) if day]
        days = show_days(row.weekday for row in rows if isinstance(row, Shift))
        return " ".join((first.extension, days, times, *bounds))
    until = f"..{last.day}" if isinstance(last, ShiftException) and last.day != first.day else ""
    return f"{first.extension} {first.kind} {first.day}{until} {times}"


def oddities(rota: Rota, names: Names, rows: Rows) -> Iterator[str]:
    """What is allowed and may not be what was meant, a sentence each. `rota` is the one without `rows`."""
    for extension in sorted({row.extension for row in rows} - rota.people):
        yield f"{who(extension, names)} is not active: these rows count for nothing."
    for row in rows:
        if isinstance(row, ShiftException) and row.extension in rota.people:
            yield from (
                _odd_extra(rota, names, row) if row.kind is ExceptionKind.EXTRA else _odd_absence(rota, names, row)
            )


def _odd_extra(rota: Rota, names: Names, row: ShiftException) -> Iterator[str]:
    start, end = _bounds(rota, row)
    if rota.is_kept and any(span.extension == row.extension for span in spans(rota, start, end)):
        told = f"{row.day} {show_times(row.starts, row.ends)}"
        yield f"{who(row.extension, names)} is on for part of {told} anyway: the times are joined."


def _odd_absence(rota: Rota, names: Names, row: ShiftException) -> Iterator[str]:
    start, end = _bounds(rota, row)
    around = [span for span in spans(rota, start - _DAY, end + _DAY) if span.extension == row.extension]
    cut = [span for span in around if span.starts < end and start < span.ends]
    if not cut:
        yield f"{who(row.extension, names)} was not on then: {row.day} {show_times(row.starts, row.ends)}."
    for span in cut:
        if rota.is_kept and row.ends % 1440 == 0 and span.ends > end:
            until = rota.clock.shown(min(span.ends, end + _DAY))
            rest = f"{until:%Y-%m-%d} 00:00-{until:%H:%M}"
            yield f"{who(row.extension, names)} is still on after that midnight: {rest}. A day off ends at midnight."


def _bounds(rota: Rota, row: ShiftException) -> tuple[datetime, datetime]:
    return rota.clock.moment(row.day, row.starts), rota.clock.moment(row.day, row.starts + length_min(row))
