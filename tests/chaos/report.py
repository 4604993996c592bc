"""The figures as one table, and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from rich.box import SIMPLE_HEAD
from rich.table import Table

from tests.bench.figures import Machine
from tests.chaos.rounds import Result

NEVER = "never"
COLUMNS = ("fault", "", "calls", "lost", "twice", "cut", "silent", "lasted", "board", "all")


@dataclass(frozen=True, slots=True)
class Run:
    results: tuple[Result, ...]
    machine: Machine
    calls_per_s: float
    took_s: float


def table(run: Run) -> Table:
    """Seconds: without a sound at worst; the fault itself; from its end until board, and all, were right."""
    look = {
        "box": SIMPLE_HEAD,
        "pad_edge": False,
        "padding": (0, 0, 0, 1),
        "title_justify": "left",
        "caption_justify": "left",
    }
    drawn = Table(title="Faults under load", caption=_told(run), **look)  # type: ignore[arg-type]
    for column in COLUMNS:
        is_text = column in ("fault", "")
        drawn.add_column(column, justify="left" if is_text else "right", no_wrap=column != "fault")
    for result in run.results:
        what, *rest = cells(result)
        drawn.add_row(what, "[red]✗[/]" if result.wrong else "[green]✓[/]", *rest)
    return drawn


def _told(run: Run) -> str:
    calls = sum(result.figures.calls for result in run.results)
    told = f"{calls} calls, {run.calls_per_s:g} a second, in {run.took_s:.0f} s; {run.machine}; times in seconds"
    return "\n".join((told, *(f"[red]✗ {each.what}: {wrong}[/]" for each in run.results for wrong in each.wrong)))


def cells(result: Result) -> tuple[str, ...]:
    found = result.figures
    counts = (found.calls, found.lost, found.doubled)
    seconds = (found.silence_s, found.lasted_s, found.board_s, found.right_s)
    cut = f"{found.cut} of {found.talks}"
    return (result.what, *map(str, counts), cut, *(NEVER if s is None else f"{s:.1f}" for s in seconds))


def as_json(run: Run) -> Mapping[str, object]:
    return {
        "machine": asdict(run.machine), "calls_per_s": run.calls_per_s, "took_s": round(run.took_s, 1),
        "faults": [asdict(result) | {"borne": not result.wrong} for result in run.results],
    }  # fmt: skip
