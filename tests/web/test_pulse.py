"""How the line is asked: seldom, once at a time, and never for long."""

from __future__ import annotations

import asyncio

import pytest

from ivr.errors import TelephonyError
from ivr.settings import Settings
from ivr.web.fresh import Fresh
from ivr.web.pulse import LinePulse, Mood, Pulse


class Console:
    """Counts how often it is asked; answers when it is let."""

    def __init__(self) -> None:
        self.asked = 0
        self.let = asyncio.Event()

    async def ask(self) -> int:
        self.asked += 1
        await self.let.wait()
        return self.asked


async def test_nobody_waits_longer_than_patience_and_the_question_goes_on() -> None:
    console = Console()
    fresh = Fresh(console.ask, patience_s=0.02)
    async with asyncio.timeout(1):
        assert await fresh.get() is None
        assert await fresh.get() is None
    console.let.set()
    assert await fresh.get() == 1
    assert console.asked == 1


async def test_many_readers_ask_once() -> None:
    console = Console()
    console.let.set()
    fresh = Fresh(console.ask, patience_s=1)
    assert set(await asyncio.gather(*(fresh.get() for _ in range(50)))) == {1}


async def test_an_answer_that_is_no_longer_fresh_is_asked_for_again() -> None:
    console = Console()
    console.let.set()
    fresh = Fresh(console.ask, patience_s=1, fresh_s=0)
    assert [await fresh.get(), await fresh.get()] == [1, 2]


@pytest.mark.parametrize(
    "error", [TelephonyError("the switch is not running"), PermissionError(13, "Permission denied")]
)
async def test_a_switch_that_is_away_is_not_known(error: Exception) -> None:
    async def ask() -> int:
        raise error

    assert await Fresh(ask, patience_s=1).get() is None


async def test_looking_at_a_line_that_was_never_opened_leaves_no_trace(settings: Settings) -> None:
    assert await LinePulse(settings).read() == Pulse(open=False)
    assert not settings.state_dir.exists()


@pytest.mark.parametrize(
    ("pulse", "mood"),
    [
        (Pulse(open=False, phones=3), Mood.CLOSED),
        (Pulse(open=True, phones=0), Mood.UNATTENDED),
        (Pulse(open=True, phones=1), Mood.OPEN),
        (Pulse(open=True), Mood.OPEN),
    ],
)
def test_the_mood_follows_from_what_is_known(pulse: Pulse, mood: Mood) -> None:
    assert pulse.mood is mood
