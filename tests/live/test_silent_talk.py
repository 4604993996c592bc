"""The caller who cannot speak: asked by a counsellor's keys, answering by key or by a tap; real SIP on both sides."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from array import array
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ivr.telephony.rtp import SILENCE, Samples, tone
from ivr.telephony.sipp import until
from ivr.telephony.sipp_call import LiveCall, Sound
from ivr.telephony.sipp_child import Child
from ivr.telephony.sipp_message import Side
from ivr.telephony.sipp_phone import Handset, Phone
from ivr.telephony.sipp_scenario import Codec
from tests.live.ears import Ears
from tests.live.line import LiveLine, Row, python_processes

pytestmark = pytest.mark.live

NewLine = Callable[..., LiveLine]
CHILD_HZ, COUNSELLOR_HZ = 440, 700
ASKED_S = 12.0  # a question begins within a moment and takes less than 6; a test machine may be busy
TAP_MS = 60


@dataclass(slots=True)
class Talk:
    """A caller and a counsellor who talk, and what each of them heard. `since`: lines of the ledger before."""

    line: LiveLine
    child: LiveCall
    counsellor: LiveCall
    child_heard: Ears
    counsellor_heard: Ears
    since: int
    handset: Handset

    async def ask(self, keys: str) -> float:
        """The counsellor presses; when the caller began to hear the question (seconds since 1970)."""
        begun = time.time()
        await self.counsellor.press(keys)
        return await until(lambda: self.child_heard.sound_at(begun), ASKED_S, "the question")

    async def asked(self, keys: str) -> None:
        """…and the question is over: half a second of silence."""
        await self.ask(keys)
        await until(lambda: quiet_for(self.child_heard, 0.5), ASKED_S, "the end of the question")

    async def tap(self, times: int) -> None:
        for _ in range(times):
            self.child.say(knock())
            await asyncio.sleep(TAP_MS / 1000)
            self.child.say(SILENCE)
            await asyncio.sleep(0.5)

    async def on_record(self, words: str) -> None:
        """Until the ledger says so."""
        await self.line.until_event(lambda e: words in e.get("eventextra", ""), 12, words, self.since)

    async def told(self, since: float) -> float:
        """When the counsellor began to hear an answer after `since`."""
        return await until(lambda: self.counsellor_heard.sound_at(since), 12, "an answer told to the counsellor")


def quiet_for(ears: Ears, seconds: float) -> bool:
    loud = [piece.at for piece in ears.pieces if piece.loud]
    return not loud or time.time() - loud[-1] > seconds


def knock() -> Samples:
    """Noise as of a knuckle on the telephone, the same every time."""
    dice = random.Random(7)  # noqa: S311  sound, no secret
    return array("h", [max(-32_000, min(32_000, int(dice.gauss(0, 5_000)))) for _ in range(8 * TAP_MS)])


@asynccontextmanager
async def talk(
    line: LiveLine, pressed: str = "20", *, extension: str = "102", says: Samples | None = SILENCE, **phone: Any
) -> AsyncIterator[Talk]:
    """A child who pressed these keys in the menus is talking with that counsellor, whose phone sends `says`."""
    since, child_heard, counsellor_heard = len(line.events()), Ears(), Ears()
    handset_of = line.phone(extension, sound=Sound(Codec.ULAW, says=says), **phone)
    child = Child(sound=Sound(Codec.ALAW))
    async with (
        handset_of.on(line.address, line.folder(), counsellor_heard.heard) as handset,
        child.ringing(line.address, line.folder(), child_heard.heard) as calling,
    ):
        await calling.answered()
        await asyncio.sleep(1)
        for key in pressed:
            await calling.press(key)
            await asyncio.sleep(0.6)
        ringing = await handset.call(within_s=60)
        await ringing.answered()
        await until(lambda: quiet_for(child_heard, 0.5), 10, "the music to end")
        yield Talk(line, calling, ringing, child_heard, counsellor_heard, since, handset)


def said(row: Row) -> list[tuple[str | None, str, str]]:
    return [(s["question"], s["answer"], s["by"]) for s in row["steps"] if s["step"] == "said"]


async def hangs_up(line: LiveLine, talking: Talk, before: frozenset[str]) -> Row:
    talking.child.hang_up()
    await talking.child.ended(10)
    (row,) = await line.new_rows(before)
    return row


async def test_both_hear_the_question_and_the_answers_by_key_are_on_record_in_order(line: LiveLine) -> None:
    before = line.known()
    async with talk(line) as talking:
        for keys, answer in (("*71", "2"), ("*72", "1"), ("*73", "3")):
            begun = await talking.ask(keys)
            assert talking.counsellor_heard.sound_at(begun - 1)  # the counsellor hears it too
            pressed = time.time()
            await talking.child.press(answer)
            await talking.told(pressed + 0.3)
            await until(lambda: quiet_for(talking.counsellor_heard, 0.5), 5, "the answer to be told")
            # what was answered is not for the caller's ear: somebody else may hold it
            assert talking.child_heard.sound_at(pressed + 0.3) is None
        talking.child.say(tone(CHILD_HZ))
        talking.counsellor.say(tone(COUNSELLOR_HZ))
        await until(lambda: talking.counsellor_heard.hears(CHILD_HZ), 5, "the child")
        await until(lambda: talking.child_heard.hears(COUNSELLOR_HZ), 5, "the counsellor")
        row = await hangs_up(line, talking, before)
    assert said(row) == [("safe", "no", "key"), ("harmed", "yes", "key"), ("near", "unknown", "key")]
    assert (row["silent"], row["counsellor"], row["outcome"]) == (True, "102", "answered")
    assert [s["step"] for s in row["steps"]].count("queued") == 1


async def test_they_hear_each_other_while_a_question_is_asked(line: LiveLine) -> None:
    before = line.known()
    async with talk(line) as talking:
        talking.child.say(tone(CHILD_HZ))
        talking.counsellor.say(tone(COUNSELLOR_HZ))
        await until(lambda: talking.child_heard.hears(COUNSELLOR_HZ), 5, "the counsellor")
        begun = time.time()
        await talking.counsellor.press("*7*")
        await asyncio.sleep(6)
        assert talking.child_heard.longest_silence(begun, time.time()) < 1
        assert talking.counsellor_heard.longest_silence(begun, time.time()) < 1
        assert talking.child_heard.hears(COUNSELLOR_HZ, begun + 1)
        assert talking.counsellor_heard.hears(CHILD_HZ, begun + 1)
        await hangs_up(line, talking, before)


async def test_one_tap_is_yes_two_are_no_and_more_are_unclear(line: LiveLine) -> None:
    before = line.known()
    async with talk(line) as talking:
        for keys, taps in (("*71", 1), ("*74", 2), ("*75", 3)):
            await talking.asked(keys)
            await talking.tap(taps)
            await talking.told(time.time() + 0.3)
            await until(lambda: quiet_for(talking.counsellor_heard, 1), 10, "the answer to be told")
        row = await hangs_up(line, talking, before)
    assert said(row) == [("safe", "yes", "sound"), ("hurt", "no", "sound"), ("alone", "unclear", "sound")]


async def test_a_loud_room_answers_nothing(line: LiveLine) -> None:
    before = line.known()
    async with talk(line) as talking:
        talking.child.say(tone(CHILD_HZ))
        await talking.counsellor.press("*71")
        await talking.on_record("question=safe")
        row = await hangs_up(line, talking, before)
    assert said(row) == [("safe", "unclear", "sound")]


async def test_no_answer_is_told_and_recorded_and_the_two_still_talk(line: LiveLine) -> None:
    before = line.known()
    async with talk(line) as talking:
        await talking.asked("*70")
        await talking.told(time.time())
        talking.child.say(tone(CHILD_HZ))
        await until(lambda: talking.counsellor_heard.hears(CHILD_HZ), 5, "the child")
        row = await hangs_up(line, talking, before)
    assert said(row) == [("stay", "none", "sound")]


async def test_danger_and_a_listener_are_heard_at_any_time_and_silence_the_question(line: LiveLine) -> None:
    before = line.known()
    async with talk(line) as talking:
        await talking.ask("*7*")
        await talking.child.press("8")
        pressed = time.time()
        await asyncio.sleep(2)
        assert talking.child_heard.sound_at(pressed + 0.5) is None  # eight seconds of words would have been left
        await talking.child.press("9")
        await talking.told(time.time())
        row = await hangs_up(line, talking, before)
    assert said(row) == [(None, "listening", "key"), (None, "danger", "key")]
    assert row["priority"] == "danger"


async def test_a_callers_keys_begin_nothing_and_are_passed_on_as_keys(line: LiveLine) -> None:
    before = line.known()
    async with talk(line) as talking:
        for key in "*71*7*12379":
            await talking.child.press(key)
            await asyncio.sleep(0.3)
        await asyncio.sleep(2)
        assert talking.counsellor_heard.pressed == "*71*7*12379"
        assert talking.child_heard.sound_at(time.time() - 4) is None
        await talking.asked("*71")
        await talking.counsellor.press("*7#")
        await talking.told(time.time())
        await talking.child.press("1")
        await until(lambda: talking.counsellor_heard.pressed.endswith("91"), 5, "the key")
        row = await hangs_up(line, talking, before)
    assert said(row) == []


async def test_the_program_presses_the_keys_by_extension_and_by_call(line: LiveLine) -> None:
    before = line.known()
    async with talk(line) as talking:
        begun = time.time()
        await asyncio.to_thread(line.run, "silent", "102", "ask", "near")
        await until(lambda: talking.child_heard.sound_at(begun), ASKED_S, "the question")
        await talking.child.press("1")
        await talking.on_record("question=near")
        (row,) = await line.new_rows(before, ended=False)
        begun = time.time()
        await asyncio.to_thread(line.run, "silent", row["id"], "start")
        await until(lambda: talking.child_heard.sound_at(begun), ASKED_S, "the words")
        await asyncio.to_thread(line.run, "silent", row["id"], "stop")
        await asyncio.sleep(1)
        await talking.child.press("1")
        await until(lambda: talking.counsellor_heard.pressed == "1", 5, "the key")
        row = await hangs_up(line, talking, before)
    assert said(row) == [("near", "yes", "key")]
    assert "102 is not talking with anybody" in line.run("silent", "102", "stop", code=1)
    assert "no question 'sad'" in line.run("silent", "102", "ask", "sad", code=1)


async def test_a_phone_that_suppresses_silence_can_ask_too(line: LiveLine) -> None:
    before = line.known()
    async with talk(line, says=None) as talking:
        await talking.asked("*71")
        await talking.tap(1)
        await talking.on_record("question=safe")
        row = await hangs_up(line, talking, before)
    assert said(row) == [("safe", "yes", "sound")]


async def test_nothing_of_it_needs_the_program(new_line: NewLine) -> None:
    line = new_line()
    async with talk(line) as talking:
        os.kill(line.pid("keeper"), signal.SIGKILL)  # first, or it starts new ones while we count
        for pid in python_processes(line):
            os.kill(pid, signal.SIGKILL)
        await until(lambda: not python_processes(line), 10, "no Python to be left")
        await talking.asked("*71")
        await talking.tap(2)
        await talking.told(time.time() + 0.3)
        await talking.on_record("answer=no")
        await until(lambda: quiet_for(talking.counsellor_heard, 1), 10, "the answer to be told")
        await talking.ask("*72")
        await talking.child.press("1")
        await talking.on_record("answer=yes")
        talking.child.hang_up()
        await talking.child.ended(10)
    (row,) = line.calls()  # no part runs: the verb folds the ledger itself
    assert said(row) == [("safe", "no", "sound"), ("harmed", "yes", "key")]


async def test_a_mobile_on_call_asks_by_the_same_keys(new_line: NewLine, tmp_path: Path) -> None:
    child_heard, mobile_heard = Ears(), Ears()
    carrier = Phone(ring_s=0.2, sound=Sound(Codec.ALAW))
    async with carrier.on(("127.0.0.1", 9), tmp_path, mobile_heard.heard) as mobile:
        host, port = mobile.address
        trunk = {"trunk_host": host, "trunk_port": str(port), "trunk_addresses": "127.0.0.9"}
        line = new_line(**trunk, oncall_numbers="+994000000055")
        async with Child(sound=Sound(Codec.ALAW)).ringing(line.address, line.folder(), child_heard.heard) as child:
            await child.answered()
            await asyncio.sleep(1)
            for key in "20":
                await child.press(key)
                await asyncio.sleep(0.6)
            call = await mobile.call(within_s=60)
            await call.answered()
            await asyncio.sleep(1)
            await call.press("1")
            await until(lambda: quiet_for(child_heard, 1), 10, "the music to end")
            talking = Talk(line, child, call, child_heard, mobile_heard, 0, mobile)
            await talking.ask("*71")
            await child.press("2")
            await talking.on_record("answer=no")
            child.hang_up()
            await child.ended(10)
    (row,) = await line.new_rows()
    assert said(row) == [("safe", "no", "key")]


async def test_who_is_silent_is_told_before_the_end_and_stays_by_a_key(line: LiveLine) -> None:
    before = line.known()
    async with talk(line, "", extension="101", talk_s=2.0) as talking:
        ended = await until(lambda: talking.counsellor.log.ended_at, 10, "the counsellor to hang up")
        await until(lambda: talking.child_heard.sound_at(ended), 5, "the closing words")
        await talking.child.press("1")
        again = await talking.handset.call(1)
        await again.answered(10)
        left = (await again.ended(20)).ended_at or 0
        await until(lambda: talking.child_heard.sound_at(left), 5, "the closing words again")
        log = await talking.child.ended(20)
    assert log.ended_by is Side.THERE
    (row,) = await line.new_rows(before)
    assert row["silent"] is True
    assert [s["step"] for s in row["steps"] if s["step"] in ("talking", "parted")] == ["talking", "parted"] * 2
    assert [s["key"] for s in row["steps"] if s.get("menu") == "silent-goodbye"] == ["1", None]


async def test_not_a_word_at_the_end_to_whom_somebody_listens(line: LiveLine) -> None:
    before = line.known()
    async with talk(line) as talking:
        await talking.asked("*71")
        await talking.child.press("8")
        await talking.told(time.time())
        await until(lambda: quiet_for(talking.counsellor_heard, 0.5), 5, "the answer to be told")
        talking.counsellor.hang_up()
        ended = time.time()
        log = await talking.child.ended(5)
    assert log.ended_by is Side.THERE
    assert talking.child_heard.sound_at(ended) is None
    (row,) = await line.new_rows(before)
    assert said(row) == [("safe", "listening", "key")]


async def test_who_spoke_in_the_menus_is_not_kept_with_words(line: LiveLine) -> None:
    async with talk(line, talk_s=1.0) as talking:
        await talking.counsellor.ended(10)
        ended = time.time()
        log = await talking.child.ended(5)
    assert log.ended_by is Side.THERE
    assert talking.child_heard.sound_at(ended) is None
