"""A calendar becomes a rota. Reads what Google, Apple, Outlook and Thunderbird write; names every fault with its line.

An event that comes every week or every day is a shift; any other is extra time, day by day; one with the word "absent"
in its title, or the category ABSENT, takes time away. For whom it is, see `who`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import islice

from ivr.calendar.blocks import SHOWN_FAULTS, Faults, Faulty, blocks
from ivr.calendar.event import Event, Told, read_event
from ivr.calendar.series import Series
from ivr.calendar.when import local, minutes, rule
from ivr.calendar.who import who
from ivr.routing.hours import DAY_MIN, Clock
from ivr.routing.rota import ExceptionKind, Rota, Shift, ShiftException, overlaps

ABSENT = "absent"
SINGLES_LIMIT = 500  # repetitions that can only be kept day by day
ROWS_LIMIT = 10_000

People = Mapping[str, str]
"""Extension to name, of all who may be in the rota."""
Rows = tuple[Shift | ShiftException, ...]


def read(text: str, people: People, clock: Clock) -> Rows:
    """The rows that the calendar in `text` makes, each with the line of its event for an id.

    Raises ScriptError with every fault.
    """
    faults = Faults()
    found = blocks(text, faults)
    if not found and not faults:
        faults.add(1, "there is no event in it")
    events: list[Event] = []
    for block in found:
        try:
            events.append(read_event(block))
        except Faulty as error:
            faults.note(block, error)
    rows = _rows(events, people, clock, faults)
    _look_for_overlaps(rows, clock, faults)
    faults.raise_if_any()
    return rows


def _rows(events: Iterable[Event], people: People, clock: Clock, faults: Faults) -> Rows:
    """First what repeats, then the single repetitions that somebody changed."""
    series: list[tuple[str, Series]] = []
    for event in sorted(events, key=lambda event: event.instead_of is not None):
        try:
            if event.instead_of:
                series = [(uid, _skip(each, event, clock) if uid == event.uid else each) for uid, each in series]
            if not event.cancelled:
                series.append((event.uid, _series(event, people, clock)))
        except Faulty as error:
            faults.note(event.block, error)
    rows = tuple(islice((row for _, each in series for row in each.rows()), ROWS_LIMIT + 1))
    if len(rows) > ROWS_LIMIT:
        faults.add(int(rows[-1].id), f"here it becomes more than {ROWS_LIMIT:,} rows; that is no rota")
    return rows[:ROWS_LIMIT]


def _series(event: Event, people: People, clock: Clock) -> Series:
    start = local(event.start, clock)
    repeats = rule(event, start, clock) if event.instead_of is None else None
    length = minutes(event, start, clock)
    meant = who(event, people)
    kind = ExceptionKind.ABSENT if _is_absent(event, [people[each] for each in meant]) else ExceptionKind.EXTRA
    found = Series(event.block.number, meant, kind, start.day, start.minute, length, repeats)
    _check_size(found)
    days = [local(each, clock).day for each in event.skipped if _has(found, each, clock)]
    return replace(found, skipped=frozenset(days))


def _skip(series: Series, event: Event, clock: Clock) -> Series:
    """`series` without the repetition that `event` takes the place of."""
    assert event.instead_of is not None  # noqa: S101  the caller of this function has looked
    if event.and_all_later:
        raise Faulty("RECURRENCE-ID", "changes all later repetitions too: make it a series of its own")
    if series.rule is None or not _has(series, event.instead_of, clock):
        return series
    return replace(series, skipped=series.skipped | {local(event.instead_of, clock).day})


def _has(series: Series, told: Told, clock: Clock) -> bool:
    moment = local(told, clock)
    return (moment.whole_day or moment.minute == series.starts) and series.may_come_on(moment.day)


def _is_absent(event: Event, names: Iterable[str]) -> bool:
    title = event.title
    for name in names:
        title = title.replace(name, " ")
    return ABSENT in event.categories or ABSENT in re.findall(r"\w+", title.lower())


def _check_size(series: Series) -> None:
    if series.rule is None:
        return
    if series.minutes > DAY_MIN:
        raise Faulty("DTSTART", "repeats, and lasts longer than a day")
    if series.is_weekly:
        return
    if series.rule.until is None:
        why = "takes time away" if series.kind is ExceptionKind.ABSENT else "not in every week"
        raise Faulty("RRULE", f"repeats for ever, and {why}: give it an end (UNTIL or COUNT)")
    if series.rule.nth_day(series.first, SINGLES_LIMIT + 1):
        raise Faulty("RRULE", f"repeats more than {SINGLES_LIMIT:,} times: give it an earlier end")


def _look_for_overlaps(rows: Rows, clock: Clock, faults: Faults) -> None:
    shifts = tuple(row for row in rows if isinstance(row, Shift))
    singles = tuple(row for row in rows if isinstance(row, ShiftException))
    found_ones = overlaps(Rota(frozenset(), shifts, singles, clock))
    for found in islice(found_ones, SHOWN_FAULTS + 1):  # a calendar of nothing else would take minutes
        first, second = sorted((found.first, found.second), key=lambda row: int(row.id))
        when = f"{found.day:%a %d %b %Y}"
        faults.add(int(second.id), f"{second.extension} is down twice at once, first on {when}: see line {first.id}")
