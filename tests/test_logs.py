"""Logs hold nothing of a person, and do not grow for ever."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ivr.tidying import put_aside
from tests.conftest import PROJECT

LEVELS = {"debug", "info", "warning", "error", "critical", "exception"}
# What may stand beside an event. Whoever adds a word says here that it can hold nothing of a caller: reasons are
# sentences of ours (ivr/errors.py), ids are opaque.
WORDS = {
    "action", "address", "answers_missing", "at", "attempt", "by", "callback", "came", "door", "error", "extension",
    "file", "kind", "part", "path", "problems", "reason", "remedy", "safe_until", "silent_s", "state", "took_s",
    "what", "why",
}  # fmt: skip


def told() -> list[tuple[str, int, ast.Call]]:
    found = []
    for path in sorted((PROJECT / "ivr").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and _is_log(node.func):
                found.append((str(path.relative_to(PROJECT)), node.lineno, node))
    return found


def _is_log(called: ast.expr) -> bool:
    if isinstance(called, ast.IfExp):
        return _is_log(called.body)
    return (
        isinstance(called, ast.Attribute)
        and called.attr in LEVELS
        and isinstance(called.value, ast.Name)
        and called.value.id in {"log", "_log"}
    )


def test_there_are_events() -> None:
    assert len(told()) > 20


def test_every_event_is_a_fixed_name_with_words_that_hold_nothing_of_a_caller() -> None:
    odd = [
        f"{file}:{line}"
        for file, line, call in told()
        if len(call.args) != 1
        or not isinstance(call.args[0], ast.Constant)
        or not {keyword.arg for keyword in call.keywords} <= WORDS
    ]
    assert odd == []


def test_nothing_else_is_printed_by_a_part() -> None:
    """A print would be a log without a form. Only what people see in a shell prints."""
    printing = [
        str(path.relative_to(PROJECT))
        for path in sorted((PROJECT / "ivr").rglob("*.py"))
        if "/cli/" not in str(path)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert printing == []


def test_a_big_log_is_put_aside_and_written_on(tmp_path: Path) -> None:
    big, small = tmp_path / "answer.log", tmp_path / "web.log"
    small.write_text("quiet\n")
    write = "import sys,time\nfor n in range(2): print('x' * 600, flush=True); sys.stdin.readline()"
    with (
        big.open("ab") as out,
        subprocess.Popen([sys.executable, "-c", write], stdin=subprocess.PIPE, stdout=out, text=True) as part,
    ):
        while big.stat().st_size < 600:
            os.sched_yield()
        assert put_aside(tmp_path, 500) == ["answer.log"]
        assert big.stat().st_size == 0
        part.communicate("go on\n\n", timeout=10)
    assert big.read_bytes() == b"x" * 600 + b"\n"  # at the beginning, without a hole
    assert (tmp_path / "answer.log.1").stat().st_size == 601
    assert small.read_text() == "quiet\n"
    assert (tmp_path / "answer.log.1").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("times", [2, 3])
def test_what_was_put_aside_is_one_file(tmp_path: Path, times: int) -> None:
    for n in range(times):
        (tmp_path / "watch.log").write_text(f"{n}" * 20)
        put_aside(tmp_path, 10)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["watch.log", "watch.log.1"]
    assert (tmp_path / "watch.log.1").read_text() == f"{times - 1}" * 20


NUMBER = "+994000000031"
SAYS = f"""
import asyncio, logging
from ivr.app.log import begin

async def fails():
    raise RuntimeError("{NUMBER}")

async def run():
    task = asyncio.create_task(fails())
    await asyncio.sleep(0.01)
    del task  # with nobody looking
    logging.getLogger("a.library").warning("heard %s", "{NUMBER}")
    try:
        await fails()
    except RuntimeError:
        logging.getLogger("a.library").exception("failed")

begin()
asyncio.run(run())
"""
DIES = f"""
import sys, types
from ivr.app.__main__ import main

async def run(settings):
    raise RuntimeError("{NUMBER}")

sys.modules["ivr.app.dies"] = types.SimpleNamespace(run=run)
main("dies")
"""


@pytest.mark.parametrize(("program", "code", "events"), [(SAYS, 0, ["library.said"] * 3), (DIES, 1, ["part.failed"])])
def test_what_a_library_says_and_what_a_part_dies_of_is_logged_without_its_words(
    program: str, code: int, events: list[str]
) -> None:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert NUMBER[1:] not in done.stdout + done.stderr
    assert (done.returncode, done.stderr) == (code, "")
    assert [json.loads(line)["event"] for line in done.stdout.splitlines()] == events
