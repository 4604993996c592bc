"""Who is known is greeted so; who waits long agrees on a call-back, or waits on. With real calls."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from ivr.telephony.sipp_call import LiveCall
from ivr.telephony.sipp_child import Press, Stay, Wait
from tests.live.line import LiveLine, Row
from tests.live.test_stories import keys

pytestmark = pytest.mark.live

TYPED = "0007654321"  # +994 00 is no network


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


def files_with(line: LiveLine, digits: bytes) -> Iterator[str]:
    for path in line.state.rglob("*"):
        if path.is_file() and "tests" not in path.relative_to(line.state).parts and digits in path.read_bytes():
            yield path.name


async def answered(line: LiveLine, call: asyncio.Task[object], before: list[Row]) -> Row:
    """The call's row, once a counsellor has taken it."""
    async with line.phone("103", talk_s=0.3).on(line.address, line.folder()):
        await call
    (row,) = await line.new_rows(before)
    return row


async def test_a_number_is_keyed_in_when_nobody_answers_and_stands_nowhere(line: LiveLine) -> None:
    before = line.calls()
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
    before, since = line.calls(), len(line.events())
    steps = (
        *keys("20"), Hears(line, "nobody-yet", 120), Wait(0.5), Press("1"), Hears(line, "callback-number"), Press("2"),
        Hears(line, "callback-type"), Press("9"), Stay(90),
    )  # fmt: skip
    call = asyncio.create_task(line.call(*steps))
    await line.until_event(lambda e: "priority=danger" in e["eventextra"], 200, "danger", since)
    row = await answered(line, call, before)
    assert (row["priority"], row["outcome"]) == ("danger", "answered")
