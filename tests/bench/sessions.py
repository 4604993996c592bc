"""AGI alone, without a switch: whole calls of three menus a second, for each CPU second that the server takes.

The server has one core for itself and the fake Asterisk another, where the machine has two.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import uvloop

from ivr.telephony.sipp import ENDS_WITH_US
from tests.bench import agi_switch, cost
from tests.bench.agi_servers import COMMANDS, FLOW
from tests.bench.figures import Figure, Found, middle
from tests.bench.saturation import Rounds, Tell

LONG = Rounds(number=3, seconds=5.0, warm_s=1.0)
QUICK = Rounds(number=1, seconds=3.0, warm_s=0.5)
AT_ONCE = 32
SERVERS = {"ours": "program (our listener, whole flow)", "stock": "stock panoramisk, same commands"}
PROCESSES = {"process": "process a call, ours (door 2)", "stock-process": "process a call, stock pyst2, same commands"}


@dataclass(frozen=True, slots=True)
class Pace:
    per_core: float
    per_s: float


def measure(rounds: Rounds, tell: Tell) -> Found:
    with _pinned_apart():
        commands = _commands_of_a_call()
        paces: dict[str, list[Pace]] = {name: [] for name in (*SERVERS, *PROCESSES)}
        for number in range(rounds.number):
            for name, words in (SERVERS | PROCESSES).items():
                tell(f"round {number + 1} of {rounds.number}: {words}")
                pace = _pace_of_server if name in SERVERS else _pace_of_processes
                paces[name].append(pace(name, commands, rounds))
    return Found("sessions", "AGI sessions against a fake Asterisk", _figures(paces), [_NOTE])


_NOTE = "A session: header block, 7 commands, 3 keys. Per second of the server's CPU."


def _figures(paces: dict[str, list[Pace]]) -> list[Figure]:
    names = SERVERS | PROCESSES
    return [
        Figure(names[name], middle(pace.per_core for pace in each), "sessions/s/core") for name, each in paces.items()
    ]


@contextmanager
def _pinned_apart() -> Iterator[None]:
    """This process, which plays the switch, leaves the first core to the server."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores - {min(cores)} or cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def _argv(name: str) -> list[str]:
    core = str(min(os.sched_getaffinity(1)))
    return [*ENDS_WITH_US, "taskset", "-c", core, sys.executable, "-m", "tests.bench.agi_servers", name]


def _commands_of_a_call() -> str:
    with _server("ours", "") as (port, _):
        return "\n".join(uvloop.run(agi_switch.ring(port, 1, 0)).commands)


def _pace_of_server(name: str, commands: str, rounds: Rounds) -> Pace:
    with _server(name, commands) as (port, pid):
        uvloop.run(agi_switch.ring(port, AT_ONCE, rounds.warm_s))
        before, begun = cost.spent({name: pid}), time.monotonic()
        tally = uvloop.run(agi_switch.ring(port, AT_ONCE, rounds.seconds))
        used, took = cost.since(before, cost.spent({name: pid}))[name], time.monotonic() - begun
    assert not tally.wrong, f"{tally.wrong} sessions of {name} did not come to their end"
    return Pace(tally.done / used, tally.done / took)


@contextmanager
def _server(name: str, commands: str) -> Iterator[tuple[int, int]]:
    """Its port and its process."""
    environment = os.environ | {COMMANDS: commands}
    process = subprocess.Popen(_argv(name), stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline()), process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


def _pace_of_processes(name: str, commands: str, rounds: Rounds) -> Pace:
    """One after another, as a core would take them."""
    with TemporaryDirectory() as folder:
        state = _state_for_door_2(Path(folder))
        environment = os.environ | {COMMANDS: commands, "IVR_STATE_DIR": str(state)}
        before, begun, done = os.times(), time.monotonic(), 0
        while time.monotonic() - begun < rounds.seconds:
            _one_process(name, environment)
            done += 1
        after, took = os.times(), time.monotonic() - begun
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return Pace(done / used, done / took)


def _state_for_door_2(state: Path) -> Path:
    """The flow and the key that door 2 reads at each call."""
    from ivr.records.keyring import open_keyring

    (state / "flow").mkdir()
    (state / "flow/helpline.toml").write_text(FLOW.read_text())
    open_keyring(state / "secrets.json")
    return state


def _one_process(name: str, environment: dict[str, str]) -> None:
    process = subprocess.Popen(_argv(name), stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        keys = agi_switch.replies(agi_switch.KEYS)
        process.stdin.write(agi_switch.BLOCK)
        process.stdin.flush()
        commands = 0
        for line in process.stdout:
            commands += 1
            # pyst2 as it comes takes "100 Trying" for an error, so the fake does without.
            process.stdin.write(agi_switch.COMPLETE if line.startswith(b"GOSUB") else next(keys))
            process.stdin.flush()
    assert (process.returncode, commands) == (0, 7), f"{name} ended with {process.returncode} after {commands} commands"
