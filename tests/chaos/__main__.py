"""`make chaos`: faults, one after another, under a steady load of real calls; what each did to those who rang.

python -m tests.chaos [--json] [--only NAME …] [--rate CALLS_PER_S] [--within SECONDS] [--list]

Exit 1 when one was not borne, or no time was left for it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import closing

from rich.console import Console

from ivr.prepare import bring_switch
from ivr.records.database import migrate
from ivr.settings import Settings
from tests.bench.figures import machine
from tests.chaos.chaos_line import ChaosLine
from tests.chaos.faults import BY_NAME, FAULTS, POSTGRESQL, of_postgresql
from tests.chaos.report import Run, as_json, table
from tests.chaos.rounds import Fault, Pace, Result, Tell, play
from tests.postgres import Server, programs

RATE_PER_S, WITHIN_S = 1.0, 540.0
COUNSELLORS = 10


def main() -> int:
    wanted = _arguments()
    if wanted.list:
        print("\n".join(f"{fault.name:<20} {fault.what}" for fault in FAULTS), POSTGRESQL, sep="\n")
        return 0
    screen, progress = Console(), Console(stderr=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the line is closed
    begun = time.monotonic()
    names = wanted.only or [*BY_NAME, POSTGRESQL]
    results = _on_a_line(
        [BY_NAME[name] for name in names if name in BY_NAME], Pace(wanted.rate, wanted.within), progress.print
    )
    if POSTGRESQL in names and programs():
        results += _on_postgresql(Pace(wanted.rate, wanted.within), progress.print)
    run = Run(tuple(results), machine(), wanted.rate, time.monotonic() - begun)
    if wanted.json:
        print(json.dumps(as_json(run), indent=1, ensure_ascii=False))
    else:
        screen.print(table(run))
    missing = len(names) - len(results)
    return int(missing > 0 or any(result.wrong for result in results))


def _arguments() -> argparse.Namespace:
    reads = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    reads.add_argument("--json", action="store_true", help="one JSON object in place of the table")
    reads.add_argument("--list", action="store_true", help="the faults, by name")
    reads.add_argument("--only", nargs="+", choices=[*BY_NAME, POSTGRESQL], help="some of them, in this order")
    reads.add_argument("--rate", type=float, default=RATE_PER_S, help="calls that begin every second")
    reads.add_argument("--within", type=float, default=WITHIN_S, help="seconds after which no more faults begin")
    return reads.parse_args()


def _on_a_line(faults: Sequence[Fault], pace: Pace, tell: Tell) -> list[Result]:
    if not faults:
        return []
    bring_switch(Settings(), lambda _: None)
    with closing(ChaosLine(COUNSELLORS)) as line:
        line.open()
        return asyncio.run(play(line, faults, pace, tell))


def _on_postgresql(pace: Pace, tell: Tell) -> list[Result]:
    """On a server of its own, and a line of its own."""
    server = Server.new()
    try:
        server.start()
        url = server.cluster.url("postgres")
        migrate(url)
        with closing(ChaosLine(COUNSELLORS, database_url=url)) as line:
            line.open()
            return asyncio.run(play(line, [of_postgresql(server)], pace, tell))
    finally:
        server.remove()


if __name__ == "__main__":
    sys.exit(main())
