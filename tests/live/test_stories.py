"""A child rings, as on any day: real SIP, real sound, real keys, and what is on record afterwards."""

from __future__ import annotations

import asyncio
from collections import Counter
from itertools import product

import pytest

from ivr.telephony.rtp import tone
from ivr.telephony.sipp_call import Sound
from ivr.telephony.sipp_child import HangUp, Press, Stay, Until, Wait
from ivr.telephony.sipp_scenario import Codec
from tests.live.ears import Ears
from tests.live.line import LiveLine

pytestmark = pytest.mark.live

LANGUAGES = {"1": "az", "2": "ru", "3": "en"}
TOPICS = {
    "1": "psychological",
    "2": "social",
    "3": "violence",
    "4": "legal",
    "5": "education",
    "6": "health",
    "0": None,
}  # fmt: skip
BANDS = {"1": "0-10", "2": "11-14", "3": "15-18", "4": "adult"}
BEFORE_KEYS = Wait(1.5)  # answer, and the greeting has begun
BETWEEN = Wait(1.0)  # a key between two menus is lost, and a busy machine takes its time to the next
CHILD_HZ, COUNSELLOR_HZ = 440, 700


def keys(pressed: str) -> list[Press | Wait]:
    return [BEFORE_KEYS, *(step for key in pressed for step in (Press(key), BETWEEN))]


def expected(pressed: str) -> tuple[str, str | None, str | None, str]:
    language, topic, band = pressed[0], pressed[1], pressed[2:]
    priority = "high" if TOPICS[topic] == "violence" else "normal"
    return LANGUAGES[language], TOPICS[topic], BANDS[band] if band else None, priority


async def test_every_language_and_topic_reaches_a_counsellor_who_speaks_it(line: LiveLine) -> None:
    plans = [a + b + ("" if b in "30" else str(1 + n % 4)) for n, (a, b) in enumerate(product(LANGUAGES, TOPICS))]
    await line.all_in()
    before = line.known()
    phones = [line.phone(extension, talk_s=0.4) for extension in ("101", "102", "103")]
    one, two, three = phones
    folder = line.folder()
    async with one.on(line.address, folder), two.on(line.address, folder), three.on(line.address, folder):
        await asyncio.gather(*(line.call(*keys(plan), Stay(90)) for plan in plans))
    rows = await line.new_rows(before, len(plans))
    found = Counter((r["language"], r["topic"], r["age_band"], r["priority"]) for r in rows)
    assert found == Counter(expected(plan) for plan in plans)
    assert {r["outcome"] for r in rows} == {"answered"}
    speaks = {"101": {"az"}, "102": {"az", "ru"}, "103": {"az", "ru", "en"}}
    assert all(r["language"] in speaks[r["counsellor"]] for r in rows)
    assert all(0.2 <= r["talk_s"] < 3 and r["wait_s"] >= 0 and not r["silent"] for r in rows)


async def test_both_hear_each_other_and_the_phone_does_not_show_the_number(line: LiveLine) -> None:
    before = line.known()
    child, counsellor = Ears(), Ears()
    phone = line.phone("102", sound=Sound(Codec.ULAW, says=tone(COUNSELLOR_HZ)))
    async with phone.on(line.address, line.folder(), counsellor.heard) as handset:
        await line.call(
            *keys("232"),
            Until(lambda: child.hears(COUNSELLOR_HZ), 30, "the counsellor's tone"),
            Until(lambda: counsellor.hears(CHILD_HZ), 10, "the child's tone"),
            ears=child,
            says=tone(CHILD_HZ),
            number="+994000000077",
        )
        shown = (await handset.call()).invite
    assert "0000077" not in shown
    assert "ru violence" in shown
    (row,) = await line.new_rows(before)
    assert (row["outcome"], row["counsellor"], row["queue"]) == ("answered", "102", "ru-violence")


async def test_caller_hears_us_at_once_and_the_first_menu_ends_within_twelve_seconds(line: LiveLine) -> None:
    ears = Ears()
    log = await line.call(Wait(14), ears=ears)
    assert log.answered_at is not None
    first = ears.sound_at(log.answered_at)
    assert first is not None
    assert first - log.answered_at < 3
    asked = [e for e in line.events() if e["eventtype"] == "asked"][-1]
    # Read() ends wait_s after the last word
    assert asked["eventtime"] - log.answered_at - 2.5 < 12


async def test_key_stops_the_prompt(line: LiveLine) -> None:
    since = len(line.events())
    log = await line.call(BEFORE_KEYS, Press("2"), BETWEEN)
    asked = await line.until_event(lambda e: e["eventtype"] == "asked", 3, "the key", since)
    assert log.answered_at is not None
    assert asked["eventtime"] - log.answered_at < 5  # the greeting alone takes 7


async def test_no_key_at_all_is_in_the_queue_within_forty_seconds_marked_silent(line: LiveLine) -> None:
    before, since = line.known(), len(line.events())
    async with line.phone("101").on(line.address, line.folder()) as handset:
        call = asyncio.create_task(line.call(Stay(120)))
        ringing = await handset.call(within_s=60)
        await ringing.answered()
        # Who hangs up before the two are joined has not taken the call: it would ring once more.
        await line.until_event(lambda e: e["eventtype"] == "BRIDGE_ENTER", 10, "the two to be joined", since)
        ringing.hang_up()
        log = await call  # who was silent is spoken to before the end
    queued = await line.until_event(
        lambda e: e["appname"] == "Queue" and e["eventtype"] == "APP_START", 2, "queue", since
    )
    assert log.answered_at is not None
    assert queued["eventtime"] - log.answered_at < 40
    (row,) = await line.new_rows(before)
    assert (row["silent"], row["language"], row["priority"], row["outcome"]) == (True, "az", "high", "answered")


async def test_wrong_keys_go_on_with_the_default_and_reach_a_person(line: LiveLine) -> None:
    before = line.known()
    async with line.phone("101", talk_s=0.3).on(line.address, line.folder()):
        await line.call(*keys("7*8#"), Stay(30))
    (row,) = await line.new_rows(before)
    assert (row["language"], row["topic"], row["silent"], row["outcome"]) == ("az", None, False, "answered")
    assert [s["key"] for s in row["steps"] if s["step"] == "asked"] == ["7", "*", "8", "#"]


@pytest.mark.parametrize("pressed", ["9", "29", "219"])
async def test_nine_is_danger_in_every_menu(line: LiveLine, pressed: str) -> None:
    before = line.known()
    async with line.phone("103", talk_s=0.3).on(line.address, line.folder()) as handset:
        await line.call(*keys(pressed), Stay(30))
        assert "DANGER" in (await handset.call()).invite
    (row,) = await line.new_rows(before)
    assert (row["priority"], row["outcome"]) == ("danger", "answered")


async def test_nine_in_the_queue_is_danger_and_overtakes(line: LiveLine) -> None:
    before, since = line.known(), len(line.events())

    def is_queued(event: dict[str, object]) -> bool:
        return event["eventtype"] == "APP_START" and event["appname"] == "Queue"

    async with line.phone("101").on(line.address, line.folder()) as handset:
        calls = [asyncio.create_task(line.call(*keys("10"), Stay(60)))]
        talking = await handset.call()
        calls.append(asyncio.create_task(line.call(*keys("10"), Stay(60), number="+994000000021")))
        await line.until_event(is_queued, 20, "the first in the queue", since)
        calls.append(asyncio.create_task(line.call(*keys("10"), Wait(6), Press("9"), Stay(60), number="+994000000022")))
        await line.until_event(lambda e: "priority=danger" in e["eventextra"], 20, "the danger key", since)
        since = len(line.events())
        await line.until_event(is_queued, 20, "the second in the queue again, after the danger prompt", since)
        for number in (1, 2):
            await talking.answered()
            talking.hang_up()
            talking = await handset.call(number)
        await talking.answered()
        talking.hang_up()
        await asyncio.gather(*calls)
    rows = sorted(await line.new_rows(before, 3), key=lambda row: str(row["steps"][-1]["at"]))
    assert [row["priority"] for row in rows] == ["normal", "danger", "normal"]


HANG_UPS = {
    "before the first word": ([Wait(0.1)], "abandoned_in_menu"),
    "in the greeting": ([Wait(1.5)], "abandoned_in_menu"),
    "in the topic menu": ([*keys("2"), Wait(1)], "abandoned_in_menu"),
    "in the age menu": ([*keys("21"), Wait(1)], "abandoned_in_menu"),
    "while being connected": ([*keys("20"), Wait(0.5)], "abandoned_in_queue"),
    "in the queue": ([*keys("20"), Wait(6)], "abandoned_in_queue"),
}


@pytest.mark.parametrize(("steps", "outcome"), HANG_UPS.values(), ids=HANG_UPS.keys())
async def test_hanging_up_is_on_record_in_every_state(line: LiveLine, steps: list[Wait], outcome: str) -> None:
    before = line.known()
    await line.call(*steps, HangUp())
    (row,) = await line.new_rows(before)
    assert row["outcome"] == outcome
    assert row["talk_s"] is None


async def test_hanging_up_while_it_rings_and_while_talking(line: LiveLine) -> None:
    before = line.known()
    async with line.phone("101", ring_s=None).on(line.address, line.folder()) as handset:
        ringing = asyncio.create_task(line.call(*keys("10"), Until(lambda: handset.calls, 20, "ring"), Wait(0.5)))
        await ringing
        (row,) = await line.new_rows(before)
        assert row["outcome"] == "abandoned_in_queue"
    before = line.known()
    async with line.phone("101").on(line.address, line.folder()) as handset:
        await line.call(*keys("10"), Until(lambda: handset.logs and handset.logs[0].answered_at, 20, "talk"), Wait(2))
    (row,) = await line.new_rows(before)
    assert row["outcome"] == "answered"
    assert 1.5 < row["talk_s"] < 4


@pytest.mark.parametrize(
    ("dialled", "recorded"),
    [
        ("+994506802280", "+994506802280"),
        ("994515802280", "+994515802280"),
        ("0518801180", "+994518801180"),
        ("00994518802280", "+994518802280"),
    ],
)
async def test_mobile_numbers_enter_the_same_flow(line: LiveLine, dialled: str, recorded: str) -> None:
    before = line.known()
    await line.call(*keys("3"), dials=dialled)
    (row,) = await line.new_rows(before)
    assert (row["dialled"], row["language"]) == (recorded, "en")


async def test_nobody_registered_the_caller_hears_that_we_are_here_and_the_first_phone_gets_the_call(
    line: LiveLine,
) -> None:
    before, ears = line.known(), Ears()
    call = asyncio.create_task(line.call(*keys("20"), Stay(90), ears=ears))
    await asyncio.sleep(28)
    assert ears.longest_silence(ears.pieces[-1].at - 20, ears.pieces[-1].at) < 5
    async with line.phone("103", talk_s=0.3).on(line.address, line.folder()):
        await call
    (row,) = await line.new_rows(before)
    assert (row["outcome"], row["language"]) == ("answered", "ru")


async def test_fifty_at_once_are_all_on_record(line: LiveLine) -> None:
    from ivr.telephony.sipp_child import Child

    before = line.known()
    child = Child(
        steps=[BEFORE_KEYS, Press("2"), Wait(1.5), Press("4"), Wait(1.5), Press("3"), Wait(2)], number="+99400000"
    )
    logs = await child.crowd(50, line.address, line.folder())
    assert all(log.answered_at for log in logs)
    rows = await line.new_rows(before, 50)
    assert len(rows) == 50
    assert Counter((r["language"], r["topic"], r["age_band"]) for r in rows) == {("ru", "legal", "15-18"): 50}


async def test_row_is_there_within_a_second_and_open_calls_are_shown_open(line: LiveLine) -> None:
    before = line.known()
    call = asyncio.create_task(line.call(*keys("2"), Wait(5)))
    await asyncio.sleep(3)
    (row,) = await line.new_rows(before, ended=False)
    assert (row["ended_at"], row["outcome"], row["language"]) == (None, None, "ru")
    await call
    await line.new_rows(before)


async def test_no_number_lies_in_the_state_folder(line: LiveLine) -> None:
    number = "+994005551234"
    async with line.phone("101", talk_s=0.3).on(line.address, line.folder()):
        await line.call(*keys("10"), Stay(30), number=number)
    await asyncio.sleep(1)
    digits = number[4:].encode()
    found = [
        path
        for path in line.state.rglob("*")
        if path.is_file() and "tests" not in path.relative_to(line.state).parts and digits in path.read_bytes()
    ]
    assert found == []
