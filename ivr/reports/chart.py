"""Charts as SVG that a screen reader reads out: bars from zero, each with its name and number written on it. Pure.

One tone, so that they read the same in grey. Colours are attributes, which a page's stylesheet overrules for the dark.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import count
from math import ceil

WIDTH, ROW, BAR, TEXT = 360, 42, 12, 14
INK, TONE, TRACK = "#1d2b30", "#2f6470", "#e4e6e4"
CELL, SIDE, TOP = 14, 34, 18
HEAD, HIGH, PALE = 8, 110, ' fill-opacity="0.45"'


@dataclass(frozen=True, slots=True)
class Bar:
    """`count` None: hidden, so no bar. `said`: the number as it is written."""

    name: str
    count: int | None
    said: str


@dataclass(frozen=True, slots=True)
class Title:
    """`id` is the chart's own on the page; `desc` says in a sentence what is to be seen."""

    id: str
    title: str
    desc: str


def bars(title: Title, rows: Sequence[Bar]) -> str:
    most = max((bar.count or 0 for bar in rows), default=0)
    drawn = "".join(_bar(bar, at * ROW, most) for at, bar in enumerate(rows))
    return _svg(title, WIDTH, max(len(rows), 1) * ROW, drawn)


def _bar(bar: Bar, y: int, most: int) -> str:
    long = round(WIDTH * (bar.count or 0) / most, 1) if most else 0
    return (
        f'<text x="0" y="{y + TEXT}" font-size="{TEXT}" fill="{INK}">{escape(bar.name)}</text>'
        f'<text x="{WIDTH}" y="{y + TEXT}" font-size="{TEXT}" fill="{INK}" text-anchor="end" class="n">'
        f"{escape(bar.said)}</text>"
        f'<rect class="track" x="0" y="{y + 20}" width="{WIDTH}" height="{BAR}" fill="{TRACK}"></rect>'
        f'<rect class="bar" x="0" y="{y + 20}" width="{long}" height="{BAR}" fill="{TONE}"></rect>'
    )


def heat(title: Title, days: Sequence[str], counts: Mapping[tuple[int, int], int]) -> str:
    """Weekdays down, hours across: the darker the more. The numbers belong beside it, in a table."""
    most = max(counts.values(), default=0)
    hours = "".join(
        f'<text x="{SIDE + hour * CELL}" y="{TOP - 6}" font-size="10" fill="{INK}">{hour}</text>'
        for hour in range(0, 24, 3)
    )
    rows = "".join(_day(day, name, counts, most) for day, name in enumerate(days))
    return _svg(title, SIDE + 24 * CELL, TOP + len(days) * CELL, hours + rows)


def _day(day: int, name: str, counts: Mapping[tuple[int, int], int], most: int) -> str:
    y = TOP + day * CELL
    cells = "".join(
        f'<rect class="bar" x="{SIDE + hour * CELL}" y="{y}" width="{CELL - 1}" height="{CELL - 1}" fill="{TONE}" '
        f'fill-opacity="{_shade(counts.get((day, hour), 0), most)}"></rect>'
        for hour in range(24)
    )
    return f'<text x="0" y="{y + 11}" font-size="10" fill="{INK}">{escape(name)}</text>{cells}'


def _shade(n: int, most: int) -> float:
    return round(0.08 + 0.92 * n / most, 2) if n else 0.04


@dataclass(frozen=True, slots=True)
class _Scale:
    """From a number of calls to a height. `step`: between two lines across; `lines`: how many there are above zero."""

    step: int
    lines: int

    def y(self, calls: float) -> float:
        return round(HEAD + HIGH * (1 - calls / (self.step * self.lines)), 1)


def by_hour(title: Title, counts: Sequence[int], usual: Sequence[float], now: int) -> str:
    """The hours of a day across: bars of what came, and a stepped line of what usually does; `usual` may be empty. The
    hour `now` is still filling, and its bar is paler."""
    scale = _scale(max([*counts, *usual], default=0))
    across = "".join(_across(scale, scale.step * at) for at in range(scale.lines + 1))
    names = "".join(
        f'<text x="{SIDE + hour * CELL}" y="{HEAD + HIGH + 14}" font-size="11" fill="{INK}">{hour:02d}</text>'
        for hour in range(0, 24, 3)
    )
    pillars = "".join(_pillar(scale, hour, n, pale=hour == now) for hour, n in enumerate(counts) if n)
    return _svg(title, SIDE + 24 * CELL, HEAD + HIGH + 20, across + names + pillars + _stepped(scale, usual))


def _scale(most: float) -> _Scale:
    """The least round step with which five lines are enough."""
    step = next(step for step in _steps() if step * 5 >= most)
    return _Scale(step, max(1, ceil(most / step)))


def _steps() -> Iterator[int]:
    """1, 2, 5, 10, 20, 50…"""
    return (digit * 10**power for power in count() for digit in (1, 2, 5))


def _across(scale: _Scale, calls: int) -> str:
    y = scale.y(calls)
    return (
        f'<rect class="track" x="{SIDE}" y="{y}" width="{24 * CELL}" height="1" fill="{TRACK}"></rect>'
        f'<text x="{SIDE - 6}" y="{y + 4}" font-size="11" fill="{INK}" text-anchor="end">{calls}</text>'
    )


def _pillar(scale: _Scale, hour: int, calls: int, *, pale: bool) -> str:
    top = scale.y(calls)
    return (
        f'<rect class="bar" x="{SIDE + hour * CELL + 2}" y="{top}" width="{CELL - 4}" height="{scale.y(0) - top:.1f}" '
        f'fill="{TONE}"{PALE if pale else ""}></rect>'
    )


def _stepped(scale: _Scale, usual: Sequence[float]) -> str:
    if not usual:
        return ""
    steps = "".join(f"V{scale.y(each)}h{CELL}" for each in usual)
    drawn = f"M{SIDE} {scale.y(usual[0])}{steps}"
    return f'<path class="usual" d="{drawn}" fill="none" stroke="{INK}" stroke-width="2"></path>'


def _svg(title: Title, width: int, height: int, drawn: str) -> str:
    names = f"{escape(title.id)}-title {escape(title.id)}-desc"
    return (
        f'<svg class="chart" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'font-family="Inter, sans-serif" '
        f'aria-labelledby="{names}"><title id="{escape(title.id)}-title">{escape(title.title)}</title>'
        f'<desc id="{escape(title.id)}-desc">{escape(title.desc)}</desc>{drawn}</svg>'
    )
