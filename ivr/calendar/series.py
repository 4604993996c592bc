"""An event and its repetitions, in the helpline's own time, and the rows of a rota that it makes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice

from ivr.routing.hours import DAY_MIN
from ivr.routing.rota import ExceptionKind, Shift, ShiftException

YEARS = range(1970, 2101)
# A weekly shift that was always there is written as if it had begun in this week, and read back as having no first day.
ALWAYS = date(2024, 1, 1)  # a Monday
_DAY, _WEEK = timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Rule:
    """On these weekdays in every so many weeks; or `daily`, every so many days where that is one of these weekdays."""

    weekdays: frozenset[int]
    every: int = 1
    daily: bool = False
    until: date | None = None

    def days(self, first: date) -> Iterator[date]:
        """Days from `first` on, to the end of time where the rule has none."""
        candidates = self._by_days(first) if self.daily else self._by_weeks(first)
        for day in candidates:
            if day.year not in YEARS or (self.until and day > self.until):
                return
            if day >= first and day.weekday() in self.weekdays:
                yield day

    def _by_days(self, first: date) -> Iterator[date]:
        while True:
            yield first
            first += self.every * _DAY

    def _by_weeks(self, first: date) -> Iterator[date]:
        monday = first - first.weekday() * _DAY
        while True:
            yield from (monday + weekday * _DAY for weekday in sorted(self.weekdays))
            monday += self.every * _WEEK

    def nth_day(self, first: date, number: int) -> date | None:
        """The last of `number` days; None when that is after the end of time."""
        return next(islice(self.days(first), number - 1, None), None)


@dataclass(frozen=True, slots=True)
class Series:
    """`line`: where its event begins. `starts`: the minute of the day; `minutes`: how long it lasts by the clock."""

    line: int
    people: tuple[str, ...]
    kind: ExceptionKind
    first: date
    starts: int
    minutes: int
    rule: Rule | None = None
    skipped: frozenset[date] = frozenset()

    @property
    def is_weekly(self) -> bool:
        """It comes in every week alike, so it is a shift. Time away is always kept day by day."""
        return self.rule is not None and self.rule.every == 1 and self.kind is ExceptionKind.EXTRA

    def may_come_on(self, day: date) -> bool:
        """False: it surely does not. Of what comes in some weeks only, no other week is there to be skipped."""
        if self.rule is None:
            return day == self.first
        return self.first <= day <= (self.rule.until or day) and day.weekday() in self.rule.weekdays

    def rows(self) -> Iterator[Shift | ShiftException]:
        """The rows, each with its event's line for an id."""
        return self._shifts() if self.is_weekly else self._singles()

    def _shifts(self) -> Iterator[Shift | ShiftException]:
        assert self.rule is not None  # noqa: S101  by is_weekly
        first = None if ALWAYS <= self.first < ALWAYS + _WEEK else self.first
        starts, ends, line = self.starts, _end(self.starts, self.minutes), str(self.line)
        for person in self.people:
            for weekday in sorted(self.rule.weekdays):
                yield Shift(person, weekday, starts, ends, first, self.rule.until, line)
            for day in sorted(self.skipped):
                yield ShiftException(person, ExceptionKind.ABSENT, day, starts, ends, line)

    def _singles(self) -> Iterator[ShiftException]:
        for day in self.rule.days(self.first) if self.rule else [self.first]:
            if day not in self.skipped:
                yield from self._single(day)

    def _single(self, day: date) -> Iterator[ShiftException]:
        """One row a person; of what lasts longer than a day, one for each day of it."""
        left, starts = self.minutes, self.starts
        while left > 0:
            now = left if left <= DAY_MIN else DAY_MIN - starts
            for person in self.people:
                yield ShiftException(person, self.kind, day, starts, _end(starts, now), str(self.line))
            left, starts, day = left - now, 0, day + _DAY


def _end(starts: int, minutes: int) -> int:
    """The minute of the day at which it ends, midnight being 1,440."""
    return (starts + minutes - 1) % DAY_MIN + 1
