"""Counsellors say from their own phones that they are there, and are rung, or not, accordingly."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

import pytest

from ivr.telephony.sipp import until
from ivr.telephony.sipp_child import Stay
from tests.live.ears import Ears
from tests.live.line import LiveLine, Row
from tests.live.test_stories import keys
from tests.live.test_wait import queued

pytestmark = pytest.mark.live

NewLine = Callable[..., LiveLine]


def shown(line: LiveLine, extension: str = "101") -> Row:
    return next(row for row in line.rows("presence") if row["extension"] == extension)


async def dialled(line: LiveLine, what: str, extension: str = "101") -> float:
    """Seconds of words heard after dialling that."""
    ears = Ears()
    log = await line.dial(extension, what, ears=ears)
    assert log.answered_at is not None
    assert log.ended_at is not None
    loud = [piece.at for piece in ears.pieces if piece.loud]
    return loud[-1] - loud[0] if loud else 0.0


@pytest.fixture
def own(line: LiveLine) -> LiveLine:
    """The shared line, with everybody signed in."""
    asyncio.run(line.all_in())
    return line


async def test_every_code_is_confirmed_in_words_and_is_on_record(own: LiveLine) -> None:
    for what, state in (("*22", "signed_out"), ("*21", "available"), ("*23", "break"), ("*23", "available")):
        assert await dialled(own, what) > 1.0
        row = await asyncio.to_thread(shown, own)
        assert (row["state"], row["on_rota"]) == (state, True)
        assert row["since"] is not None
    assert shown(own, "102")["state"] == "available"


async def test_break_of_one_who_is_signed_out_is_answered_and_changes_nothing(own: LiveLine) -> None:
    await dialled(own, "*22")
    assert await dialled(own, "*23") > 1.0
    assert shown(own)["state"] == "signed_out"
    own.run("presence", "101", "break", code=1)


async def test_caller_cannot_say_it_for_a_counsellor(own: LiveLine) -> None:
    """Whatever number a caller claims: from the trunk nothing but the line itself can be dialled."""
    await own.call(dials="*22", number="+994000000101")
    assert shown(own)["state"] == "available"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
async def test_program_away_or_hanging_is_heard_never_silence(new_line: NewLine, number: signal.Signals) -> None:
    line = new_line()
    line.send("keeper", signal.SIGSTOP)
    line.send("answer", number)
    ears = Ears()
    log = await line.dial("101", "*22", ears=ears)
    assert log.answered_at is not None
    first = ears.sound_at(log.answered_at)
    assert first is not None
    assert first - log.answered_at < 5
    assert shown(line)["state"] == "available"
    if number is signal.SIGSTOP:
        line.send("answer", signal.SIGCONT)


async def test_signed_out_is_not_rung_and_signed_in_again_is(own: LiveLine) -> None:
    before, since = own.known(), len(own.events())
    async with own.phone("101", talk_s=0.5).on(own.address, own.folder()) as handset:
        await dialled(own, "*22")
        call = asyncio.create_task(own.call(*keys("10"), Stay(120)))
        await asyncio.sleep(20)
        assert handset.calls == ()
        assert "PJSIP/101" not in own.console("queue show az-legal")
        await dialled(own, "*21")
        await call
    (row,) = await own.new_rows(before)
    assert (row["outcome"], row["counsellor"]) == ("answered", "101")
    assert since


async def test_break_is_quiet_and_its_end_is_not(own: LiveLine) -> None:
    before, since = own.known(), len(own.events())
    async with own.phone("101", talk_s=0.5).on(own.address, own.folder()) as handset:
        await dialled(own, "*23")
        call = asyncio.create_task(own.call(*keys("10"), Stay(120)))
        await queued(own, since)
        await asyncio.sleep(10)
        assert handset.calls == ()
        await dialled(own, "*23")
        await call
    (row,) = await own.new_rows(before)
    assert (row["outcome"], row["counsellor"]) == ("answered", "101")


async def test_signing_out_while_it_rings_leaves_the_caller_to_the_next(own: LiveLine) -> None:
    before = own.known()
    async with (
        own.phone("101", ring_s=None).on(own.address, own.folder()) as leaving,
        own.phone("102", ring_s=None).on(own.address, own.folder()) as other,
    ):
        own.run("presence", "102", "break")
        call = asyncio.create_task(own.call(*keys("10"), Stay(150)))
        await until(lambda: leaving.calls, 30, "the first phone to ring")
        await asyncio.to_thread(own.run, "presence", "101", "out")
        await asyncio.to_thread(own.run, "presence", "102", "back")
        ringing = await other.call(within_s=60)
        ringing.answer()
        await ringing.answered()
        await asyncio.sleep(1)  # who hangs up in the instant of being connected is taken for a phone that died
        ringing.hang_up()
        await call
        assert len(leaving.calls) == 1
    (row,) = await own.new_rows(before)
    assert (row["outcome"], row["counsellor"]) == ("answered", "102")


async def test_wrap_up_keeps_the_phone_quiet_and_the_code_ends_it(new_line: NewLine) -> None:
    line = new_line(wrap_up_s="300")
    before = line.known()
    async with line.phone("101", talk_s=0.5).on(line.address, line.folder()) as handset:
        await asyncio.sleep(1)
        await line.call(*keys("10"), Stay(60))
        await line.new_rows(before)
        assert shown(line)["state"] == "wrap_up"
        since = len(line.events())
        call = asyncio.create_task(line.call(*keys("10"), Stay(120)))
        await queued(line, since)
        await asyncio.sleep(8)
        assert len(handset.calls) == 1
        await dialled(line, "*21")
        await call
        assert shown(line)["state"] == "wrap_up"
        line.run("presence", "101", "done")
        assert shown(line)["state"] == "available"
    rows = await line.new_rows(before, 2)
    assert [row["counsellor"] for row in rows] == ["101", "101"]
    assert rows[1]["wait_s"] < 50  # without the code it would be sixty


async def test_list_follows_the_phone(own: LiveLine) -> None:
    async with own.phone("101", ring_s=None).on(own.address, own.folder()) as handset:
        assert shown(own)["registered"] is True
        call = asyncio.create_task(own.call(*keys("10"), Stay(60)))
        ringing = await handset.call()
        assert (await asyncio.to_thread(shown, own))["state"] == "ringing"
        ringing.answer()
        await ringing.answered()
        await asyncio.sleep(1)
        row = await asyncio.to_thread(shown, own)
        assert (row["state"], row["since"] is not None) == ("on_call", True)
        ringing.hang_up()
        await call
    assert shown(own)["registered"] is False


async def test_membership_of_who_is_signed_out_is_taken_away_again_when_somebody_adds_it(own: LiveLine) -> None:
    async with own.phone("101").on(own.address, own.folder()):
        await until(lambda: "PJSIP/101" in own.console("queue show az-legal"), 10, "the member")
        own.run("presence", "101", "out")
        await until(lambda: "PJSIP/101" not in own.console("queue show az-legal"), 10, "no member")
        own.console("queue add member PJSIP/101 to az-legal")
        await until(lambda: "PJSIP/101" not in own.console("queue show az-legal"), 10, "no member again")
        own.run("presence", "101", "in")
        await until(lambda: "PJSIP/101" in own.console("queue show az-legal"), 10, "the member")
        own.console("queue remove member PJSIP/101 from az-legal")
        await until(lambda: "PJSIP/101" in own.console("queue show az-legal"), 10, "the member again")


async def test_rota_decides_until_a_counsellor_says_otherwise(new_line: NewLine) -> None:
    line = new_line()  # where nobody has said a word yet
    line.run("rota", "add", "102", "mon-sun", "00:00-24:00")
    async with line.phone("101").on(line.address, line.folder()), line.phone("102").on(line.address, line.folder()):
        await until(lambda: "PJSIP/102" in line.console("queue show az-legal"), 10, "102 to be on")
        await until(lambda: "PJSIP/101" not in line.console("queue show az-legal"), 10, "101 to be off")
        assert (shown(line)["on_rota"], shown(line, "102")["on_rota"]) == (False, True)
        await dialled(line, "*21")
        await until(lambda: "PJSIP/101" in line.console("queue show az-legal"), 5, "101 by their own word")
