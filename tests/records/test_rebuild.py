"""All rows anew: the same as before, beside a reader, over rows that no line stands for."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest
from sqlalchemy import text

from ivr.records.database import Database
from ivr.records.ledger import Reader, where
from ivr.records.rebuild import Rebuild
from tests.records.recorded import on_record, outcomes
from tests.records.switch_log import SwitchLog, answered
from tests.records.test_ledger import EVENING, evening, put, read

# Whether a foreign key holds is looked at when the rows are whole again.
LOOK_LATER = {True: "PRAGMA defer_foreign_keys=ON", False: "SET LOCAL session_replication_role = replica"}
DATA = b"".join(line + b"\n" for line in EVENING)


def silent(done: int, total: int) -> None:
    assert 0 < done <= total


async def test_a_rebuild_gives_the_same_rows(database: Database, ledger_path: Path) -> None:
    put(ledger_path, DATA)
    before = await read(database, ledger_path, batch_bytes=5_000)
    built = await Rebuild(database, ledger_path, batch_bytes=3_000).run(silent)
    assert await on_record(database) == before
    assert (built.lines, built.removed, built.rubbish) == (len(EVENING), 0, 0)


async def test_a_rebuild_mends_rows_takes_away_what_no_line_stands_for_and_puts_back_what_is_missing(
    database: Database, ledger_path: Path
) -> None:
    put(ledger_path, DATA)
    before = await read(database, ledger_path)
    async with database.unit_of_work() as unit:
        await unit.execute(text("UPDATE call SET topic = 'wrong', outcome = 'lost'"))
        await unit.execute(text("UPDATE contact SET first_time = 'no', counsellor = '999'"))
        await unit.execute(text("DELETE FROM contact WHERE id IN (SELECT id FROM contact LIMIT 3)"))
        await unit.execute(text("INSERT INTO open_call VALUES ('hl-1795281001.99', '{}')"))
        ghost = "UPDATE {} SET id = '1795281001-000099'{} WHERE id = (SELECT max(id) FROM {})"
        await unit.execute(text(LOOK_LATER[database.is_sqlite]))
        await unit.execute(text(ghost.format("call", f", caller = '{2:032x}'", "call")))
        await unit.execute(text("DELETE FROM contact WHERE call_id NOT IN (SELECT id FROM call)"))
    built = await Rebuild(database, ledger_path).run(silent)
    assert await on_record(database) == before
    assert built.removed == 1


async def test_open_calls_go_on_after_a_rebuild(database: Database, ledger_path: Path) -> None:
    log = SwitchLog()
    call_ = log.call()
    call_.decided()
    put(ledger_path, log.data)
    reader = Reader(database, ledger_path)
    await reader.catch_up()
    await Rebuild(database, ledger_path).run(silent)
    call_.hangs_up()
    put(ledger_path, log.data)
    await reader.catch_up()
    assert outcomes(await on_record(database)) == ["abandoned_in_queue"]
    async with database.reading() as unit:
        assert (await where(unit)).lines == len(log.lines)


async def test_calls_older_than_the_ledger_stay(database: Database, ledger_path: Path) -> None:
    log = SwitchLog()
    answered(log)
    still_open = log.call()
    put(ledger_path, log.data)
    await read(database, ledger_path)
    log.lines.clear()
    answered(log, "103")
    still_open.decided()
    put(ledger_path, log.data)
    before = await read(database, ledger_path)
    built = await Rebuild(database, ledger_path).run(silent)
    assert built.removed == 0
    found = await on_record(database)
    assert [each["counsellor"] for each in found["call"]] == ["101", None, "103"]
    assert found == before


async def test_a_rebuild_reads_what_was_rotated_away(database: Database, ledger_path: Path) -> None:
    half = len(EVENING) // 2
    put(ledger_path.with_name("cel.jsonl.1"), b"".join(line + b"\n" for line in EVENING[:half]))
    put(ledger_path, b"".join(line + b"\n" for line in EVENING[half:]))
    before = await read(database, ledger_path)
    built = await Rebuild(database, ledger_path).run(silent)
    assert (built.lines, built.removed) == (len(EVENING), 0)
    assert await on_record(database) == before


@pytest.mark.parametrize("seed", range(8))
async def test_while_a_rebuild_works_a_reader_that_lags_and_jumps_loses_nothing(
    seed: int, database: Database, ledger_path: Path
) -> None:
    chance = random.Random(seed)  # noqa: S311
    data = b"".join(line + b"\n" for line in evening(30, seed).lines)
    end = chance.randrange(len(data))
    put(ledger_path, data[:end])
    seen = [len((await read(database, ledger_path))["call"])]
    batch = chance.choice([900, 2_000, 9_000])
    rebuilding = asyncio.ensure_future(Rebuild(database, ledger_path, batch_bytes=batch).run(silent))
    reader = Reader(database, ledger_path, batch_bytes=chance.choice([800, 1_500, 5_000]))
    while not rebuilding.done():
        end += chance.randrange(6_000)
        put(ledger_path, data[:end])
        if chance.random() < 0.5:
            await reader.read_batch()
        seen.append(len((await on_record(database))["call"]))
    await rebuilding
    put(ledger_path, data)
    await reader.catch_up()
    assert seen == sorted(seen)  # at no moment were there fewer calls
    whole = await on_record(database)
    await Rebuild(database, ledger_path).run(silent)
    assert whole == await on_record(database)
    assert len(whole["call"]) == 30


async def test_two_rebuilds_at_once_agree(database: Database, ledger_path: Path) -> None:
    put(ledger_path, DATA)
    before = await read(database, ledger_path)
    both = (Rebuild(database, ledger_path, batch_bytes=size).run(lambda *_: None) for size in (1_500, 2_500))
    await asyncio.gather(*both)
    assert await on_record(database) == before


async def test_a_rebuild_without_a_ledger_takes_nothing_away(database: Database, ledger_path: Path) -> None:
    put(ledger_path, DATA)
    before = await read(database, ledger_path)
    put(ledger_path, b"")
    await Rebuild(database, ledger_path).run(silent)
    assert (await on_record(database))["call"] == before["call"]
