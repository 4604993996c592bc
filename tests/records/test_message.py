"""Messages as rows: made from the ledger, and from then on nobody's but those who listen."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from ivr.records import message
from ivr.records.database import Database
from ivr.records.rebuild import Rebuild
from ivr.records.story import Story
from tests.records.switch_log import SwitchLog
from tests.records.test_ledger import put, read

HEARD = datetime(2026, 11, 21, 20, tzinfo=UTC)


async def on_file(database: Database) -> list[message.Message]:
    async with database.reading() as unit:
        return await message.listed(unit)


async def test_a_row_says_when_in_which_language_about_what_and_how_long(database: Database, ledger_path: Path) -> None:
    log = SwitchLog()
    call = log.call()
    call.chose(topic="legal")
    call.decided(language="ru")
    call.step("recorded", message="1795281282-7", seconds="12.34")
    left_at = datetime.fromtimestamp(log.at, UTC)
    put(ledger_path, log.data)
    await read(database, ledger_path)
    assert await on_file(database) == [
        message.Message("1795281282-7", left_at, "ru", "legal", 12.3, heard_at=None, heard_by=None)
    ]


async def test_a_rebuild_changes_nothing_of_a_message_that_was_heard_or_deleted(
    database: Database, ledger_path: Path
) -> None:
    log = SwitchLog()
    for n in range(3):
        call = log.call()
        call.decided()
        call.step("recorded", message=f"1795281282-{n}", seconds="5")
        call.hangs_up()
    put(ledger_path, log.data)
    await read(database, ledger_path)
    async with database.unit_of_work() as unit:
        await message.hear(unit, "1795281282-1", "Aynur", HEARD)
        await message.delete(unit, "1795281282-2", "Aynur", HEARD)
    before = await on_file(database)
    await Rebuild(database, ledger_path).run(lambda *_: None)
    assert await on_file(database) == before
    assert [(each.id[-1], each.heard_by) for each in before] == [("0", None), ("1", "Aynur")]


async def test_a_call_that_is_told_again_writes_its_message_once(database: Database) -> None:
    left = ({"id": "1795281282-7", "at": 1795281300.0, "seconds": 5.0},)
    story = Story("1795281282-000007", "hl-1795281282.7", 1795281282.0, "116111", messages=left)
    for _ in range(2):
        async with database.unit_of_work() as unit:
            await message.note(unit, [story])
    assert len(await on_file(database)) == 1
