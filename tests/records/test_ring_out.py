"""Calls that counsellors made to the outside, as rows made from the ledger."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.records import ring_out
from ivr.records.database import Database
from ivr.records.rebuild import Rebuild
from ivr.records.ring_out import Outcome, RingOut
from tests.records.switch_log import Calling, SwitchLog
from tests.records.test_ledger import put, read


async def on_file(database: Database) -> list[RingOut]:
    async with database.reading() as unit:
        return await ring_out.all(unit, 100)


def rings_out(log: SwitchLog, extension: str = "101") -> Calling:
    call = log.call("*9", context="counsellor", phone=extension)
    call.step("ringing_out")
    return call


def talked(log: SwitchLog, extension: str = "101") -> str:
    call = log.call()
    call.decided()
    call.talks(call.rings(extension))
    call.hangs_up()
    return call.row_id


@pytest.mark.parametrize(
    ("told", "outcome", "talk_s"),
    [
        ({"outcome": "ANSWER", "talk_s": "73"}, Outcome.ANSWERED, 73.0),
        ({"outcome": "BUSY", "talk_s": ""}, Outcome.BUSY, None),
        ({"outcome": "NOANSWER", "talk_s": ""}, Outcome.NO_ANSWER, None),
        ({"outcome": "CANCEL", "talk_s": ""}, Outcome.GIVEN_UP, None),
        ({"outcome": "CHANUNAVAIL", "talk_s": ""}, Outcome.FAILED, None),
        ({"outcome": "rubbish", "talk_s": "1e9"}, Outcome.FAILED, None),
        ({"outcome": "ANSWER", "talk_s": "-1"}, Outcome.ANSWERED, None),
        ({}, Outcome.FAILED, None),
    ],
)
async def test_a_row_says_who_how_it_ended_and_how_long(
    database: Database, ledger_path: Path, told: dict[str, str], outcome: Outcome, talk_s: float | None
) -> None:
    log = SwitchLog()
    call = rings_out(log)
    (began,) = [log.at]
    call.step("rang_out", **told)
    put(ledger_path, log.data)
    await read(database, ledger_path)
    (row,) = await on_file(database)
    assert (row.id, row.counsellor, row.contact_id) == (call.row_id, "101", None)
    assert (row.outcome, row.talk_s) == (outcome, talk_s)
    assert row.ended_at
    assert (row.started_at.timestamp(), row.ended_at.timestamp()) == (began, log.at)


async def test_it_belongs_to_the_contact_that_its_counsellor_had_within_the_hour(
    database: Database, ledger_path: Path
) -> None:
    log = SwitchLog()
    talked(log, "102")
    mine = talked(log)
    talked(log, "102")
    rings_out(log)
    log.at += 2 * 3600
    rings_out(log)
    put(ledger_path, log.data)
    await read(database, ledger_path)
    assert [row.contact_id for row in await on_file(database)] == [mine, None]


async def test_it_belongs_to_the_talk_that_is_still_going_on(database: Database, ledger_path: Path) -> None:
    log = SwitchLog()
    call = log.call()
    call.decided()
    call.talks(call.rings("101"))
    rings_out(log)
    put(ledger_path, log.data)
    await read(database, ledger_path)
    assert [row.contact_id for row in await on_file(database)] == [call.row_id]


async def test_a_switch_that_dies_loses_it_and_a_rebuild_says_the_same(database: Database, ledger_path: Path) -> None:
    log = SwitchLog()
    talked(log)
    rings_out(log).step("rang_out", outcome="BUSY")
    rings_out(log)
    log.write("SWITCH_START")
    rings_out(log)
    put(ledger_path, log.data)
    await read(database, ledger_path)
    before = await on_file(database)
    assert [row.outcome for row in before] == [Outcome.BUSY, Outcome.LOST, None]
    await Rebuild(database, ledger_path).run(lambda *_: None)
    assert await on_file(database) == before


async def test_a_channel_that_is_no_phone_of_a_counsellors_writes_nothing(
    database: Database, ledger_path: Path
) -> None:
    log = SwitchLog()
    log.call(phone="trunk").step("ringing_out")
    log.call(phone="loopback").step("rang_out", outcome="ANSWER", talk_s="5")
    put(ledger_path, log.data)
    await read(database, ledger_path)
    assert await on_file(database) == []
