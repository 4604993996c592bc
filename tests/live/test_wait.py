"""Between the menus and a human voice: who is rung, who comes first, what the caller hears meanwhile."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

import pytest

from ivr.telephony.phones import SILENT_PHONE_S
from ivr.telephony.sipp import until
from ivr.telephony.sipp_call import LiveCall, Sound
from ivr.telephony.sipp_child import Press, Stay, Wait
from ivr.telephony.sipp_phone import Handset
from ivr.telephony.sipp_scenario import Codec
from tests.live.ears import Ears
from tests.live.line import LiveLine, Row
from tests.live.test_stories import keys

pytestmark = pytest.mark.live

NewLine = Callable[..., LiveLine]


@pytest.fixture
def line(line: LiveLine) -> LiveLine:
    """The shared line, with everybody there and no ring missed: who let the phone ring in another story comes last."""
    asyncio.run(line.all_in())
    return line


def steps(row: Row, step: str) -> list[Row]:
    return [each for each in row["steps"] if each["step"] == step]


def said_at(row: Row, step: str) -> str:
    return str(steps(row, step)[0]["at"])


def is_queued(event: Row) -> bool:
    return bool(event["eventtype"] == "APP_START" and event["appname"] == "Queue")


async def queued(line: LiveLine, since: int, count: int = 1) -> None:
    """Until so many callers have entered a queue since that line of the ledger."""
    await until(lambda: sum(map(is_queued, line.events()[since:])) >= count, 120, f"{count} in the queue")


async def test_language_decides_who_rings_and_why_is_on_record(line: LiveLine) -> None:
    before = line.known()
    phones = [line.phone(extension, talk_s=0.5).on(line.address, line.folder()) for extension in ("101", "103")]
    async with phones[0], phones[1]:
        await asyncio.sleep(1)
        await line.call(*keys("30"), Stay(60))
    (row,) = await line.new_rows(before)
    assert (row["counsellor"], row["queue"]) == ("103", "en")
    assert [(s["extension"], s["why"]) for s in steps(row, "matched")] == [("103", "best-fit")]
    assert {s["extension"] for s in steps(row, "rang")} == {"103"}


async def test_nobody_speaks_the_language_and_another_is_rung_at_once(line: LiveLine) -> None:
    """Nobody waits for a counsellor who is at home: who fits best of those on duty counts as best."""
    before = line.known()
    async with line.phone("101", talk_s=0.5).on(line.address, line.folder()):
        await asyncio.sleep(1)
        await line.call(*keys("30"), Stay(60))
    (row,) = await line.new_rows(before)
    assert (row["counsellor"], row["outcome"]) == ("101", "answered")
    assert row["wait_s"] < 15


async def test_next_best_is_rung_when_the_best_does_not_pick_up(line: LiveLine) -> None:
    before = line.known()
    silent = line.phone("103", ring_s=None).on(line.address, line.folder())
    async with silent as unattended, line.phone("101", talk_s=0.5).on(line.address, line.folder()):
        await asyncio.sleep(1)
        await line.call(*keys("30"), Stay(120))
        assert unattended.calls
    (row,) = await line.new_rows(before)
    assert (row["counsellor"], row["outcome"]) == ("101", "answered")
    assert steps(row, "rang")[0]["extension"] == "103"
    assert row["wait_s"] < 75


async def test_busy_phone_costs_the_caller_nothing(line: LiveLine) -> None:
    before = line.known()
    busy = line.phone("101", busy=True).on(line.address, line.folder())
    async with busy, line.phone("102", talk_s=0.5).on(line.address, line.folder()):
        await asyncio.sleep(1)
        await line.call(*keys("10"), Stay(60))
    (row,) = await line.new_rows(before)
    assert (row["outcome"], row["counsellor"]) == ("answered", "102")
    assert row["wait_s"] < 12


async def test_phone_with_a_codec_of_its_own_costs_the_caller_little(line: LiveLine) -> None:
    before, foreign, child = line.known(), Sound(Codec.G722, says=None), Ears()
    wrong = line.phone("101", sound=foreign).on(line.address, line.folder())
    async with wrong, line.phone("102", talk_s=0.5).on(line.address, line.folder()):
        await asyncio.sleep(1)
        await line.call(*keys("10"), Stay(60), ears=child)
    assert child.hears_prompt(line.state / "sounds/az/helpline/moment.alaw")
    (row,) = await line.new_rows(before)
    assert row["outcome"] == "answered"
    # The switch may put that phone through for an instant before it is gone.
    assert steps(row, "talking")[-1]["extension"] == "102"
    assert [s["because"] for s in steps(row, "chose") if "because" in s] == ["phone-mute"]
    assert row["wait_s"] + row["talk_s"] < 20


async def test_phone_that_answers_and_sends_no_sound_gives_the_caller_to_another(line: LiveLine) -> None:
    before, child = line.known(), Ears()
    dead = line.phone("101", sound=Sound(Codec.ULAW, says=None)).on(line.address, line.folder())
    async with dead as handset:
        await asyncio.sleep(1)
        call = asyncio.create_task(line.call(*keys("10"), Stay(90), ears=child))
        await (await handset.call()).answered()
        async with line.phone("102", talk_s=0.5).on(line.address, line.folder()):
            await call
    (row,) = await line.new_rows(before)
    assert [s["extension"] for s in steps(row, "talking")] == ["101", "102"]
    assert row["talk_s"] < SILENT_PHONE_S + 15


async def test_caller_who_rings_back_meets_the_same_counsellor(line: LiveLine) -> None:
    """Though another has been idle longer."""
    before, number = line.known(), "+994000000061"
    phones = [line.phone(extension, talk_s=0.5).on(line.address, line.folder()) for extension in ("101", "102")]
    async with phones[0], phones[1]:
        await asyncio.sleep(1)
        await line.call(*keys("20"), Stay(60), number=number)  # only 102 speaks Russian
        await line.new_rows(before)
        await asyncio.sleep(3)  # the program looks at the rows every two seconds
        await line.call(*keys("10"), Stay(60), number=number)
    rows = await line.new_rows(before, 2)
    assert [row["counsellor"] for row in rows] == ["102", "102"]
    assert [s["why"] for s in steps(rows[-1], "matched")] == ["talked-before"]


async def test_danger_overtakes_a_full_queue_across_languages(line: LiveLine) -> None:
    """The only counsellor talks; the queue fills; then a child in danger comes last and is first."""
    before, since = line.known(), len(line.events())
    async with line.phone("102").on(line.address, line.folder()) as handset:
        await asyncio.sleep(1)
        plans = ("10", "10", "141", "20", "232", "10")
        waiting = [asyncio.create_task(line.call(*keys(plans[0]), Stay(200)))]
        first = await handset.call()
        for plan in plans[1:]:
            waiting.append(asyncio.create_task(line.call(*keys(plan), Stay(200))))
            await asyncio.sleep(1.5)  # the place in the queue is a second
        await queued(line, since, len(plans))
        waiting.append(asyncio.create_task(line.call(*keys("29"), Stay(200))))
        await queued(line, since, len(plans) + 1)
        await serve(handset, first, len(plans))
        await asyncio.gather(*waiting)
    rows = await line.new_rows(before, len(waiting))
    talked = sorted(rows, key=lambda row: said_at(row, "talking"))[1:]
    assert [row["priority"] for row in talked] == ["danger", "high", "normal", "normal", "normal", "normal"]
    normal = [row for row in talked if row["priority"] == "normal"]
    assert normal == sorted(normal, key=lambda row: said_at(row, "decided"))


async def serve(handset: Handset, talking: LiveCall, more: int) -> None:
    """The counsellor ends this talk, and takes so many more callers one after another."""
    for number in range(1, more + 1):
        await talking.answered()
        await asyncio.sleep(0.5)
        talking.hang_up()
        talking = await handset.call(number)
    await talking.answered()
    talking.hang_up()


async def test_two_callers_and_one_counsellor_in_the_same_instant(line: LiveLine) -> None:
    before = line.known()
    async with line.phone("101", talk_s=1).on(line.address, line.folder()):
        await asyncio.sleep(1)
        await asyncio.gather(*(line.call(*keys("10"), Stay(90)) for _ in range(2)))
    rows = await line.new_rows(before, 2)
    assert [row["outcome"] for row in rows] == ["answered", "answered"]
    assert all(len(steps(row, "talking")) == 1 for row in rows)


async def test_wrap_up_leaves_the_phone_in_peace_but_not_when_somebody_is_in_danger(new_line: NewLine) -> None:
    line = new_line(wrap_up_s="300")
    before = line.known()
    async with line.phone("101", talk_s=0.5).on(line.address, line.folder()) as handset:
        await asyncio.sleep(1)
        await line.call(*keys("10"), Stay(60))
        await line.new_rows(before)
        patient = asyncio.create_task(line.call(*keys("10"), Stay(120)))
        await asyncio.sleep(15)
        assert len(handset.calls) == 1
        await line.call(*keys("19"), Stay(60))
        await patient
    rows = await line.new_rows(before, 3)
    assert {row["outcome"] for row in rows} == {"answered"}
    waited = {row["priority"]: row["wait_s"] for row in rows}
    assert waited["danger"] < 15
    assert waited["normal"] > 50  # "after sixty seconds anybody": the counsellor who is still writing included


async def test_phone_unplugged_in_mid_queue_is_replaced_by_the_next(line: LiveLine) -> None:
    """It was the only one. The caller notices nothing more than a delay."""
    before, since, ears = line.known(), len(line.events()), Ears()
    second = line.phone("102", talk_s=0.5)  # asked for now: later it would keep this loop from hearing
    async with line.phone("101", ring_s=None).on(line.address, line.folder()) as handset:
        call = asyncio.create_task(line.call(*keys("10"), Stay(240), ears=ears))
        await queued(line, since)
        await until(lambda: handset.calls, 20, "the ring")
    gone = ears.pieces[-1].at
    await asyncio.sleep(12)
    async with second.on(line.address, line.folder()):
        await call
    (row,) = await line.new_rows(before)
    assert (row["outcome"], row["counsellor"]) == ("answered", "102")
    assert ears.longest_silence(gone, ears.pieces[-1].at) < 5


async def test_membership_heals_when_somebody_changes_it(line: LiveLine) -> None:
    async with line.phone("101").on(line.address, line.folder()):
        await until(lambda: "PJSIP/101" in line.console("queue show az-legal"), 10, "the member")
        line.console("queue remove member PJSIP/101 from az-legal")
        line.console("queue pause member PJSIP/101 queue az")
        line.console("queue set penalty 4 on PJSIP/101 in az-danger")
        await until(lambda: "PJSIP/101" in line.console("queue show az-legal"), 10, "the member again")
        await until(lambda: "paused" not in line.console("queue show az"), 10, "no pause")
        await until(lambda: "penalty 1" in line.console("queue show az-danger"), 10, "the fit")


async def test_membership_survives_the_death_of_the_watch_and_of_the_switch(new_line: NewLine) -> None:
    line = new_line()
    before = line.known()
    async with line.phone("101", talk_s=0.5).on(line.address, line.folder()):
        await until(lambda: "PJSIP/101" in line.console("queue show az-legal"), 10, "the member")
        line.send("keeper", signal.SIGSTOP)
        line.send("watch", signal.SIGKILL)
        assert "PJSIP/101" in line.console("queue show az-legal")
        await line.call(*keys("141"), Stay(60))
        line.send("keeper", signal.SIGCONT)
        (row,) = await line.new_rows(before)
        assert row["outcome"] == "answered"
        line.send("switch", signal.SIGKILL)
        await asyncio.sleep(1)
        await until(lambda: line.run("status", code=None).startswith("● The line is open"), 30, "the line open again")
        await until(lambda: "PJSIP/101" in line.console("queue show az-legal"), 20, "the member again")


async def test_nobody_looks_after_the_queues_and_everybodys_phone_rings(new_line: NewLine) -> None:
    line = new_line()
    before = line.known()
    line.send("keeper", signal.SIGSTOP)
    line.send("watch", signal.SIGSTOP)
    await asyncio.sleep(22)
    async with line.phone("101", talk_s=0.5).on(line.address, line.folder()):
        await asyncio.sleep(1)
        await line.call(*keys("30"), Stay(60))
    (row,) = await line.new_rows(before)
    assert (row["outcome"], row["counsellor"], row["queue"]) == ("answered", "101", "en")
    assert [s["why"] for s in steps(row, "matched")] == ["everybody-rings"]


async def test_five_breathes_and_the_place_is_kept(line: LiveLine) -> None:
    before, since = line.known(), len(line.events())
    async with line.phone("101").on(line.address, line.folder()) as handset:
        await asyncio.sleep(1)
        calls = [asyncio.create_task(line.call(*keys("10"), Stay(240)))]
        talking = await handset.call()
        calls.append(asyncio.create_task(line.call(*keys("10"), Wait(5), Press("5"), Stay(240))))
        await queued(line, since, 2)
        calls.append(asyncio.create_task(line.call(*keys("10"), Stay(240))))
        await queued(line, since, 3)
        pressed = lambda: any("menu=waiting&key=5" in e["eventextra"] for e in line.events()[since:])  # noqa: E731
        await until(pressed, 20, "the exercise")
        await queued(line, since, 4)  # the exercise is over
        await serve(handset, talking, 2)
        await asyncio.gather(*calls)
    rows = sorted(await line.new_rows(before, 3), key=lambda row: said_at(row, "talking"))
    assert [len(steps(row, "queued")) for row in rows] == [1, 2, 1]
