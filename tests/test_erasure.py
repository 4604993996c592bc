"""A caller who wishes it is told of nowhere any more; everybody else is, and nothing is counted otherwise."""

from __future__ import annotations

import os
import re
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from ivr import call_log, erasure, messages, retention
from ivr.errors import Conflict, NotFound, Refused
from ivr.records import call, callback, contact, ledger_file
from ivr.records import counted as counted_rows
from ivr.records import erasure as erased
from ivr.records.database import Database, opened
from ivr.records.keyring import open_keyring
from ivr.records.ledger import Reader
from ivr.records.sealed import unseal
from ivr.returning import Returning
from ivr.settings import Settings
from tests.records.switch_log import FIRST_SECOND, SwitchLog
from tests.somebody import Somebody, everything, write_down, write_ledger

ONE, TWO = "+994000000031", "+994000000032"
STATISTICS = {
    "call": ("topic", "language", "outcome", "wait_s", "talk_s", "steps"),
    "counted": ("day", "topic", "gender", "age_band", "first_time", "language", "ended"),
    "wrapup": ("topic", "gender", "age_band", "region", "categories", "risk"),
    "contact": ("topic", "first_time", "counsellor"),
}


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(state_dir=tmp_path / "var")


@pytest.fixture
async def database(settings: Settings, database_url: str) -> AsyncIterator[Database]:
    async with opened(settings.database) as found:
        yield found


@pytest.fixture
async def both(settings: Settings, database: Database) -> tuple[Somebody, Somebody]:
    """One who will wish to be erased, and somebody else."""
    one = write_ledger(settings, ONE, "0000000a")
    two = write_ledger(settings, TWO, "0000000b", FIRST_SECOND + 3600)
    for who in (one, two):
        await write_down(settings, database, who)
    rest(settings)
    return one, two


def rest(settings: Settings) -> None:
    """The switch has written nothing for a while."""
    before = time.time() - 60
    os.utime(settings.ledger_file, (before, before))


def counted(rows: dict[str, list[dict[str, object]]]) -> dict[str, object]:
    return {table: [[row[name] for name in names] for row in rows[table]] for table, names in STATISTICS.items()}


def files_with(settings: Settings, what: bytes) -> list[str]:
    return [str(path) for path in settings.state_dir.rglob("*") if path.is_file() and what in path.read_bytes()]


def sealed_numbers(settings: Settings) -> set[bytes]:
    found = (re.findall(rb"number=([A-Za-z0-9_-]{40,})", file.read_bytes()) for file in files(settings))
    return {each for some in found for each in some}


def files(settings: Settings) -> list[Path]:
    return sorted(settings.ledger_file.parent.glob("cel.jsonl*"))


async def test_it_is_counted_first_and_nothing_is_changed(
    settings: Settings, database: Database, both: tuple[Somebody, Somebody]
) -> None:
    before, ledger = await everything(database), settings.ledger_file.read_bytes()
    found = await erasure.look(settings, both[0].talked, is_number=False)
    assert (found.calls, found.contacts) == (2, 1)
    assert found.counts == {
        "calls": 2, "open promises": 1, "sealed numbers": 1, "call-backs": 1, "messages": 1, "callers of messages": 1,
        "summaries": 1, "drafts": 1, "reviews": 1, "reasons for opening": 1, "blocks": 1, "lines of the ledger": 3,
    }  # fmt: skip
    assert (await everything(database), settings.ledger_file.read_bytes()) == (before, ledger)


@pytest.mark.parametrize("by", ["number", "call", "other call", "call-back"])
async def test_everything_of_theirs_goes_and_what_is_counted_stays(
    settings: Settings, database: Database, both: tuple[Somebody, Somebody], by: str
) -> None:
    one, two = both
    told = {"number": one.number, "call": one.talked, "other call": one.asked, "call-back": one.promise}[by]
    before, theirs = await everything(database), sealed_numbers(settings)
    done = await erasure.erase(settings, told, "Leyla", "she asked for it", is_number=by == "number")
    after = await everything(database)
    assert counted(after) == counted(before)
    assert done.left == 0
    assert files_with(settings, one.caller.encode()) == []
    assert not messages.open_box(settings, database).sealed(one.message).exists()
    (gone, stays) = after["callback"]
    assert (gone["number"], gone["caller"], gone["state"]) == (None, None, "withdrawn")
    key = open_keyring(settings.secrets_file).sealing_keys
    assert unseal(key, stays["number"], two.promise) == two.number
    assert [row["caller"] for row in after["call"]] == [None, None, two.caller, two.caller]
    assert [row["summary"] is None for row in after["wrapup"]] == [True, False]
    assert [row["age"] for row in after["wrapup"]] == [None, 12]
    assert [row["contact_id"] for row in after["wrapup_draft"]] == [two.talked]
    assert [row["reason"] == "" for row in after["opening"]] == [True, False]
    assert [row["deleted_at"] is None for row in after["message"]] == [False, True]
    assert len(sealed_numbers(settings) & theirs) == 1
    (row,) = after["erasure"]
    assert (row["id"], row["by"], row["reason"]) == (done.id, "Leyla", "she asked for it")
    (entry,) = [row for row in after["audit"] if row["deed"] == "erased"]
    assert entry["about"] == f"{done.id} calls=2 contacts=1"


async def test_nothing_of_them_is_left_in_the_pages_of_the_file_or_beside_it(
    settings: Settings, database: Database, both: tuple[Somebody, Somebody]
) -> None:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL overwrites when it vacuums")
    rows = await everything(database)
    sealed = [rows["callback"][0]["number"], rows["wrapup"][0]["summary"], rows["wrapup_draft"][0]["form"]]
    assert all(files_with(settings, each) for each in sealed)
    await erasure.erase(settings, both[0].talked, "Leyla", "asked", is_number=False)
    assert [files_with(settings, each) for each in [*sealed, both[0].caller.encode()]] == [[], [], [], []]


async def test_a_rebuild_does_not_bring_them_back_not_even_from_a_ledger_that_still_tells(
    settings: Settings, database: Database, both: tuple[Somebody, Somebody]
) -> None:
    as_written = settings.ledger_file.read_bytes()
    await erasure.erase(settings, both[0].number, "Leyla", "asked", is_number=True)
    before = await everything(database)
    for file in files(settings):
        file.unlink()
    settings.ledger_file.write_bytes(as_written)
    await call_log.rebuild(call_log.CallLog(database, settings.ledger_file), lambda done, total: None)
    after = await everything(database)
    assert [row["caller"] for row in after["call"]] == [None, None, both[1].caller, both[1].caller]
    assert counted(after) == counted(before)
    assert [(row["state"], row["outcome"]) for row in after["call"]] == [
        (row["state"], row["outcome"]) for row in before["call"]
    ]
    assert after["callback"] == before["callback"]


async def test_promises_to_two_who_were_erased_have_nothing_to_do_with_each_other(
    settings: Settings, database: Database, both: tuple[Somebody, Somebody]
) -> None:
    """Read anew from a ledger that tells of nobody: a later promise withdraws nothing of an earlier one."""
    async with database.unit_of_work() as unit:
        keep_state = update(callback.table).values(state="kept", number=None)
        await unit.execute(keep_state.where(callback.table.c.id == both[0].promise))
    for who in both:
        await erasure.erase(settings, who.number, "Leyla", "asked", is_number=True)
    three = write_ledger(settings, "+994000000033", "0000000c", FIRST_SECOND + 1800)
    await Reader(database, settings.ledger_file).catch_up()
    before = [row["state"] for row in (await everything(database))["callback"]]
    assert before == ["kept", "promised", "withdrawn"]
    async with database.unit_of_work() as unit:
        await unit.execute(delete(callback.table).where(callback.table.c.id == both[1].promise))
        await unit.execute(update(callback.table).where(callback.table.c.id == three.promise).values(caller=None))
    await call_log.rebuild(call_log.CallLog(database, settings.ledger_file), lambda done, total: None)
    assert [row["state"] for row in (await everything(database))["callback"]] == before


async def test_a_ledger_that_was_pruned_gives_the_same_rows_without_who_called(
    settings: Settings, database: Database, both: tuple[Somebody, Somebody]
) -> None:
    await erasure.erase(settings, both[0].number, "Leyla", "asked", is_number=True)
    before = await everything(database)
    async with database.unit_of_work() as unit:
        for table in (counted_rows.table, contact.table, call.table, callback.table, erased.erased):
            await unit.execute(delete(table))
    await call_log.rebuild(call_log.CallLog(database, settings.ledger_file), lambda done, total: None)
    after = await everything(database)
    shown = ("id", "caller", "outcome", "topic", "language", "steps")
    assert [[row[n] for n in shown] for row in after["call"]] == [[row[n] for n in shown] for row in before["call"]]
    (gone, stays) = after["callback"]
    assert (gone["number"], gone["state"], gone["next_at"]) == (None, "withdrawn", None)
    assert stays["number"] == before["callback"][1]["number"]


async def test_whoever_rings_again_is_new(
    settings: Settings, database: Database, both: tuple[Somebody, Somebody]
) -> None:
    returning = Returning(database, lambda: FIRST_SECOND + 300)
    await returning.look()
    assert returning.arrived(both[0].caller, FIRST_SECOND + 300).calls_lately == 2
    await erasure.erase(settings, both[0].number, "Leyla", "asked", is_number=True)
    await returning.look()
    assert returning.arrived(both[0].caller, FIRST_SECOND + 301).calls_lately == 0
    assert not returning.arrived(both[0].caller, FIRST_SECOND + 301).blocked


async def test_while_they_are_on_the_line_nothing_happens(
    settings: Settings, database: Database, both: tuple[Somebody, Somebody]
) -> None:
    log = SwitchLog(FIRST_SECOND + 9000)
    log.call().chose(caller=both[0].caller)
    with settings.ledger_file.open("ab") as ledger:
        ledger.write(log.data)
    with pytest.raises(Conflict, match="on the line"):
        await erasure.erase(settings, both[0].number, "Leyla", "asked", is_number=True)
    assert (await everything(database))["callback"][0]["number"] is not None


async def test_a_caller_who_withheld_their_number_is_known_by_that_call_alone(
    settings: Settings, database: Database, both: tuple[Somebody, Somebody]
) -> None:
    unknown = write_ledger(settings, ONE, "0000000c", FIRST_SECOND + 9000)
    await write_down(settings, database, replace(unknown, message="1795289999-1"))
    async with database.unit_of_work() as unit:
        await unit.execute(update(call.table).where(call.table.c.id == unknown.talked).values(caller=None))
    rest(settings)
    await erasure.erase(settings, unknown.talked, "Leyla", "asked", is_number=False)
    after = await everything(database)
    assert [row["summary"] is None for row in after["wrapup"]] == [False, False, True]


@pytest.mark.parametrize(
    "wrong",
    [
        ("1795281001-000099", ("Leyla", "asked"), "Nothing has that id"),
        ("+994000000039", ("Leyla", "asked"), "Nothing here tells"),
        ("+no number", ("Leyla", "asked"), "no telephone number"),
        (ONE, ("", "asked"), "who does it"),
        (ONE, ("Leyla", " "), "says why"),
        (ONE, ("Leyla", "she is +994 50 123 45 67"), "looks like a telephone number"),
    ],
)
async def test_what_cannot_be_is_said_and_changes_nothing(
    settings: Settings, database: Database, both: object, wrong: tuple[str, tuple[str, str], str]
) -> None:  # fmt: skip
    told, words, why = wrong
    before = await everything(database)
    with pytest.raises((Refused, NotFound), match=why):
        await erasure.erase(settings, told, *words, is_number=told.startswith("+"))
    assert await everything(database) == before


async def test_lines_that_are_being_written_beside_go_the_next_night(
    settings: Settings, database: Database, both: tuple[Somebody, Somebody], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_file, "is_busy", lambda ledger: True)
    monkeypatch.setattr(retention, "QUIET_TRIES", 1)
    monkeypatch.setattr(retention, "QUIET_EVERY_S", 0)
    done = await erasure.erase(settings, both[0].number, "Leyla", "asked", is_number=True)
    assert done.left == 3
    monkeypatch.undo()
    await Reader(database, settings.ledger_file).catch_up()
    await retention.run(settings, datetime.now(UTC).replace(year=2026))
    assert files_with(settings, both[0].caller.encode()) == []
