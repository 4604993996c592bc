"""What processes cost: CPU seconds out of /proc, of themselves and of the children they have buried (proc(5))."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
QUIET = 0.06  # of one core
LOOK_S = 0.5

Spent = dict[str, float]


def spent(pids: Mapping[str, int]) -> Spent:
    """CPU seconds so far, by name. utime, stime, cutime, cstime are fields 14 to 17."""
    return {name: sum(map(int, _fields(pid)[11:15])) / TICKS for name, pid in pids.items()}


def _fields(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def since(before: Spent, now: Spent) -> Spent:
    return {name: now[name] - before[name] for name in before}


def machine_s() -> tuple[float, float]:
    """CPU seconds so far, on all cores: what processes used (user, nice, system), and what the host kept (steal)."""
    user, nice, system, _idle, _iowait, _irq, _softirq, steal, *_ = map(
        int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    )
    return (user + nice + system) / TICKS, steal / TICKS


def settle(pids: Mapping[str, int], within_s: float = 10.0) -> None:
    """Until these processes have next to nothing left to do, so that one round's work is not paid by the next."""
    deadline = time.monotonic() + within_s
    before = spent(pids)
    while time.monotonic() < deadline:
        time.sleep(LOOK_S)
        now = spent(pids)
        if sum(since(before, now).values()) < QUIET * LOOK_S:
            return
        before = now
