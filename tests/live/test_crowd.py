"""The worst night: two hundred callers and five counsellors. Every call ends as something, and none is lost."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack

import pytest

from ivr.telephony.sipp_call import Sound
from ivr.telephony.sipp_child import Child, Linger, Press, Step, Wait
from ivr.telephony.sipp_scenario import Codec
from tests.live.line import LiveLine, Row

pytestmark = [pytest.mark.live, pytest.mark.alone]

COUNSELLORS = ("101", "102", "103", "104", "105")
NIGHT_S = 150
AGREES = [step for _ in range(3) for step in (Press("1"), Wait(4))]  # this number, now, only me
# How each group of children behaves once the menus are behind them: who waits, who gives up, who is in danger.
GROUPS: dict[str, tuple[int, str, list[Step]]] = {
    "patient": (40, "10", [Linger(NIGHT_S)]),
    "of another language": (30, "20", [Linger(NIGHT_S)]),
    "impatient": (60, "141", [Wait(12)]),
    "in danger": (10, "19", [Linger(NIGHT_S)]),
    "asking to be called back": (60, "10", [Wait(38), Press("1"), Wait(4), *AGREES, Linger(30)]),
}


async def group(line: LiveLine, number: int, count: int, keys: str, then: list[Step]) -> None:
    pressed = [step for key in keys for step in (Press(key), Wait(2.0))]
    child = Child(
        steps=[Wait(2.0), *pressed, *then],
        number=f"+9940000{number}",
        sound=Sound(Codec.ALAW, says=None),  # two hundred voices from one event loop would be the test of that loop
        answer_within_s=60,
    )
    await child.crowd(count, line.address, line.folder())


def begun(line: LiveLine) -> int:
    """Calls that the switch saw, by its own log."""
    events = line.events()
    return sum(e["eventtype"] == "CHAN_START" and e["context"] == "incoming" for e in events)


async def test_two_hundred_callers_and_five_counsellors(new_line: Callable[..., LiveLine]) -> None:
    line = new_line()
    for extension in COUNSELLORS[3:]:
        line.run("counsellors", "add", extension, f"Demo {extension}", "-l", "az", "-l", "ru")
    before, seen = line.known(), begun(line)
    async with AsyncExitStack() as stack:
        for extension in COUNSELLORS:
            phone = line.phone(extension, talk_s=1.5)
            await stack.enter_async_context(phone.on(line.address, line.folder()))
        await asyncio.gather(*(group(line, n, *told) for n, told in enumerate(GROUPS.values())))
    total = sum(count for count, _, _ in GROUPS.values())
    rows = await line.new_rows(before, total)
    assert len(rows) == begun(line) - seen == total
    outcomes = Counter(row["outcome"] for row in rows)
    print(dict(outcomes))
    own_hang_up = {"abandoned_in_menu", "abandoned_in_queue"}
    assert set(outcomes) <= {"answered", "callback_promised", "message_left", *own_hang_up}
    assert outcomes["answered"] > 50
    assert {row["outcome"] for row in rows if row["priority"] == "danger"} == {"answered"}
    assert worst_wait(rows, "danger") < worst_wait(rows, "normal")


def worst_wait(rows: list[Row], priority: str) -> float:
    return max(float(row["wait_s"]) for row in rows if row["priority"] == priority and row["outcome"] == "answered")
