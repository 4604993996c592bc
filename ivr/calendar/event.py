"""One event as plain values. The library reads the lines; nothing else of this program knows its types."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import icalendar

from ivr.calendar.blocks import Block, Faulty, shown

ONCE = ("DTSTART", "DTEND", "DURATION", "RRULE", "RECURRENCE-ID", "SUMMARY", "UID", "STATUS")
_TROUBLE = (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, RecursionError)


@dataclass(frozen=True, slots=True)
class Told:
    """A day or a moment as it is written. `zone`: the name of its time zone, where it has one."""

    name: str  # the property it comes from
    value: Any  # a date or a datetime, unless the file says otherwise
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    block: Block
    uid: str
    title: str
    categories: frozenset[str]
    invited: frozenset[str]  # of each who is invited the address's first part, and the first word of the name
    cancelled: bool
    start: Told
    end: Told | None
    lasts: timedelta | None
    rule: Mapping[str, list[Any]] | None
    skipped: tuple[Told, ...]
    instead_of: Told | None  # of which repetition of the series with this uid this is another version
    and_all_later: bool


def read_event(block: Block) -> Event:
    """The event of `block`. Raises Faulty at the first fault of its lines."""
    event = _parsed(block)
    if event.get("RDATE") is not None:
        raise Faulty("RDATE", "RDATE is not understood here: make each an event of its own")
    instead_of = event.get("RECURRENCE-ID")
    duration = event.get("DURATION")
    return Event(
        block,
        uid=str(event.get("UID", "")),
        title=str(event.get("SUMMARY", "")).strip(),
        categories=frozenset(str(word).lower() for group in _list(event, "CATEGORIES") for word in group.cats),
        invited=frozenset(word for each in _list(event, "ATTENDEE") for word in _names(each)),
        cancelled=str(event.get("STATUS", "")).strip().upper() == "CANCELLED",
        start=_told(event, "DTSTART"),
        end=_told(event, "DTEND") if event.get("DTEND") is not None else None,
        lasts=_length(duration.dt) if duration is not None else None,
        rule=event.get("RRULE"),
        skipped=tuple(_skipped(event)),
        instead_of=_told(event, "RECURRENCE-ID") if instead_of is not None else None,
        and_all_later=instead_of is not None and "RANGE" in instead_of.params,
    )


def _parsed(block: Block) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it tells when it guesses what a zone of an odd name is
            event = icalendar.Event.from_ical(block.text)
    except OSError as error:  # a name like "Asia" is a folder among the zones of the machine
        raise Faulty("DTSTART", "a time zone in the event is not known") from error
    except _TROUBLE as error:
        raise Faulty("", f"the event cannot be read: {shown(str(error))}") from error
    for name, why in event.errors:
        raise Faulty(name or "", f"{name or 'the event'} cannot be read: {shown(why)}")
    for name in ONCE:
        if isinstance(event.get(name), list):
            raise Faulty(name, f"{name} comes twice in one event")
    return event


def _told(event: Any, name: str) -> Told:
    told = event.get(name)
    if told is None:
        raise Faulty(name, f"{name} is missing")
    return _moment(name, told)


def _moment(name: str, told: Any) -> Told:
    return Told(name, told.dt, str(told.params.get("TZID", "")))


def _length(told: object) -> timedelta:
    if not isinstance(told, timedelta):
        raise Faulty("DURATION", "DURATION is no length of time")
    return told


def _skipped(event: Any) -> Iterator[Told]:
    return (_moment("EXDATE", each) for group in _list(event, "EXDATE") for each in group.dts)


def _list(event: Any, name: str) -> list[Any]:
    told = event.get(name, [])
    return told if isinstance(told, list) else [told]


def _names(invited: Any) -> Iterator[str]:
    yield str(invited).lower().removeprefix("mailto:").split("@")[0]
    yield from str(invited.params.get("CN", "")).split()[:1]
