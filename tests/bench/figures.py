"""What a bench found: figures, each beside its goal, as a table for people and as JSON for programs."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

from rich.table import Table


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure must be at least, or at most, this."""

    limit: float
    at_least: bool

    def met_by(self, value: float) -> bool:
        return value >= self.limit if self.at_least else value <= self.limit

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {shown(self.limit)}"


def at_least(limit: float) -> Goal:
    return Goal(limit, at_least=True)


def at_most(limit: float) -> Goal:
    return Goal(limit, at_least=False)


@dataclass(frozen=True, slots=True)
class Figure:
    what: str
    value: float
    unit: str = ""
    goal: Goal | None = None
    column: str = ""
    part: str = ""
    """Where several columns are compared, which one; what differs in `part` alone stands in one cell."""

    @property
    def met(self) -> bool | None:
        return self.goal.met_by(self.value) if self.goal else None


@dataclass(slots=True)
class Found:
    """One bench's figures. `notes` say what a reader must know to trust them."""

    name: str
    title: str
    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def met(self) -> bool:
        return all(figure.met is not False for figure in self.figures)


@dataclass(frozen=True, slots=True)
class Machine:
    cores: int
    memory_gb: float
    processor: str

    def __str__(self) -> str:
        return f"{self.cores} cores of {self.processor}, {self.memory_gb:.0f} GB"


def machine() -> Machine:
    """proc(5)"""
    models = [line.partition(":")[2] for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    memory_kb = next(int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal"))
    cores = len(os.sched_getaffinity(0))
    return Machine(cores, round(memory_kb / 2**20, 1), models[0].strip() if models else os.uname().machine)


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()


def table(found: Found, on: Machine) -> Table:
    """For a person: one line a figure, the goal beside it; or a line for those that are compared."""
    caption = "\n".join((str(on), *found.notes))
    drawn = Table(title=found.title, caption=caption, title_justify="left", caption_justify="left", min_width=84)
    drawn.add_column("figure", ratio=1)
    if any(figure.column for figure in found.figures):
        return _compared(found, drawn)
    drawn.add_column("", justify="right")
    drawn.add_column("unit")
    drawn.add_column("goal")
    drawn.add_column("")
    for figure in found.figures:
        drawn.add_row(figure.what, shown(figure.value), figure.unit, str(figure.goal or ""), _verdict(figure.met))
    return drawn


def _compared(found: Found, drawn: Table) -> Table:
    columns = tuple(dict.fromkeys(figure.column for figure in found.figures))
    rows: dict[tuple[str, str], list[Figure]] = {}
    for figure in found.figures:
        rows.setdefault((figure.what, figure.unit), []).append(figure)
    for column in columns:
        drawn.add_column(column, justify="right")
    drawn.add_column("unit")
    for (what, unit), row in rows.items():
        parts = " / ".join(dict.fromkeys(figure.part for figure in row)).removeprefix(" ")
        cells = (" / ".join(shown(f.value) for f in row if f.column == column) for column in columns)
        drawn.add_row(f"{what} {parts}", *cells, unit)
    return drawn


def _verdict(met: bool | None) -> str:
    return {True: "[green]met[/]", False: "[red]not met[/]", None: ""}[met]


def shown(value: float) -> str:
    """Three digits that count, and no more."""
    if math.isinf(value):
        return "for ever"
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def as_json(results: Iterable[Found], on: Machine) -> dict[str, object]:
    benches = [
        {**asdict(found), "met": found.met, "figures": [_figure_as_json(figure) for figure in found.figures]}
        for found in results
    ]
    return {"machine": asdict(on), "benches": benches}


def _figure_as_json(figure: Figure) -> dict[str, object]:
    """JSON knows no infinity: for ever is null."""
    return {**asdict(figure), "value": figure.value if math.isfinite(figure.value) else None, "met": figure.met}


def middle(values: Iterable[float]) -> float:
    """The median: one disturbed round does not move it."""
    return median(values)


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest value that `share` of them do not exceed; NaN of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")
