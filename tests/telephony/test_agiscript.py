"""Door 2 as a real process on real pipes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ivr.flow.script import Script
from ivr.flow.steps import pressed
from ivr.flow.turn import begin, resume
from ivr.records.keyring import open_keyring
from tests.conftest import PROJECT
from tests.fake_asterisk import CALLER, dialplan, header


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "flow").mkdir()
    (tmp_path / "flow/helpline.toml").write_text((PROJECT / "ivr/flow/helpline.toml").read_text())
    open_keyring(tmp_path / "secrets.json")
    return tmp_path


def run(state: Path, block: bytes, keys: str) -> tuple[list[str], str, int]:
    """Commands sent, what went to stderr, exit code."""
    replies = dialplan(keys)
    process = subprocess.Popen(
        [sys.executable, "-c", "from ivr.call import answer_on_switch; answer_on_switch()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "IVR_STATE_DIR": str(state)},
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(block.decode())
        process.stdin.flush()
        commands = []
        for command in process.stdout:
            commands.append(command.rstrip("\n"))
            process.stdin.write(replies(command))
            process.stdin.flush()
        errors = process.stderr.read()
    return commands, errors, process.returncode


def test_whole_call_and_nothing_on_stderr(state: Path) -> None:
    commands, errors, code = run(state, header(), "253")
    assert [c.split()[1] for c in commands] == ["ask", "VARIABLE"] * 3 + ["queue"]
    assert (errors, code) == ("", 0)
    assert CALLER.lstrip("+") not in "".join(commands)


def test_call_that_door_1_lost_goes_on_with_the_key_that_was_pressed(state: Path, script: Script) -> None:
    session = resume(script, begin(script).session, pressed("2")).session
    commands, _, _ = run(state, header(session=session.pack(), heard="OK:3"), "")
    assert len(commands) == 1
    told = commands[0].split('"')[1].split(",")
    assert (*told[:2], *told[3:6]) == ("ru-violence", "high", "ru", "connecting", "ru violence")


def test_call_that_door_1_lost_before_a_key_is_asked_the_same_again(state: Path, script: Script) -> None:
    session = resume(script, begin(script).session, pressed("2")).session
    commands, _, _ = run(state, header(session=session.pack()), "0")
    assert commands[0].startswith('GOSUB ask s 1 "helpline/ru/topic,')


def test_hang_up_ends_quietly(state: Path) -> None:
    assert run(state, header(), "2")[1:] == ("", 0)


def test_stream_that_ends_in_the_header_ends_the_process(state: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from ivr.call import answer_on_switch; answer_on_switch()"],
        input=header()[:60],
        capture_output=True,
        timeout=10,
        env={**os.environ, "IVR_STATE_DIR": str(state)},
        check=False,
    )
    assert done.stdout == b"" or done.stdout.startswith(b"GOSUB ask")
