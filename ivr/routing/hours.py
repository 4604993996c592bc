"""Local time, and when the line is open. Nowhere else in the program is there a wall clock: moments are UTC."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from zoneinfo import ZoneInfo

from ivr.routing.spans import Stretch, edges, within, without

DAY_MIN = 24 * 60


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock on the wall of some place. Days begin at midnight; a minute is one of 1,440 since then."""

    zone: ZoneInfo

    @property
    def name(self) -> str:
        return self.zone.key

    def reads(self, moment: datetime) -> tuple[date, int]:
        """The day, and the minute of it, that the clock shows at `moment`."""
        local = moment.astimezone(self.zone)
        return local.date(), local.hour * 60 + local.minute

    def day(self, moment: datetime) -> date:
        return self.reads(moment)[0]

    def shown(self, moment: datetime) -> datetime:
        """`moment` as the clock shows it, for people to read."""
        return moment.astimezone(self.zone)

    def wall(self, day: date, minute: int = 0) -> datetime:
        """What the clock shows then, for a calendar to keep; 1,500 is 01:00 the day after."""
        return (datetime.combine(day, time()) + timedelta(minutes=minute)).replace(tzinfo=self.zone)

    def moment(self, day: date, minute: int = 0) -> datetime:
        """The first moment at which the clock shows that time or a later one, in UTC; 1,500 is 01:00 the day after.

        So an hour that is skipped in spring is empty, and one that comes twice in autumn belongs to whatever is
        going on when it begins: what follows one another on the clock follows one another in truth.
        """
        wanted = self.wall(day, minute)
        found = wanted.astimezone(UTC)
        if found.astimezone(self.zone).replace(tzinfo=None) == wanted.replace(tzinfo=None):
            return found
        return self._leap(wanted.replace(tzinfo=None))

    def _leap(self, skipped: datetime) -> datetime:
        """When the clock leaps over `skipped`, to the second."""
        before = skipped.replace(tzinfo=self.zone, fold=1).astimezone(UTC)
        after = skipped.replace(tzinfo=self.zone, fold=0).astimezone(UTC)
        while after - before > timedelta(seconds=1):
            middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
            if middle.astimezone(self.zone).replace(tzinfo=None) < skipped:
                before = middle
            else:
                after = middle
        return after


BAKU = Clock(ZoneInfo("Asia/Baku"))
"""The helpline's own clock."""


# ---- when the line is open

LOOK_AHEAD = timedelta(days=800)  # whatever does not change in two years is said not to change
LISTED_YEARS = 4
_DAY, _WINDOW = timedelta(days=1), timedelta(days=40)
Times = tuple[tuple[int, int], ...]
"""From and until, as minutes of a day; an end at or before its start is tomorrow."""


@dataclass(frozen=True, slots=True)
class Special:
    """A closure or an opening with a name of its own."""

    name: str
    starts: datetime
    ends: datetime

    def holds(self, moment: datetime) -> bool:
        return self.starts <= moment < self.ends


class Because(StrEnum):
    WEEK = "week"
    HOLIDAY = "holiday"
    CLOSURE = "closure"
    OPENING = "opening"


@dataclass(frozen=True, slots=True)
class Why:
    """Whether the line is open, and what decides it. `holiday`: today's, whether or not it closes the line."""

    open: bool
    because: Because
    name: str = ""
    holiday: str = ""


@dataclass(frozen=True, slots=True)
class Ending:
    """A list that ends: what it lists, and the last day that it is good for."""

    what: str
    last_day: date


@dataclass(frozen=True, slots=True)
class Hours:
    """`hours.toml` as a value. Openings stand against closures, those and holidays against the week."""

    week: tuple[Times, ...]  # from Monday
    country: str = ""  # whose public holidays are listed; empty: nobody's
    closed_on_holidays: bool = False
    closures: tuple[Special, ...] = ()
    openings: tuple[Special, ...] = ()
    clock: Clock = BAKU

    @property
    def is_always(self) -> bool:
        """Open at every hour of every day. Asked first: then no holiday needs to be known."""
        return not self.closures and not self.closed_on_holidays and all((0, DAY_MIN) in day for day in self.week)

    def open_at(self, now: datetime) -> bool:
        return self.is_always or bool(self.stretches(now, now + timedelta(microseconds=1)))

    def why(self, now: datetime) -> Why:
        holiday = holidays_of(self.country, self.clock.day(now).year).get(self.clock.day(now), "")
        for special in self.openings:
            if special.holds(now):
                return Why(True, Because.OPENING, special.name, holiday)
        for special in self.closures:
            if special.holds(now):
                return Why(False, Because.CLOSURE, special.name, holiday)
        if holiday and self.closed_on_holidays:
            return Why(False, Because.HOLIDAY, holiday, holiday)
        moment = (now, now + timedelta(microseconds=1))
        return Why(bool(within(self._usual(moment), moment)), Because.WEEK, "", holiday)

    def next_open(self, now: datetime) -> datetime | None:
        """When it opens next after `now`. None: not in two years."""
        return next((moment for moment in self._turns(now) if self.open_at(moment)), None)

    def next_close(self, now: datetime) -> datetime | None:
        """When it closes next after `now`. None: not in two years."""
        return next((moment for moment in self._turns(now) if not self.open_at(moment)), None)

    def stretches(self, since: datetime, until: datetime) -> tuple[Stretch, ...]:
        """When it is open between those moments."""
        closed = [(special.starts, special.ends) for special in self.closures]
        closed += self._holidays((since, until)) if self.closed_on_holidays else []
        opened = [(special.starts, special.ends) for special in self.openings]
        return within((*without(self._usual((since, until)), closed), *opened), (since, until))

    def lists_end(self, today: date) -> tuple[Ending, ...]:
        """How far the lists reach that somebody must go on writing. One that has no end is not among them."""
        ends = [self.clock.day(each.ends - timedelta(microseconds=1)) for each in self.closures]
        found = [Ending("closures", max(ends))] if ends else []
        estimated = (
            day for year in range(today.year, today.year + LISTED_YEARS) for day in self._estimated(year, today)
        )
        first = next(estimated, None)
        return (*found, Ending("movable holidays", date(first.year, 1, 1) - _DAY)) if first else tuple(found)

    def _usual(self, window: Stretch) -> list[Stretch]:
        days = self._days((window[0] - _DAY, window[1]))
        return [
            (self.clock.moment(day, starts), self.clock.moment(day, starts + ((ends - starts) % DAY_MIN or DAY_MIN)))
            for day in days
            for starts, ends in self.week[day.weekday()]
        ]

    def _holidays(self, window: Stretch) -> list[Stretch]:
        days = [day for day in self._days(window) if day in holidays_of(self.country, day.year)]
        return [(self.clock.moment(day), self.clock.moment(day + _DAY)) for day in days]

    def _days(self, window: Stretch) -> list[date]:
        first, last = (self.clock.day(moment) for moment in window)
        return [first + n * _DAY for n in range((last - first).days + 1)]

    def _turns(self, now: datetime) -> Iterator[datetime]:
        """Every moment after `now` at which it opens or closes."""
        if self.is_always:
            return
        start = now
        while start < now + LOOK_AHEAD:
            end = start + _WINDOW
            yield from (moment for moment in edges(self.stretches(start, end)) if start < moment < end)
            start = end - timedelta(microseconds=1)

    def _estimated(self, year: int, today: date) -> list[date]:
        told = holidays_of(self.country, year)
        return [day for day, name in told.items() if day >= today and "estimated)" in name]


ALWAYS = Hours(week=(((0, DAY_MIN),),) * 7)


def countries() -> frozenset[str]:
    """Codes of all whose public holidays are known."""
    import holidays  # noqa: PLC0415  a sixth of a second, which door 2 has only for a line that is not always open

    return frozenset(holidays.list_supported_countries())


@cache
def holidays_of(country: str, year: int) -> Mapping[date, str]:
    """Days on which nobody works by law, those moved from a weekend too, in order, each with its name in English.

    Feasts by the moon are announced a year ahead: later ones are calculated by the library, and called "(estimated)".
    """
    if not country:
        return {}
    import holidays  # noqa: PLC0415

    return dict(sorted(holidays.country_holidays(country, years=year, language="en_US").items()))
