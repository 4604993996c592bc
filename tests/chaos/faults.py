"""The faults, as a table: what is broken, how, and until when."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from ivr.keeper import alive
from ivr.telephony.sipp import until
from tests.chaos.rounds import Fault, Stage
from tests.chaos.verdict import Bound
from tests.postgres import Server

LOCKED_S = 30.0
AWAY_S = 8.0
REPLACED_WITHIN_S = 60.0
STOPPED_S = 6.0
AGAIN = 120  # lines of the ledger
SPARES_NOTHING = Bound(spares=False)
PROGRAM = ("answer", "web", "ledger", "callbacks", "watch")
NAMES = {
    "answer": "door 1", "web": "the site", "ledger": "the ledger's follower", "callbacks": "the call-back worker",
    "watch": "the watch over the queues",
}  # fmt: skip


def kill(part: str) -> Callable[[Stage], Awaitable[None]]:
    async def strike(stage: Stage) -> None:
        stage.line.send(part, signal.SIGKILL)

    return strike


def stop(part: str) -> Callable[[Stage], Awaitable[None]]:
    """Over when the keeper has put another in its place."""

    async def strike(stage: Stage) -> None:
        hanging = stage.line.pid(part)
        os.kill(hanging, signal.SIGSTOP)
        file = stage.line.state / f"run/{part}.pid"
        try:
            await until(lambda: alive(file) not in (None, hanging), REPLACED_WITHIN_S, f"another {part}")
        finally:
            with suppress(ProcessLookupError):
                os.kill(hanging, signal.SIGCONT)

    return strike


async def kill_keeper(stage: Stage) -> None:
    stage.line.send("keeper", signal.SIGKILL)
    await asyncio.sleep(AWAY_S / 2)
    await asyncio.to_thread(stage.line.run, "up")


async def stop_keeper(stage: Stage) -> None:
    stage.line.send("keeper", signal.SIGSTOP)
    await asyncio.sleep(STOPPED_S)
    stage.line.send("keeper", signal.SIGCONT)


def database(stage: Stage) -> Path:
    return stage.line.state / "database/helpline.sqlite3"


async def lock(stage: Stage) -> None:
    with closing(sqlite3.connect(database(stage), isolation_level=None, timeout=30)) as other:
        other.execute("BEGIN EXCLUSIVE")
        await asyncio.sleep(LOCKED_S)
        other.execute("ROLLBACK")


async def make_read_only(stage: Stage) -> None:
    """Whoever has it open could still write, so those that write most are started anew."""
    folder = database(stage).parent
    with _modes(folder):
        for part in ("ledger", "web", "callbacks"):
            stage.line.send(part, signal.SIGTERM)
        await asyncio.sleep(AWAY_S)


@contextmanager
def _modes(folder: Path) -> Iterator[None]:
    were = {path: path.stat().st_mode for path in (*folder.iterdir(), folder)}
    for path, mode in were.items():
        path.chmod(mode & 0o555)
    try:
        yield
    finally:
        for path, mode in reversed(were.items()):
            if path.exists():
                path.chmod(mode)


async def fill_disk(stage: Stage) -> None:
    """Not a byte is free, and door 1 is killed besides: what starts anew must do so without one."""
    with _full(stage.line.state):
        await asyncio.sleep(2)
        stage.line.send("answer", signal.SIGKILL)
        await asyncio.sleep(AWAY_S)


@contextmanager
def _full(folder: Path) -> Iterator[None]:
    filler = folder / "filler"
    try:
        with filler.open("wb", buffering=0) as file:
            for size in (1 << 20, 4096):
                with suppress(OSError):
                    while file.write(bytes(size)):
                        pass
        yield
    finally:
        filler.unlink()


async def corrupt(stage: Stage) -> None:
    """Half of what is known of calls becomes noise. The program must say so; then one command mends it."""
    spoil(database(stage))
    for part in ("ledger", "web"):  # what they hold in memory may be well still
        stage.line.send(part, signal.SIGKILL)
    await asyncio.sleep(AWAY_S)
    said = await asyncio.to_thread(stage.line.run, "ledger", "rebuild", code=1)
    if "ivr db mend" not in said:
        stage.said.append(f"it does not say what to do: {said.strip()}")
    await asyncio.to_thread(stage.line.run, "db", "mend")


def spoil(file: Path, page: int = 4096) -> None:
    """Every other page of the calls, the contacts and their indexes."""
    with closing(sqlite3.connect(file)) as rows:
        rows.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        asked = "SELECT pageno FROM dbstat WHERE name GLOB '*call' OR name GLOB '*contact' OR name GLOB 'ix_call_*'"
        pages = [number - 1 for (number,) in rows.execute(asked)]
    noise = random.Random(116111)  # noqa: S311  no secret
    with file.open("r+b") as rows_file:
        for number in pages[::2]:
            rows_file.seek(number * page)
            rows_file.write(noise.randbytes(page))


async def cut_ami(stage: Stage) -> None:
    """The switch throws everybody out of its manager interface, and lets nobody in."""
    conf = stage.line.state / "switch/etc/manager.conf"
    was = conf.read_text()
    try:
        conf.write_text(was.replace("enabled = yes", "enabled = no"))
        stage.line.console("manager reload")
        for session in _sessions(stage):
            stage.line.console(f"manager kick session {session}")
        await asyncio.sleep(AWAY_S)
    finally:
        conf.write_text(was)
        stage.line.console("manager reload")


def _sessions(stage: Stage) -> list[str]:
    shown = stage.line.console("manager show connected").splitlines()
    return [words[4] for line in shown if len(words := line.split()) > 5 and words[4].isdigit()]


def step_clock(seconds: int) -> Callable[[Stage], Awaitable[None]]:
    """For the program's processes alone, whom the switch and everybody else then contradict."""

    async def strike(stage: Stage) -> None:
        is_first = not (stage.line.state / "clock").exists()
        await asyncio.to_thread(stage.line.step_clock, 0 if is_first else seconds)
        if is_first:
            await asyncio.sleep(AWAY_S)
            await asyncio.to_thread(stage.line.step_clock, seconds)
        await asyncio.sleep(2)

    return strike


def ledger(stage: Stage) -> Path:
    return stage.line.state / "ledger/cel.jsonl"


async def rotate(stage: Stage) -> None:
    for _ in range(2):
        file = ledger(stage)
        file.rename(file.with_name(f"{file.name}.{len(list(file.parent.iterdir()))}"))
        await asyncio.sleep(2)


async def truncate(stage: Stage) -> None:
    """Cut in the middle of a line, some twenty lines back; the switch writes on where it was cut. What was cut away
    had been read: of what was not, nobody could know."""
    file = ledger(stage)
    while await stage.unread():
        await asyncio.sleep(0.02)
    lines = file.read_bytes().split(b"\n")[:-1]
    os.truncate(file, sum(len(line) + 1 for line in lines[:-20]) + len(lines[-20]) // 2)


def _first_is_over(file: Path) -> bool:
    events = [*_readable(file.read_bytes().split(b"\n")[:-AGAIN])]
    first = next((event["linkedid"] for event in events if event["eventtype"] == "CHAN_START"), "")
    return any(event["eventtype"] == "LINKEDID_END" and event["linkedid"] == first for event in events)


def _readable(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """Without what a fault before has cut."""
    for line in lines:
        with suppress(ValueError):
            event = json.loads(line)
            if isinstance(event, dict) and event.keys() >= {"eventtype", "linkedid"}:
                yield event


async def duplicate(stage: Stage) -> None:
    """Its beginning, where the switch was started, and its last lines, cut anywhere, once more at its end: a call that
    begins there is over, and its end is not told a second time."""
    file = ledger(stage)
    await until(lambda: _first_is_over(file), REPLACED_WITHIN_S, "the first call to be over")
    whole = file.read_bytes()
    lines = whole.split(b"\n")
    again = b"\n".join((*lines[:40], *lines[-AGAIN:-1], b""))
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND)
    try:
        os.write(descriptor, again)
    finally:
        os.close(descriptor)
    await asyncio.sleep(2)


def _of_the_program() -> Iterator[Fault]:
    for part in PROGRAM:
        yield Fault(f"kill-{part}", f"{NAMES[part]}, killed", kill(part))
        yield Fault(f"stop-{part}", f"{NAMES[part]}, stopped (SIGSTOP)", stop(part))


FAULTS = (
    *_of_the_program(),
    Fault("kill-keeper", "the keeper, killed; `ivr up` after 4 s", kill_keeper),
    Fault("stop-keeper", "the keeper, stopped for 6 s", stop_keeper),
    Fault("database-locked", "database locked by another process for 30 s", lock),
    Fault("database-read-only", "database read-only for 8 s", make_read_only),
    Fault("ami-cut", "the switch's manager interface shut for 8 s", cut_ami),
    Fault("disk-full", "disk full for 10 s, door 1 killed meanwhile", fill_disk),
    Fault("database-corrupt", "half of what the database knows of calls overwritten; `ivr db mend` after 8 s", corrupt),
    Fault("ledger-rotated", "ledger renamed away, twice", rotate),
    Fault("ledger-truncated", "ledger cut in mid-line", truncate),
    Fault("ledger-duplicated", "parts of the ledger once more at its end", duplicate),
    Fault("stop-switch", "the switch, stopped (SIGSTOP)", stop("switch"), SPARES_NOTHING),
    Fault("kill-switch", "the switch, killed", kill("switch"), SPARES_NOTHING),
    # Last: whatever is started from then on reads that clock, and the switch must not (clock.c).
    Fault("clock-forward", "the program's clock ten minutes forward", step_clock(600)),
    Fault("clock-back", "and twenty back", step_clock(-600)),
)
POSTGRESQL = "postgresql-stopped"


def of_postgresql(server: Server) -> Fault:
    """For a line whose rows are there."""

    async def strike(stage: Stage) -> None:
        await asyncio.to_thread(server.stop)
        await asyncio.sleep(AWAY_S)
        await asyncio.to_thread(server.start)

    return Fault(POSTGRESQL, "PostgreSQL stopped for 8 s", strike)


BY_NAME = {fault.name: fault for fault in FAULTS}
