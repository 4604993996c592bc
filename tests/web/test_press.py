"""Parts on their way to many: made once however many watch, never missed, and nobody left waiting when making fails."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator

import pytest

from ivr.web import press as module
from ivr.web.press import Press


class Line:
    """What is to be told: parts, and how often they were made."""

    def __init__(self) -> None:
        self.parts, self.made, self.fails = {"figures": "0", "people": "none"}, 0, False
        self._stirred = asyncio.Event()

    def say(self, **parts: str) -> None:
        self.parts = self.parts | parts
        self._stirred.set()

    async def source(self) -> AsyncIterator[dict[str, str]]:
        while True:
            if self.fails:
                raise OSError("the disk")
            self.made += 1
            yield self.parts
            await self._stirred.wait()
            self._stirred.clear()


def told(sent: bytes) -> dict[str, str]:
    found = (json.loads(data) for data in re.findall(r"^event: part\ndata: (.*)$", sent.decode(), re.MULTILINE))
    return {each["name"]: each["html"] for each in found}


async def read(press: Press, line: Line, for_s: float = 2.0) -> list[dict[str, str]]:
    return [told(sent) async for sent in press.follow("all", line.source, for_s)]


async def test_many_watch_and_it_is_made_once() -> None:
    press, line = Press(), Line()
    watching = [asyncio.create_task(read(press, line, 1.0)) for _ in range(50)]
    await asyncio.sleep(0.3)
    line.say(figures="1")
    for sent in await asyncio.gather(*watching):
        assert sent == [{"figures": "0", "people": "none"}, {"figures": "1"}]
    assert line.made == 2


async def test_a_flock_of_changes_goes_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "APART_S", 0.3)
    press, line = Press(), Line()
    watching = asyncio.create_task(read(press, line, 1.0))
    for n in range(20):
        await asyncio.sleep(0.01)
        line.say(figures=str(n))
    assert await watching == [{"figures": "0", "people": "none"}, {"figures": "19"}]


async def test_who_is_slow_is_sent_the_newest_and_misses_no_part() -> None:
    press, line = Press(), Line()
    following = press.follow("all", line.source, 5)
    await anext(following)
    for each in ({"figures": "1"}, {"people": "Aynur"}, {"figures": "2"}):
        line.say(**each)
        await asyncio.sleep(0.2)
    assert told(await anext(following)) == {"figures": "2", "people": "Aynur"}
    await following.aclose()


async def test_when_making_fails_nobody_is_left_waiting_and_it_begins_anew() -> None:
    press, line = Press(), Line()
    watching = [asyncio.create_task(read(press, line, 60)) for _ in range(3)]
    await asyncio.sleep(0.3)
    line.fails = True
    line.say(figures="1")
    async with asyncio.timeout(5):
        assert [len(sent) for sent in await asyncio.gather(*watching)] == [1, 1, 1]
    line.fails = False
    assert await read(press, line, 0.3) == [{"figures": "1", "people": "none"}]


async def test_when_nobody_watches_nothing_is_made() -> None:
    press, line = Press(), Line()
    await read(press, line, 0.2)
    line.say(figures="1")
    await asyncio.sleep(0.3)
    assert line.made == 1
