"""`ivr contacts`, from the outside: free text is shown to nobody without a name and a reason."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ivr import call_log, wrapup
from ivr.cli.every import app
from ivr.desk.wrapup import Form
from ivr.errors import NotFound, Refused
from ivr.hard_call import mark_hard
from ivr.records.draft import Of
from ivr.settings import Settings
from ivr.wrapup import Sheet
from tests.records.switch_log import FIRST_SECOND, SwitchLog, answered

NOW = datetime.fromtimestamp(FIRST_SECOND + 600, UTC)
SECRET = "she whispered \x1b[31m"


@pytest.fixture
def contact_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str) -> str:
    """The first of two answered calls: written down, and marked as hard. The second has a draft."""
    log = SwitchLog()
    first, second = answered(log).row_id, answered(log).row_id
    (tmp_path / "var/ledger").mkdir(parents=True)
    (tmp_path / "var/ledger/cel.jsonl").write_bytes(log.data)
    monkeypatch.setenv("IVR_STATE_DIR", str(tmp_path / "var"))
    asyncio.run(write(first, second))
    return first


async def write(first: str, second: str) -> None:
    settings = Settings()
    form = Form(topic="social", age_band="11-14", gender="girl", groups=("law",), summary=SECRET)
    async with call_log.open_log(settings) as log:
        await call_log.catch_up(log)
        desk = wrapup.open_desk(settings, log.database)
        assert await wrapup.close_contact(desk, Sheet(first, "anna", form), NOW) == ()
        await wrapup.save_draft(desk, Sheet(second, "ben", form), NOW)
        await mark_hard(log.database, Of(first, "anna"), "101", NOW)


def run(*words: str) -> str:
    result = CliRunner().invoke(app, ["contacts", *words])
    if result.exception:
        raise result.exception
    return result.stdout


def rows(*words: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run(*words, "--json").splitlines()]


def test_contacts_alone_lists_them_as_ever(contact_id: str) -> None:
    assert rows()[0]["id"] == contact_id
    assert contact_id in run("--limit", "5")
    assert rows("--since", "2026-12-01") == []


def test_show_gives_the_codes_and_no_text(contact_id: str) -> None:
    (row,) = rows("show", contact_id)
    assert (row["number"], row["by"], row["topic"], row["groups"]) == (1, "anna", "social", ["law"])
    assert row["has_summary"] is True
    assert "summary" not in row
    assert "whispered" not in run("show", contact_id)
    assert rows("opened") == []
    assert "Nobody has opened" in run("opened")


@pytest.mark.parametrize("by", ["Supervisor", "anna"])
def test_text_is_shown_to_who_says_who_and_why_and_that_is_on_record_whoever_they_say_they_are(
    contact_id: str, by: str
) -> None:
    told = ("--by", by, "--reason", "asked")
    (row,) = rows("show", contact_id, *told)
    assert row["summary"] == SECRET
    (noted,) = rows("opened")
    assert (noted["by"], noted["reason"], noted["what"], noted["of"]) == (by, "asked", "summary", contact_id)
    shown = run("show", contact_id, *told)
    assert "she whispered ·[31m" in shown
    assert "\x1b" not in shown
    assert by in run("opened")


@pytest.mark.parametrize("told", [("--by", "x"), ("--reason", "x"), ("--by", "x", "--reason", " ")])
def test_text_without_a_name_or_without_a_reason_is_refused(contact_id: str, told: tuple[str, ...]) -> None:
    with pytest.raises(Refused):
        run("show", contact_id, *told)


def test_what_nobody_wrote_down_is_said(contact_id: str) -> None:
    assert "Nothing is written down" in run("show", "1-000001")
    assert rows("show", "1-000001") == []
    with pytest.raises(NotFound):
        run("show", "1-000001", "--by", "x", "--reason", "x")


def test_unfinished_names_who_has_begun(contact_id: str) -> None:
    (row,) = rows("unfinished", "--since", "2026-01-01")
    assert row["id"] != contact_id
    assert row["drafts"] == ["ben"]
    assert "ben" in run("unfinished", "--since", "2026-01-01")
    assert rows("unfinished", "--since", "2026-01-01", "--counsellor", "999") == []
    assert "Everything is written down" in run("unfinished", "--since", "2027-01-01")


def test_hard_calls_are_listed_until_they_are_talked_over(contact_id: str) -> None:
    (row,) = rows("hard")
    assert (row["contact_id"], row["extension"], row["debriefed_at"]) == (contact_id, "101", None)
    assert "open" in run("hard")
    run("debriefed", contact_id, "--by", "Supervisor")
    assert rows("hard") == []
    assert "No talk is open" in run("hard")
    assert rows("hard", "--all")[0]["debriefed_by"] == "Supervisor"
    with pytest.raises(Refused):
        run("debriefed", contact_id, "--by", "Supervisor")


def test_a_line_that_was_never_opened_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IVR_STATE_DIR", str(tmp_path / "never"))
    assert rows() == rows("unfinished") == rows("hard") == rows("opened") == []
    with pytest.raises(Refused):
        run("show", "1-000001")
    assert not (tmp_path / "never").exists()
