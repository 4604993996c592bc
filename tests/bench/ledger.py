"""How fast the ledger is folded into SQLite, and whether a rebuild's memory stays flat. Run it; it prints figures.

.venv/bin/python tests/bench/ledger.py [EVENTS]
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from ivr import call_log
from ivr.records.database import opened

EVENTS = 1_000_000
FIRST_SECOND = 1_790_000_000
TOPICS = ("psychological", "social", "violence", "legal", "education", "health")


def stream(events: int) -> Iterator[str]:
    """Calls as a busy line writes them: twenty going on at once, most answered, some given up, some callers again."""
    calls = (_call(number) for number in count())
    going = [next(calls) for _ in range(20)]
    for written in range(events):
        line = next(going[written % 20], None)
        if line is None:
            going[written % 20] = next(calls)
            line = next(going[written % 20])
        yield line


def _call(number: int) -> Iterator[str]:
    at, first = FIRST_SECOND + number * 2.0, number * 10
    me = f"hl-{FIRST_SECOND + number * 2}.{first}"

    def line(
        kind: str, after: float, channel: int = 0, *, app: str = "", extra: str = "", context: str = "incoming"
    ) -> str:
        name = f"PJSIP/loopback-{first:08x}" if not channel else f"PJSIP/10{channel}-{first + channel:08x}"
        return json.dumps({
            "eventtype": kind, "userdeftype": kind if kind.islower() else "", "eventtime": at + after, "linkedid": me,
            "uniqueid": f"hl-{FIRST_SECOND + number * 2}.{first + channel}", "channame": name,
            "exten": "116111" if kind == "CHAN_START" and not channel else "s", "context": context, "appname": app,
            "peer": "", "eventextra": extra,
        }, separators=(",", ":"))  # fmt: skip

    def words(text: str) -> str:
        return json.dumps({"extra": text})

    caller = hashlib.sha256(str(number * 7919 % 30_000).encode()).hexdigest()[:32]
    topic = TOPICS[number % 6]
    yield line("CHAN_START", 0)
    yield line("ANSWER", 0.01, app="Answer")
    yield line("asked", 4, extra=words("menu=language&attempt=1&key=1"))
    yield line("chose", 4, extra=words(f"language=az&caller={caller}"))
    yield line("asked", 8, extra=words(f"menu=topic&attempt=1&key={number % 6 + 1}"))
    if number % 9:
        yield line("chose", 8, extra=words(f"topic={topic}"))
        yield line("asked", 12, extra=words("menu=age&attempt=1&key=2"))
        yield line(
            "decided", 12, extra=words(f"language=az&topic={topic}&age_band=11-14&priority=normal&queue=az&door=1")
        )
        yield line("APP_START", 14, app="Queue", context="queue")
        for channel in (1, 2, 3):
            yield line("CHAN_START", 14.1, channel, context="counsellor")
        if number % 5:
            bridge = json.dumps({"bridge_id": f"bridge-{number}", "bridge_technology": "simple_bridge"})
            yield line("ANSWER", 20, 1, app="AppQueue")
            yield line("BRIDGE_ENTER", 20, 1, extra=bridge)
            yield line("BRIDGE_ENTER", 20, extra=bridge)
            yield line("BRIDGE_EXIT", 400, extra=bridge)
            yield line("BRIDGE_EXIT", 400, 1, extra=bridge)
        for channel in (1, 2, 3):
            yield line("HANGUP", 400, channel, extra=json.dumps({"hangupcause": 16}))
            yield line("CHAN_END", 400, channel)
    yield line("HANGUP", 400.1, extra=json.dumps({"hangupcause": 16}))
    yield line("CHAN_END", 400.1)
    yield line("LINKEDID_END", 400.1)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def measure(folder: Path, events: int) -> None:
    file = folder / "cel.jsonl"
    with file.open("w") as out:
        out.writelines(line + "\n" for line in stream(events))
    print(f"{events:,} events, {file.stat().st_size / 1e6:.0f} MB")
    async with opened(f"sqlite+aiosqlite:///{folder / 'bench.sqlite3'}") as database:
        log = call_log.CallLog(database, file)
        before, started = _peak_mb(), time.perf_counter()
        await call_log.catch_up(log)
        took = time.perf_counter() - started
        print(f"catch-up   {events / took:>10,.0f} events/s   peak memory grew by {_peak_mb() - before:.1f} MB")
        peaks: list[float] = []
        started = time.perf_counter()
        built = await call_log.rebuild(log, lambda done, total: peaks.append(_peak_mb()))
        took = time.perf_counter() - started
        grown = peaks[-1] - peaks[len(peaks) // 10]
        print(f"rebuild    {events / took:>10,.0f} events/s   peak memory grew by {grown:.1f} MB after the first tenth")
        print(f"           {built.rubbish} rubbish, {built.refused} refused, {built.removed} removed")
        print(f"           {await call_log.count_calls(log, call_log.Wanted()):,} calls")


def main() -> None:
    events = int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder), events))


if __name__ == "__main__":
    main()
