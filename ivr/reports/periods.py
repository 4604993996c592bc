"""What a report is about: whole days by the helpline's clock, what came before them, and what they are called. Pure."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from ivr.errors import Refused
from ivr.routing.hours import BAKU

_DAY = timedelta(days=1)
FIRST_YEAR, LAST_YEAR = 2000, 2100
LONGEST = timedelta(days=366 * 20)
_YEAR = re.compile(r"([0-9]{4})")
_QUARTER = re.compile(r"([0-9]{4})-?Q([1-4])", re.IGNORECASE)
_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")
_WEEK = re.compile(r"([0-9]{4})-?W([0-9]{2})", re.IGNORECASE)
HOW = "Say 2025, 2025-Q3, 2025-07, 2025-W27 or 2025-07-01."


class Kind(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    MONTHS = "months"  # whole ones of one year
    SPAN = "span"


@dataclass(frozen=True, slots=True)
class Span:
    """From the first day to the last, both of them in it. Make one with `between` or `named`."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def moments(self) -> tuple[datetime, datetime]:
        """When it begins, and when it is over, in UTC."""
        return BAKU.moment(self.first), BAKU.moment(self.last + _DAY)

    @property
    def kind(self) -> Kind:
        if self.first == self.last:
            return Kind.DAY
        if self.days == 7 and self.first.weekday() == 0:
            return Kind.WEEK
        if self.first.day != 1 or (self.last + _DAY).day != 1 or self.first.year != self.last.year:
            return Kind.SPAN
        return self._kind_of_months()

    def _kind_of_months(self) -> Kind:
        begins, months = self.first.month, self.last.month - self.first.month + 1
        if months == 3 and begins % 3 == 1:
            return Kind.QUARTER
        return {1: Kind.MONTH, 12: Kind.YEAR}.get(months, Kind.MONTHS)

    @property
    def before(self) -> Span:
        """The one of the same kind that ends where this begins."""
        last = self.first - _DAY
        if self.kind in (Kind.DAY, Kind.WEEK, Kind.SPAN):
            return Span(self.first - timedelta(days=self.days), last)
        months = self.last.month - self.first.month + 1
        year, month = divmod(self.first.year * 12 + self.first.month - 1 - months, 12)
        return Span(date(year, month + 1, 1), last)

    @property
    def year_before(self) -> Span:
        """The same days of the year before; a month's last day stays a month's last day."""
        return Span(_year_before(self.first), _year_before(self.last))


def _year_before(day: date) -> date:
    ends = (day + _DAY).day == 1
    last = monthrange(day.year - 1, day.month)[1]
    return date(day.year - 1, day.month, last if ends else min(day.day, last))


def between(first: date, last: date) -> Span:
    """Raises Refused for what no report is about."""
    if last < first:
        raise Refused(f"{last} is before {first}: the span ends before it begins.", remedy="Exchange the two days.")
    if first.year < FIRST_YEAR or last.year > LAST_YEAR:
        raise Refused("There are no contacts in that time.", remedy=f"Choose days from {FIRST_YEAR} to {LAST_YEAR}.")
    if last - first > LONGEST:
        raise Refused("That is too long for one report.", remedy="Twenty years at most.")
    return Span(first, last)


def named(text: str) -> Span:
    """A day, week, month, quarter or year by its usual name. Raises Refused."""
    try:
        return _named(text.strip())
    except ValueError:
        raise Refused("That is no period.", remedy=HOW) from None


def _named(text: str) -> Span:
    if found := _YEAR.fullmatch(text):
        return between(date(int(found[1]), 1, 1), date(int(found[1]), 12, 31))
    if found := _QUARTER.fullmatch(text):
        return _months(int(found[1]), int(found[2]) * 3 - 2, 3)
    if found := _MONTH.fullmatch(text):
        return _months(int(found[1]), int(found[2]), 1)
    if found := _WEEK.fullmatch(text):
        monday = date.fromisocalendar(int(found[1]), int(found[2]), 1)
        return between(monday, monday + timedelta(days=6))
    day = date.fromisoformat(text)
    return between(day, day)


def _months(year: int, month: int, how_many: int) -> Span:
    end = month + how_many - 1
    return between(date(year, month, 1), date(year, end, monthrange(year, end)[1]))


def today(now: datetime) -> date:
    return BAKU.day(now)


def last_quarter(now: datetime) -> Span:
    """The last one that is over: what is mostly asked for."""
    day = today(now)
    last = date(day.year, (day.month - 1) // 3 * 3 + 1, 1) - _DAY
    return Span(date(last.year, last.month - 2, 1), last)
