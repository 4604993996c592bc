"""What is too old goes by night, what is counted stays, and a ledger that goes back no further loses no row."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from ivr import call_log, keys, messages, retention
from ivr.errors import Conflict
from ivr.records import call, keeping, ledger_file, message
from ivr.records.database import Database, opened
from ivr.records.keeping import Kind
from ivr.records.keyring import open_keyring
from ivr.records.ledger import Reader, where
from ivr.records.ledger_file import held, is_kept, put_away, read_through
from ivr.records.sealed import from_text, to_text, unseal
from ivr.settings import Settings
from tests.records.switch_log import FIRST_SECOND, SwitchLog
from tests.somebody import AT, Somebody, everything, keep, write_down, write_ledger
from tests.test_erasure import counted, files, files_with, rest, sealed_numbers

NUMBER = "+994000000031"
DAY = timedelta(days=1)
TOO_OLD = {
    Kind.NUMBERS: 1, Kind.CALLERS: 5, Kind.TEXTS: 3, Kind.DRAFTS: 1, Kind.HEARD_MESSAGES: 1, Kind.MESSAGES: 1,
    Kind.REVIEWS: 1, Kind.REGISTER: 0, Kind.SESSIONS: 0, Kind.LEDGER: 0,
}  # fmt: skip


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(state_dir=tmp_path / "var")


@pytest.fixture
async def database(settings: Settings, database_url: str) -> AsyncIterator[Database]:
    async with opened(settings.database) as found:
        yield found


@pytest.fixture
async def who(settings: Settings, database: Database) -> Somebody:
    somebody = write_ledger(settings, NUMBER, "0000000a")
    await write_down(settings, database, somebody)
    await keep(database, somebody, AT)
    box = messages.open_box(settings, database)
    async with database.unit_of_work() as unit:
        await message.hear(unit, somebody.message, "Aynur", AT)
    assert box.sealed(somebody.message).exists()
    rest(settings)
    return somebody


async def due(settings: Settings, now: datetime) -> dict[Kind, int]:
    return {each.kind: each.due for each in await retention.look(settings, now)}


@pytest.mark.parametrize(
    ("kind", "age"),
    [
        (Kind.NUMBERS, timedelta(hours=24)), (Kind.CALLERS, 730 * DAY), (Kind.TEXTS, 3 * retention.YEAR),
        (Kind.DRAFTS, 30 * DAY), (Kind.HEARD_MESSAGES, 30 * DAY), (Kind.MESSAGES, 180 * DAY),
        (Kind.REVIEWS, 2 * retention.YEAR),
    ],
)  # fmt: skip
async def test_each_kind_is_due_once_its_time_is_over_and_is_only_looked_at(
    settings: Settings, database: Database, who: Somebody, kind: Kind, age: timedelta
) -> None:
    before = await everything(database)
    assert (await due(settings, AT + age - timedelta(hours=1)))[kind] == 0
    assert (await due(settings, AT + age + timedelta(hours=2)))[kind] == TOO_OLD[kind]
    (looked,) = [each for each in await retention.look(settings, AT + age + timedelta(hours=2)) if each.kind is kind]
    assert looked.oldest is not None
    assert abs(looked.oldest - AT) < timedelta(hours=1)
    assert await everything(database) == before


async def test_what_is_due_goes_what_is_counted_stays_and_it_is_on_record(
    settings: Settings, database: Database, who: Somebody
) -> None:
    before = await everything(database)
    now = AT + 4 * retention.YEAR
    taken = await retention.run(settings, now, "Leyla")
    assert taken == TOO_OLD | {Kind.LEDGER: 1, Kind.MESSAGES: 0}
    after = await everything(database)
    assert counted(after) == counted(before)
    assert (await due(settings, now)) == dict.fromkeys(Kind, 0)
    assert files_with(settings, who.caller.encode()) == []
    assert [row["caller"] for row in after["call"]] == [None, None]
    assert (after["wrapup"][0]["summary"], after["wrapup"][0]["age"]) == (None, None)
    assert after["wrapup_draft"] == []
    assert (after["review"][0]["remark"], after["review"][0]["marks"]) == (None, before["review"][0]["marks"])
    assert [after[table][0]["reason"] for table in ("block", "opening")] == ["", ""]
    assert after["callback"][0]["number"] is None
    assert not messages.open_box(settings, database).sealed(who.message).exists()
    entries = [row for row in after["audit"] if row["deed"] == "aged_taken"]
    assert [entry["by"] for entry in entries] == ["Leyla"]
    assert entries[0]["about"] == "numbers=1 callers=5 texts=3 drafts=1 heard_messages=1 reviews=1 ledger=1"


async def test_cut_off_it_goes_on(
    settings: Settings, database: Database, who: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "AT_ONCE", 1)
    monkeypatch.setattr(retention, "AT_ONCE", 1)
    now, take = AT + 4 * retention.YEAR, keeping.take
    left = 4

    async def cut(*each: object) -> object:
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt
        return await take(*each)  # type: ignore[arg-type]

    monkeypatch.setattr(keeping, "take", cut)
    with pytest.raises(KeyboardInterrupt):
        await retention.run(settings, now)
    assert sum((await due(settings, now)).values()) > 0
    monkeypatch.setattr(keeping, "take", take)
    await retention.run(settings, now)
    assert (await due(settings, now)) == dict.fromkeys(Kind, 0)


async def test_whoever_still_rings_is_not_forgotten(settings: Settings, database: Database, who: Somebody) -> None:
    write_ledger(settings, NUMBER, "0000000b", FIRST_SECOND + 700 * 86400)
    await Reader(database, settings.ledger_file).catch_up()
    await retention.run(settings, AT + 760 * DAY)
    assert [row["caller"] for row in (await everything(database))["call"]] == [who.caller] * 4
    await retention.run(settings, AT + 1500 * DAY)
    rows = await everything(database)
    assert [row["caller"] for row in rows["call"]] == [None] * 4
    assert [row["first_time"] for row in rows["contact"]] == ["yes", "no"]


async def test_a_summary_is_as_old_as_the_conversation_whenever_it_was_written(
    settings: Settings, database: Database
) -> None:
    somebody = write_ledger(settings, NUMBER, "0000000a")
    await write_down(settings, database, somebody, AT + 2 * retention.YEAR)
    assert (await due(settings, AT + 3 * retention.YEAR - DAY))[Kind.TEXTS] == 0
    assert (await due(settings, AT + 3 * retention.YEAR + DAY))[Kind.TEXTS] == 1


async def test_a_promise_that_is_open_keeps_its_number_and_a_message_nobody_heard_is_kept_longer(
    settings: Settings, database: Database
) -> None:
    somebody = write_ledger(settings, NUMBER, "0000000a")
    await write_down(settings, database, somebody)
    rest(settings)
    await retention.run(settings, AT + 40 * DAY)
    rows = await everything(database)
    assert rows["callback"][0]["number"] is not None
    assert sealed_numbers(settings) == {to_text(rows["callback"][0]["number"]).encode()}
    assert rows["message"][0]["deleted_at"] is None
    await retention.run(settings, AT + 4 * retention.YEAR)
    (promise,) = (await everything(database))["callback"]
    assert (promise["caller"], promise["number"] is None) == (somebody.caller, False)


# ---- the ledger


async def test_a_number_leaves_the_ledger_when_it_leaves_the_rows(
    settings: Settings, database: Database, who: Somebody
) -> None:
    assert len(sealed_numbers(settings)) == 1
    await retention.run(settings, AT + 2 * DAY)
    assert sealed_numbers(settings) == set()
    assert files_with(settings, who.caller.encode())  # a hash is kept longer


async def test_the_ledger_goes_on_in_a_new_file_and_the_old_one_goes_after_its_days(
    settings: Settings, database: Database, who: Somebody
) -> None:
    await retention.run(settings, AT + DAY)
    assert len(files(settings)) == 2
    log = SwitchLog((AT + 2 * DAY).timestamp())
    log.call().hangs_up()
    with settings.ledger_file.open("ab") as ledger:
        ledger.write(log.data)
    rest(settings)
    await retention.run(settings, AT + 59 * DAY)
    assert len(files(settings)) == 3
    await retention.run(settings, AT + 61 * DAY)
    assert len(files(settings)) == 2
    assert len((await everything(database))["call"]) == 3


async def test_a_rebuild_from_a_ledger_that_goes_back_no_further_loses_no_row(
    settings: Settings, database: Database, who: Somebody
) -> None:
    """Of a caller whose first call lies before all that is on file, and of a call that began there and ended here."""
    log = SwitchLog(FIRST_SECOND + 5000)
    across = log.call()
    across.chose(language="az", caller=who.caller)
    append(settings, log)
    await retention.run(settings, AT + DAY)
    log.lines.clear()
    log.at += 86400
    across.decided(topic="social")
    across.hangs_up()
    append(settings, log)
    again = write_ledger(settings, NUMBER, "0000000c", FIRST_SECOND + 3 * 86400)
    await Reader(database, settings.ledger_file).catch_up()
    rest(settings)
    before = await everything(database)
    await retention.run(settings, AT + 62 * DAY)
    assert not any(b"0000000a" in file.read_bytes() for file in files(settings))
    await call_log.rebuild(call_log.CallLog(database, settings.ledger_file), lambda done, total: None)
    after = await everything(database)
    for table in ("call", "contact", "counted", "open_call"):
        shown = [[{n: v for n, v in row.items() if n != "revision"} for row in rows[table]] for rows in (before, after)]
        assert shown[0] == shown[1], table
    assert [row["id"] for row in after["callback"]] == [row["id"] for row in before["callback"]]
    assert [row["first_time"] for row in after["contact"]] == ["yes", "no"]
    assert after["contact"][1]["id"] == again.talked


async def test_a_rebuild_that_takes_rows_away_leaves_alone_what_was_said_of_forgotten_callers(
    settings: Settings, database: Database, who: Somebody
) -> None:
    await retention.run(settings, AT + 4 * retention.YEAR)
    now = AT + 5 * retention.YEAR
    write_ledger(settings, "+994000000032", "0000000c", now.timestamp())
    await Reader(database, settings.ledger_file).catch_up()
    second = int(now.timestamp()) + 900
    async with database.unit_of_work() as unit:
        newest = (await unit.execute(select(call.table).order_by(call.table.c.id.desc()).limit(1))).one()
        ghost = {"id": f"{second}-000099", "started_at": datetime.fromtimestamp(second, UTC), "revision": 0}
        await unit.execute(insert(call.table).values(dict(newest._mapping) | ghost))
    rest(settings)
    built = await call_log.rebuild(call_log.CallLog(database, settings.ledger_file), lambda done, total: None)
    assert built.removed == 1
    assert [row["first_time"] for row in (await everything(database))["contact"]] == ["yes", "yes"]


def append(settings: Settings, log: SwitchLog) -> None:
    with settings.ledger_file.open("ab") as ledger:
        ledger.write(log.data)
    rest(settings)


async def test_a_reader_goes_on_over_a_file_that_is_put_away_and_rewritten(
    settings: Settings, database: Database, who: Somebody
) -> None:
    reader = Reader(database, settings.ledger_file)
    await reader.catch_up()
    first = put_away(settings.ledger_file, AT)
    log = SwitchLog(FIRST_SECOND + 9000)
    log.call().hangs_up()
    append(settings, log)
    await reader.catch_up()
    async with database.reading() as unit:
        place = (await where(unit)).place
    assert first
    assert len(read_through(settings.ledger_file, place)) == 1
    await retention.run(settings, AT + DAY)
    log.lines.clear()
    log.call().hangs_up()
    append(settings, log)
    await reader.catch_up()
    assert len((await everything(database))["call"]) == 4
    status = await call_log.status(call_log.CallLog(database, settings.ledger_file))
    assert (status.behind_bytes, status.rubbish) == (0, 0)


async def test_nothing_is_put_away_while_the_switch_writes_or_when_nothing_happened(
    settings: Settings, database: Database, who: Somebody
) -> None:
    now = time.time()
    os.utime(settings.ledger_file, (now, now))
    assert not put_away(settings.ledger_file, AT)
    rest(settings)
    assert put_away(settings.ledger_file, AT)
    rest(settings)
    assert not put_away(settings.ledger_file, AT + DAY)
    assert is_kept(settings.ledger_file, "0000000a") is False  # long ago
    os.utime(files(settings)[1])
    assert is_kept(settings.ledger_file, "0000000a")


async def test_nothing_is_rewritten_while_somebody_rebuilds(
    settings: Settings, database: Database, who: Somebody
) -> None:
    with held(settings.ledger_file, alone=False):
        with pytest.raises(Conflict):
            await retention.prune_ledger(settings, database, AT)
        taken = await retention.run(settings, AT + 4 * retention.YEAR)
    assert taken[Kind.TEXTS] == TOO_OLD[Kind.TEXTS]
    assert taken[Kind.LEDGER] == 0
    with held(settings.ledger_file, alone=True), pytest.raises(Conflict):
        await call_log.rebuild(call_log.CallLog(database, settings.ledger_file), lambda done, total: None)


async def test_numbers_in_the_ledger_get_the_new_key_with_the_rows(settings: Settings, database: Database) -> None:
    somebody = write_ledger(settings, NUMBER, "0000000a")
    await write_down(settings, database, somebody)
    rest(settings)
    (settings.state_dir / "run").mkdir()
    (before,) = sealed_numbers(settings)
    assert (await keys.rotate(settings)).dropped
    (after,) = sealed_numbers(settings)
    assert before != after
    key = open_keyring(settings.secrets_file).sealing_keys
    assert set(key) == {2}
    assert unseal(key, from_text(after.decode()), somebody.promise) == NUMBER


# ---- by itself


async def test_the_first_night_it_is_only_put_on_record_what_would_go(
    settings: Settings, database: Database, who: Somebody
) -> None:
    night = datetime(2030, 1, 10, 23, 31, tzinfo=UTC)
    assert await retention.run_if_due(settings, night)
    rows = await everything(database)
    assert rows["wrapup_draft"]
    (entry,) = [row for row in rows["audit"] if row["deed"] == "aged_found"]
    assert "drafts=1" in entry["about"]
    assert not await retention.run_if_due(settings, night + timedelta(hours=23))
    assert await retention.run_if_due(settings, night + timedelta(hours=24))
    assert (await everything(database))["wrapup_draft"] == []


async def test_a_night_with_the_line_closed_is_made_up_for(
    settings: Settings, database: Database, who: Somebody
) -> None:
    await retention.run_if_due(settings, datetime(2030, 1, 10, 9, tzinfo=UTC))
    assert not await retention.run_if_due(settings, datetime(2030, 1, 10, 23, 29, tzinfo=UTC))
    assert await retention.run_if_due(settings, datetime(2030, 1, 12, 9, tzinfo=UTC))
    assert not await retention.run_if_due(settings, datetime(2030, 1, 12, 10, tzinfo=UTC))


def test_the_ledger_is_kept_no_longer_than_callers_are_known(tmp_path: Path) -> None:
    told = Settings(state_dir=tmp_path, keep_ledger_days=400, keep_callers_days=90)
    assert retention.kept(told, Kind.LEDGER) == 90 * DAY
    assert ledger_file.QUIET_S >= 1
