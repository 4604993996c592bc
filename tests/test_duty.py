"""Who may be rung: presence as routing wants it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ivr.desk.presence import Said, Word
from ivr.duty import Duty
from ivr.records import call, hard_call, presence
from ivr.records.database import Database, opened
from ivr.records.hard_call import HardCall
from ivr.routing.plan import Ready
from ivr.telephony.queues import Phone, View
from ivr.telephony.statuses import PhoneState


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url) as found:
        yield found


async def say(database: Database, word: Word, extension: str = "101") -> None:
    async with database.unit_of_work() as unit:
        await presence.write(unit, Said(extension, word, datetime.now(UTC)))


async def ready(duty: Duty, phone: PhoneState = PhoneState.IDLE, ended_s_ago: float = 10_000) -> Ready:
    now = time.time()
    seats = await duty.seats(View(phones={"101": Phone(phone, now - ended_s_ago)}), now)
    return next(seat.ready for seat in seats if seat.extension == "101")


async def test_phone_and_last_call_decide_while_nothing_was_said(database: Database) -> None:
    duty = Duty(database, 120)
    assert [await ready(duty, phone) for phone in PhoneState] == [
        Ready.GONE,
        Ready.FREE,
        Ready.RINGING,
        Ready.TALKING,
    ]
    assert await ready(duty, ended_s_ago=60) is Ready.WRITING
    assert await ready(Duty(database, 0), ended_s_ago=0) is Ready.FREE


async def test_who_signed_out_is_gone_even_while_the_phone_rings_or_is_in_use(database: Database) -> None:
    await say(database, Word.SIGN_OUT)
    assert {await ready(Duty(database, 120), phone) for phone in PhoneState} == {Ready.GONE}


async def test_break_is_away_and_its_end_is_free(database: Database) -> None:
    duty = Duty(database, 120)
    await say(database, Word.PAUSE)
    assert await ready(duty) is Ready.AWAY
    await say(database, Word.RESUME)
    assert await ready(duty) is Ready.FREE


async def test_word_after_a_call_ends_the_wrap_up(database: Database) -> None:
    await say(database, Word.SIGN_IN)
    assert await ready(Duty(database, 120), ended_s_ago=5) is Ready.FREE


async def test_who_was_there_a_moment_ago_is_there_while_the_database_is_away(
    database: Database, tmp_path: Path
) -> None:
    await say(database, Word.PAUSE)
    duty = Duty(database, 120)
    assert await ready(duty) is Ready.AWAY
    async with database.unit_of_work() as unit:
        await unit.exec_driver_sql("ALTER TABLE presence RENAME TO presence_away")
    assert await ready(duty) is Ready.AWAY


async def test_a_call_back_is_followed_by_a_wrap_up_like_any_call(database: Database) -> None:
    """The switch's queues know nothing of it."""
    ended = datetime.now(UTC) - timedelta(seconds=60)
    row = {
        "id": "1795281282-000007", "started_at": ended, "ended_at": ended, "dialled": "callback", "priority": "normal",
        "silent": False, "counsellor": "101", "steps": [], "state": "ended", "revision": 1,
    }  # fmt: skip
    async with database.unit_of_work() as unit:
        await call.write(unit, [row])
    assert await ready(Duty(database, 120)) is Ready.WRITING
    assert await ready(Duty(database, 30)) is Ready.FREE
    await say(database, Word.SIGN_IN)
    assert await ready(Duty(database, 120)) is Ready.FREE


async def test_hard_call_spares_for_an_hour(database: Database) -> None:
    now = time.time()
    for extension, minutes in (("101", 59), ("102", 61)):
        at = datetime.fromtimestamp(now, UTC) - timedelta(minutes=minutes)
        async with database.unit_of_work() as unit:
            await hard_call.mark(unit, HardCall(f"c{extension}", "a", extension, at))
    seats = await Duty(database, 120).seats(View(), now)
    assert {seat.extension: seat.spared for seat in seats} == {"101": True, "102": False, "103": False}
