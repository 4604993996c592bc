"""A short form of `make chaos`: four faults under a steady load of real calls, each borne."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chaos.chaos_line import ChaosLine
from tests.chaos.faults import BY_NAME
from tests.chaos.rounds import Pace, Result, play
from tests.live.line import BUSY

pytestmark = [pytest.mark.live, pytest.mark.alone]

SHORT = ("kill-answer", "ledger-truncated", "ledger-duplicated", "stop-watch")


@pytest.fixture
def chaos_line(switch_there: None) -> Iterator[ChaosLine]:
    own = ChaosLine(8)
    own.open()
    yield own
    own.close()


async def test_under_a_steady_load_every_fault_is_borne(chaos_line: ChaosLine) -> None:
    results: list[Result] = await play(chaos_line, [BY_NAME[name] for name in SHORT], Pace(1.0, 80.0, BUSY), print)
    assert [(each.name, each.wrong) for each in results] == [(name, ()) for name in SHORT]
