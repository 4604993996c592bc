"""The figures of `ledger.py`, which runs as a process of its own because it measures its memory."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable

from ivr.telephony.sipp import ENDS_WITH_US
from tests.bench.figures import Figure, Found, at_least, at_most

EVENTS, QUICK_EVENTS = 1_000_000, 100_000
LONGEST_S = 400.0
_LINE = re.compile(r"^(catch-up|rebuild)\s+([\d,]+) events/s\s+peak memory grew by (-?[\d.]+) MB", re.MULTILINE)
FLAT_MB = 50  # growth that is not flat any more


def measure(events: int, tell: Callable[[str], None]) -> Found:
    tell(f"folding {events:,} events, then rebuilding from them")
    argv = [*ENDS_WITH_US, sys.executable, "-m", "tests.bench.ledger", str(events)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=LONGEST_S, check=True)
    found = {what: (float(pace.replace(",", "")), float(grew)) for what, pace, grew in _LINE.findall(done.stdout)}
    caught, rebuilt = found["catch-up"], found["rebuild"]
    figures = [
        Figure("folded into rows as they come", caught[0], "events/s", at_least(20_000)),
        Figure("rebuilt from nothing", rebuilt[0], "events/s"),
        Figure("memory grew while rebuilding, after the first tenth", rebuilt[1], "MB", at_most(FLAT_MB)),
    ]
    return Found("ledger", f"The ledger: {events:,} events into SQLite", figures, done.stdout.splitlines()[-2:])
