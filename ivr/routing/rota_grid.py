"""A week of the rota as a grid: who is on in which hours of which day, and when nobody is. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ivr.routing.hours import Clock
from ivr.routing.rota import Rota, gaps_until, spans
from ivr.routing.spans import Stretch, within
from ivr.routing.week import show_times


@dataclass(frozen=True, slots=True)
class Part:
    """From one minute of a day to another, 0 to 1,440."""

    starts: int
    ends: int

    @property
    def times(self) -> str:
        return show_times(self.starts, self.ends)


Cells = tuple[tuple[Part, ...], ...]
"""One for each day."""


@dataclass(frozen=True, slots=True)
class Line:
    """One person's week. `hours`: all of them together."""

    extension: str
    cells: Cells
    hours: float


@dataclass(frozen=True, slots=True)
class Grid:
    """`gaps`: when nobody is on; none where no rota is kept."""

    days: tuple[date, ...]
    lines: tuple[Line, ...]
    gaps: Cells

    @property
    def gap_hours(self) -> float:
        return sum(part.ends - part.starts for cell in self.gaps for part in cell) / 60


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def grid(rota: Rota, of: date, days: int = 7) -> Grid:
    """So many days from the Monday of the week that `of` lies in."""
    first = monday_of(of)
    shown = tuple(first + timedelta(days=n) for n in range(days))
    since, until = rota.clock.moment(first), rota.clock.moment(first, days * 1440)
    of_each: dict[str, list[Stretch]] = {extension: [] for extension in sorted(rota.people)}
    for span in spans(rota, since, until):
        of_each[span.extension].append((span.starts, span.ends))
    lines = tuple(_line(rota.clock, shown, extension, its) for extension, its in of_each.items())
    missing = gaps_until(rota, since, until) if rota.is_kept else ()
    return Grid(shown, lines, _cells(rota.clock, shown, ((gap.starts, gap.ends) for gap in missing)))


def _line(clock: Clock, days: Iterable[date], extension: str, its: list[Stretch]) -> Line:
    return Line(extension, _cells(clock, days, its), sum((end - start).total_seconds() for start, end in its) / 3600)


def _cells(clock: Clock, days: Iterable[date], stretches: Iterable[Stretch]) -> Cells:
    told = tuple(stretches)
    return tuple(_cell(clock, day, told) for day in days)


def _cell(clock: Clock, day: date, stretches: tuple[Stretch, ...]) -> tuple[Part, ...]:
    window = clock.moment(day), clock.moment(day, 1440)
    return tuple(Part(_minute(clock, day, start), _minute(clock, day, end)) for start, end in within(stretches, window))


def _minute(clock: Clock, day: date, moment: datetime) -> int:
    shown, minute = clock.reads(moment)
    return minute if shown == day else 1440
