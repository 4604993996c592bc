"""Reading the ledger: exactly once, from any point, whatever happens to the file or to the reader."""

from __future__ import annotations

import asyncio
import json
import random
import shutil
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivr.records import ledger
from ivr.records.database import Database, opened
from ivr.records.ledger import Folding, Reader, mark
from ivr.records.ledger_file import NOWHERE, is_kept, read_on
from ivr.records.rebuild import Rebuild
from ivr.records.story import from_json, row, to_json
from tests.records.conftest import url_of
from tests.records.recorded import on_record, outcomes
from tests.records.switch_log import SwitchLog, answered

STREAMS = sorted((Path(__file__).parent.parent / "cel").glob("*.jsonl"))


def evening(calls: int = 30, seed: int = 1) -> SwitchLog:
    """Calls of every sort, told one inside the other as a busy switch does."""
    chance = random.Random(seed)  # noqa: S311
    logs = []
    for number in range(calls):
        log = SwitchLog(1_795_281_000.0 + number * 3, pace_s=chance.choice([0.3, 1.0, 7.0]))
        call = log.call()
        call.asked("language", "1")
        call.chose(language="az", caller=f"{number % 4:032x}")
        if number % 5:
            call.decided(topic="social")
            call.queued()
            channel = call.rings(chance.choice(["101", "102", "trunk"]))
            if number % 3:
                call.parts(call.talks(channel), channel)
        if number % 7:
            call.hangs_up()
        if number == calls // 2:
            log.write("SWITCH_START")
        logs.append(log)
    whole = SwitchLog()
    whole.lines = sorted((line for log in logs for line in log.lines), key=lambda line: json.loads(line)["eventtime"])
    return whole


EVENING = evening().lines


def folded(lines: list[bytes], cuts: set[int]) -> dict[str, Any]:
    """Rows of `lines`, with the reader killed at each cut and gone on from what was written."""
    rows: dict[str, Any] = {}
    batch = Folding()
    for number, line in enumerate(lines):
        if number in cuts:
            gone_on = [from_json(to_json(story)) for story in batch.stories.values()]
            assert gone_on == list(batch.stories.values())
            batch = Folding({story.linkedid: story for story in gone_on if story})
        batch.take([line])
        rows |= {told.id: row(told) | {"steps": list(told.steps)} for told in batch.changed.values()}
    return rows


WHOLE = folded(EVENING, set())


def put(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def lines_of(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines()


async def read(database: Database, path: Path, **options: int) -> dict[str, list[dict[str, Any]]]:
    await Reader(database, path, **options).catch_up()
    return await on_record(database)


@pytest.mark.parametrize("stream", STREAMS, ids=lambda path: path.stem)
async def test_a_stream_of_the_switch_gives_its_rows(stream: Path, database: Database) -> None:
    found = await read(database, stream)
    expected = json.loads(stream.with_suffix(".rows.json").read_text())
    shown = json.loads(json.dumps({"call": found["call"], "contact": found["contact"]}, default=str))
    assert shown == expected


@settings(deadline=None, max_examples=50)
@given(st.sets(st.integers(0, len(EVENING))))
def test_cut_anywhere_and_gone_on_gives_the_same_rows(cuts: set[int]) -> None:
    assert folded(EVENING, cuts) == WHOLE


@settings(deadline=None, max_examples=50)
@given(st.sets(st.integers(0, len(EVENING)), min_size=3, max_size=3))
def test_any_part_told_again_later_changes_nothing(places: set[int]) -> None:
    """As when a copy of it is put at its end."""
    first, last, again = sorted(places)
    assert folded([*EVENING[:again], *EVENING[first:last], *EVENING[again:]], set()) == WHOLE


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(0, len(EVENING)), st.binary(max_size=60)), max_size=20))
def test_rubbish_anywhere_raises_nothing_and_loses_nothing_else(rubbish: list[tuple[int, bytes]]) -> None:
    lines = list(EVENING)
    for at, line in rubbish:
        lines.insert(at, line)
    assert folded(lines, set()) == WHOLE


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(cuts=st.lists(st.integers(0, 90_000), max_size=6), batch=st.integers(600, 30_000))
def test_a_file_that_grows_by_any_bytes_gives_the_same_rows(
    cuts: list[int], batch: int, empty_file: Path, tmp_path: Path
) -> None:
    data = b"".join(line + b"\n" for line in EVENING)

    async def grow() -> dict[str, list[dict[str, Any]]]:
        path = tmp_path / "cel.jsonl"
        async with opened(url_of(Path(shutil.copy(empty_file, tmp_path / "it.sqlite3")))) as database:
            for end in [*sorted(cuts), len(data)]:
                put(path, data[:end])
                await Reader(database, path, batch_bytes=batch).catch_up()
            return await on_record(database)

    found = asyncio.run(grow())
    assert outcomes(found) == [each["outcome"] for _, each in sorted(WHOLE.items())]
    assert found == asyncio.run(_at_once(data, empty_file, tmp_path))


async def _at_once(data: bytes, empty_file: Path, folder: Path) -> dict[str, list[dict[str, Any]]]:
    path = folder / "once.jsonl"
    put(path, data)
    async with opened(url_of(Path(shutil.copy(empty_file, folder / "once.sqlite3")))) as database:
        return await read(database, path)


KILLED = """
import asyncio, sys
from pathlib import Path
from ivr.records.database import opened
from ivr.records.ledger import Reader

async def main():
    async with opened(sys.argv[1]) as database:
        reader = Reader(database, Path(sys.argv[2]), batch_bytes=2_000)
        while await reader.read_batch():
            print(".", end="", flush=True)

asyncio.run(main())
"""


async def test_a_reader_killed_again_and_again_gives_the_same_rows(
    database_url: str, empty_file: Path, ledger_path: Path, tmp_path: Path
) -> None:
    data = b"".join(line + b"\n" for line in EVENING)
    put(ledger_path, data)
    deaths = 0
    for dots in (1, 7, 3, 12, 10_000):
        reader = await asyncio.create_subprocess_exec(
            sys.executable, "-c", KILLED, database_url, str(ledger_path), stdout=asyncio.subprocess.PIPE
        )
        assert reader.stdout
        for _ in range(dots):
            if not await reader.stdout.read(1):
                break
        else:
            reader.kill()
        deaths += await reader.wait() == -signal.SIGKILL
    assert deaths == 4
    async with opened(database_url) as database:
        assert await read(database, ledger_path) == await _at_once(data, empty_file, tmp_path)


async def test_two_processes_at_once_give_the_same_rows(
    database_url: str, empty_file: Path, ledger_path: Path, tmp_path: Path
) -> None:
    data = b"".join(line + b"\n" for line in EVENING)
    put(ledger_path, data)
    argv = (sys.executable, "-c", KILLED, database_url, str(ledger_path))
    readers = [await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE) for _ in range(3)]
    told = [await reader.communicate() for reader in readers]
    assert [reader.returncode for reader in readers] == [0, 0, 0]
    assert sum(len(dots) for dots, _ in told) >= len(data) // 2_000
    async with opened(database_url) as database:
        assert await read(database, ledger_path) == await _at_once(data, empty_file, tmp_path)
        async with database.reading() as unit:
            assert (await ledger.where(unit)).lines == len(EVENING)


FULL = {
    True: ["CREATE TRIGGER it_is_full BEFORE UPDATE ON ledger_position BEGIN SELECT RAISE(ABORT, 'disk full'); END"],
    False: [
        "CREATE FUNCTION pg_temp.is_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'disk full'; END $$",
        "CREATE TRIGGER it_is_full BEFORE UPDATE ON ledger_position EXECUTE FUNCTION pg_temp.is_full()",
    ],
}


async def test_a_batch_that_failed_is_read_again(database: Database, ledger_path: Path) -> None:
    log = SwitchLog()
    call = log.call()
    put(ledger_path, log.data)
    reader = Reader(database, ledger_path)
    await reader.catch_up()
    call.asked("language", "1")
    put(ledger_path, log.data)
    async with database.unit_of_work() as unit:  # a trigger is how a real database refuses one write and not another
        for command in FULL[database.is_sqlite]:
            await unit.exec_driver_sql(command)
    with pytest.raises(Exception, match="disk full"):
        await reader.read_batch()
    async with database.unit_of_work() as unit:
        await unit.exec_driver_sql("DROP TRIGGER it_is_full" + ("" if database.is_sqlite else " ON ledger_position"))
    call.hangs_up()
    put(ledger_path, log.data)
    await reader.catch_up()
    found = await on_record(database)
    assert outcomes(found) == ["abandoned_in_menu"]
    assert [step["step"] for step in found["call"][0]["steps"]] == ["asked", "ended"]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"state":"dancing"}', '{"id":7,"places":[]}', "null"])
def test_a_story_that_cannot_be_read_is_none(text: str) -> None:
    assert from_json(text) is None


def test_a_story_of_another_version_is_read_as_far_as_it_is_known() -> None:
    folding = Folding()
    folding.take(EVENING[:1])
    (story,) = folding.stories.values()
    told = json.loads(to_json(story)) | {"mood": "unheard of"}
    del told["refused"]
    assert from_json(json.dumps(told)) == story


async def test_half_a_line_waits_for_its_other_half(database: Database, ledger_path: Path) -> None:
    log = SwitchLog()
    log.call().hangs_up()
    put(ledger_path, log.data[:-40])
    assert outcomes(await read(database, ledger_path)) == ["abandoned_in_menu"]
    async with database.reading() as unit:
        before = (await ledger.where(unit)).lines
    put(ledger_path, log.data)
    await read(database, ledger_path)
    async with database.reading() as unit:
        now = await ledger.where(unit)
    assert (before, now.lines, now.rubbish) == (3, 4, 0)


async def test_rubbish_is_counted_and_an_endless_line_passed_over(database: Database, ledger_path: Path) -> None:
    log = SwitchLog()
    answered(log)
    put(ledger_path, b"\xff\x00rubbish\n" + b"x" * 5_000 + b"\n\n" + log.data)
    assert outcomes(await read(database, ledger_path, batch_bytes=1_000)) == ["answered"]
    async with database.reading() as unit:
        assert (await ledger.where(unit)).rubbish > 2


async def test_no_ledger_yet_is_nothing_new(database: Database, ledger_path: Path) -> None:
    assert await Reader(database, ledger_path).catch_up() == 0
    put(ledger_path, b"")
    assert await Reader(database, ledger_path).catch_up() == 0


async def test_a_renamed_ledger_is_finished_before_the_new_one(database: Database, ledger_path: Path) -> None:
    log = SwitchLog()
    call = log.call()
    call.decided()
    put(ledger_path, log.data)
    await read(database, ledger_path)
    channel = call.rings("101")
    bridge = call.talks(channel)
    put(ledger_path, log.data)  # nobody read these before the file was renamed
    shutil.move(ledger_path, ledger_path.with_name("cel.jsonl.1"))
    log.lines.clear()
    call.parts(bridge, channel)
    call.hangs_up()
    put(ledger_path, log.data)
    found = await read(database, ledger_path)
    assert outcomes(found) == ["answered"]
    assert (found["call"][0]["talk_s"], found["call"][0]["counsellor"], found["open_call"]) == (1.0, "101", [])


async def test_a_ledger_renamed_twice_is_read_in_order(database: Database, ledger_path: Path) -> None:
    log = SwitchLog()
    call = log.call()
    for name, act in (("cel.jsonl.2", call.decided), ("cel.jsonl.1", call.queued), ("cel.jsonl", call.hangs_up)):
        act()
        put(ledger_path.with_name(name), log.data)
        log.lines.clear()
    put(ledger_path.with_name("cel.jsonl.gz"), b"\x1f\x8b\x08\nrubbish\n")
    found = await read(database, ledger_path)
    assert [step["step"] for step in found["call"][0]["steps"]] == ["decided", "queued", "ended"]
    async with database.reading() as unit:
        assert (await ledger.where(unit)).rubbish == 0


async def test_a_ledger_cut_to_nothing_in_place_is_read_from_its_start(database: Database, ledger_path: Path) -> None:
    log = SwitchLog()
    answered(log)
    put(ledger_path, log.data)
    await read(database, ledger_path)
    log.lines.clear()
    put(ledger_path, b"")
    assert len((await read(database, ledger_path))["call"]) == 1
    answered(log)
    put(ledger_path, log.data)
    assert outcomes(await read(database, ledger_path)) == ["answered", "answered"]


async def test_an_older_copy_put_back_doubles_nothing_and_loses_nothing(database: Database, ledger_path: Path) -> None:
    log = SwitchLog()
    answered(log)
    older = log.data
    answered(log, "102")
    put(ledger_path, log.data)
    before = await read(database, ledger_path)
    put(ledger_path, older)
    assert await read(database, ledger_path) == before
    log.lines = older.splitlines()  # the switch goes on after it; what came between is nowhere but in the rows
    answered(log, "103")
    put(ledger_path, log.data)
    found = await read(database, ledger_path)
    assert [each["counsellor"] for each in found["call"]] == ["101", "102", "103"]


async def test_parts_of_the_ledger_at_its_end_once_more_change_nothing_for_any_reader(
    database: Database, ledger_path: Path
) -> None:
    """Calls that are over, one that goes on, and the mark of the switch's start, long after it."""
    log = SwitchLog()
    log.write("SWITCH_START")
    answered(log)
    still = log.call()
    still.asked("language", "1")
    still.decided()
    put(ledger_path, log.data)
    before = await read(database, ledger_path)
    log.lines += [*log.lines[:5], *log.lines[-3:], *log.lines[2:4]]
    put(ledger_path, log.data)
    assert await read(database, ledger_path) == before
    await Rebuild(database, ledger_path).run(lambda done, total: None)
    assert await on_record(database) == before
    still.hangs_up()
    put(ledger_path, log.data)
    assert outcomes(await read(database, ledger_path)) == ["answered", "abandoned_in_queue"]


def test_another_file_is_known_by_its_first_line_even_when_all_the_rest_is_the_same(ledger_path: Path) -> None:
    put(ledger_path, b"\n".join([b"a", *EVENING, b""]))
    here = read_on(ledger_path, NOWHERE)
    assert here
    put(ledger_path, b"\n".join([b"b", *EVENING, EVENING[0], b""]))
    found = read_on(ledger_path, here.place)
    assert found
    assert len(found.lines) == len(EVENING) + 2


async def test_a_copied_state_folder_is_read_on_and_not_again(
    database: Database, ledger_path: Path, tmp_path: Path
) -> None:
    log = SwitchLog()
    answered(log)
    put(ledger_path, log.data)
    await read(database, ledger_path)
    async with database.unit_of_work() as unit:
        await unit.exec_driver_sql("UPDATE call SET topic = 'as it was'")
    copy = Path(shutil.copy(ledger_path, tmp_path / "copied.jsonl"))
    answered(log)
    put(copy, log.data)
    found = await read(database, copy)
    assert [each["topic"] for each in found["call"]] == ["as it was", "social"]


async def test_first_time_is_told_by_the_hash_alone(database: Database, ledger_path: Path) -> None:
    log = SwitchLog()
    answered(log, caller="a" * 32)
    answered(log, caller="b" * 32)
    abandoned = log.call()
    abandoned.chose(caller="c" * 32)
    abandoned.hangs_up()
    for caller in ("a" * 32, "c" * 32):
        answered(log, caller=caller)
    answered(log)
    put(ledger_path, log.data)
    found = await read(database, ledger_path, batch_bytes=900)
    assert [each["first_time"] for each in found["contact"]] == ["yes", "yes", "no", "no", "unknown"]


async def test_a_mark_closes_what_was_open_and_starts_on_a_line_of_its_own(
    database: Database, ledger_path: Path
) -> None:
    log = SwitchLog()
    log.call()
    put(ledger_path, log.data + b'{"eventtype":"ans')  # the disk was full
    mark(ledger_path, "SWITCH_START", log.at + 60)
    mark(ledger_path, "SWITCH_END", log.at + 90)
    found = await read(database, ledger_path)
    assert outcomes(found) == ["lost"]
    assert found["call"][0]["ended_at"].timestamp() == log.at + 60
    assert len(lines_of(ledger_path)) == 4
    with pytest.raises(ValueError, match="HANGUP"):
        mark(ledger_path, "HANGUP", log.at)


async def test_a_mark_makes_a_ledger_that_nobody_else_may_read(tmp_path: Path) -> None:
    path = tmp_path / "new" / "ledger" / "cel.jsonl"
    mark(path, "SWITCH_START", 1_795_281_000.0)
    assert path.read_bytes() == b'{"eventtype":"SWITCH_START","eventtime":1795281000.0}\n'
    assert path.stat().st_mode & 0o777 == 0o600


def test_line_that_is_written_a_moment_later_is_found_on_the_disk(ledger_path: Path) -> None:
    put(ledger_path, b'{"eventtype":"chose"}\n' * 20_000)
    late = threading.Timer(0.2, lambda: put(ledger_path, ledger_path.read_bytes() + b'{"id":"1795281000-0a"}\n'))
    late.start()
    assert is_kept(ledger_path, "1795281000-0a")
    late.join()


def test_line_that_is_never_written_is_not_believed(ledger_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivr.records.ledger_file.KEPT_WITHIN_S", 0.1)
    assert not is_kept(ledger_path, "1795281000-0a")
    put(ledger_path, b'{"eventtype":"chose"}\n')
    assert not is_kept(ledger_path, "1795281000-0a")
