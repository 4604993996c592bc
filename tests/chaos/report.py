"""The figures as one table, and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from rich.table import Table

from tests.bench.figures import Machine
from tests.chaos.rounds import Result

NEVER = "never"
COLUMNS = ("fault", "calls", "lost", "doubled", "talks cut", "silence", "lasted", "board", "all right", "")


@dataclass(frozen=True, slots=True)
class Run:
    results: tuple[Result, ...]
    machine: Machine
    calls_per_s: float
    took_s: float


def table(run: Run) -> Table:
    """Seconds: without a sound at worst; the fault itself; from its end until board, and all, were right."""
    calls = sum(result.figures.calls for result in run.results)
    told = f"{calls} calls, {run.calls_per_s:g} a second, in {run.took_s:.0f} s; {run.machine}; times in seconds"
    drawn = Table(title="Faults under load", caption=told, title_justify="left", caption_justify="left")
    for column in COLUMNS:
        drawn.add_column(column, justify="left" if column in ("fault", "") else "right")
    for result in run.results:
        drawn.add_row(*cells(result), _verdict(result))
    return drawn


def cells(result: Result) -> tuple[str, ...]:
    found = result.figures
    counts = (found.calls, found.lost, found.doubled)
    seconds = (found.silence_s, found.lasted_s, found.board_s, found.right_s)
    cut = f"{found.cut} of {found.talks}"
    return (result.what, *map(str, counts), cut, *(NEVER if s is None else f"{s:.1f}" for s in seconds))


def _verdict(result: Result) -> str:
    return "[red]" + "; ".join(result.wrong) + "[/]" if result.wrong else "[green]borne[/]"


def as_json(run: Run) -> Mapping[str, object]:
    return {
        "machine": asdict(run.machine), "calls_per_s": run.calls_per_s, "took_s": round(run.took_s, 1),
        "faults": [asdict(result) | {"borne": not result.wrong} for result in run.results],
    }  # fmt: skip
