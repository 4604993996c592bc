"""The keeper: what hangs is killed, what it cannot write down stops nothing."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from ivr import keeper
from ivr.app.keep import _open_many_files
from ivr.app.log import Log
from ivr.keeper import Part, alive, note_pid
from ivr.telephony.sipp import until
from tests.conftest import PROJECT

SLEEPS = (sys.executable, "-c", "import time; time.sleep(60)")


def part(folder: Path, answers: Callable[[], bool] | None = None) -> Part:
    return Part("switch", SLEEPS, folder, folder, answers=answers)


@asynccontextmanager
async def kept(one: Part) -> AsyncIterator[None]:
    keeping = asyncio.create_task(keeper._keep_one(one))
    try:
        yield
    finally:
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping
        pid = alive(one.pid_file)
        await keeper.stop_part(one)
        await until(lambda: not Path(f"/proc/{pid}").exists(), 5, "its end to be noticed")
        await asyncio.sleep(0.1)  # and asyncio to be told of it


async def test_a_part_that_answered_and_answers_no_more_is_killed_and_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "ASK_EVERY_S", 0.02)
    mute: set[int] = set()
    one = part(tmp_path, lambda: alive(one.pid_file) not in mute)
    async with kept(one):
        first = await until(lambda: alive(one.pid_file), 5, "the part")
        await asyncio.sleep(0.3)
        assert alive(one.pid_file) == first
        mute.add(first)
        second = await until(lambda: alive(one.pid_file) not in (None, first) and alive(one.pid_file), 5, "another")
        assert second != first


async def test_a_part_that_never_answered_yet_is_left_to_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "ASK_EVERY_S", 0.02)
    one = part(tmp_path, lambda: False)
    async with kept(one):
        first = await until(lambda: alive(one.pid_file), 5, "the part")
        await asyncio.sleep(0.5)
        assert alive(one.pid_file) == first


async def test_a_part_whose_number_cannot_be_written_down_is_looked_after_all_the_same(tmp_path: Path) -> None:
    one = part(tmp_path)
    one.pid_file.mkdir()  # nothing can be written there
    async with kept(one):
        first = await until(_children, 5, "the part")
        await asyncio.sleep(1)
        assert _children() == first  # and no second one beside it
        os.kill(first[0], signal.SIGKILL)
        second = await until(lambda: [pid for pid in _children() if pid not in first], 5, "another")
        assert len(second) == 1
        one.pid_file.rmdir()
        os.kill(second[0], signal.SIGKILL)
        await until(lambda: alive(one.pid_file), 5, "one that is noted")


def _children() -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, parent = path.read_text().rpartition(")")[2].split()[:2]
            if int(parent) == os.getpid() and state != "Z":
                found.append(int(path.parent.name))
    return found


def test_a_number_is_written_over_the_one_before_and_nothing_of_that_is_left(tmp_path: Path) -> None:
    file = tmp_path / "it.pid"
    file.write_text("4194304 123456789012345678901")
    note_pid(file, os.getpid())
    assert alive(file) == os.getpid()
    inode = file.stat().st_ino
    note_pid(file, os.getpid())
    assert file.stat().st_ino == inode


def test_a_log_that_cannot_be_written_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr("sys.stdout", full)
        assert Log().write("a word") == len("a word")
        print("a word", file=Log(), flush=True)


@pytest.mark.parametrize(("soft", "hard", "then"), [(256, 4096, 4096), (256, 65536, 16384), (20000, 65536, 20000)])
def test_as_many_files_may_be_open_as_the_machine_lets_us_and_never_fewer(soft: int, hard: int, then: int) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    hard = min(hard, most)
    code = "import resource; from ivr.app.keep import _open_many_files as o; o(); print(resource.getrlimit(7)[0])"
    argv = ["prlimit", f"--nofile={min(soft, hard)}:{hard}", sys.executable, "-c", code]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, cwd=PROJECT)
    assert int(done.stdout) == min(then, hard)


def test_a_machine_that_lets_nobody_open_more_files_stops_no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []

    def refuse(_: int, limits: tuple[int, int]) -> None:
        asked.append(limits)
        raise ValueError("not allowed to raise maximum limit")

    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, resource.RLIM_INFINITY))
    monkeypatch.setattr(resource, "setrlimit", refuse)
    _open_many_files()
    assert asked == [(16384, resource.RLIM_INFINITY)]
