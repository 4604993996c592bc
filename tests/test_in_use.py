"""What a running line follows: a changed file takes over, a faulty one does not, and the doors ask it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ivr.app.answer import flow_in_use, hours_in_use
from ivr.attempt import Line
from ivr.call import Helpline, hours_by, take_call
from ivr.flow.script import Script
from ivr.prepare import make_folders, take_flow, take_hours
from ivr.records.keyring import open_keyring
from ivr.routing.hours import ALWAYS
from ivr.settings import Settings
from ivr.telephony.fastagi import FastAgiServer
from tests.conftest import PROJECT
from tests.fake_asterisk import dialplan, header, ring

CLOSED = '[week]\nmon = []\n[[opening]]\nname = "Once"\nfrom = 2001-01-01\nuntil = 2001-01-02\n'
NOW = datetime(2026, 11, 21, tzinfo=UTC)
KEY = b"k" * 32


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name in ("hours", "helpline"):
        source = PROJECT / ("ivr/routing" if name == "hours" else "ivr/flow") / f"{name}.toml"
        (tmp_path / f"{name}.toml").write_text(source.read_text())
        monkeypatch.setenv(f"IVR_{name.upper()}_FILE", str(tmp_path / f"{name}.toml"))
    monkeypatch.setenv("IVR_STATE_DIR", str(tmp_path / "var"))
    found = Settings()
    make_folders(found)
    take_hours(found)
    take_flow(found)
    return found


async def test_changed_hours_take_over_and_are_kept_for_door_2(settings: Settings) -> None:
    hours = hours_in_use(settings)
    assert hours.value.open_at(NOW)
    settings.hours_file.write_text(CLOSED)
    await hours.look()
    assert not hours.value.open_at(NOW)
    assert not hours_by(settings.hours_in_use).open_at(NOW)
    assert not hours_in_use(settings).value.open_at(NOW)


@pytest.mark.parametrize("rubbish", [b"[week]\nmon = [9]\n", b"\xff\xfe", b""])
async def test_faulty_hours_leave_the_old_ones_standing_and_are_logged_once(settings: Settings, rubbish: bytes) -> None:
    hours = hours_in_use(settings)
    settings.hours_file.write_bytes(rubbish)
    with capture_logs() as logs:
        await hours.look()
        await hours.look()
    assert hours.value.is_always
    assert [entry["log_level"] for entry in logs][:1] in (["error"], ["warning"])
    assert [entry["event"] for entry in logs].count("file.refused") <= 1
    assert hours_by(settings.hours_in_use).open_at(NOW)


async def test_a_file_that_is_gone_leaves_the_old_hours_standing(settings: Settings) -> None:
    hours = hours_in_use(settings)
    settings.hours_file.unlink()
    with capture_logs() as logs:
        await hours.look()
    assert hours.value.is_always
    assert [entry["event"] for entry in logs] == ["file.unreadable"]


async def test_the_flow_is_followed_in_the_same_way(settings: Settings) -> None:
    flow = flow_in_use(settings)
    text = settings.helpline_file.read_text()
    settings.helpline_file.write_text(text.replace('number = "116111"', 'number = "112"'))
    await flow.look()
    assert flow.value.number == "112"
    settings.helpline_file.write_text("rubbish")
    await flow.look()
    assert flow.value.number == "112"


async def test_a_file_that_cannot_be_kept_is_tried_again(settings: Settings) -> None:
    hours = hours_in_use(settings)
    settings.hours_file.write_text(CLOSED)
    partial = settings.hours_in_use.with_suffix(".new")
    partial.mkdir()
    with capture_logs() as logs:
        await hours.look()
    assert [entry["event"] for entry in logs] == ["file.not_kept"]
    assert hours.value.is_always
    partial.rmdir()
    await hours.look()
    assert not hours.value.open_at(NOW)


async def test_following_goes_on_until_it_is_ended(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivr.in_use.LOOK_EVERY_S", 0.01)
    hours = hours_in_use(settings)
    following = asyncio.ensure_future(hours.follow())
    settings.hours_file.write_text(CLOSED)
    async with asyncio.timeout(5):
        while hours.value.open_at(NOW):
            await asyncio.sleep(0.01)
    following.cancel()


@pytest.mark.parametrize("kept", [None, "[week]\nmon = [9]", "rubbish"])
def test_hours_that_cannot_be_read_send_nobody_away(tmp_path: Path, kept: str | None) -> None:
    if kept is not None:
        (tmp_path / "hours.toml").write_text(kept)
    assert hours_by(tmp_path / "hours.toml") == ALWAYS


async def heard(script: Script, *, is_open: bool) -> str:
    async def story(line: Line) -> None:
        await take_call(line, Helpline(script, KEY, is_open=lambda now: is_open))

    async with FastAgiServer(0, story) as server:
        return "\n".join(await ring(server.port, dialplan(["1", "hangup"])))


async def test_door_1_greets_by_the_hours(script: Script) -> None:
    closed, opened = await heard(script, is_open=False), await heard(script, is_open=True)
    assert "helpline/az/closed" in closed
    assert "helpline/az/closed" not in opened
    assert "helpline/az/topic" in opened


@pytest.mark.parametrize(("text", "said"), [(CLOSED, "helpline/az/closed"), (None, "helpline/az/topic")])
def test_door_2_greets_by_the_hours_in_use(settings: Settings, text: str | None, said: str) -> None:
    if text:
        settings.hours_in_use.write_text(text)
    open_keyring(settings.secrets_file)
    answers = "".join(
        reply for command in ("GOSUB", "GET VARIABLE HL_HEARD", "GOSUB") for reply in [dialplan(["1"])(command)]
    )
    done = subprocess.run(
        [sys.executable, "-c", "from ivr.call import answer_on_switch; answer_on_switch()"],
        input=header().decode() + answers.replace("100 result=0 Trying...\n", "") + "HANGUP\n",
        env={**os.environ, "IVR_STATE_DIR": str(settings.state_dir)},
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert said in done.stdout


def test_door_2_knows_no_holidays_when_the_line_is_always_open(settings: Settings) -> None:
    """Its library takes longer to load than all the rest."""
    program = (
        "import sys, json\nfrom datetime import UTC, datetime\nfrom pathlib import Path\n"
        "from ivr.call import hours_by\n"
        f"hours_by(Path({str(settings.hours_in_use)!r})).open_at(datetime.now(UTC))\n"
        "print(json.dumps(sorted({'holidays', 'icalendar', 'ivr.routing.hours'} & sys.modules.keys())))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    assert json.loads(done.stdout) == ["ivr.routing.hours"]
