"""Silent talk from the program: whose keys are pressed, and which."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ivr.cli.every import app
from ivr.errors import NotFound, TelephonyError
from ivr.records.keyring import open_keyring
from ivr.settings import Settings
from ivr.silent import Channel, counsellors_channel, press, press_on
from ivr.telephony.ami import connected
from ivr.telephony.sipp import until
from tests.fake_ami import SECRET, USER, FakeAmi

CALL = "1795300227-000000"  # in tests/ami/status.txt
CALLER = Channel("PJSIP/trunk-00000001", "hl-1795300000.4", "hl-1795300000.4", "b1")
MOBILE = Channel("Local/1@mobile-00000001;1", "hl-1795300000.4", "hl-1795300000.5", "b1")
BEHIND = Channel("PJSIP/trunk-00000002", "hl-1795300000.4", "hl-1795300000.7", "b2")
VOICE = Channel("Local/voice@silent-00000001;1", "hl-1795300000.4", "hl-1795300000.9", "b1")
RINGING = Channel("PJSIP/101-00000003", "hl-1795300001.9", "hl-1795300001.10", "")


async def pressed(fake: FakeAmi, whom: str, keys: str) -> list[tuple[str, str, str]]:
    async with connected("127.0.0.1", fake.port, USER, SECRET) as switch:
        await press(switch, whom, keys)
    return [(a["Channel"], a["Digit"], a["Receive"]) for a in fake.actions if a["Action"] == "PlayDTMF"]


@pytest.mark.parametrize("whom", ["102", CALL])
async def test_each_key_is_received_as_if_the_counsellor_had_pressed_it(whom: str) -> None:
    async with FakeAmi() as fake:
        channel = "PJSIP/102-00000001"
        assert await pressed(fake, whom, "*71") == [(channel, key, "true") for key in "*71"]


async def test_while_an_answer_is_told_to_them_no_key_is_pressed_that_would_be_lost() -> None:
    async with FakeAmi() as fake:
        free = fake.answers["Status"]
        fake.answers["Status"] = free.replace("Application: AppQueue", "Application: Playback", 1)
        pressing = asyncio.create_task(pressed(fake, "102", "*7*"))
        await until(lambda: len(fake.done) > 2, 5, "to be asked again")
        assert set(fake.done) == {"Status"}
        fake.answers["Status"] = free
        assert [key for _, key, _ in await pressing] == ["*", "7", "*"]


@pytest.mark.parametrize("whom", ["101", "10", "1795300227-000001", "", "Local"])
async def test_who_talks_with_nobody_is_said_and_nothing_is_pressed(whom: str) -> None:
    async with FakeAmi() as fake:
        with pytest.raises(NotFound, match="is not talking with anybody"):
            await pressed(fake, whom, "*71")
        assert fake.done == ["Status"]


def test_in_a_call_on_a_mobile_it_is_the_side_that_the_caller_hears() -> None:
    known = (BEHIND, CALLER, VOICE, MOBILE, RINGING)
    assert counsellors_channel(known, "1795300000-000004") == MOBILE.name


def test_a_phone_that_only_rings_is_in_no_conversation() -> None:
    with pytest.raises(NotFound):
        counsellors_channel((RINGING,), "101")


async def test_a_switch_that_is_away_is_said(tmp_path: Path) -> None:
    open_keyring(tmp_path / "secrets.json")
    with pytest.raises(TelephonyError):
        await press_on(Settings(state_dir=tmp_path, ami_port=9), "101", "*71")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["101", "ask", "sad"], "no question 'sad'"),
        (["101", "ask"], "no question ''"),
        (["101", "stop", "safe"], "takes no question"),
        (["101", "sing"], "sing"),
    ],
)
def test_what_cannot_be_said_is_refused_before_anything_is_pressed(words: list[str], told: str) -> None:
    done = CliRunner().invoke(app, ["silent", *words])
    assert done.exit_code != 0
    assert told in done.output + str(done.exception)
