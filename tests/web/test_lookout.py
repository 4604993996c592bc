"""What rings at a desk is known from the switch's own word, before the log has brought it to the rows."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from ivr import glance
from ivr.board import state
from ivr.board.feed import Feed
from ivr.board.state import Board, Phone
from ivr.glance import Mine, Said, Stage, Traffic
from ivr.records.call import Call, State
from ivr.telephony.statuses import PhoneState
from ivr.web.lookout import Lookout
from tests.web.house import House

NOW = datetime(2026, 11, 30, tzinfo=UTC)
ROW = "1795281282-000007"
UNKNOWN: dict[str, Any] = dict.fromkeys(
    ("ended_at", "language", "topic", "age_band", "queue", "outcome", "counsellor", "wait_s", "talk_s")
)
WAITS = state.waiting(state.Call(ROW), 1.0)
RINGS = state.ringing(WAITS, ["101"], 2.0)


def board(*calls: state.Call, away: bool = False) -> Board:
    return Board({call.id: call for call in calls}, {"101": Phone(PhoneState.IDLE)}, away=away)


def row(kind: State = State.WAITING) -> Traffic:
    return Traffic(
        (
            Call(
                id=ROW,
                started_at=NOW,
                state=kind,
                steps=(),
                dialled="116111",
                priority="normal",
                silent=False,
                **UNKNOWN,
            ),
        )
    )


def at(traffic: Traffic, told: Board, extension: str = "101") -> Mine:
    return glance.mine(traffic, extension, glance.said_of(told, extension), NOW)


def test_a_ring_that_the_log_has_not_brought_is_shown_to_whom_it_rings() -> None:
    found = at(row(), board(RINGS))
    assert (found.stage, found.call and found.call.id) == (Stage.RINGING, ROW)
    assert at(row(), board(RINGS), "102").stage is Stage.QUIET
    assert at(row(), board(WAITS)).stage is Stage.QUIET


def test_it_stays_until_the_log_has_brought_the_talk() -> None:
    taken = board(state.talking(RINGS, "101", 3.0))
    assert at(row(), taken).stage is Stage.RINGING
    assert at(row(State.TALKING), taken).stage is Stage.QUIET  # who talks stands in the row: nobody here


def test_what_a_switch_that_is_away_said_last_counts_no_more() -> None:
    assert glance.said_of(board(RINGS, away=True), "101") == Said()
    assert at(row(), board(RINGS, away=True)).stage is Stage.QUIET


def test_a_phone_that_rings_for_nobody_of_ours_shows_nobody() -> None:
    told = replace(board(), phones={"101": Phone(PhoneState.RINGING)})
    assert glance.said_of(told, "101") == Said(rings=True)
    assert at(row(), told).stage is Stage.QUIET


@pytest.mark.parametrize(("told", "soon"), [(board(RINGS), True), (board(WAITS), False)])
async def test_a_desk_looks_up_at_once_when_its_phone_rings_and_not_for_others(
    house: House, told: Board, soon: bool
) -> None:
    feed = Feed()
    feed.board = board()
    lookout = Lookout(house.settings, house.database, feed)
    seen = await lookout.look()

    async def later() -> None:
        await asyncio.sleep(0.05)
        feed.board = told
        feed._published.set()
        feed._published = asyncio.Event()

    began, telling = time.monotonic(), asyncio.create_task(later())
    await lookout.stirs(seen, "101", 0.6)
    took = time.monotonic() - began
    await telling
    assert (took < 0.4) is soon


async def test_the_first_of_a_flock_of_events_is_on_the_board_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivr.board.feed.SETTLE_S", 60.0)
    feed = Feed()
    before, publishing = feed.board, asyncio.create_task(feed._publish())
    try:
        await asyncio.sleep(0)
        feed._see(board(RINGS))
        assert (await feed.after(before, 5.0)).calls == {ROW: RINGS}
    finally:
        publishing.cancel()


async def test_a_ring_needs_nobody_asked_anew(house: House) -> None:
    feed = Feed()
    lookout = Lookout(house.settings, house.database, feed)
    seen = await lookout.look()
    feed.board = board(RINGS)
    assert lookout.last().traffic is seen.traffic
    assert lookout.last().board is feed.board
