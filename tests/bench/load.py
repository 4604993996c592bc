"""Callers in numbers: one SIPp for the signalling, our fingers for the keys, and what both say in the end."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ivr.telephony.sipp import ENDS_WITH_US, LOOPBACK, PATIENT, free_port
from tests.bench import cost
from tests.bench.fingers import Fingers
from tests.bench.own_line import BenchLine, Dial

CHILD = Path(__file__).parent / "child.xml"
LAST_CALLS_S = 30.0


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many call: either `at_once`, each calling again as soon as it is through, or `per_s`; they listen to each
    menu for `listens_s` before they press its key, or press as soon as they know it.
    """

    at_once: int = 0
    per_s: int = 0
    listens_s: float = 0.0

    @property
    def options(self) -> tuple[str, ...]:
        return ("-users", f"{self.at_once}") if self.at_once else ("-r", f"{self.per_s}", "-l", f"{self.per_s * 10}")


@dataclass(frozen=True, slots=True)
class Load:
    """One round. `spent` is CPU seconds by part of the line; `others_s` CPU seconds of everybody else."""

    dial: Dial
    calls: int
    failed: int
    astray: int
    calls_per_s: float
    waits_s: tuple[float, ...]
    spent: cost.Spent
    others_s: float
    stolen_s: float
    took_s: float

    def ms_per_call(self, *parts: str) -> float:
        return 1000 * sum(self.spent[part] for part in parts) / max(self.calls, 1)


def load(line: BenchLine, dial: Dial, crowd: Crowd, seconds: float, warm_s: float = 0.0) -> Load:
    """Let `crowd` call for `seconds`; the rate is counted from `warm_s` on, the cost over all of it."""
    pids = line.pids()
    cost.settle(pids)
    mark, before, begun = line.mark(), cost.spent(pids), time.monotonic()
    busy, stolen = cost.machine_s()
    with tempfile.TemporaryDirectory() as folder, Fingers(line.menus(), crowd.listens_s) as fingers:
        own = _call(_command(line, dial, crowd, fingers.port), seconds, Path(folder))
        calls, failed, rate = _told(Path(folder) / "statistics", warm_s, seconds)
        heard = fingers.take()
        # The ledger may be some events behind; what this round made is this round's cost.
        cost.settle(pids)
        spent = cost.since(before, cost.spent(pids))
    assert line.pids() == pids, "a part of the line was started anew"
    busy_then, stolen_then = cost.machine_s()
    others = busy_then - busy - sum(spent.values()) - own
    door = "2" if dial is Dial.PROCESS else "1"
    astray = sum(count for led, count in line.doors(mark).items() if led != door)
    took, stolen = time.monotonic() - begun, stolen_then - stolen
    return Load(dial, calls, failed, astray, rate, tuple(heard.waits_s), spent, others, stolen, took)


def _call(sipp_command: Sequence[str], seconds: float, folder: Path) -> float:
    """Run SIPp; when time is up no new call begins, and the last ones come to their end. CPU seconds, its and ours."""
    before = _own_cpu()
    sipp = subprocess.Popen(
        [*ENDS_WITH_US, *sipp_command], cwd=folder, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _until_over(sipp, seconds)
    finally:
        sipp.kill()
        sipp.wait()
    return _own_cpu() - before


def _until_over(sipp: subprocess.Popen[bytes], seconds: float) -> None:
    with suppress(subprocess.TimeoutExpired):
        sipp.wait(seconds)
    sipp.send_signal(signal.SIGUSR1)
    with suppress(subprocess.TimeoutExpired):
        sipp.wait(LAST_CALLS_S)


def _own_cpu() -> float:
    """This process and the SIPps it has buried."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _command(line: BenchLine, dial: Dial, crowd: Crowd, media: int) -> Sequence[str]:
    host, port = line.address
    place = ("-i", LOOPBACK, "-p", f"{free_port()}", "-bind_local", "-ci", LOOPBACK, "-cp", f"{free_port()}")
    notes = ("-trace_stat", "-fd", "1", "-stf", "statistics", "-trace_err", "-error_file", "errors")
    first = 1_000_000 + int(time.time()) % 8_000 * 1_000  # seven digits, which no call of the last hours had
    number = ("-dynamicStart", f"{first}", "-dynamicMax", "9999999", "-dynamicStep", "1")
    who = ("-s", dial, "-key", "media", f"{media}", *number)
    return ("sipp", "-sf", f"{CHILD}", *place, *who, *notes, *PATIENT, "-nostdin", *crowd.options, f"{host}:{port}")


def _told(statistics: Path, warm_s: float, seconds: float) -> tuple[int, int, float]:
    """Calls that went well, calls that did not or never ended, and how many a second went well in full swing."""
    with statistics.open() as text:
        rows = list(csv.DictReader(text, delimiter=";"))
    seen = [(_seconds(row["CurrentTime"]), int(row["SuccessfulCall(C)"])) for row in rows]
    begun = seen[0][0]
    swing = [(at, calls) for at, calls in seen if warm_s <= at - begun <= seconds + 0.5]
    (first, few), (last, many) = swing[0], swing[-1]
    well, begun_calls = int(rows[-1]["SuccessfulCall(C)"]), int(rows[-1]["TotalCallCreated"])
    return well, begun_calls - well, (many - few) / max(last - first, 1e-9)


def _seconds(stamp: str) -> float:
    """SIPp writes day, time and seconds since 1970, by tabs."""
    return float(stamp.rpartition("\t")[2])
