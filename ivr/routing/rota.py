"""Who is on, by the rota. Pure: rows and a moment come in, people and stretches of time go out.

A shift comes every week; an exception is for one day: `extra` time, or time `absent`. A counsellor's time is their
shifts without their absences, and their extra time in any case. Several shifts at once count once.

No shift and no extra time at all: no rota is kept, and everybody who is not absent is on. That is not the same as a
rota with a gap, in which nobody is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import chain, combinations

from ivr.routing.hours import BAKU, DAY_MIN, Clock
from ivr.routing.spans import Stretch, edges, joined, within, without

# What comes every week has come twice in so many days, so the hour that a clock skips in spring hides no change.
LOOK_AHEAD_DAYS = 16
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Shift:
    """A weekly shift. Times of day are the clock's minutes since midnight; an end at or before its start is tomorrow.

    `from_day`, `until_day`: the first and the last day on which it may begin.
    """

    extension: str
    weekday: int  # 0 is Monday
    starts: int
    ends: int
    from_day: date | None = None
    until_day: date | None = None
    id: str = field(default="", compare=False)

    def begins_on(self, day: date) -> bool:
        return (
            day.weekday() == self.weekday
            and (self.from_day is None or self.from_day <= day)
            and (self.until_day is None or day <= self.until_day)
        )


class ExceptionKind(StrEnum):
    EXTRA = "extra"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class ShiftException:
    """Time on one day that the weekly shifts do not say. Times of day as in `Shift`."""

    extension: str
    kind: ExceptionKind
    day: date
    starts: int
    ends: int
    id: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Rota:
    """`people`: the extensions of those who answer at all. Rows about others count for nothing."""

    people: frozenset[str]
    shifts: tuple[Shift, ...] = ()
    exceptions: tuple[ShiftException, ...] = ()
    clock: Clock = BAKU

    @property
    def is_kept(self) -> bool:
        """False: nobody ever wrote down who is on, so everybody is."""
        return bool(self.shifts) or any(each.kind is ExceptionKind.EXTRA for each in self.exceptions)


@dataclass(frozen=True, slots=True)
class Span:
    """One counsellor is on from `starts` until `ends`."""

    extension: str
    starts: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Gap:
    """Nobody is on from `starts` until `ends`."""

    starts: datetime
    ends: datetime

    @property
    def seconds(self) -> float:
        return (self.ends - self.starts).total_seconds()


@dataclass(frozen=True, slots=True)
class Overlap:
    """The same counsellor is down twice at once: `day` is the first on which it happens."""

    first: Shift | ShiftException
    second: Shift | ShiftException
    day: date


def on_duty(rota: Rota, now: datetime) -> frozenset[str]:
    """Extensions of those who are on at `now`."""
    return frozenset(span.extension for span in spans(rota, now, now + timedelta(microseconds=1)))


def spans(rota: Rota, since: datetime, until: datetime) -> tuple[Span, ...]:
    """Each counsellor's time between `since` and `until`, joined; by counsellor, then by time."""
    return tuple(
        Span(extension, *stretch)
        for extension in sorted(rota.people)
        for stretch in within(_time_of(rota, extension, (since, until)), (since, until))
    )


def gaps(rota: Rota, since: datetime, days: int) -> tuple[Gap, ...]:
    """When nobody is on in the next `days` times 24 hours."""
    return gaps_until(rota, since, since + timedelta(days=days))


def gaps_until(rota: Rota, since: datetime, until: datetime) -> tuple[Gap, ...]:
    covered = ((span.starts, span.ends) for span in spans(rota, since, until))
    return tuple(Gap(*stretch) for stretch in without([(since, until)], covered))


def next_change(rota: Rota, now: datetime) -> datetime | None:
    """When the people who are on will be others than now. None: never, by this rota."""
    present, days = on_duty(rota, now), _turning_days(rota)
    at = now
    while True:
        ahead = at + timedelta(days=LOOK_AHEAD_DAYS)
        found = edges((span.starts, span.ends) for span in spans(rota, at, ahead))
        for moment in found:
            if now < moment < ahead and on_duty(rota, moment) != present:
                return moment
        later = [day for day in days if rota.clock.moment(day) >= ahead - 2 * _DAY]
        if not later:
            return None
        at = max(at + _DAY, rota.clock.moment(later[0] - _DAY))


def overlaps(rota: Rota) -> Iterator[Overlap]:
    """Every two rows of the same kind by which a counsellor is on twice at once, as they are found."""
    yield from _overlapping_shifts(rota.shifts)
    yield from _overlapping_extras(rota.exceptions)


def _time_of(rota: Rota, extension: str, window: Stretch) -> tuple[Stretch, ...]:
    clock = rota.clock
    days = _days(clock, window)
    exceptions = [each for each in rota.exceptions if each.extension == extension and each.day in days]
    absent = [_stretch(clock, each.day, each) for each in exceptions if each.kind is ExceptionKind.ABSENT]
    extra = [_stretch(clock, each.day, each) for each in exceptions if each.kind is ExceptionKind.EXTRA]
    shifts = [each for each in rota.shifts if each.extension == extension]
    weekly = (_stretch(clock, day, shift) for shift in shifts for day in days if shift.begins_on(day))
    return joined((*without(weekly if rota.is_kept else [window], absent), *extra))


def _days(clock: Clock, window: Stretch) -> dict[date, None]:
    """Days on which something may begin that is on in `window`: what began yesterday may go on, and nothing is
    longer than a day."""
    first, last = clock.day(window[0]) - _DAY, clock.day(window[1])
    return dict.fromkeys(first + n * _DAY for n in range((last - first).days + 1))


def _stretch(clock: Clock, day: date, told: Shift | ShiftException) -> Stretch:
    return clock.moment(day, told.starts), clock.moment(day, told.starts + length_min(told))


def length_min(told: Shift | ShiftException) -> int:
    """Minutes from start to end on the clock, 1 to 1,440."""
    return (told.ends - told.starts) % DAY_MIN or DAY_MIN


def _turning_days(rota: Rota) -> list[date]:
    """Days on which something begins or ends that does not come every week."""
    of_shifts = [day for each in rota.shifts for day in (each.from_day, each.until_day) if day]
    return sorted({*of_shifts, *(each.day for each in rota.exceptions)})


def _overlapping_shifts(shifts: tuple[Shift, ...]) -> Iterator[Overlap]:
    of_each: dict[str, list[Shift]] = {}
    for shift in shifts:
        of_each.setdefault(shift.extension, []).append(shift)
    for first, second in chain.from_iterable(combinations(own, 2) for own in of_each.values()):
        if day := _first_clash(first, second):
            yield Overlap(first, second, day)


def _first_clash(first: Shift, second: Shift) -> date | None:
    """The first day on which `first` begins and is still on while `second` is."""
    for later in (-1, 0, 1):  # `second` begins the day before, the same day, the day after
        if (first.weekday + later) % 7 != second.weekday:
            continue
        starts = second.starts + later * DAY_MIN
        if max(first.starts, starts) < min(first.starts + length_min(first), starts + length_min(second)):
            day = _first_common_day(first, second, timedelta(days=later))
            if day:
                return day
    return None


def _first_common_day(first: Shift, second: Shift, later: timedelta) -> date | None:
    """The first day on which `first` begins and, `later`, `second` does."""
    froms = [day for day in (first.from_day, second.from_day and second.from_day - later) if day]
    day = max(froms, default=date(2000, 1, 1))
    day += timedelta(days=(first.weekday - day.weekday()) % 7)
    return day if first.begins_on(day) and second.begins_on(day + later) else None


def _overlapping_extras(exceptions: tuple[ShiftException, ...]) -> Iterator[Overlap]:
    extras = [each for each in exceptions if each.kind is ExceptionKind.EXTRA]
    by_time = sorted(extras, key=lambda each: (each.extension, each.day, each.starts))
    for n, first in enumerate(by_time):
        for second in by_time[n + 1 :]:
            days = (second.day - first.day).days
            if second.extension != first.extension or days * DAY_MIN + second.starts >= first.starts + length_min(
                first
            ):
                break
            yield Overlap(first, second, second.day)
