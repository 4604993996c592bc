"""Keeps the line's parts running: starts each, watches it, starts it again; kills a part whose event loop hangs.

It is a process of its own, so that nothing it watches can stop it. It decides nothing about calls: when it is
killed the parts go on, and the next keeper takes the switch over as it is.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import structlog

HEARTBEAT_FD = "IVR_HEARTBEAT_FD"
BEATS_PER_LIMIT = 8  # a part beats so often within the time after which it counts as hanging
FIRST_BEAT_S = 20.0  # a part may take so long to start on a busy machine
BACK_OFF_S = (0.1, 0.3, 1.0, 3.0)  # before each start again; the last one stays
STEADY_S = 10.0  # a part that ran so long begins again with the first wait
STOP_S = 10.0
PID_BYTES = 64  # always as many: nothing of the one before is left
ASK_EVERY_S = 1.0
MUTE_AFTER = 5  # answers in a row that did not come, each waited for; then whoever rings hears nothing at all

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    argv: tuple[str, ...]
    run_dir: Path
    logs_dir: Path
    beats: bool = False  # it writes to HEARTBEAT_FD
    outlives: bool = False  # it goes on without the keeper and is taken over: the switch
    limit_s: float = 2.0
    started: Callable[[], None] = field(default=lambda: None)
    ended: Callable[[], None] = field(default=lambda: None)
    answers: Callable[[], bool] | None = None  # asked in a thread, for a part that has no beat; it bounds its own wait

    @property
    def pid_file(self) -> Path:
        return self.run_dir / f"{self.name}.pid"


def alive(pid_file: Path) -> int | None:
    """The process that `pid_file` names, if it is still the same one (number and start time), else None."""
    try:
        pid, started = pid_file.read_text().split()
        return int(pid) if _start_time(int(pid)) == started else None
    except (OSError, ValueError):
        return None


def note_pid(pid_file: Path, pid: int) -> None:
    """In place and in one piece, for a full disk gives no block to a new file, and takes none from an old one."""
    descriptor = os.open(pid_file, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        os.write(descriptor, f"{pid} {_start_time(pid)}".ljust(PID_BYTES).encode())
    finally:
        os.close(descriptor)


def _start_time(pid: int) -> str:
    """Field 22 of /proc/PID/stat; empty for a zombie. proc(5)"""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return "" if fields[0] in {"Z", "X"} else fields[19]


async def keep(parts: list[Part]) -> None:
    """Run until SIGTERM, then stop every part, the switch last."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    tasks = [asyncio.create_task(_keep_one(part)) for part in parts]
    await stop.wait()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for part in reversed(parts):
        await stop_part(part)


async def _keep_one(part: Part) -> None:
    """One part for as long as the line is open. A fault of the keeping itself is logged and does not end it."""
    failures = 0
    while True:
        begun = time.monotonic()
        try:
            await _run_once(part)
        except OSError as error:
            log.error("keeper.cannot_start", part=part.name, reason=error.strerror)
        failures = 0 if time.monotonic() - begun > STEADY_S else failures + 1
        log.warning("keeper.ended", part=part.name)
        await asyncio.sleep(BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)])


async def _run_once(part: Part) -> None:
    pid = alive(part.pid_file)
    if pid and part.outlives:
        log.info("keeper.took_over", part=part.name)
        async with _listened_to(part, pid):
            await _gone(pid)
        part.ended()
        return
    if pid:
        await stop_part(part)
    await _start(part)


async def _start(part: Part) -> None:
    part.started()
    read_end, write_end = os.pipe()
    try:
        process = await _spawn(part, write_end)
    finally:
        os.close(write_end)
    try:
        with _told(part):  # it runs already: whatever becomes of the file, it is looked after
            note_pid(part.pid_file, process.pid)
        async with _listened_to(part, process.pid):
            await (_watch(part, process, read_end) if part.beats else process.wait())
    finally:
        os.close(read_end)
    part.ended()


@contextlib.contextmanager
def _told(part: Part) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        log.error("keeper.not_noted", part=part.name, reason=error.strerror)


@contextlib.asynccontextmanager
async def _listened_to(part: Part, pid: int) -> AsyncIterator[None]:
    """Meanwhile a part that can be asked is, and killed when it has answered once and does not any more."""
    asking = asyncio.create_task(_kill_when_mute(part, pid))
    try:
        yield
    finally:
        asking.cancel()


async def _kill_when_mute(part: Part, pid: int) -> None:
    if part.answers is None:
        return
    missing, heard = 0, False
    while missing < MUTE_AFTER:
        await asyncio.sleep(ASK_EVERY_S)
        answered = await asyncio.to_thread(part.answers)
        heard = heard or answered
        missing = 0 if answered or not heard else missing + 1
    log.error("keeper.mute", part=part.name, answers_missing=missing)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


async def _spawn(part: Part, write_end: int) -> asyncio.subprocess.Process:
    with (part.logs_dir / f"{part.name}.log").open("ab") as log_file:
        return await asyncio.create_subprocess_exec(
            *part.argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log_file,
            stderr=log_file,
            pass_fds=(write_end,) if part.beats else (),
            env={**os.environ, HEARTBEAT_FD: str(write_end)} if part.beats else None,
            umask=0o077,  # whatever the switch records is for the line's own user alone
            start_new_session=True,  # a signal to the keeper's group must not reach a call
        )


async def _watch(part: Part, process: asyncio.subprocess.Process, read_end: int) -> None:
    """Until the process ends. One whose beats stop is killed: a hanging server keeps callers in silence."""
    beats = await _reader(read_end)
    limit = FIRST_BEAT_S
    ended = asyncio.create_task(process.wait())
    while not ended.done():
        beat = asyncio.create_task(beats.read(64))
        await asyncio.wait({beat, ended}, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
        if not beat.done():
            beat.cancel()
            if not ended.done():
                log.error("keeper.hangs", part=part.name, silent_s=limit)
                process.kill()
                await ended
        elif not beat.result():
            await ended
        limit = part.limit_s


async def _reader(read_end: int) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(os.dup(read_end), "rb", 0)
    )
    return reader


async def beat(limit_s: float) -> None:
    """Run inside a part, for ever: tell the keeper that this event loop turns. Without one there is nobody to tell."""
    handle = int(os.environ.get(HEARTBEAT_FD, "-1"))
    while handle >= 0:
        os.set_blocking(handle, False)
        try:
            os.write(handle, b".")
        except BlockingIOError:  # the keeper is stopped; it reads again when it goes on
            pass
        except BrokenPipeError:  # the keeper is gone; the next one starts this part anew
            handle = -1
        await asyncio.sleep(limit_s / BEATS_PER_LIMIT)
    await asyncio.Event().wait()


async def stop_part(part: Part) -> None:
    """SIGTERM, then SIGKILL after STOP_S."""
    pid = alive(part.pid_file)
    for number in (signal.SIGTERM, signal.SIGKILL):
        if pid is None:
            break
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
            os.kill(pid, signal.SIGCONT)  # a stopped process takes no other signal
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_S):
                await _gone(pid)
        pid = alive(part.pid_file)
    part.pid_file.unlink(missing_ok=True)


async def _gone(pid: int) -> None:
    """Until process `pid`, ours or not, has ended (pidfd_open(2))."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    gone = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(handle, gone.set)
    try:
        await gone.wait()
    finally:
        loop.remove_reader(handle)
        os.close(handle)
