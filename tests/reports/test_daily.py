"""Spans counted day by day: the same figures whether days were counted before or not, whatever changed since."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, select
from structlog.testing import capture_logs

from ivr.desk.wrapup import Ended, Gender, WrapUp
from ivr.flow.steps import Topic
from ivr.records import call, contact, counted, tally, wrapup
from ivr.records.call import Outcome, State
from ivr.records.contact import Contact, FirstTime
from ivr.records.database import Database, Unit
from ivr.records.tally import Of
from ivr.records.wrapup import Version
from ivr.reports import daily, reckoning
from ivr.reports.measures import Figures
from ivr.reports.periods import Span
from ivr.reports.service import Service, times
from ivr.routing.hours import BAKU
from ivr.settings import Settings

FIRST, DAYS = date(2026, 3, 2), 20
SPAN = Span(FIRST, FIRST + timedelta(days=DAYS - 1))
AFTERWARDS = BAKU.moment(SPAN.last + timedelta(days=1)) + timedelta(hours=5)
STEPS = [
    {"step": "asked", "at": "2026-03-02T10:00:00.000Z", "menu": "language", "key": "7"},
    {"step": "asked", "at": "2026-03-02T10:00:04.000Z", "menu": "language", "key": ""},
]
KEYS = {1: b"k" * 32}
Deed = Callable[[Unit], Awaitable[None]]


def a_call(number: int, dice: random.Random) -> dict[str, Any]:
    at = BAKU.moment(FIRST) + timedelta(minutes=dice.randrange(DAYS * 1440))
    outcome = dice.choice([*Outcome])
    talked = outcome is Outcome.ANSWERED
    return {
        "id": f"{int(at.timestamp())}-{number:06d}", "started_at": at, "ended_at": at + timedelta(seconds=number % 40),
        "dialled": "116111", "language": dice.choice(["az", "ru", None]), "topic": dice.choice(["legal", None]),
        "age_band": None, "priority": "normal", "silent": dice.random() < 0.3, "queue": None, "outcome": outcome.value,
        "counsellor": "101" if talked else None, "wait_s": dice.choice([None, dice.random() * 60]),
        "talk_s": dice.random() * 900 if talked else None, "state": State.ENDED.value, "door": 1, "reason": None,
        "steps": STEPS[: number % 3] if outcome is Outcome.ABANDONED_IN_MENU else [], "revision": number,
        "caller": f"{dice.randrange(40):032x}",
    }  # fmt: skip


DICE = random.Random(5)  # noqa: S311
CALLS = [a_call(number, DICE) for number in range(300)]
TALKED = [each for each in CALLS if each["outcome"] == Outcome.ANSWERED.value]
FIRST_TALK = min(TALKED, key=lambda each: each["id"])


@pytest.fixture
async def full(database: Database) -> Database:
    async with database.unit_of_work() as unit:
        await call.write(unit, CALLS)
        await contact.write(unit, [contact.row_of_call(each) for each in TALKED])
        await contact.settle(unit)
        for each in TALKED[::2]:
            await wrapup.add(unit, KEYS, written(each["id"], 1))
    return database


def written(contact_id: str, number: int) -> Version:
    said = WrapUp(Ended.COUNSELLED, "2026-05", topic=Topic.VIOLENCE, gender=Gender.GIRL, actions=("letter", "visit"))
    return Version(contact_id, number, AFTERWARDS, "anna", has_summary=False, written=said)


async def told(database: Database) -> tuple[Figures, Service]:
    return await reckoning.count(database, SPAN), await reckoning.look_at_service(database, SPAN)


async def counted_anew(database: Database) -> tuple[Figures, Service]:
    async with database.unit_of_work() as unit:
        await unit.execute(delete(tally.table))
    return await told(database)


async def days(database: Database, of: Of) -> int:
    async with database.reading() as unit:
        query = select(func.count()).select_from(tally.table).where(tally.table.c.of == of.value)
        return int((await unit.execute(query)).scalar_one())


async def test_a_day_that_was_counted_says_what_its_rows_say(full: Database) -> None:
    straight = await told(full)
    assert (straight[0].total, straight[1].attempts) == (len(TALKED), len(CALLS))
    assert await daily.keep_up(full, AFTERWARDS) == 2 * DAYS
    assert await told(full) == straight
    assert straight[1].drop_out.wrong_keys and straight[0].actions["letter"]


async def test_counted_days_are_read_in_place_of_their_rows(full: Database) -> None:
    await daily.keep_up(full, AFTERWARDS)
    async with full.unit_of_work() as unit:
        await unit.execute(delete(counted.table))  # as nothing in the program does: no count is taken away
    assert (await reckoning.count(full, SPAN)).total == len(TALKED)


async def test_today_is_never_kept_and_a_second_look_finds_nothing_to_do(full: Database) -> None:
    noon = BAKU.moment(SPAN.last, 720)
    assert await daily.keep_up(full, noon) == 2 * (DAYS - 1)
    assert await daily.keep_up(full, noon) == 0


async def _called_again(unit: Unit) -> None:
    await call.write(unit, [CALLS[7] | {"outcome": Outcome.LOST.value, "language": "en"}])


async def _corrected(unit: Unit) -> None:
    again = written(TALKED[0]["id"], 2)
    await wrapup.add(unit, KEYS, replace(again, written=replace(again.written, topic=Topic.HEALTH)))


async def _entered(unit: Unit) -> None:
    at = BAKU.moment(FIRST, 600)
    came = Contact(f"{int(at.timestamp())}-abcd", at, "email", "az", "legal", None, FirstTime.UNKNOWN, "101", None)
    await contact.enter(unit, came)


async def _brought_in(unit: Unit) -> None:
    at = BAKU.moment(FIRST, 700)
    row = {"contact_id": f"{int(at.timestamp())}-cafe", "received_at": at, "channel": "letter", "topic": "legal",
           "categories": None, "actions": None}  # fmt: skip
    await counted.write_new(unit, [counted.row_of(row)])


async def _called_before(unit: Unit) -> None:
    """An older call turns up: whoever talked first is now somebody who rings again."""
    at = FIRST_TALK["started_at"] - timedelta(seconds=1)
    earlier = FIRST_TALK | {"id": f"{int(at.timestamp())}-000000", "started_at": at, "caller": FIRST_TALK["caller"]}
    await call.write(unit, [earlier])
    await contact.settle(unit, [FIRST_TALK["caller"]])


async def _gone(unit: Unit) -> None:
    """A contact that is no more, of which something is written again."""
    await unit.execute(delete(contact.table).where(contact.table.c.id == FIRST_TALK["id"]))
    await counted.refresh(unit, [FIRST_TALK["id"]])


async def _forgotten(unit: Unit) -> None:
    stale = call.stale(10, datetime(2020, 1, 1, tzinfo=UTC))
    await contact.forget(unit, stale)
    await call.forget(unit, stale)


DEEDS = (_called_again, _corrected, _entered, _brought_in, _called_before, _gone, _forgotten)


@pytest.mark.parametrize("deed", DEEDS, ids=lambda each: each.__name__)
async def test_whatever_changes_rows_takes_the_counts_of_their_days_away(full: Database, deed: Deed) -> None:
    await daily.keep_up(full, AFTERWARDS)
    before = await told(full)
    async with full.unit_of_work() as unit:
        await deed(unit)
    after = await told(full)
    assert after == await counted_anew(full)
    assert after != before


async def test_a_correction_costs_one_day(full: Database) -> None:
    await daily.keep_up(full, AFTERWARDS)
    async with full.unit_of_work() as unit:
        await _corrected(unit)
    assert (await days(full, Of.CONTACTS), await days(full, Of.CALLS)) == (DAYS - 1, DAYS)
    assert await daily.keep_up(full, AFTERWARDS) == 1


async def test_without_rows_there_is_nothing_to_count(database: Database) -> None:
    assert await daily.keep_up(database, AFTERWARDS) == 0
    assert (await reckoning.count(database, SPAN)).total == 0


async def test_a_day_that_cannot_be_counted_ends_nothing(
    database: Database, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger is followed in the same process."""
    monkeypatch.setattr("ivr.reports.daily.EVERY_S", 0.02)
    at = datetime.now(UTC) - timedelta(days=2)
    spoilt = CALLS[0] | {"started_at": at, "outcome": Outcome.ABANDONED_IN_MENU.value, "steps": [{"no": "step"}]}
    async with database.unit_of_work() as unit:
        await call.write(unit, [spoilt])
    with capture_logs() as said:
        counting = asyncio.create_task(daily.keep_counting(Settings(state_dir=tmp_path / "var")))
        await until(lambda: len(said) > 1 or counting.done())
    assert not counting.done() and {each["event"] for each in said} == {"days_not_counted"}
    async with database.unit_of_work() as unit:
        await call.write(unit, [spoilt | {"steps": []}])
    while not await days(database, Of.CALLS):
        await asyncio.sleep(0.02)
    counting.cancel()
    await asyncio.gather(counting, return_exceptions=True)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("known", "found"),
    [
        ((), [(1, 9)]),
        (range(1, 10), []),
        ((1, 9), [(2, 8)]),
        ((5,), [(1, 4), (6, 9)]),
        ((2, 4, 5), [(1, 1), (3, 3), (6, 9)]),
        ((0, 10), [(1, 9)]),
    ],
)
def test_gaps_are_the_days_between(known: tuple[int, ...], found: list[tuple[int, int]]) -> None:
    span = Span(date.fromordinal(1), date.fromordinal(9))
    assert [(gap.first.toordinal(), gap.last.toordinal()) for gap in daily.gaps(span, known)] == found


def test_half_were_quicker_and_nine_in_ten() -> None:
    assert times({1.0: 5, 2.0: 4, 9.0: 1}).median_s == 1.0
    assert times({1.0: 4, 2.0: 5, 9.0: 1}).p90_s == 2.0
    assert times({}).median_s is None
