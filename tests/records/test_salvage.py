"""Rows out of a damaged file: what can be read is kept, what is wrong is said, and the ledger gives the calls again."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from ivr import mending
from ivr.errors import NotFound, Refused
from ivr.records import reserve, salvage
from ivr.records.database import Database, opened
from ivr.records.ledger import Reader
from ivr.settings import Settings
from tests.records.recorded import on_record
from tests.records.test_ledger import EVENING, put

PAGE = 4096


def count(file: Path, table: str) -> int:
    with closing(sqlite3.connect(file)) as rows:
        return int(rows.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608


def pages_of(file: Path, name: str) -> list[int]:
    """The pages of that table that hold rows, in its order; 0 is the first of the file."""
    with closing(sqlite3.connect(file)) as rows:
        found = rows.execute("SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY path", (name,))
        return [number - 1 for (number,) in found]


def spoil(file: Path, pages: list[int]) -> None:
    noise = random.Random(1)  # noqa: S311
    with file.open("r+b") as rows:
        for page in pages:
            rows.seek(page * PAGE)
            rows.write(noise.randbytes(PAGE))


@pytest.fixture
def state(tmp_path: Path, database_file: Path) -> Settings:
    """A line that never ran, with rows and a ledger."""
    settings = Settings(state_dir=tmp_path / "var", database_url="")
    for folder in (settings.own_database.parent, settings.ledger_file.parent):
        folder.mkdir(parents=True)
    database_file.rename(settings.own_database)
    put(settings.ledger_file, b"".join(line + b"\n" for line in EVENING))
    return settings


async def filled(settings: Settings, drafts: int = 3_000) -> dict[str, object]:
    """The evening's calls, and so many rows that no ledger gives back; all in the one file."""
    async with opened(settings.database) as database:
        await Reader(database, settings.ledger_file).catch_up()
        calls = await on_record(database)
    with closing(sqlite3.connect(settings.own_database)) as rows:
        values = [(f"c{n:05d}", "aynur", 1, "2026-11-22 08:00:00.000000", bytes(60)) for n in range(drafts)]
        rows.executemany(
            "INSERT INTO wrapup_draft (contact_id, account, revision, saved_at, form) VALUES (?, ?, ?, ?, ?)", values
        )
        rows.commit()
        rows.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return dict(calls)


async def test_every_row_that_can_be_read_is_kept_and_the_ledger_gives_the_calls_again(state: Settings) -> None:
    before = await filled(state)
    drafts = pages_of(state.own_database, "wrapup_draft")
    spoil(state.own_database, [drafts[2], drafts[-3], *pages_of(state.own_database, "call")])
    done = await mending.mend(state, lambda now, total: None)
    assert done
    assert done.why
    assert done.aside.exists()
    (told,) = [each for each in done.saved if each.table == "wrapup_draft"]
    assert not told.whole
    assert 3_000 * 3 / len(drafts) < told.rows < 3_000  # both ends of it
    assert told.rows == count(state.own_database, "wrapup_draft")
    assert salvage.fault(state.own_database) == ""
    async with opened(state.database) as database:
        assert await on_record(database) == before
        assert await Reader(database, state.ledger_file).catch_up() == 0
    assert await mending.mend(state, lambda now, total: None) is None


async def test_what_is_no_database_at_all_begins_anew_from_the_ledger(state: Settings) -> None:
    before = await filled(state, 10)
    put(state.own_database, b"noise" * 10_000)
    with pytest.raises(Refused, match="not a database") as told:
        async with opened(state.database):
            pass
    assert "ivr db mend" in told.value.remedy
    done = await mending.mend(state, lambda now, total: None)
    assert done
    assert not any(each.whole for each in done.saved)
    async with opened(state.database) as database:
        assert await on_record(database) == before


async def test_a_damaged_page_is_told_of_with_the_command_that_mends_it(state: Settings) -> None:
    await filled(state)
    spoil(state.own_database, pages_of(state.own_database, "wrapup_draft")[1:-1])
    database = Database(state.database)
    with pytest.raises(Refused, match="malformed") as told:
        async with database.reading() as unit:
            await unit.exec_driver_sql("SELECT sum(revision) FROM wrapup_draft")
    await database.close()
    assert "ivr db mend" in told.value.remedy


async def test_what_cannot_be_mended_here_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        await mending.mend(Settings(state_dir=tmp_path, database_url=""), lambda now, total: None)
    with pytest.raises(Refused, match="PostgreSQL"):
        await mending.mend(Settings(state_dir=tmp_path, database_url="postgresql://a@b/c"), lambda now, total: None)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """48 MB, in memory."""
    disk = tmp_path / "disk"
    disk.mkdir()
    argv = ["mount", "-t", "tmpfs", "-o", "size=48m", "disk", str(disk)]
    if os.geteuid() or subprocess.run(argv, capture_output=True, check=False).returncode:
        pytest.skip("only root can make a small disk")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_the_ledger_can_be_written_on_a_disk_that_is_full(small_disk: Path) -> None:
    ledger, other = small_disk / "cel.jsonl", small_disk / "other"
    ledger.write_text("one line\n")
    other.write_bytes(bytes(4_096))
    assert reserve.hold(ledger)
    assert ledger.stat().st_size == len("one line\n")
    with suppress(OSError), (small_disk / "filler").open("wb", buffering=0) as filler:
        while filler.write(bytes(65_536)):
            pass
    with pytest.raises(OSError, match="No space left"), other.open("ab", buffering=0) as file:
        file.write(bytes(8_192))
    with suppress(OSError):
        while True:
            with ledger.open("ab", buffering=0) as file:  # as the switch does, for each event anew
                file.write(b"e" * 299 + b"\n")
    assert ledger.stat().st_size > reserve.ROOM_BYTES * 0.95
    (small_disk / "filler").unlink()
    assert reserve.hold(ledger)
    assert not reserve.hold(small_disk / "nowhere")
    held, size = ledger.stat().st_blocks, ledger.stat().st_size
    reserve.let_go([ledger], unchanged_since=0)
    assert ledger.stat().st_blocks == held
    reserve.let_go([ledger], unchanged_since=time.time() + 1)
    assert ledger.stat().st_blocks * 512 < size + 2 * 4_096
    assert ledger.stat().st_size == size
