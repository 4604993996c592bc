"""When an event is, in the helpline's own time. Every function raises Faulty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from ivr.calendar.blocks import Faulty, shown
from ivr.calendar.event import Event, Told
from ivr.calendar.series import YEARS, Rule
from ivr.routing.hours import DAY_MIN, Clock

LONGEST_DAYS = 366
COUNT_LIMIT = 1_000
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
RULE_WORDS = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "WKST"}
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Moment:
    """A day and a minute of it. `shift`: how many days later that is than the day that is written."""

    day: date
    minute: int
    shift: int = 0
    whole_day: bool = False


def local(told: Told, clock: Clock) -> Moment:
    value = told.value
    if not isinstance(value, date):
        raise Faulty(told.name, f"{told.name} is no date and no time")
    if value.year not in YEARS:
        raise Faulty(told.name, f"{told.name} is in the year {value.year}")
    if not isinstance(value, datetime):
        return Moment(value, 0, whole_day=True)
    if value.second or value.microsecond:
        raise Faulty(told.name, f"{told.name} has seconds; a rota knows whole minutes")
    if value.tzinfo is None and told.zone:
        raise Faulty(told.name, f"{told.name}: the time zone {shown(told.zone)} is not known; write {clock.name}")
    if value.tzinfo is None:  # a time of no zone is ours
        return Moment(value.date(), value.hour * 60 + value.minute)
    day, minute = clock.reads(value)
    return Moment(day, minute, (day - value.date()).days)


def minutes(event: Event, start: Moment, clock: Clock) -> int:
    """How long it lasts, by the clock."""
    end, name = _end(event, start, clock)
    if end.whole_day != start.whole_day:
        raise Faulty(name, "DTSTART and DTEND must both be days, or both be times")
    found = (end.day - start.day).days * DAY_MIN + end.minute - start.minute
    if not 0 < found <= LONGEST_DAYS * DAY_MIN:
        raise Faulty(name, "ends before it begins" if found <= 0 else "lasts longer than a year")
    return found


def _end(event: Event, start: Moment, clock: Clock) -> tuple[Moment, str]:
    if event.end:
        return local(event.end, clock), "DTEND"
    if event.lasts is not None:
        if abs(event.lasts) > timedelta(days=LONGEST_DAYS + 1):
            raise Faulty("DURATION", "lasts longer than a year")
        told = replace(event.start, name="DURATION", value=event.start.value + event.lasts)
        return local(told, clock), "DURATION"
    if start.whole_day:
        return replace(start, day=start.day + timedelta(days=1)), "DTSTART"
    raise Faulty("DTSTART", "has no end: DTEND or DURATION is missing")


def rule(event: Event, start: Moment, clock: Clock) -> Rule | None:
    """How it repeats; None when it does not."""
    told = event.rule
    if told is None:
        return None
    frequency = str(told.get("FREQ", [""])[0])
    if frequency not in ("WEEKLY", "DAILY"):
        raise Faulty("RRULE", f"repeats {frequency or 'nobody knows how'}; a rota knows WEEKLY and DAILY")
    if strange := sorted(set(told) - RULE_WORDS):
        raise Faulty("RRULE", f"{strange[0]} in a rule is not understood here")
    weekdays = _weekdays(told.get("BYDAY", []), start, daily=frequency == "DAILY")
    if start.day.weekday() not in weekdays:
        raise Faulty("DTSTART", f"begins on a {start.day:%A}, on which it does not repeat")
    if not _is_steady(event.start.value, clock):
        raise Faulty("DTSTART", f"repeats by a clock that runs otherwise than here; write {clock.name}")
    found = Rule(weekdays, _number(told, "INTERVAL", LONGEST_DAYS), frequency == "DAILY")
    return replace(found, until=_last_day(event, told, start, found, clock))


def _number(told: Mapping[str, list[Any]], name: str, limit: int) -> int:
    number = int(told.get(name, [1])[0])
    if not 1 <= number <= limit:
        raise Faulty("RRULE", f"{name} must be 1 to {limit:,}")
    return number


def _weekdays(told: list[Any], start: Moment, *, daily: bool) -> frozenset[int]:
    words = [str(each).upper() for each in told]
    if strange := [word for word in words if word not in WEEKDAYS]:
        raise Faulty("RRULE", f"BYDAY={shown(strange[0])[1:-1]} is not understood here, only MO to SU")
    if words:
        return frozenset((WEEKDAYS.index(word) + start.shift) % 7 for word in words)
    return frozenset(range(7)) if daily else frozenset((start.day.weekday(),))


def _last_day(event: Event, told: Mapping[str, list[Any]], start: Moment, rule: Rule, clock: Clock) -> date | None:
    """The last day on which it may begin. UNTIL as a date is a day of the event's own zone."""
    if "COUNT" in told:
        return rule.nth_day(start.day, _number(told, "COUNT", COUNT_LIMIT))
    if "UNTIL" not in told:
        return None
    value = told["UNTIL"][0]
    if isinstance(value, datetime) and value.tzinfo is None and isinstance(event.start.value, datetime):
        value = value.replace(tzinfo=event.start.value.tzinfo)
    end = local(Told("RRULE", value), clock)
    if end.whole_day:
        return end.day + timedelta(days=start.shift)
    return end.day if end.minute >= start.minute else end.day - timedelta(days=1)


def _is_steady(first: date, clock: Clock) -> bool:
    """Whether every repetition comes at the same time here."""
    if not isinstance(first, datetime) or first.tzinfo is None:
        return True
    return len({clock.reads(first + n * _WEEK)[1] for n in range(54)}) == 1
