"""The live suite's own instruments, tried without a switch: a child rings a phone directly, SIPp to SIPp."""

import asyncio
import socket
from pathlib import Path

import pytest

from ivr.errors import TelephonyError
from ivr.telephony.rtp import tone
from ivr.telephony.sipp import until
from ivr.telephony.sipp_call import Sound
from ivr.telephony.sipp_child import Child, HangUp, Press, Say, Stay, Until, Wait
from ivr.telephony.sipp_message import Side
from ivr.telephony.sipp_phone import Handset, Phone
from ivr.telephony.sipp_scenario import Codec
from tests.live.ears import Ears

pytestmark = pytest.mark.live

NOWHERE = ("127.0.0.1", 9)
"""The switch of a phone that is called directly; nothing is ever sent there."""
ULAW = Sound(codec=Codec.ULAW)
CHILD_HZ, COUNSELLOR_HZ = 440, 700


async def the_call(handset: Handset) -> Side | None:
    call = await handset.call(within_s=5)
    return (await call.ended(5)).ended_by


async def test_child_and_counsellor_hear_each_other(tmp_path: Path) -> None:
    child_hears, phone_hears = Ears(), Ears()
    phone = Phone(ring_s=0.3, sound=Sound(Codec.ULAW, says=tone(COUNSELLOR_HZ)))
    child = Child(
        sound=Sound(Codec.ULAW, says=tone(CHILD_HZ)),
        steps=(
            Until(lambda: child_hears.hears(COUNSELLOR_HZ), 5, "the counsellor's tone"),
            Until(lambda: phone_hears.hears(CHILD_HZ), 5, "the child's tone"),
        ),
    )
    async with phone.on(NOWHERE, tmp_path, phone_hears.heard) as handset:
        log = await child.call(handset.address, tmp_path, child_hears.heard)
        assert await the_call(handset) is Side.THERE
    assert log.ended_by is Side.HERE
    assert log.answered_at and log.ringing_at and log.answered_at - log.ringing_at >= 0.25
    assert not child_hears.hears(CHILD_HZ) and not phone_hears.hears(COUNSELLOR_HZ)


async def test_keys_arrive_one_by_one_in_order(tmp_path: Path) -> None:
    phone_hears = Ears()
    async with Phone(ring_s=0).on(NOWHERE, tmp_path, phone_hears.heard) as handset:
        await Child(sound=ULAW, steps=(Press("29#"), Wait(0.2))).call(handset.address, tmp_path)
    assert phone_hears.pressed == "29#"
    assert [key.held_ms for key in phone_hears.keys.values()] == [120, 120, 120]


async def test_an_echo_comes_back_and_silence_is_measured(tmp_path: Path) -> None:
    child_hears = Ears()
    steps = (Wait(0.6), Say(tone(CHILD_HZ)), Wait(0.6), Say(None), Wait(0.8))
    async with Phone(ring_s=0, sound=Sound(Codec.ULAW, echoes=True)).on(NOWHERE, tmp_path) as handset:
        log = await Child(sound=ULAW, steps=steps).call(handset.address, tmp_path, child_hears.heard)
    assert log.answered_at and log.ended_at
    assert child_hears.hears(CHILD_HZ)
    assert 0.5 < child_hears.longest_silence(log.answered_at, log.ended_at) < 1.2


async def test_counsellor_hangs_up_and_the_steps_stop(tmp_path: Path) -> None:
    async with Phone(ring_s=0, talk_s=0.3).on(NOWHERE, tmp_path) as handset:
        log = await Child(sound=ULAW, steps=(Stay(5), Wait(60))).call(handset.address, tmp_path)
        assert await the_call(handset) is Side.HERE
    assert log.ended_by is Side.THERE


async def test_child_gives_up_before_anybody_answers(tmp_path: Path) -> None:
    async with Phone(ring_s=None).on(NOWHERE, tmp_path) as handset:
        log = await Child(sound=ULAW, gives_up_s=0.5).call(handset.address, tmp_path)
        assert await the_call(handset) is Side.THERE
        assert handset.logs[0].status == 487
    assert log.answered_at is None and log.ended_by is Side.HERE


async def test_child_gives_up_on_a_line_that_is_dead(tmp_path: Path) -> None:
    log = await Child(gives_up_s=0.3).call(NOWHERE, tmp_path)
    assert (log.status, log.answered_at, log.ended_at) == (0, None, None)


async def test_busy_phone_refuses(tmp_path: Path) -> None:
    async with Phone(ring_s=0, busy=True).on(NOWHERE, tmp_path) as handset:
        log = await Child(sound=ULAW, steps=(Wait(60),)).call(handset.address, tmp_path)
    assert (log.status, log.ended_by) == (486, Side.THERE)


async def test_one_phone_takes_many_calls_at_once_and_one_after_another(tmp_path: Path) -> None:
    async with Phone(ring_s=0.2).on(NOWHERE, tmp_path) as handset:
        logs = await Child(sound=ULAW, steps=(Wait(1.5),)).crowd(20, handset.address, tmp_path)
        logs.append(await Child(sound=ULAW, steps=(HangUp(),)).call(handset.address, tmp_path))
        await until(lambda: all(log.ended_at for log in handset.logs), 5, "the phone to know")
        assert len(handset.logs) == 21
    assert all(log.status == 200 and log.ended_by is Side.HERE for log in logs)
    assert len({log.shown.split(";")[0] for log in logs}) == 21


async def test_phone_shows_who_calls(tmp_path: Path) -> None:
    async with Phone(ring_s=0).on(NOWHERE, tmp_path) as handset:
        await Child(sound=ULAW, number="+994000000002").call(handset.address, tmp_path)
        await Child(sound=ULAW, number=None).call(handset.address, tmp_path)
        first, second = handset.logs
    assert "+994000000002" in first.shown
    assert "anonymous.invalid" in second.shown


async def test_a_call_in_hand_is_answered_and_hung_up_when_told(tmp_path: Path) -> None:
    async with (
        Phone(ring_s=None).on(NOWHERE, tmp_path) as handset,
        Child(sound=ULAW).ringing(handset.address, tmp_path) as child,
    ):
        call = await handset.call(within_s=5)
        assert child.log.answered_at is None
        call.answer()
        await child.answered(5)
        call.hang_up()
        assert (await child.ended(5)).ended_by is Side.THERE


async def test_a_button_pressed_twice_or_too_late_does_no_harm(tmp_path: Path) -> None:
    async with Phone(ring_s=None).on(NOWHERE, tmp_path) as handset:
        async with Child(sound=ULAW).ringing(handset.address, tmp_path) as child:
            ringing = await handset.call(within_s=5)
            ringing.answer()
            ringing.answer()
            await child.answered(5)
            child.hang_up()
            child.hang_up()
        async with Child(sound=ULAW).ringing(handset.address, tmp_path) as child:
            ringing = await handset.call(1, within_s=5)
            child.hang_up()
            ringing.answer()
            child.hang_up()
        await until(lambda: all(log.ended_at for log in handset.logs), 5, "both calls to end")


async def test_nothing_outlives_a_failing_story(tmp_path: Path) -> None:
    with pytest.raises(TelephonyError, match=r"waited 0\.2 s in vain for a miracle"):
        async with Phone(ring_s=0).on(NOWHERE, tmp_path) as handset:
            await Child(sound=ULAW, steps=(Until(lambda: False, 0.2, "a miracle"),)).call(handset.address, tmp_path)
    assert not await asyncio.to_thread(processes_in, tmp_path)


async def test_a_message_that_no_scenario_knows_is_told(tmp_path: Path) -> None:
    with pytest.raises(TelephonyError, match="did not know what to do with PUBLISH"):
        async with (
            Phone(ring_s=0).on(NOWHERE, tmp_path) as handset,
            Child(sound=ULAW).ringing(handset.address, tmp_path) as child,
        ):
            await child.answered(5)
            await handset.calls[0].answered(5)
            strange = handset.calls[0].invite.replace("INVITE sip", "PUBLISH sip")
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
                stranger.sendto(strange.encode(), handset.address)
            await until(lambda: handset.complaint, 5, "SIPp to complain")


def processes_in(folder: Path) -> list[str]:
    """The processes that work in this folder, by Linux's own account."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                where = (entry / "cwd").readlink()
            except OSError:
                continue
            found += [entry.name] if folder in where.parents else []
    return found


async def test_a_phone_that_gets_no_answer_to_its_registration_says_so(tmp_path: Path) -> None:
    with pytest.raises(TelephonyError, match="could not register"):
        async with Phone("101", "never-right").on(NOWHERE, tmp_path):
            pass
