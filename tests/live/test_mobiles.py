"""Counsellors on call: their mobiles ring over the trunk, and only a human who presses 1 gets the caller."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from ivr.telephony.rtp import tone
from ivr.telephony.sipp import until
from ivr.telephony.sipp_call import LiveCall, Sound
from ivr.telephony.sipp_child import Press, Stay, Step, Until, Wait
from ivr.telephony.sipp_message import CallLog
from ivr.telephony.sipp_phone import Handset, Phone
from ivr.telephony.sipp_scenario import Codec
from tests.conftest import PROJECT
from tests.live.ears import Ears
from tests.live.line import LiveLine
from tests.live.test_stories import CHILD_HZ, COUNSELLOR_HZ, keys

pytestmark = pytest.mark.live

NewLine = Callable[..., LiveLine]
CALLER = "+994000000001"
ONE, TWO, THREE = "+994000000055", "+994000000056", "+994000000057"
UNTIL_MOBILES_S = 100


@dataclass(frozen=True, slots=True)
class Carrier:
    """Everything behind the trunk: each mobile is a call to its number, answered or not by the story itself."""

    line: LiveLine
    handset: Handset
    ears: Ears

    async def rings(self, number: str, again: int = 0, within_s: float = UNTIL_MOBILES_S) -> LiveCall:
        def found() -> LiveCall | None:
            calls = [call for call in self.handset.calls if call.invite.startswith(f"INVITE sip:{number}@")]
            return calls[again] if len(calls) > again else None

        call = await until(found, within_s, f"mobile {number[-2:]} to ring")
        await call.rings()
        return call

    async def voicemail(self, number: str, again: int = 0) -> LiveCall:
        """Answers, and talks; nobody there ever presses a key."""
        call = await self.rings(number, again)
        call.answer()
        await call.answered()
        return call


@asynccontextmanager
async def carrier(new_line: NewLine, *numbers: str, **settings: str) -> AsyncIterator[Carrier]:
    ears = Ears()
    phone = Phone(ring_s=None, sound=Sound(Codec.ALAW, says=tone(COUNSELLOR_HZ)))
    async with phone.on(("127.0.0.1", 9), PROJECT / "var", ears.heard) as handset:
        host, port = handset.address
        line = new_line(
            trunk_host=host, trunk_port=str(port), trunk_addresses="127.0.0.9",
            oncall_numbers=" ".join(numbers), **settings,
        )  # fmt: skip
        yield Carrier(line, handset, ears)


def ring(line: LiveLine, *steps: Step, ears: Ears | None = None) -> asyncio.Task[CallLog]:
    """A child with a tone of its own, whom no phone in the house will answer."""
    return asyncio.create_task(line.call(*keys("20"), *steps, ears=ears, says=tone(CHILD_HZ), number=CALLER))


def wire(handset: Handset) -> str:
    """Every message that left for the carrier or came from it."""
    return "\n".join(message.text for call in handset.calls for message in call._messages)


async def test_a_human_who_presses_1_talks_and_a_voicemail_and_a_dead_number_stop_nobody(new_line: NewLine) -> None:
    child = Ears()
    async with carrier(new_line, ONE, TWO, THREE) as trunk:
        call = ring(trunk.line, Stay(90), ears=child)
        (await trunk.rings(TWO)).refuse()
        machine = await trunk.voicemail(ONE)
        human = await trunk.rings(THREE)
        since = time.time()
        await asyncio.sleep(6)  # the voicemail speaks meanwhile, the human's mobile goes on ringing
        assert not child.hears(COUNSELLOR_HZ, since)
        assert not human.log.ended_at
        human.answer()
        await human.answered()
        await asyncio.sleep(0.6)
        await human.press("1")  # into the announcement
        pressed = time.time()
        await until(lambda: child.hears(COUNSELLOR_HZ, pressed), 5, "the child to hear the counsellor")
        await until(lambda: trunk.ears.hears(CHILD_HZ, pressed), 5, "the counsellor to hear the child")
        await machine.ended(20)
        human.hang_up()
        await call
        (row,) = await trunk.line.new_rows()
        wires, ledger = wire(trunk.handset), (trunk.line.state / "ledger/cel.jsonl").read_text()
    assert (row["outcome"], row["counsellor"]) == ("forwarded", None)
    assert [s["step"] for s in row["steps"]].count("talking") == 1
    assert CALLER[4:] not in wires
    assert "anonymous" in human.log.shown.lower()
    assert not any(number[4:] in ledger for number in (CALLER, ONE, TWO, THREE))


async def test_one_by_one_in_order_a_dead_number_is_skipped_in_20_s_and_a_voicemail_never_gets_the_child(
    new_line: NewLine,
) -> None:
    child = Ears()
    async with carrier(new_line, ONE, TWO, THREE, oncall_ring="one_by_one", oncall_language="ru") as trunk:
        call = ring(trunk.line, Stay(120), ears=child)
        dead = await trunk.rings(ONE)
        assert len(trunk.handset.calls) == 1
        machine = await trunk.voicemail(TWO)
        assert dead.log.ended_at is not None
        assert dead.log.invited_at is not None
        assert 19 < dead.log.ended_at - dead.log.invited_at < 22
        human = await trunk.rings(THREE)
        assert machine.log.talk_s is not None
        assert 9 < machine.log.talk_s < 15
        human.answer()
        await human.answered()
        since = time.time()
        await until(lambda: trunk.ears.sound_at(since), 3, "the announcement")
        await human.press("41")  # a slip of the finger costs nothing
        await until(lambda: child.hears(COUNSELLOR_HZ, since), 8, "the child to hear the counsellor")
        human.hang_up()
        await call
        (row,) = await trunk.line.new_rows()
    assert row["outcome"] == "forwarded"
    assert machine.log.ended_at is not None
    assert not child.hears(COUNSELLOR_HZ, 0, machine.log.ended_at)


async def test_mobiles_that_answer_and_do_not_accept_leave_the_child_waiting_and_looked_after(
    new_line: NewLine,
) -> None:
    child = Ears()
    async with carrier(new_line, ONE, TWO, wait_s="20") as trunk:
        call = ring(trunk.line, Stay(200), ears=child)
        declined = await trunk.voicemail(ONE)
        machine = await trunk.voicemail(TWO)
        await asyncio.sleep(2)
        declined.hang_up()
        await machine.ended(20)
        rang, over = len(trunk.handset.calls), time.time()
        (again,) = [await trunk.rings(TWO, again=1)]  # the queue was tried in between
        assert again.invite
        assert child.hears_prompt(trunk.line.state / "sounds/ru/helpline/nobody-yet.alaw", over - 1)
        assert rang == 2
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        (row,) = await trunk.line.new_rows()
    assert row["outcome"] == "abandoned_in_queue"
    assert not child.hears(COUNSELLOR_HZ)
    assert child.longest_silence(child.pieces[0].at, child.pieces[-1].at) < 6


async def test_nine_while_the_mobiles_ring_is_danger_and_a_caller_who_hung_up_is_told_to_the_counsellor(
    new_line: NewLine,
) -> None:
    async with carrier(new_line, ONE) as trunk:
        since = len(trunk.line.events())
        first = asyncio.Event()
        call = ring(trunk.line, Until(first.is_set, UNTIL_MOBILES_S, "the mobile"), Press("9"), Wait(60))
        mobile = await trunk.rings(ONE)
        first.set()
        await mobile.ended(5)
        await trunk.line.until_event(lambda e: "priority=danger" in e["eventextra"], 5, "the danger key", since)
        mobile = await trunk.voicemail(ONE, again=1)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        await mobile.press("1")
        await mobile.ended(15)
        (row,) = await trunk.line.new_rows()
    assert (row["outcome"], row["priority"]) == ("abandoned_in_queue", "danger")
    assert "talking" not in [s["step"] for s in row["steps"]]
