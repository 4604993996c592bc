"""What callers said: sealed once it is on record, opened for a named person, gone when it was deleted."""

from __future__ import annotations

import os
import wave
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ivr.errors import HelplineError, NotFound, Refused
from ivr.messages import LOST_AFTER, Box, delete, listed, open_box, save, seal_new
from ivr.records import message
from ivr.records.database import Database, opened
from ivr.settings import Settings

NOW = datetime(2026, 11, 21, 20, tzinfo=UTC)
ONE, TWO = "1795281282-7", "1795281290-8"


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url) as known:
        yield known


@pytest.fixture
def box(tmp_path: Path, database: Database) -> Box:
    (tmp_path / "messages").mkdir()
    return open_box(Settings(state_dir=tmp_path), database)


def record(box: Box, message_id: str, seconds: float = 3.0, age: timedelta = timedelta()) -> bytes:
    """As the switch leaves it."""
    file = box.clear(message_id)
    with wave.open(str(file), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"\x01\x02" * int(8000 * seconds))
    at = (NOW - age).timestamp()
    os.utime(file, (at, at))
    return file.read_bytes()


async def put_on_record(box: Box, message_id: str) -> None:
    async with box.database.unit_of_work() as unit:
        await message.add(unit, message_id, NOW, {"language": "ru", "topic": "legal", "seconds": 3.0})


async def test_a_message_is_sealed_only_once_it_is_on_record(box: Box) -> None:
    clear = record(box, ONE)
    assert await seal_new(box, NOW) == 0
    assert box.clear(ONE).exists()
    await put_on_record(box, ONE)
    assert await seal_new(box, NOW) == 1
    assert not box.clear(ONE).exists()
    assert box.sealed(ONE).stat().st_mode & 0o077 == 0
    assert clear[:200] not in box.sealed(ONE).read_bytes()


async def test_sealing_that_was_interrupted_is_done_again(box: Box, tmp_path: Path) -> None:
    clear = record(box, ONE)
    await put_on_record(box, ONE)
    box.sealed(ONE).write_bytes(b"half")
    box.sealed(ONE).with_suffix(".new").write_bytes(b"half")
    await seal_new(box, NOW)
    await save(box, ONE, tmp_path / "out.wav", "Aynur")
    assert (tmp_path / "out.wav").read_bytes() == clear


async def test_what_a_switch_that_died_left_behind_is_a_message_too_unless_there_is_nothing_in_it(box: Box) -> None:
    record(box, ONE, 4.0, LOST_AFTER)
    record(box, TWO, 1.0, LOST_AFTER)
    assert await seal_new(box, NOW) == 1
    (found,) = await listed(box.database)
    assert (found.id, found.seconds, found.language) == (ONE, 4.0, None)
    assert not box.clear(TWO).exists()


async def test_files_that_are_no_messages_are_left_alone(box: Box) -> None:
    (box.folder / "notes.wav").write_bytes(b"x")
    assert await seal_new(box, NOW + LOST_AFTER * 2) == 0
    assert (box.folder / "notes.wav").exists()


async def test_whoever_listens_is_on_record_and_the_first_stays_the_first(box: Box, tmp_path: Path) -> None:
    clear = record(box, ONE)
    await put_on_record(box, ONE)
    await seal_new(box, NOW)
    await save(box, ONE, tmp_path / "one.wav", "  Aynur   M. ")
    await save(box, ONE, tmp_path / "two.wav", "Kamran")
    assert (tmp_path / "one.wav").read_bytes() == (tmp_path / "two.wav").read_bytes() == clear
    assert (tmp_path / "one.wav").stat().st_mode & 0o077 == 0
    (found,) = await listed(box.database)
    assert found.heard_by == "Aynur M."
    async with box.database.reading() as unit:
        rows = await unit.execute(message.hearings.select().order_by(message.hearings.c.at))
        assert [row.by for row in rows] == ["Aynur M.", "Kamran"]


@pytest.mark.parametrize("name", ["", "  ", "x" * 81])
async def test_nobody_listens_without_a_name(box: Box, tmp_path: Path, name: str) -> None:
    record(box, ONE)
    await put_on_record(box, ONE)
    with pytest.raises(Refused):
        await save(box, ONE, tmp_path / "out.wav", name)
    assert not (tmp_path / "out.wav").exists()


async def test_a_file_that_is_there_is_not_written_over_and_nobody_has_listened(box: Box, tmp_path: Path) -> None:
    record(box, ONE)
    await put_on_record(box, ONE)
    (tmp_path / "out.wav").write_text("mine")
    with pytest.raises(Refused, match=r"out\.wav"):
        await save(box, ONE, tmp_path / "out.wav", "Aynur")
    (found,) = await listed(box.database)
    assert found.heard_at is None


async def test_a_deleted_message_is_gone_and_does_not_come_back(box: Box, tmp_path: Path) -> None:
    record(box, ONE)
    await put_on_record(box, ONE)
    await seal_new(box, NOW)
    await delete(box, ONE, "Aynur")
    assert list(box.folder.iterdir()) == []
    await put_on_record(box, ONE)  # as a rebuild does
    assert await listed(box.database) == []
    record(box, ONE)
    await seal_new(box, NOW)
    assert list(box.folder.iterdir()) == []
    for late in (delete(box, ONE, "Aynur"), save(box, ONE, tmp_path / "out.wav", "Aynur")):
        with pytest.raises(NotFound):
            await late


@pytest.mark.parametrize("message_id", ["1795281282-9", "../secrets", ""])
async def test_a_message_that_is_not_there_is_said_so(box: Box, tmp_path: Path, message_id: str) -> None:
    with pytest.raises(NotFound):
        await save(box, message_id, tmp_path / "out.wav", "Aynur")


async def test_a_sealed_message_under_another_name_stays_shut(box: Box, tmp_path: Path) -> None:
    record(box, ONE)
    for each in (ONE, TWO):
        await put_on_record(box, each)
    await seal_new(box, NOW)
    box.sealed(ONE).rename(box.sealed(TWO))
    with pytest.raises(HelplineError):
        await save(box, TWO, tmp_path / "out.wav", "Aynur")
