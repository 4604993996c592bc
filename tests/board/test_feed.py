"""The feed over a real socket: it begins with everything, follows, loses the switch and finds it again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from ivr.board import feed as module
from ivr.board.feed import Feed
from ivr.board.state import Board
from ivr.telephony import ami
from ivr.telephony.ami import connections
from tests.fake_ami import SECRET, USER, FakeAmi, captured

WAITS = "Event: UserEvent\nUserEvent: Call\nState: waiting\nLinkedid: hl-1795293485.{n}\nTimestamp: 1795293490.1\n\n"
OVER = WAITS.replace("waiting", "over")


@asynccontextmanager
async def following(fake: FakeAmi) -> AsyncIterator[Feed]:
    feed = Feed()
    running = asyncio.create_task(feed.run(lambda: connections("127.0.0.1", fake.port, USER, SECRET)))
    try:
        yield feed
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def until(feed: Feed, true: Callable[[Board], object]) -> Board:
    async with asyncio.timeout(5):
        async for board in feed.changes():
            if true(board):
                return board
    raise AssertionError


@pytest.fixture
async def fake() -> AsyncIterator[FakeAmi]:
    async with FakeAmi() as found:
        found.answers |= {"Status": captured("board-status-ringing"), "QueueStatus": captured("board-queues")}
        yield found


async def test_feed_begins_with_everything_and_follows(fake: FakeAmi) -> None:
    async with following(fake) as feed:
        assert feed.board.away
        board = await until(feed, lambda board: not board.away)
        assert [call.ringing for call in board.waiting()] == [("101",)]
        await fake.send(WAITS.format(n=5))
        assert "1795293485-000005" in (await until(feed, lambda board: len(board.calls) == 2)).calls


async def test_only_the_variables_needed_are_asked_for(fake: FakeAmi) -> None:
    async with following(fake) as feed:
        await until(feed, lambda board: not board.away)
    asked = next(action for action in fake.actions if action["Action"] == "Status")
    assert "HL_SAID" in asked["Variables"].split(",")
    assert not {"HL_SEEN", "HL_TYPED", "HL_CHILD"} & set(asked["Variables"].split(","))


async def test_cut_is_told_and_everything_is_asked_anew(fake: FakeAmi) -> None:
    async with following(fake) as feed:
        await until(feed, lambda board: board.calls)
        fake.answers["Status"] = captured("board-status-talking")
        fake.drop()
        away = await until(feed, lambda board: board.away)
        assert len(away.calls) == 1  # how it was last
        back = await until(feed, lambda board: not board.away)
        assert [call.counsellor for call in back.talking()] == ["101"]


async def test_missed_events_are_made_good_by_asking(fake: FakeAmi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ami, "EVENTS_LIMIT", 3)
    async with following(fake) as feed:
        await until(feed, lambda board: not board.away)
        before = fake.done.count("Status")
        await fake.send("".join(WAITS.format(n=n) for n in range(100, 180)))
        async with asyncio.timeout(5):
            while fake.done.count("Status") == before:
                await asyncio.sleep(0.01)


async def test_what_was_never_told_is_found_out_in_time(fake: FakeAmi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ANEW_EVERY_S", 0.0)
    async with following(fake) as feed:
        await until(feed, lambda board: board.calls)
        fake.answers["Status"] = (
            captured("status").split("\n\n")[0] + "\n\n" + captured("status").split("\n\n")[-2] + "\n\n"
        )
        await fake.send("Event: QueueMemberPause\nInterface: PJSIP/101\n\n")
        assert (await until(feed, lambda board: not board.calls)).phones


async def test_flock_of_events_is_one_change_and_many_watchers_see_it(fake: FakeAmi) -> None:
    async with following(fake) as feed:
        await until(feed, lambda board: not board.away)
        seen = [0] * 50

        async def watch(number: int) -> None:
            async for board in feed.changes():
                seen[number] += 1
                if len(board.calls) == 41:
                    return

        watching = [asyncio.create_task(watch(number)) for number in range(50)]
        await asyncio.sleep(0)
        await fake.send("".join(WAITS.format(n=n) for n in range(100, 140)))
        async with asyncio.timeout(5):
            await asyncio.gather(*watching)
        assert max(seen) <= 4


async def test_slow_watcher_is_given_the_newest(fake: FakeAmi) -> None:
    async with following(fake) as feed:
        await until(feed, lambda board: not board.away)
        changes = feed.changes()
        await anext(changes)
        for n in range(3):
            await fake.send(WAITS.format(n=200 + n))
            await until(feed, lambda board, n=n: len(board.calls) == n + 2)  # type: ignore[misc]
        assert len((await anext(changes)).calls) == 4
