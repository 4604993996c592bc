"""A child leaves a message: recorded by the switch, on record, sealed, and heard by somebody with a name."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import wave
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ivr.telephony.rtp import tone
from ivr.telephony.sipp import until
from ivr.telephony.sipp_child import HangUp, Press, Stay, Step, Until, Wait
from tests.live.ears import Ears, share
from tests.live.line import LiveLine, Row
from tests.live.test_faults import without_keeper
from tests.live.test_stories import CHILD_HZ, keys

pytestmark = pytest.mark.live

NewLine = Callable[..., LiveLine]
WAITING_S = 20


@pytest.fixture
def box(line: LiveLine) -> LiveLine:
    """Key 7 in the queue leads straight to the message, so that no story waits for two minutes."""
    return with_key_7(line)


def with_key_7(line: LiveLine) -> LiveLine:
    line.console("dialplan add extension 7,1,Goto,message,s,1 into waiting replace")
    assert "message" in line.console("dialplan show 7@waiting")
    return line


def in_the_queue(line: LiveLine) -> Until:
    """The menus are over: from here on keys are those of the wait."""
    since = len(line.events())
    return Until(lambda: any(e["eventtype"] == "decided" for e in line.events()[since:]), WAITING_S, "the wait")


def recording(line: LiveLine, since: int = 0) -> Until:
    """The tone has sounded: a file grows."""
    folder = line.state / "messages"
    return Until(lambda: len(list(folder.glob("*.wav"))) > since, WAITING_S, "the recording to begin")


async def leave(line: LiveLine, *steps: Step, ears: Ears | None = None) -> Row:
    before = line.known()
    await line.call(
        *keys("24"), Press("1"), in_the_queue(line), Wait(0.5), Press("7"), *steps, ears=ears, says=tone(CHILD_HZ)
    )
    (row,) = await line.new_rows(before)
    return row


async def sealed(line: LiveLine) -> Row:
    """The newest message, once nothing of it lies in the clear."""
    (*_, newest) = line.rows("messages")
    folder = line.state / "messages"
    await until(lambda: not (folder / f"{newest['id']}.wav").exists(), 20, "the message to be sealed")
    file = folder / f"{newest['id']}.sealed"
    assert file.stat().st_mode & 0o077 == 0
    assert b"WAVE" not in file.read_bytes()
    return newest


def heard(line: LiveLine, message: str, file: Path) -> array[int]:
    """The sound, saved as a person would."""
    line.run("messages", "save", message, str(file), "--by", "Aynur")
    with wave.open(str(file)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (1, 2, 8000)
        return array("h", sound.readframes(sound.getnframes()))


async def test_message_is_left_by_key_sealed_heard_and_deleted(box: LiveLine, tmp_path: Path) -> None:
    ears = Ears()
    row = await leave(
        box, Wait(1), Press("#"), Wait(1), recording(box), Wait(4), Press("#"), Wait(2), Press("1"), Stay(30), ears=ears
    )
    assert (row["outcome"], row["language"], row["topic"]) == ("message_left", "ru", "legal")
    (step,) = [s for s in row["steps"] if s["step"] == "recorded"]
    assert 2.5 < step["seconds"] < 6
    message = await sealed(box)
    assert message["id"] == step["message"]
    assert (message["language"], message["topic"], message["heard_at"]) == ("ru", "legal", None)
    samples = heard(box, message["id"], tmp_path / "message.wav")
    assert ears.hears(1000)  # the tone that says speak
    assert abs(len(samples) / 8000 - message["seconds"]) < 0.2
    assert share(samples[8000:16000], CHILD_HZ) > 0.9
    assert (tmp_path / "message.wav").stat().st_mode & 0o077 == 0
    (again,) = [m for m in box.rows("messages") if m["id"] == message["id"]]
    assert again["heard_by"] == "Aynur"
    assert again["heard_at"]
    box.run("messages", "save", message["id"], str(tmp_path / "message.wav"), "--by", "Aynur", code=1)  # there already
    box.run("ledger", "rebuild")
    assert again in box.rows("messages")
    box.run("messages", "delete", message["id"])
    box.run("ledger", "rebuild")
    assert message["id"] not in [m["id"] for m in box.rows("messages")]
    assert not (box.state / f"messages/{message['id']}.sealed").exists()


async def test_hanging_up_keeps_what_was_said_but_not_a_click(box: LiveLine) -> None:
    row = await leave(box, Wait(0.5), Press("#"), recording(box), Wait(4), HangUp())
    assert row["outcome"] == "message_left"
    assert 2.5 < (await sealed(box))["seconds"] < 6
    row = await leave(box, Wait(0.5), Press("#"), recording(box), Wait(0.7), HangUp())
    assert row["outcome"] == "abandoned_in_queue"
    assert "recorded" not in [s["step"] for s in row["steps"]]


async def test_message_can_be_heard_and_said_again(box: LiveLine, tmp_path: Path) -> None:
    ears = Ears()
    row = await leave(
        box,
        Wait(0.5), Press("#"), recording(box), Wait(3), Press("#"),
        Wait(1), Press("2"), Until(lambda: ears.hears(CHILD_HZ), 10, "the own voice"),
        Press("3"), Wait(1), Press("#"), Wait(7), Press("#"), Wait(1), HangUp(),
        ears=ears,
    )  # fmt: skip
    assert row["outcome"] == "message_left"
    assert [s["step"] for s in row["steps"]].count("recorded") == 1
    assert 4.5 < (await sealed(box))["seconds"] < 8


async def test_nine_is_danger_while_a_message_is_recorded_and_what_was_said_is_kept(box: LiveLine) -> None:
    before, since, phone = box.known(), len(box.events()), box.phone("103", talk_s=0.5, ring_s=0.2)
    call = asyncio.create_task(
        box.call(
            *keys("20"),
            in_the_queue(box),
            Wait(0.5),
            Press("7"),
            Wait(0.5),
            Press("#"),
            recording(box),
            Wait(3),
            Press("9"),
            Stay(60),
            says=tone(CHILD_HZ),
        )
    )
    await box.until_event(lambda e: "priority=danger" in e["eventextra"], 40, "the danger key", since)
    async with phone.on(box.address, box.folder()):
        await call
    (row,) = await box.new_rows(before)
    assert (row["outcome"], row["priority"]) == ("answered", "danger")
    assert "recorded" in [s["step"] for s in row["steps"]]


async def test_a_folder_that_cannot_be_written_sends_the_child_back_to_those_who_wait(new_line: NewLine) -> None:
    line, ears = with_key_7(new_line()), Ears()
    phone = line.phone("103", talk_s=0.5, ring_s=0.2)
    (line.state / "messages").rename(line.state / "gone")
    (line.state / "messages").write_text("no folder")  # Record() would make a missing one
    call = asyncio.create_task(
        line.call(
            *keys("24"),
            Press("1"),
            in_the_queue(line),
            Wait(0.5),
            Press("7"),
            Wait(0.5),
            Press("#"),
            Stay(90),
            ears=ears,
            says=tone(CHILD_HZ),
        )
    )
    await asyncio.sleep(15)
    async with phone.on(line.address, line.folder()):
        log = await call
    assert log.answered_at is not None
    assert log.ended_at is not None
    assert ears.longest_silence(log.answered_at + 1, log.ended_at) < 5
    (row,) = await line.new_rows()
    assert row["outcome"] == "answered"


async def test_messages_are_taken_without_the_program_and_sealed_when_it_is_back(new_line: NewLine) -> None:
    line = with_key_7(new_line())
    before = line.known()
    call = asyncio.create_task(
        line.call(
            *keys("24"),
            Press("1"),
            in_the_queue(line),
            Wait(0.5),
            Press("7"),
            Wait(0.5),
            Press("#"),
            recording(line),
            Wait(4),
            HangUp(),
            says=tone(CHILD_HZ),
        )
    )
    await until(lambda: list((line.state / "messages").glob("*.wav")), 40, "the recording to begin")
    without_keeper(line, "ledger")
    await call
    (file,) = (line.state / "messages").glob("*.wav")
    assert file.stat().st_mode & 0o077 == 0
    (row,) = await line.new_rows(before)
    assert row["outcome"] == "message_left"
    assert file.exists()
    line.run("messages", "save", file.stem, str(line.state / "tests/out.wav"), "--by", "Aynur")
    line.send("keeper", signal.SIGCONT)
    await sealed(line)


@contextmanager
def small_disk(line: LiveLine) -> Iterator[None]:
    """64 KB, four seconds of sound, in place of the folder; where the switch sees it."""
    folder, there = line.state / "messages", ["nsenter", "-m", "-t", str(line.pid("switch"))]
    options = f"size=64k,uid={folder.stat().st_uid},mode=700"
    subprocess.run([*there, "mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run([*there, "umount", "-l", str(folder)], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a small disk")
async def test_a_full_disk_keeps_the_beginning_and_sends_the_child_back_to_those_who_wait(new_line: NewLine) -> None:
    line, ears = with_key_7(new_line()), Ears()
    phone = line.phone("103", talk_s=0.5, ring_s=0.2)
    steps = (*keys("24"), Press("1"), in_the_queue(line), Wait(0.5), Press("7"), Wait(0.5), Press("#"))
    with small_disk(line):
        call = asyncio.create_task(line.call(*steps, Stay(90), ears=ears, says=tone(CHILD_HZ)))
        kept = await line.until_event(lambda e: e["eventtype"] == "recorded", 40, "the beginning to be kept")
        async with phone.on(line.address, line.folder()):
            log = await call
        (row,) = await line.new_rows()
    assert log.ended_at is not None
    assert ears.longest_silence(kept["eventtime"], log.ended_at) < 5
    assert row["outcome"] == "answered"
    (step,) = [s for s in row["steps"] if s["step"] == "recorded"]
    assert 2 < step["seconds"] < 5
