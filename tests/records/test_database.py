"""Where rows are kept: migrations, transactions, whose files they are, and faults in plain words."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, select, text

from ivr.errors import Conflict, Refused, ScriptError
from ivr.records import (  # their tables, all of them
    account,
    attempt,
    audit,
    block,
    call,
    callback,
    counsellor,
    counted,
    database,
    draft,
    hard_call,
    help_request,
    imported,
    message,
    opening,
    passkey,
    presence,
    review,
    ring_out,
    rota,
    session,
    wrapup,
)
from ivr.records.database import HEAD, Database, metadata, migrate, opened, upsert
from tests.records.conftest import url_of

TABLES = (
    account, attempt, audit, block, call, callback, counsellor, counted, draft, hard_call, help_request, imported,
    message, opening, passkey, presence, review, ring_out, rota, session, wrapup,
)  # fmt: skip
MIGRATIONS = Path(database.__file__).parent / "migrations"
ROW = {
    "id": "1795281282-000001",
    "started_at": datetime(2026, 11, 21, 21, 14, tzinfo=timezone(timedelta(hours=4))),
    "dialled": "116111",
    "priority": "normal",
    "silent": False,
    "steps": [],
    "state": "menu",
    "revision": 1,
}


def test_the_newest_migration_is_the_one_the_program_expects() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_current_head() == HEAD


async def test_the_migrations_make_the_tables_that_the_program_uses(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    async with database.reading() as unit:
        assert await unit.run_sync(differences) == []
        names = await unit.run_sync(lambda connection: inspect(connection).get_table_names())
    assert set(metadata.tables) | {"alembic_version"} == set(names)


async def test_three_demonstration_counsellors_speak_the_languages(database: Database) -> None:
    async with database.reading() as unit:
        found = await counsellor.all(unit)
    assert {each.extension: each.languages for each in found} == {
        "101": ("az",), "102": ("az", "ru"), "103": ("az", "ru", "en"),
    }  # fmt: skip
    assert all(each.active and each.name.startswith("Demo") for each in found)


async def test_many_processes_that_make_the_database_at_once_all_find_it_made(tmp_path: Path) -> None:
    url = url_of(tmp_path / "new" / "folder" / "it.sqlite3")
    argv = (sys.executable, "-c", "import sys; from ivr.records.database import migrate; migrate(sys.argv[1])", url)
    processes = [await asyncio.create_subprocess_exec(*argv) for _ in range(4)]
    assert [await process.wait() for process in processes] == [0] * 4
    async with opened(url) as made, made.reading() as unit:
        assert len(await counsellor.all(unit)) == 3


async def test_migrating_works_where_a_loop_is_running_and_twice(tmp_path: Path) -> None:
    url = url_of(tmp_path / "it.sqlite3")
    migrate(url)
    migrate(url)


async def test_a_database_of_a_newer_program_is_refused_with_a_reason(database_url: str) -> None:
    async with opened(database_url) as found, found.unit_of_work() as unit:
        await unit.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ScriptError, match="not of this version"):
        async with opened(database_url):
            pass


async def test_a_unit_of_work_is_written_whole_or_not_at_all(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with database.unit_of_work() as unit:
            await call.write(unit, [ROW])
            _ = 1 / 0
    async with database.reading() as unit:
        assert await call.count(unit, call.Wanted()) == 0


async def test_a_time_comes_back_aware_and_in_utc(database: Database) -> None:
    async with database.unit_of_work() as unit:
        await call.write(unit, [ROW])
    async with database.reading() as unit:
        (found,) = await call.page(unit, call.Wanted())
    assert found.started_at == datetime(2026, 11, 21, 17, 14, tzinfo=UTC)
    assert found.started_at.tzinfo is UTC


async def test_an_upsert_leaves_columns_alone_that_it_does_not_name(database: Database) -> None:
    async with database.unit_of_work() as unit:
        await call.write(unit, [ROW | {"topic": "legal"}])
        await upsert(unit, call.table, [ROW | {"language": "ru"}])
        found = (await unit.execute(select(call.table.c.topic, call.table.c.language))).one()
    assert tuple(found) == ("legal", "ru")


async def test_one_who_writes_does_not_hold_up_one_who_reads(database: Database) -> None:
    async with database.unit_of_work() as writer, database.reading() as reader:
        await call.write(writer, [ROW])
        assert await call.count(reader, call.Wanted()) == 0


async def test_two_who_write_take_turns(database: Database) -> None:
    async def add() -> None:
        async with database.unit_of_work() as unit:
            revision = (await unit.execute(text("SELECT revision FROM ledger_position"))).scalar_one()
            await asyncio.sleep(0.005)
            await unit.execute(text("UPDATE ledger_position SET revision = :to"), {"to": revision + 1})

    await asyncio.gather(*(add() for _ in range(10)))
    async with database.reading() as unit:
        assert (await unit.execute(text("SELECT revision FROM ledger_position"))).scalar_one() == 10


async def test_waiting_too_long_for_ones_turn_is_a_conflict(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivr.records.database.BUSY_TIMEOUT_MS", 50)
    other = Database(database_url)
    async with database.unit_of_work():
        with pytest.raises(Conflict, match="busy"):
            async with other.unit_of_work():
                pass
    await other.close()


async def test_what_is_no_database_is_refused_in_plain_words(tmp_path: Path) -> None:
    file = tmp_path / "it.sqlite3"
    put(file, b"this is a letter, not a database. " * 40)
    with pytest.raises(Refused, match="cannot be used") as refused:
        async with opened(url_of(file)):
            pass
    assert refused.value.remedy


async def test_a_folder_that_cannot_be_made_is_refused_in_plain_words(tmp_path: Path) -> None:
    put(tmp_path / "file", b"")
    with pytest.raises(Refused, match="cannot be used"):
        async with opened(url_of(tmp_path / "file" / "it.sqlite3")):
            pass


def put(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def test_the_database_may_be_read_by_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "database" / "it.sqlite3"
    migrate(url_of(file))
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files for somebody else")
def test_what_root_makes_in_the_lines_folder_belongs_to_the_line(tmp_path: Path) -> None:
    os.chown(tmp_path, 61611, 61612)
    file = tmp_path / "database" / "it.sqlite3"
    migrate(url_of(file))
    with sqlite3.connect(file) as writing:  # as root, while the line's own user is to write next
        writing.execute("UPDATE counsellor SET active = active")
        writing.commit()
        made = sorted(each.name for each in file.parent.iterdir())
        owners = {(each.stat().st_uid, each.stat().st_gid) for each in (file.parent, *file.parent.iterdir())}
    writing.close()
    assert made == ["it.sqlite3", "it.sqlite3-shm", "it.sqlite3-wal"]
    assert owners == {(61611, 61612)}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_the_line_can_write_what_root_made_and_is_reading() -> None:
    with tempfile.TemporaryDirectory() as name:  # pytest's own folders are closed to everybody but root
        folder = Path(name)
        os.chown(folder, 61611, 61611)
        file = folder / "database" / "it.sqlite3"
        migrate(url_of(file))
        reading = sqlite3.connect(file)
        assert reading.execute("SELECT count(*) FROM counsellor WHERE active").fetchone() == (3,)
        argv = ("/usr/bin/python3", "-c", WRITES, str(file))
        subprocess.run(argv, check=True, user=61611, group=61611, extra_groups=(), cwd="/")
        assert reading.execute("SELECT count(*) FROM counsellor WHERE active").fetchone() == (0,)
        reading.close()


WRITES = """
import sqlite3, sys
it = sqlite3.connect(sys.argv[1])
it.execute("UPDATE counsellor SET active = 0")
it.commit()
"""
