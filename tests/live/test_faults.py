"""What the child hears when something of ours fails: killed, stopped, never there. Most break an own line."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ivr.keeper import alive
from ivr.telephony.rtp import tone
from ivr.telephony.sipp import until
from ivr.telephony.sipp_call import Sound
from ivr.telephony.sipp_child import Press, Stay, Until, Wait
from ivr.telephony.sipp_scenario import Codec
from tests.conftest import PROJECT
from tests.live.ears import Ears
from tests.live.line import LiveLine, Row, python_processes
from tests.live.test_stories import keys

pytestmark = pytest.mark.live

NewLine = Callable[..., LiveLine]
SILENCE_LIMIT_S = 5.0
COUNSELLOR_HZ = 700


def without_keeper(line: LiveLine, part: str, number: signal.Signals = signal.SIGKILL) -> bool:
    """The keeper is stopped first, or it would mend at once what the story breaks."""
    line.send("keeper", signal.SIGSTOP)
    line.send(part, number)
    return True


def shut_door_2(line: LiveLine, program: str) -> None:
    line.console(f"dialplan set global HL_AGI_SCRIPT {program}")


def agi_processes(line: LiveLine) -> list[int]:
    found = subprocess.run(["pgrep", "-f", "bin/ivr-agi"], capture_output=True, text=True, check=False).stdout.split()
    return [int(pid) for pid in found if str(line.state).encode() in Path(f"/proc/{pid}/environ").read_bytes()]


async def told_through(line: LiveLine, *steps: object, ears: Ears) -> Row:
    """One call, `steps` and then until a counsellor hung up; its row. The child is never left in silence."""
    before = line.known()
    phone = line.phone("103", talk_s=1.0, sound=Sound(Codec.ULAW, says=tone(COUNSELLOR_HZ)))
    async with phone.on(line.address, line.folder()):
        log = await line.call(*steps, Stay(60), ears=ears)  # type: ignore[arg-type]
    assert log.answered_at is not None
    assert log.ended_at is not None
    assert ears.longest_silence(log.answered_at, log.ended_at) < SILENCE_LIMIT_S
    assert ears.hears(COUNSELLOR_HZ)
    (row,) = await line.new_rows(before)
    assert (row["outcome"], row["counsellor"]) == ("answered", "103")
    return row


def door(row: Row) -> int:
    return int(next(s["door"] for s in row["steps"] if s["step"] == "decided"))


async def test_door_1_is_used_while_the_program_runs(line: LiveLine) -> None:
    row = await told_through(line, *keys("253"), ears=Ears())
    assert (door(row), row["language"], row["topic"], row["age_band"]) == (1, "ru", "education", "15-18")


async def test_door_2_opens_when_door_1_was_never_started(new_line: NewLine) -> None:
    line = new_line()
    without_keeper(line, "answer")
    row = await told_through(line, *keys("253"), ears=Ears())
    assert (door(row), row["language"], row["topic"], row["age_band"]) == (2, "ru", "education", "15-18")


async def test_door_2_goes_on_where_door_1_was_killed(new_line: NewLine) -> None:
    line, ears = new_line(), Ears()
    kill = Until(lambda: without_keeper(line, "answer"), 1, "the kill")
    row = await told_through(line, *keys("2"), Wait(1), kill, Wait(1), Press("5"), Wait(2), Press("3"), ears=ears)
    assert (door(row), row["language"], row["topic"], row["age_band"]) == (2, "ru", "education", "15-18")


async def test_door_2_opens_when_door_1_hangs_and_nobody_kills_it(new_line: NewLine) -> None:
    """The watchdog is stopped too: only the dialplan's own patience is left."""
    line, ears = new_line(), Ears()
    without_keeper(line, "answer", signal.SIGSTOP)
    row = await told_through(line, Wait(8), Press("2"), Wait(1), Press("3"), ears=ears)
    assert (door(row), row["language"], row["topic"]) == (2, "ru", "violence")
    assert ears.hears_prompt(line.state / "sounds/az/helpline/moment.alaw")


async def test_watchdog_kills_a_hanging_door_1_and_the_next_call_finds_it_open(new_line: NewLine) -> None:
    line = new_line()
    hanging = line.pid("answer")

    def stop() -> bool:  # in mid-call: on a busy machine the watchdog would be done before the caller rings
        os.kill(hanging, signal.SIGSTOP)
        return True

    row = await told_through(line, *keys("2"), Until(stop, 1, "the stop"), Press("5"), Wait(6), Press("3"), ears=Ears())
    assert (door(row), row["topic"], row["age_band"]) == (2, "education", "15-18")
    await until(lambda: alive(line.state / "run/answer.pid") not in (None, hanging), 10, "a new door 1")
    await until(lambda: line.run("status", code=None).startswith("● The line is open"), 10, "the line to be open")
    assert door(await told_through(line, *keys("23"), ears=Ears())) == 1


async def test_door_2_opens_when_door_1_hangs_in_mid_call(new_line: NewLine) -> None:
    line, ears = new_line(), Ears()
    stop = Until(lambda: without_keeper(line, "answer", signal.SIGSTOP), 1, "the stop")
    row = await told_through(line, *keys("2"), stop, Press("5"), Wait(6), Press("3"), ears=ears)
    assert (door(row), row["language"], row["topic"]) == (2, "ru", "education")


@pytest.mark.parametrize("first", [signal.SIGKILL, signal.SIGSTOP])
async def test_door_3_opens_when_python_is_gone_altogether(new_line: NewLine, first: signal.Signals) -> None:
    line, ears = new_line(), Ears()
    without_keeper(line, "answer", first)
    shut_door_2(line, "/nowhere/ivr-agi")
    wait = Wait(8) if first is signal.SIGSTOP else Wait(1.5)
    row = await told_through(line, wait, Press("3"), ears=ears)
    assert (door(row), row["language"], row["queue"]) == (3, "en", "everybody")


async def test_door_3_opens_when_door_2_hangs(new_line: NewLine, tmp_path: Path) -> None:
    line, ears = new_line(), Ears()
    without_keeper(line, "answer")
    hanging = line.state / "hanging"
    hanging.write_text("#!/bin/sh\nexec sleep 60\n")
    hanging.chmod(0o755)
    shut_door_2(line, str(hanging))
    row = await told_through(line, Wait(7), Press("2"), ears=ears)
    assert (door(row), row["language"]) == (3, "ru")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
async def test_door_3_opens_when_door_2_dies_or_stops_in_mid_call(new_line: NewLine, number: signal.Signals) -> None:
    line, ears = new_line(), Ears()
    without_keeper(line, "answer")

    def shut() -> bool:
        running = agi_processes(line)
        for pid in running:
            os.kill(pid, number)
        return bool(running)

    again = Wait(6) if number is signal.SIGSTOP else Wait(2)
    row = await told_through(line, Wait(2), Until(shut, 5, "door 2"), Press("2"), again, Press("2"), ears=ears)
    assert door(row) == 3
    for pid in agi_processes(line):
        os.kill(pid, signal.SIGKILL)


async def test_danger_key_works_at_door_3(new_line: NewLine) -> None:
    line = new_line()
    without_keeper(line, "answer")
    shut_door_2(line, "/nowhere/ivr-agi")
    row = await told_through(line, Wait(1.5), Press("9"), ears=Ears())
    assert (door(row), row["priority"]) == (3, "danger")


async def test_danger_key_is_heard_while_the_next_door_opens(new_line: NewLine) -> None:
    """The program hangs; nine, in the words that bridge the gap, waits for no other door."""
    line, ears = new_line(), Ears()
    without_keeper(line, "answer", signal.SIGSTOP)
    first_words = Until(ears.sound_at, 10, "the words that we are here")
    row = await told_through(line, first_words, Wait(0.3), Press("9"), ears=ears)
    assert (door(row), row["priority"], row["queue"]) == (3, "danger", "everybody")
    assert [s for s in row["steps"] if s["step"] == "asked"] == []


async def test_killing_every_python_process_does_not_end_a_conversation(new_line: NewLine) -> None:
    line, ears = new_line(), Ears()
    phone = line.phone("102", sound=Sound(Codec.ULAW, says=tone(COUNSELLOR_HZ)))
    async with phone.on(line.address, line.folder()) as handset:
        call = asyncio.create_task(
            line.call(*keys("242"), Until(lambda: ears.hears(COUNSELLOR_HZ), 30, "talk"), Wait(6), ears=ears)
        )
        await (await handset.call()).answered()
        await asyncio.sleep(1)
        killed = time.time()
        os.kill(line.pid("keeper"), signal.SIGKILL)  # first, or it starts new ones while we count
        for pid in python_processes(line):
            os.kill(pid, signal.SIGKILL)
        await until(lambda: not python_processes(line), 10, "no Python to be left")
        await call
    assert ears.hears(COUNSELLOR_HZ, since=killed + 2)
    (row,) = line.calls()  # no part runs: the verb folds the ledger itself
    assert (row["outcome"], row["counsellor"], row["language"], row["topic"]) == ("answered", "102", "ru", "legal")
    assert 5 < row["talk_s"] < 12
    switch = line.pid("switch")
    assert "The line is open" in line.run("up")
    assert line.pid("switch") == switch
    assert line.calls() == [row]


async def test_switch_dies_the_open_call_is_lost_and_the_line_opens_again_by_itself(new_line: NewLine) -> None:
    line = new_line()
    call = asyncio.create_task(line.call(*keys("2"), Wait(4)))
    await asyncio.sleep(2)
    line.send("switch", signal.SIGKILL)
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    await until(lambda: line.run("status", code=None).startswith("● The line is open"), 20, "the line to be open again")
    (row,) = line.calls()
    assert (row["outcome"], row["language"]) == ("lost", "ru")
    assert row["ended_at"]


async def test_phone_that_dies_in_mid_talk_gives_the_caller_to_another(new_line: NewLine) -> None:
    line, ears = new_line(), Ears()
    first = line.phone("102", ring_s=None, sound=Sound(Codec.ULAW, says=tone(500)))
    second = line.phone("103", talk_s=1.0, ring_s=0.2, sound=Sound(Codec.ULAW, says=tone(COUNSELLOR_HZ)))
    async with first.on(line.address, line.folder()) as dying:
        call = asyncio.create_task(line.call(*keys("23"), Stay(90), ears=ears))
        talking = await dying.call()
        talking.answer()
        await until(lambda: ears.hears(500), 10, "the two to talk")
        talking.say(None)  # the network is gone: not a packet more, and nobody to answer the next ring
        async with second.on(line.address, line.folder()):
            await call
    assert ears.hears(COUNSELLOR_HZ)
    (row,) = line.calls()
    assert row["outcome"] == "answered"
    assert [s["extension"] for s in row["steps"] if s["step"] == "talking"] == ["102", "103"]


async def test_mobile_on_call_rings_when_no_phone_answers(new_line: NewLine) -> None:
    from ivr.telephony.sipp_phone import Phone

    carrier = Phone(ring_s=0.2, sound=Sound(Codec.ALAW, says=tone(COUNSELLOR_HZ)))
    state = PROJECT / "var"
    async with carrier.on(("127.0.0.1", 9), state) as mobile:
        host, port = mobile.address
        line = new_line(
            trunk_host=host, trunk_port=str(port), trunk_addresses="127.0.0.9", oncall_numbers="+994000000055"
        )
        ears = Ears()
        call = asyncio.create_task(line.call(*keys("20"), Stay(90), ears=ears))
        ringing = await mobile.call(within_s=60)
        await ringing.answered()
        await ringing.press("1")
        await until(lambda: ears.hears(COUNSELLOR_HZ), 10, "the two to talk")
        ringing.hang_up()
        await call
        invite = ringing.invite
    assert invite.startswith("INVITE sip:+994000000055@")
    assert "0000001" not in invite
    (row,) = line.calls()
    assert (row["outcome"], row["counsellor"]) == ("forwarded", None)


async def test_faulty_flow_is_refused_and_the_running_line_keeps_the_old(new_line: NewLine, tmp_path: Path) -> None:
    flow = tmp_path / "helpline.toml"
    flow.write_text((PROJECT / "ivr/flow/helpline.toml").read_text())
    tmp_path.chmod(0o755)
    line = new_line(helpline_file=str(flow))
    flow.write_text(flow.read_text().replace("wait_s = 4", "wait_s = 400").replace('"violence"', '"violense"'))
    said = line.run("check", code=2)
    assert "wait_s" in said
    assert "violense" in said
    await asyncio.sleep(2)
    assert door(await told_through(line, *keys("23"), ears=Ears())) == 1


def test_second_up_is_quick_and_changes_nothing(line: LiveLine) -> None:
    parts = [line.pid(part) for part in ("keeper", "switch", "answer", "ledger")]
    begun = time.monotonic()
    assert "already" in line.run("up")
    assert time.monotonic() - begun < 10
    assert [line.pid(part) for part in ("keeper", "switch", "answer", "ledger")] == parts


def test_busy_port_is_named_with_the_setting_and_nothing_is_left_running(switch_there: None, line: LiveLine) -> None:
    other = LiveLine()
    other.env["IVR_SIP_PORT"] = str(line.sip_port)
    said = other.run("up", code=1)
    assert f"port {line.sip_port}" in said
    assert "IVR_SIP_PORT" in said
    assert python_processes(other) == []
    other.close()


def test_nothing_of_the_line_runs_as_root(line: LiveLine) -> None:
    """No part of it, and no right of root's is left to any."""
    parts = [file.stem for file in (line.state / "run").glob("*.pid")]
    assert {"keeper", "switch", "answer", "ledger", "web"} <= set(parts)
    for part in parts:
        status = Path(f"/proc/{line.pid(part)}/status").read_text()
        assert "\nUid:\t0\t" not in status, part
        assert "\nCapEff:\t0000000000000000\n" in status, part


def test_secrets_are_private(line: LiveLine) -> None:
    for path in (line.state / "secrets.json", line.state / "switch/etc/pjsip_phones.conf"):
        assert path.stat().st_mode & 0o077 == 0


def test_state_folder_that_only_root_may_enter_still_opens(switch_there: None) -> None:
    own = LiveLine()
    hidden = own.state / "hidden"
    hidden.mkdir()
    own.state.chmod(0o700)
    own.env["IVR_STATE_DIR"] = str(hidden / "var")
    shutil.copytree(PROJECT / "var/sounds", hidden / "var/sounds", symlinks=True)
    assert "open" in own.run("up")
    own.run("down")
    own.close()
