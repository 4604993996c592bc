"""The line for a long time: 20 calls a second come in, go through the menus and reach their queue, slice after slice.

What must not happen: a call that is lost or not on record, memory or descriptors that grow, a next prompt that comes
ever later. The last slices are compared with the first; the very first is left out, since everything is made then.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.bench.figures import Figure, Found, at_most, middle, percentile
from tests.bench.load import Crowd, Load, load
from tests.bench.own_line import BenchLine, Dial

CALLS_PER_S = 20
SLICES = 12
ON_RECORD_S = 30.0
GROWS = 1.05

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Slice:
    """`memory_kb` and `files` (open descriptors) by part, when its calls are over."""

    load: Load
    memory_kb: Mapping[str, int]
    files: Mapping[str, int]

    @property
    def wait_ms(self) -> float:
        return 1000 * percentile(self.load.waits_s, 0.99)


def measure(line: BenchLine, minutes: float, tell: Tell) -> Found:
    before = _on_record(line)
    slices = [_slice(line, minutes * 60 / SLICES, f"{number + 1} of {SLICES}", tell) for number in range(SLICES)]
    rang = sum(each.load.calls + each.load.failed for each in slices)
    missing = _missing(line, before + rang)
    failed = sum(each.load.failed + each.load.astray for each in slices)
    title = f"{minutes:g} minutes at {CALLS_PER_S} calls/s"
    return Found("soak", title, [*_lost(rang, failed, missing), *_grown(slices)], [_note(slices)])


def _slice(line: BenchLine, seconds: float, which: str, tell: Tell) -> Slice:
    tell(f"slice {which}")
    done = load(line, Dial.PROGRAM, Crowd(per_s=CALLS_PER_S), seconds)
    pids = line.pids()
    return Slice(done, {p: _memory_kb(pid) for p, pid in pids.items()}, {p: _files(pid) for p, pid in pids.items()})


def _memory_kb(pid: int) -> int:
    """proc(5)"""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def _files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def _on_record(line: BenchLine) -> int:
    with closing(sqlite3.connect(f"file:{line.state}/database/helpline.sqlite3?mode=ro", uri=True)) as rows:
        return int(rows.execute("SELECT count(*) FROM call WHERE ended_at IS NOT NULL").fetchone()[0])


def _missing(line: BenchLine, expected: int) -> int:
    """How many calls are not on record once there was time to write them; below 0: more than rang."""
    deadline = time.monotonic() + ON_RECORD_S
    while _on_record(line) < expected and time.monotonic() < deadline:
        time.sleep(0.5)
    return expected - _on_record(line)


def _lost(rang: int, failed: int, missing: int) -> list[Figure]:
    return [
        Figure("calls", rang),
        Figure("failed, or through another door", failed, "", at_most(0)),
        Figure("not on record exactly once", abs(missing), "", at_most(0)),
    ]


def _grown(slices: Sequence[Slice]) -> list[Figure]:
    """The last third beside the first, in which the very first slice does not count."""
    third = len(slices) // 3
    first, last = slices[1 : 1 + third], slices[-third:]
    early, late = (middle(each.wait_ms for each in some) for some in (first, last))
    return [
        Figure("key to next prompt, 99th percentile: first slices", early, "ms"),
        Figure("the same: last slices", late, "ms"),
        *(_part(part, first, last) for part in slices[0].memory_kb),
        Figure("descriptors, last / first, worst part", max(_files_grow(p, first, last) for p in slices[0].files), "",
               at_most(GROWS)),
    ]  # fmt: skip


def _part(part: str, first: Sequence[Slice], last: Sequence[Slice]) -> Figure:
    then, now = (middle(each.memory_kb[part] for each in some) for some in (first, last))
    return Figure(f"memory of {part}, {then / 1024:.0f} MB at first: last / first", now / then, "", at_most(GROWS))


def _files_grow(part: str, first: Sequence[Slice], last: Sequence[Slice]) -> float:
    then, now = (middle(each.files[part] for each in some) for some in (first, last))
    return now / then


def _note(slices: Sequence[Slice]) -> str:
    waits = ", ".join(f"{each.wait_ms:.0f}" for each in slices)
    return f"Key to next prompt, 99th percentile of each slice: {waits} ms. Between slices the line rests some seconds."
