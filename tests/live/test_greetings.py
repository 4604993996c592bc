"""Who is known is greeted so; who waits long agrees on a call-back, or waits on. With real calls."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import pytest

from ivr.returning import LOOK_EVERY_S, READ_LIMIT_S
from ivr.telephony.sipp_call import LiveCall
from ivr.telephony.sipp_child import Press, Stay, Until, Wait
from tests.live.line import LiveLine, Row
from tests.live.test_stories import keys

pytestmark = pytest.mark.live

TYPED = "0007654321"  # +994 00 is no network
ROWS_ARE_READ_S = LOOK_EVERY_S + READ_LIMIT_S


@dataclass(frozen=True, slots=True)
class Hears:
    """Go on once the switch plays this prompt to the only caller there is."""

    line: LiveLine
    prompt: str
    within_s: float = 20

    async def take(self, call: LiveCall) -> None:
        async with asyncio.timeout(self.within_s):
            while f"/{self.prompt}" not in await asyncio.to_thread(self.line.console, "core show channels concise"):
                await asyncio.sleep(0.2)


@dataclass(frozen=True, slots=True)
class PressUntil:
    """Press until that prompt is heard: between two prompts of the wait no key is listened for."""

    keys: str
    heard: Hears

    async def take(self, call: LiveCall) -> None:
        for _ in range(10):
            await call.press(self.keys)
            with suppress(TimeoutError):
                await self.heard.take(call)
                return
        raise AssertionError(f"{self.heard.prompt} was never heard")


def files_with(line: LiveLine, digits: bytes) -> Iterator[str]:
    for path in line.state.rglob("*"):
        if path.is_file() and "tests" not in path.relative_to(line.state).parts and digits in path.read_bytes():
            yield path.name


async def answered(line: LiveLine, call: asyncio.Task[object], before: frozenset[str]) -> Row:
    """The call's row, once a counsellor has taken it."""
    async with line.phone("103", talk_s=0.3).on(line.address, line.folder()):
        await call
    (row,) = await line.new_rows(before)
    return row


def begun(row: Row) -> str:
    return next((s["begun"] for s in row["steps"] if "begun" in s), "usual")


async def test_the_fourth_call_within_ten_minutes_hears_a_shorter_greeting_and_goes_on(line: LiveLine) -> None:
    before, number = line.known(), "+994000000041"
    for _ in range(3):
        await line.call(Wait(0.5), number=number)
    fourth = asyncio.create_task(
        line.call(Hears(line, "welcome-often"), Press("2"), Hears(line, "topic"), Press("0"), Stay(60), number=number)
    )
    async with line.phone("103", talk_s=0.3).on(line.address, line.folder()):
        await fourth
    rows = await line.new_rows(before, 4)
    assert [begun(row) for row in rows] == ["usual"] * 3 + ["often"]
    assert [row["outcome"] for row in rows] == ["abandoned_in_menu"] * 3 + ["answered"]


async def test_after_a_silent_call_the_next_is_greeted_as_a_return(line: LiveLine) -> None:
    before, since, number = line.known(), len(line.events()), "+994000000042"

    def is_decided() -> bool:
        return any(e["eventtype"] == "decided" for e in line.events()[since:])

    await line.call(Until(is_decided, 90, "the end of the menus"), Wait(1), number=number)
    (silent,) = await line.new_rows(before)
    assert silent["silent"]
    await asyncio.sleep(ROWS_ARE_READ_S)
    await line.call(Hears(line, "welcome-back"), Press("3"), Wait(1), number=number)
    back = (await line.new_rows(before, 2))[-1]
    assert (begun(back), back["language"]) == ("back", "en")


async def test_whoever_is_asked_to_wait_hears_so_and_nine_reaches_a_counsellor(line: LiveLine) -> None:
    before, number = line.known(), "+994000000043"
    await line.call(Wait(0.5), number=number)
    (first,) = await line.new_rows(before)
    (made,) = line.rows("block", first["id"], "--hours", "1", "--reason", "a story", "--by", "tests")
    await asyncio.sleep(ROWS_ARE_READ_S)
    log = await line.call(*keys("2"), Hears(line, "blocked"), Stay(60), number=number)
    assert log.ended_at is not None
    async with line.phone("103", talk_s=0.3).on(line.address, line.folder()):
        await line.call(*keys("2"), Hears(line, "blocked"), Press("9"), Stay(60), number=number)
    line.run("block", "lift", made["id"])
    _, goodbye, danger = await line.new_rows(before, 3)
    assert (begun(goodbye), goodbye["outcome"]) == ("blocked", "abandoned_in_menu")
    assert [s["told"] for s in goodbye["steps"] if "told" in s] == ["goodbye"]
    assert (begun(danger), danger["priority"], danger["outcome"]) == ("blocked", "danger", "answered")


async def test_nine_in_the_last_words_reaches_a_counsellor_too(line: LiveLine) -> None:
    before, number = line.known(), "+994000000044"
    await line.call(Wait(0.5), number=number)
    (first,) = await line.new_rows(before)
    line.run("block", first["id"], "--hours", "1", "--reason", "a story")
    await asyncio.sleep(ROWS_ARE_READ_S)
    async with line.phone("103", talk_s=0.3).on(line.address, line.folder()):
        await line.call(*keys("2"), Hears(line, "goodbye", 60), Press("9"), Stay(60), number=number)
    row = (await line.new_rows(before, 2))[-1]
    assert (row["priority"], row["outcome"]) == ("danger", "answered")


async def test_a_number_is_keyed_in_when_nobody_answers_and_stands_nowhere(line: LiveLine) -> None:
    before = line.known()
    steps = (
        *keys("20"), Hears(line, "unanswered", 120), Press("1"), Hears(line, "callback-number"), Press("2"),
        Hears(line, "callback-type"), Press(TYPED), Hears(line, "callback-right"), Press("1"),
        Hears(line, "callback-when"), Press("3"), Hears(line, "callback-who"), Press("1"), Stay(60),
    )  # fmt: skip
    await line.call(*steps)
    (row,) = await line.new_rows(before)
    assert (row["outcome"], row["language"]) == ("callback_promised", "ru")
    assert [s.get("typed") for s in row["steps"] if s.get("menu") == "callback-type"] == [True]
    assert list(files_with(line, TYPED[1:].encode())) == []


async def test_a_call_back_can_be_asked_for_while_waiting_and_nine_is_danger_there_too(line: LiveLine) -> None:
    before, since = line.known(), len(line.events())
    steps = (
        *keys("20"), Hears(line, "nobody-yet", 120), PressUntil("1", Hears(line, "callback-number", 4)), Press("2"),
        Hears(line, "callback-type"), Press("9"), Stay(90),
    )  # fmt: skip
    call = asyncio.create_task(line.call(*steps))
    await line.until_event(lambda e: "priority=danger" in e["eventextra"], 200, "danger", since)
    row = await answered(line, call, before)
    assert (row["priority"], row["outcome"]) == ("danger", "answered")
