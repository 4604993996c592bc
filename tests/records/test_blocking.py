"""A supervisor asks a caller to wait: for a day at most, by a call's id, every change on record."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from ivr.blocking import Wish
from ivr.cli.every import app
from ivr.errors import Conflict, NotFound, Refused
from tests.records.switch_log import SwitchLog, answered

WHO = "a" * 32


@pytest.fixture
def call_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str) -> str:
    """An answered call of somebody whose number was seen; the one after it had none."""
    monkeypatch.setenv("IVR_STATE_DIR", str(tmp_path / "var"))
    log = SwitchLog()
    call = answered(log, caller=WHO)
    answered(log)
    (tmp_path / "var/ledger").mkdir(parents=True)
    (tmp_path / "var/ledger/cel.jsonl").write_bytes(log.data)
    return call.row_id


def ivr(*words: str) -> Result:
    return CliRunner().invoke(app, [*words])


def rows(*words: str) -> list[dict[str, Any]]:
    told = ivr(*words, "--json")
    assert told.exit_code == 0, told.output
    return [json.loads(line) for line in told.output.splitlines()]


def blocked(call_id: str, *more: str) -> dict[str, Any]:
    (row,) = rows("block", call_id, "--hours", "4", "--reason", "shouts", "--by", "Supervisor", *more)
    return row


def test_a_caller_is_named_by_a_call_and_the_row_says_who_and_why(call_id: str) -> None:
    made = blocked(call_id)
    assert (made["call_id"], made["made_by"], made["reason"]) == (call_id, "Supervisor", "shouts")
    assert (made["lifted_at"], made["lifted_by"]) == (None, None)
    assert rows("block", "list") == [made]
    assert WHO not in json.dumps(made)


def test_a_lifted_block_stays_on_record(call_id: str) -> None:
    made = blocked(call_id)
    (lifted,) = rows("block", "lift", made["id"], "--by", "Another")
    assert lifted["lifted_by"] == "Another"
    assert rows("block", "list") == []
    assert rows("block", "list", "--all") == [lifted]
    assert blocked(call_id)["id"] != made["id"]


def test_the_tables_are_for_people(call_id: str) -> None:
    assert "Nobody is asked to wait" in ivr("block", "list").output
    told = ivr("block", call_id, "--hours", "0.5", "--reason", "x")
    assert "9 stays open" in told.output
    made = rows("block", "list")[0]["id"]
    assert made in ivr("block", "list").output
    assert "Lifted" in ivr("block", "lift", made).output
    assert "lifted by" in ivr("block", "list", "--all").output


@pytest.mark.parametrize("hours", ["24.1", "1000", "0", "-3"])
def test_more_than_a_day_is_refused(call_id: str, hours: str) -> None:
    told = ivr("block", call_id, f"--hours={hours}", "--reason", "x")
    assert isinstance(told.exception, Refused)
    assert rows("block", "list", "--all") == []


def test_a_day_is_not_made_longer_by_another(call_id: str) -> None:
    blocked(call_id)
    assert isinstance(ivr("block", call_id, "--hours", "24", "--reason", "x").exception, Conflict)


def test_a_block_without_a_reason_is_refused(call_id: str) -> None:
    assert isinstance(ivr("block", call_id, "--hours", "1", "--reason", " ").exception, Refused)
    with pytest.raises(Refused):
        Wish(call_id, timedelta(hours=1), "x" * 201, "S.").refuse_odd()


def test_unknown_calls_unknown_blocks_and_withheld_numbers_are_named(call_id: str) -> None:
    assert isinstance(ivr("block", "1-000001", "--hours", "1", "--reason", "x").exception, NotFound)
    assert isinstance(ivr("block", "lift", "1-0a").exception, NotFound)
    withheld = [row["id"] for row in rows("calls") if row["id"] != call_id]
    assert len(withheld) == 1
    assert isinstance(ivr("block", withheld[0], "--hours", "1", "--reason", "x").exception, Refused)


def test_a_block_that_is_over_cannot_be_lifted(call_id: str) -> None:
    made = blocked(call_id)
    assert ivr("block", "lift", made["id"]).exit_code == 0
    assert isinstance(ivr("block", "lift", made["id"]).exception, Refused)


def test_a_line_that_was_never_opened_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IVR_STATE_DIR", str(tmp_path / "never"))
    assert rows("block", "list") == []
    assert isinstance(ivr("block", "1-000001", "--hours", "1", "--reason", "x").exception, NotFound)
    assert not (tmp_path / "never").exists()
