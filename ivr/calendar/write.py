"""A rota becomes a calendar that Google, Apple and Thunderbird show, and that `read` makes the same rota of again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid5

import icalendar

from ivr.calendar.read import ABSENT
from ivr.calendar.series import ALWAYS
from ivr.calendar.when import WEEKDAYS
from ivr.routing.hours import DAY_MIN, Clock
from ivr.routing.rota import ExceptionKind, Rota, Shift, ShiftException, length_min

_NAMES = UUID("8a1c6f0e-1161-4116-8116-116111116111")  # ours, for names made of what an event says
_DAY = timedelta(days=1)
_Named = tuple[str, icalendar.Event]  # the extension it is for, and the event


@dataclass(frozen=True, slots=True)
class _Group:
    """Shifts that differ in their weekday alone: one event. It is counted from the same day for all of them."""

    extension: str
    starts: int
    minutes: int
    from_day: date | None
    until_day: date | None


def write(rota: Rota, people: Mapping[str, str], now: datetime) -> str:
    """The calendar as text. `people`: extension to name. An event keeps its name (UID) from one time to the next."""
    calendar = icalendar.Calendar()
    for name, value in (("PRODID", "-//116111//rota//EN"), ("VERSION", "2.0"), ("X-WR-CALNAME", "116111")):
        calendar.add(name, value)
    calendar.add("X-WR-TIMEZONE", rota.clock.name)
    events = {
        _uid(extension, event): (extension, event)
        for extension, event in (*_weekly(rota.shifts, rota.clock), *_singles(rota.exceptions, rota.clock))
    }
    for uid, (extension, event) in events.items():
        title = f"{extension} {people.get(extension, '')}".strip()
        event.add("SUMMARY", f"{title} {ABSENT}" if "CATEGORIES" in event else title)
        event.add("UID", uid)
        event.add("DTSTAMP", now.astimezone(UTC).replace(microsecond=0))
        calendar.add_component(event)
    if events:
        calendar.add_missing_timezones(first_date=ALWAYS)
    return bytes(calendar.to_ical()).decode()


def _uid(extension: str, event: icalendar.Event) -> str:
    return f"{uuid5(_NAMES, extension + event.to_ical().decode())}@116111"


def _weekly(shifts: Iterable[Shift], clock: Clock) -> Iterator[_Named]:
    groups: dict[_Group, set[int]] = {}
    for each in shifts:
        group = _Group(each.extension, each.starts, length_min(each), each.from_day, each.until_day)
        groups.setdefault(group, set()).add(each.weekday)
    for group, weekdays in groups.items():
        if event := _repeating(group, weekdays, clock):
            yield group.extension, event


def _repeating(group: _Group, weekdays: set[int], clock: Clock) -> icalendar.Event | None:
    begin = group.from_day or ALWAYS
    first = min(begin + ((weekday - begin.weekday()) % 7) * _DAY for weekday in weekdays)
    rule: dict[str, object] = {"FREQ": "WEEKLY", "BYDAY": [WEEKDAYS[day] for day in sorted(weekdays)]}
    if group.until_day:
        if group.until_day < first:
            return None  # it never takes place
        rule["UNTIL"] = clock.moment(group.until_day, group.starts)
    event = _event(first, group.starts, group.minutes, clock)
    event.add("RRULE", rule)
    return event


def _singles(exceptions: Iterable[ShiftException], clock: Clock) -> Iterator[_Named]:
    for each in exceptions:
        event = _event(each.day, each.starts, length_min(each), clock)
        if each.kind is ExceptionKind.ABSENT:
            event.add("CATEGORIES", [ABSENT.upper()])
            event.add("TRANSP", "TRANSPARENT")
        yield each.extension, event


def _event(day: date, starts: int, minutes: int, clock: Clock) -> icalendar.Event:
    event = icalendar.Event()
    if (starts, minutes) == (0, DAY_MIN):
        event.add("DTSTART", day)
        event.add("DTEND", day + _DAY)
    else:
        event.add("DTSTART", clock.wall(day, starts))
        event.add("DTEND", clock.wall(day, starts + minutes))
    return event
