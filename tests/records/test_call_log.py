"""The record as its acts and verbs give it: listed, followed, in a table and as JSON."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Timer
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from ivr import call_log
from ivr.call_log import CallLog, Outcome, Wanted
from ivr.cli import calls as verbs
from ivr.cli import contacts
from ivr.cli.call_view import calls_table
from ivr.records.database import Database
from ivr.settings import Settings
from tests.records.switch_log import SwitchLog, answered

CONTRACT = [
    *("id", "started_at", "ended_at", "dialled", "language", "topic", "age_band", "priority", "silent", "queue"),
    *("outcome", "counsellor", "wait_s", "talk_s", "steps"),
]
PROGRAM = (sys.executable, "-c", "import sys; from ivr.cli import main; sys.argv[0] = 'ivr'; main()")
app = typer.Typer()
verbs.register(app)
contacts.register(app)


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IVR_STATE_DIR", str(tmp_path / "var"))
    return tmp_path / "var"


@pytest.fixture
def log(state: Path) -> SwitchLog:
    """Three calls on file: answered at 17:10, abandoned in the menu, and one that waits."""
    written = SwitchLog()
    answered(written, caller="a" * 32)
    written.call("0506802280").hangs_up()
    written.call().decided(language="ru", topic="violence", priority="danger")
    (state / "ledger").mkdir(parents=True)
    put(state, written)
    return written


def put(state: Path, log: SwitchLog) -> None:
    (state / "ledger" / "cel.jsonl").write_bytes(log.data)


def run(*words: str) -> Result:
    return CliRunner().invoke(app, words)


@contextmanager
def started(*words: str) -> Iterator[subprocess.Popen[bytes]]:
    """The program itself, beside us; it does not outlive a test that failed, nor one that waits for too long."""
    with subprocess.Popen((*PROGRAM, *words), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        patience = Timer(30, process.kill)
        patience.start()
        try:
            yield process
        finally:
            patience.cancel()
            process.kill()


def objects(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.mark.usefixtures("log")
def test_calls_as_json_have_the_fields_of_the_contract_oldest_first() -> None:
    found = objects(run("calls", "--json"))
    assert [list(each) for each in found] == [CONTRACT] * 3
    assert [each["outcome"] for each in found] == ["answered", "abandoned_in_menu", None]
    first, second, third = found
    assert (first["started_at"], first["talk_s"], first["wait_s"]) == ("2026-11-21T17:10:01.000Z", 1.0, 4.0)
    assert (second["dialled"], second["language"], second["priority"], second["silent"]) == (
        "+994506802280", None, "normal", False,
    )  # fmt: skip
    assert (third["ended_at"], third["priority"], third["topic"]) == (None, "danger", "violence")
    assert all(step["at"].endswith("Z") for each in found for step in each["steps"])


@pytest.mark.usefixtures("log")
def test_contacts_as_json_are_the_talks() -> None:
    (found,) = objects(run("contacts", "--json"))
    assert found | {"id": "", "call_id": ""} == {
        "id": "", "received_at": "2026-11-21T17:10:01.000Z", "channel": "telephone", "language": "az",
        "topic": "social", "age_band": "11-14", "first_time": "yes", "counsellor": "101", "call_id": "",
    }  # fmt: skip


@pytest.mark.usefixtures("log")
def test_limit_keeps_the_newest_and_outcome_and_since_choose() -> None:
    newest = objects(run("calls", "--json", "--limit", "2"))
    assert [each["outcome"] for each in newest] == ["abandoned_in_menu", None]
    assert len(objects(run("calls", "--json", "--outcome", "answered"))) == 1
    assert len(objects(run("calls", "--json", "--since", "2026-11-21T17:10:05"))) == 2
    assert len(objects(run("calls", "--json", "--since", "2026-11-21T21:10:05+04:00"))) == 2
    assert len(objects(run("contacts", "--json", "--since", "2026-11-22"))) == 0
    assert run("calls", "--since", "yesterday-ish").exit_code == 2


@pytest.mark.usefixtures("log")
def test_more_calls_than_a_page_are_all_listed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = [run(*words, "--json").stdout for words in (("calls",), ("calls", "--limit", "2"), ("contacts",))]
    monkeypatch.setattr("ivr.records.call.PAGE", 1)
    monkeypatch.setattr("ivr.records.contact.PAGE", 1)
    assert [run(*words, "--json").stdout for words in (("calls",), ("calls", "--limit", "2"), ("contacts",))] == at_once


def test_a_reader_that_goes_away_leaves_no_noise(state: Path, log: SwitchLog) -> None:
    for _ in range(300):
        answered(log)
    put(state, log)
    with started("calls", "--json") as listing:
        assert listing.stdout
        assert listing.stderr
        listing.stdout.readline()
        listing.stdout.close()
        assert listing.stderr.read() == b""


@pytest.mark.usefixtures("log")
def test_the_table_shows_the_newest_first_and_tells_how_to_see_more() -> None:
    shown = run("calls", "--limit", "2").stdout
    lines = [line for line in shown.splitlines() if "2026-11-21" in line]
    assert "waiting" in lines[0]
    assert "danger" in lines[0]
    assert "abandoned in menu" in lines[1]
    assert "The newest 2 of 3 calls; --limit 3 shows all." in shown
    assert "\x1b" not in shown


@pytest.mark.usefixtures("log")
def test_the_table_of_contacts_shows_who_talked() -> None:
    (row,) = [line for line in run("contacts").stdout.splitlines() if "2026-11-21" in line]
    assert row.split()[2:8] == ["telephone", "az", "social", "11-14", "yes", "101"]
    assert run("contacts", "--since", "2026-11-22").stdout.strip() == "No contacts."


@pytest.mark.usefixtures("log")
def test_a_narrow_screen_leaves_columns_out() -> None:
    assert len(calls_table([], 80).columns) < len(calls_table([], 200).columns)


@pytest.mark.usefixtures("log")
def test_listing_needs_no_other_process_and_nothing_is_listed_twice() -> None:
    assert objects(run("calls", "--json")) == objects(run("calls", "--json"))


def test_a_line_that_was_never_opened_has_no_calls_and_looking_makes_nothing(state: Path) -> None:
    assert objects(run("calls", "--json")) == []
    assert objects(run("contacts", "--json")) == []
    assert "never opened" in run("calls").stdout
    assert "never opened" in run("ledger", "status").stdout
    for words in (("ledger", "rebuild"), ("ledger", "follow"), ("calls", "--follow")):
        assert "never opened" in run(*words).stdout
    assert not state.exists()


@pytest.mark.usefixtures("log")
def test_the_ledger_says_how_far_the_rows_are_and_is_rebuilt() -> None:
    (before,) = objects(run("ledger", "status", "--json"))
    assert (before["lines"], before["behind_bytes"] == before["bytes"]) == (0, True)
    run("calls")
    (after,) = objects(run("ledger", "status", "--json"))
    assert (after["behind_bytes"], after["calls"], after["open_calls"], after["rubbish"]) == (0, 3, 1, 0)
    rows = run("calls", "--json").stdout
    assert f"{after['lines']} lines read" in run("ledger", "rebuild").stdout
    assert run("calls", "--json").stdout == rows


def test_every_verb_has_an_example() -> None:
    for verb in (("calls",), ("contacts",), ("ledger", "status"), ("ledger", "rebuild"), ("ledger", "follow")):
        assert "Example" in run(*verb, "--help").stdout


async def test_a_line_written_is_in_the_rows_within_a_second(state: Path, log: SwitchLog) -> None:
    following = asyncio.ensure_future(call_log.follow(Settings()))
    async with call_log.open_log(Settings()) as record:
        await _until(record, 3)
        took = []
        for calls in (4, 5, 6):
            answered(log)
            put(state, log)
            written = time.monotonic()
            await _until(record, calls)
            took.append(time.monotonic() - written)
        assert sorted(took)[1] < 1.0  # the middle one of three: this machine may have been busy with something else
    following.cancel()
    with pytest.raises(asyncio.CancelledError):
        await following


async def _until(record: CallLog, calls: int) -> None:
    async with asyncio.timeout(10):
        while await call_log.count_calls(record, Wanted()) < calls:
            await asyncio.sleep(0.02)


async def test_following_outlives_a_ledger_that_cannot_be_read(database: Database, tmp_path: Path) -> None:
    make_folder(tmp_path / "cel.jsonl")
    follower = call_log.Follower(CallLog(database, tmp_path / "cel.jsonl"))
    assert await follower.look() == 0


def make_folder(path: Path) -> None:
    path.mkdir()


async def test_changed_calls_are_given_as_they_change_and_not_again_after_a_rebuild(
    database: Database, ledger_path: Path
) -> None:
    written, record = SwitchLog(), CallLog(database, ledger_path)
    answered(written)
    began = datetime.fromtimestamp(written.at, UTC) + timedelta(seconds=0.5)
    call = written.call()
    write(ledger_path, written)
    given: list[tuple[str, Outcome | None]] = []

    async def watch() -> None:
        async for each in call_log.changed_calls(record, began, poll_s=0.01):
            given.append((each.state, each.outcome))

    watching = asyncio.ensure_future(watch())
    for act in (call.decided, call.hangs_up):
        await _seen(given, len(given) + 1 if not given else len(given))
        act()
        write(ledger_path, written)
        await asyncio.sleep(0.3)
    await call_log.rebuild(record, lambda *_: None)
    await asyncio.sleep(0.3)
    watching.cancel()
    await asyncio.wait([watching])  # or the database is closed under it, and neither ever ends
    assert given == [("menu", None), ("waiting", None), ("ended", Outcome.ABANDONED_IN_QUEUE)]


async def _seen(given: list[Any], many: int) -> None:
    async with asyncio.timeout(5):
        while len(given) < many:
            await asyncio.sleep(0.01)


def write(path: Path, log: SwitchLog) -> None:
    path.write_bytes(log.data)


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_follow_shows_what_happens_until_it_is_stopped(state: Path, log: SwitchLog, form: tuple[str, ...]) -> None:
    with started("calls", "--follow", *form) as following:
        assert following.stdout
        assert b"decided" in following.stdout.readline()
        log.at = datetime.now(UTC).timestamp()
        log.call("0506802280").hangs_up()
        put(state, log)
        assert b"abandoned_in_menu" in following.stdout.readline()
        following.send_signal(signal.SIGINT)
        assert following.wait(10) == 0


def test_no_callers_number_is_in_what_is_shown(state: Path, log: SwitchLog) -> None:
    call = log.call()
    call.step("chose", caller="+994701234567", topic="+994701234567")
    call.step("decided", reason="994701234567", language="az", caller="0701234567")
    put(state, log)
    everything = run("calls", "--json").stdout + run("calls").stdout + run("contacts", "--json").stdout
    assert "1234567" not in everything
    assert b"1234567" not in b"".join(file.read_bytes() for file in (state / "database").iterdir())
