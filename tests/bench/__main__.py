"""`make bench`: what the line costs beside a pure dialplan, and how fast its parts are.

python -m tests.bench [--json] [--quick] [--rows N] [--postgresql | --database URL] [--minutes N]
                      [--only saturation|latency|sessions|ledger|routing|board|calls|reports|desk|soak]
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack

from rich.console import Console

from tests.bench import (
    board,
    call_pages,
    desk,
    latency,
    ledger_pace,
    many,
    reports,
    routing,
    saturation,
    sessions,
    soak,
)
from tests.bench.figures import Found, Machine, as_json, machine, table
from tests.bench.own_line import BenchLine, opened

NAMES = ("saturation", "latency", "sessions", "ledger", "routing", "board", "calls", "reports", "desk")
BY_ITSELF = "soak"  # an hour, so only when asked for
ON_THE_LINE = ("saturation", "latency", BY_ITSELF)
OF_MANY_ROWS = {"calls": call_pages.run, "reports": reports.run}

Tell = Callable[[str], None]


def main() -> int:
    wanted = _arguments()
    on, results = machine(), list[Found]()
    screen, progress = Console(), Console(stderr=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the line is closed
    with progress.status("beginning") as status:
        for found in _benches(wanted, on, lambda text: _say(progress, status.update, text)):
            results.append(found)
            if not wanted.json:
                screen.print(table(found, on), "")
    if wanted.json:
        print(json.dumps(as_json(results, on), indent=1, ensure_ascii=False))
    return 0  # a goal not met is a figure to read, not a failure


def _say(progress: Console, update: Callable[[str], None], text: str) -> None:
    """A line that moves for a person; where nobody watches, a line each."""
    update(text)
    if not progress.is_terminal:
        progress.print(text)


def _arguments() -> argparse.Namespace:
    reads = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    reads.add_argument("--json", action="store_true", help="one JSON object in place of the tables")
    reads.add_argument("--quick", action="store_true", help="a look in two minutes; too short for a judgement")
    reads.add_argument("--rows", type=int, default=0, help="contacts, for calls and reports; 1,000,000 unless told")
    reads.add_argument("--postgresql", action="store_true", help="calls and reports: a server of its own, under /tmp")
    reads.add_argument("--database", default="", metavar="URL", help="calls and reports: of rows made before")
    reads.add_argument("--only", choices=(*NAMES, BY_ITSELF), help="one bench")
    reads.add_argument("--minutes", type=float, default=60.0, help="soak: how long")
    return reads.parse_args()


def _benches(wanted: argparse.Namespace, on: Machine, tell: Tell) -> Iterator[Found]:
    names = (wanted.only,) if wanted.only else NAMES
    with ExitStack() as stack:
        line = None
        if set(names) & set(ON_THE_LINE):
            tell("opening a line of its own")
            line = stack.enter_context(opened())
        if line and BY_ITSELF in names:
            yield soak.measure(line, wanted.minutes, tell)
        for name in (each for each in names if each not in (*OF_MANY_ROWS, BY_ITSELF)):
            yield from _bench(name, line, wanted.quick, on.cores, lambda text, name=name: tell(f"{name}: {text}"))  # type: ignore[misc]
    yield from _of_many_rows([each for each in names if each in OF_MANY_ROWS], wanted, tell)


def _of_many_rows(names: Sequence[str], wanted: argparse.Namespace, tell: Tell) -> Iterator[Found]:
    """All of the same rows; how busy the machine was beside says how far to trust the clock."""
    if not names:
        return
    rows = wanted.rows or (many.QUICK if wanted.quick else many.LONG)
    with many.made(rows, postgresql=wanted.postgresql, url=wanted.database, tell=tell) as found:
        for name in names:
            before = os.getloadavg()[0]
            told = OF_MANY_ROWS[name](found, lambda text, name=name: tell(f"{name}: {text}"))  # type: ignore[misc]
            told.notes.append(f"Load of the machine before {before:.1f}, after {os.getloadavg()[0]:.1f}.")
            yield told


def _bench(name: str, line: BenchLine | None, quick: bool, cores: int, tell: Tell) -> Iterator[Found]:
    if name == "routing":
        yield from routing.measure(routing.QUICK if quick else routing.LONG, tell)
    elif name == "board":
        yield board.measure(board.QUICK if quick else board.LONG, tell)
    elif name == "desk":
        yield desk.measure(desk.QUICK if quick else desk.LONG, tell)
    elif name == "sessions":
        yield sessions.measure(sessions.QUICK if quick else sessions.LONG, tell)
    elif name == "ledger":
        yield ledger_pace.measure(ledger_pace.QUICK_EVENTS if quick else ledger_pace.EVENTS, tell)
    elif line and name == "latency":
        yield latency.measure(line, latency.QUICK if quick else latency.LONG, tell)
    elif line:
        yield saturation.measure(line, saturation.QUICK if quick else saturation.LONG, cores, tell)


if __name__ == "__main__":
    sys.exit(main())
