"""Who rings again: from real rows, while they change, and when they are away."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog

from ivr.flow.steps import UNKNOWN, Caller
from ivr.records import block, call, ledger
from ivr.records.block import Block
from ivr.records.database import Database, Unit
from ivr.returning import LOOK_EVERY_S, STALE_S, Returning
from tests.records.conftest import url_of
from tests.records.switch_log import SwitchLog, answered, promised

WHO, OTHER = "a" * 32, "b" * 32
Look = Callable[[], Awaitable[Returning]]


@pytest.fixture
def log() -> SwitchLog:
    return SwitchLog()


@pytest.fixture
def returning(database: Database, ledger_path: Path, log: SwitchLog) -> Look:
    """Reads what the log says, at the log's own time."""
    found = Returning(database, now=lambda: log.at)

    async def look() -> Returning:
        ledger_path.write_bytes(log.data)
        await ledger.Reader(database, ledger_path).catch_up()
        await found.look()
        return found

    return look


async def known(look: Look, log: SwitchLog, who: str = WHO) -> Caller:
    return (await look()).arrived(who, log.at)


def abandoned(log: SwitchLog, **words: object) -> None:
    call = log.call()
    call.chose(caller=WHO)
    call.decided(**words)
    call.queued()
    call.hangs_up()


async def test_a_stranger_is_unknown(returning: Look, log: SwitchLog) -> None:
    answered(log, caller=OTHER)
    assert await known(returning, log) == UNKNOWN


async def test_who_was_answered_finds_the_same_counsellor(returning: Look, log: SwitchLog) -> None:
    answered(log, "102", caller=WHO)
    assert await known(returning, log) == Caller(calls_lately=1, same="102")


async def test_who_waited_in_vain_and_was_silent_is_known_as_that(returning: Look, log: SwitchLog) -> None:
    abandoned(log, silent="yes")
    assert await known(returning, log) == Caller(calls_lately=1, unanswered=True, silent_before=True)


async def test_what_a_call_becomes_later_is_seen_too(returning: Look, log: SwitchLog) -> None:
    call = log.call()
    call.chose(caller=WHO)
    assert not (await known(returning, log)).unanswered
    call.decided()
    call.hangs_up()
    assert (await known(returning, log)).unanswered


async def test_arrivals_count_before_they_are_on_record_and_no_call_counts_twice(
    returning: Look, log: SwitchLog
) -> None:
    for earlier in range(3):
        assert (await known(returning, log)).calls_lately == earlier
        abandoned(log)
    assert (await known(returning, log)).calls_lately == 3


async def test_a_call_through_another_door_counts(returning: Look, log: SwitchLog) -> None:
    abandoned(log)
    abandoned(log)
    assert (await known(returning, log)).calls_lately == 2


async def test_after_ten_minutes_arrivals_are_forgotten(returning: Look, log: SwitchLog) -> None:
    assert (await known(returning, log)).calls_lately == 0
    log.at += 601
    assert (await known(returning, log)).calls_lately == 0


async def test_whoever_is_blocked_or_promised_a_call_back_is_known(
    returning: Look, log: SwitchLog, database: Database
) -> None:
    call = log.call()
    call.chose(caller=WHO)
    promised(call, caller=OTHER)
    made_at = datetime.fromtimestamp(log.at, UTC)
    made = Block("b-1", call.row_id, made_at, "S.", "shouts", made_at + timedelta(hours=1))
    async with database.unit_of_work() as unit:
        await block.make(unit, WHO, made)
    who, other = await known(returning, log), await known(returning, log, OTHER)
    assert (who.blocked, who.promised) == (True, True)
    assert (other.blocked, other.promised) == (False, True)
    log.at += 3601
    assert not (await known(returning, log)).blocked


async def test_a_withheld_number_is_nobodys(returning: Look, log: SwitchLog) -> None:
    for _ in range(5):
        assert await known(returning, log, "") == UNKNOWN


async def drivers_gone() -> None:
    """The database's driver is a thread that speaks to this loop, once more when it could not open the file."""
    async with asyncio.timeout(5):
        while any("_connection_worker" in thread.name for thread in threading.enumerate()):
            await asyncio.sleep(0.01)


async def test_rows_that_are_away_are_no_error_and_said_once(tmp_path: Path) -> None:
    found = Returning(Database(url_of(tmp_path / "nowhere" / "x.sqlite3")))
    with structlog.testing.capture_logs() as logs:
        await found.look()
        await found.look()
        await drivers_gone()
    assert [entry["event"] for entry in logs] == ["returning.rows_away"]
    assert found.arrived(WHO, 0.0) == UNKNOWN
    assert found.arrived(WHO, 1.0).calls_lately == 1


async def test_a_slow_database_is_not_waited_for(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    async def slowly(*_: object) -> frozenset[str]:
        await asyncio.sleep(60)
        return frozenset()

    monkeypatch.setattr("ivr.returning.READ_LIMIT_S", 0.1)
    monkeypatch.setattr(block, "callers", slowly)
    async with asyncio.timeout(5):
        await Returning(database).look()


async def test_old_rows_say_nothing_any_more(returning: Look, log: SwitchLog) -> None:
    answered(log, "102", caller=WHO)
    found = await returning()
    assert found.arrived(WHO, log.at + LOOK_EVERY_S).same == "102"
    assert found.arrived(WHO, log.at + STALE_S + 1).same == ""


async def test_a_first_look_that_took_too_long_goes_on_where_it_ended(
    database: Database, ledger_path: Path, log: SwitchLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(7):
        abandoned(log)
    ledger_path.write_bytes(log.data)
    await ledger.Reader(database, ledger_path).catch_up()
    monkeypatch.setattr(call, "PAGE", 2)
    found, read, pieces = Returning(database, now=lambda: log.at), call.lately, list[str]()

    async def too_long_after_two(unit: Unit, since: datetime, after: str) -> list[call.Lately]:
        pieces.append(after)
        if len(pieces) == 3:
            raise TimeoutError
        return await read(unit, since, after)

    monkeypatch.setattr(call, "lately", too_long_after_two)
    await found.look()
    assert found.arrived(OTHER, log.at) == UNKNOWN
    answered(log, "102", caller=WHO)  # meanwhile
    ledger_path.write_bytes(log.data)
    await ledger.Reader(database, ledger_path).catch_up()
    await found.look()
    assert pieces == sorted(pieces)
    known_now = found.arrived(WHO, log.at)
    assert (known_now.calls_lately, known_now.same) == (8, "102")


async def test_calls_of_more_than_two_hours_ago_are_forgotten_and_no_others(returning: Look, log: SwitchLog) -> None:
    began = log.at
    abandoned(log)
    log.at = began + 3_600
    answered(log, "102", caller=OTHER)
    found = await returning()
    log.at = began + 7_300
    abandoned(log)
    found = await returning()
    kept = found._seen
    assert [len(kept.calls[who]) for who in (WHO, OTHER)] == [1, 1]
    assert len(kept.ages) == 2
    log.at = began + 20_000
    found = await returning()
    assert (kept.calls, kept.ages, found._arrivals) == ({}, [], {})


async def test_who_rang_last_is_forgotten_last(database: Database) -> None:
    found = Returning(database, now=lambda: 1_000.0)
    for who, at in ((WHO, 0.0), (OTHER, 100.0), (WHO, 500.0)):
        found.arrived(who, at)
    await found.look()
    assert list(found._arrivals) == [WHO]
