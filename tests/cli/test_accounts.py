"""Who may sign in, on the command line."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from ivr import accounts
from ivr.cli.every import app
from ivr.errors import NotFound, ScriptError
from ivr.settings import Settings

ONE_TIME = re.compile(r"^  ([a-z2-9]{4}(?:-[a-z2-9]{4}){3})$", re.MULTILINE)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str) -> Path:
    monkeypatch.setenv("IVR_STATE_DIR", str(tmp_path / "var"))
    return tmp_path


def run(*words: str, fails: type[Exception] | None = None) -> Result:
    result = CliRunner().invoke(app, ["accounts", *words])
    assert type(result.exception) is (fails or type(None)), result.output
    return result


def rows() -> list[dict[str, Any]]:
    return [json.loads(row) for row in run("--json").stdout.splitlines()]


def test_a_new_account_has_a_one_time_password_that_is_printed_once() -> None:
    told = ONE_TIME.search(run("add", "aynur", "--role", "counsellor", "--extension", "101").stdout)
    assert told
    (row,) = rows()
    created = row.pop("created_at")
    assert created.endswith("Z")
    assert row.pop("id")
    assert row == {
        "name": "aynur", "shown_name": "aynur", "role": "counsellor", "extension": "101", "must_change": True,
        "has_factor": False, "active": True, "signed_in_at": None, "training_until": None, "check_until": None,
    }  # fmt: skip
    assert told[1] not in run("--json").stdout + run().stdout
    assert "first sign-in to come" in run().stdout


def test_reset_gives_another_password_and_end_says_how_many() -> None:
    first = ONE_TIME.search(run("add", "aynur", "--role", "supervisor").stdout)
    again = ONE_TIME.search(run("reset", "aynur").stdout)
    assert first
    assert again
    assert first[1] != again[1]
    assert "0 sessions" in run("end", "aynur").stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("Ə", "--role", "counsellor"), "the name"),
        (("a" * 33, "--role", "counsellor"), "the name"),
        (("taken", "--role", "counsellor"), "somebody has this name"),
        (("aynur", "--role", "counsellor", "--extension", "999"), "no counsellor has it"),
        (("aynur", "--role", "counsellor", "--shown", "a\nb"), "--shown"),
    ],
)
def test_what_cannot_be_is_refused_and_says_why(words: tuple[str, ...], said: str) -> None:
    run("add", "taken", "--role", "administrator")
    error = run("add", *words, fails=ScriptError).exception
    assert isinstance(error, ScriptError)
    assert any(said in problem for problem in error.problems)
    assert [row["name"] for row in rows()] == ["taken"]


@pytest.mark.parametrize("verb", ["reset", "end"])
def test_nobody_is_nobody(verb: str) -> None:
    run(verb, "nobody", fails=NotFound)


async def test_a_new_line_has_one_administrator_whoever_opens_it_how_often(state: Path) -> None:
    settings = Settings(state_dir=state / "var")
    now = datetime(2026, 11, 22, tzinfo=UTC)
    async with accounts.opened(settings) as records:
        assert await accounts.listed(records) == []
        first = await asyncio.gather(*(accounts.first_administrator(records, now) for _ in range(3)))
        again = await accounts.first_administrator(records, now)
        everybody = list(await accounts.listed(records))
    assert [each.account for each in first if each] == everybody
    assert again is None
    assert len(everybody) == 1
    made = everybody[0]
    assert (made.name, made.role, made.must_change) == ("admin", "administrator", True)


async def test_the_first_password_of_one_line_is_not_that_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("IVR_DATABASE_URL", raising=False)
    told = set[str]()
    for name in ("one", "another"):
        async with accounts.opened(Settings(state_dir=tmp_path / name)) as records:
            given = await accounts.first_administrator(records, datetime(2026, 11, 22, tzinfo=UTC))
            assert given
            told.add(given.one_time_password)
    assert len(told) == 2


def test_the_audit_tells_who_did_what_and_no_password() -> None:
    told = ONE_TIME.search(run("add", "aynur", "--role", "counsellor").stdout)
    run("end", "aynur")
    result = CliRunner().invoke(app, ["audit", "--json"])
    deeds = [json.loads(row) for row in result.stdout.splitlines()]
    assert [(row["by"], row["deed"], row["about"]) for row in deeds] == [
        ("ivr", "sessions_ended", "aynur"),
        ("ivr", "account_added", "aynur"),
    ]
    assert told
    assert told[1] not in result.stdout
    assert "account_added" in CliRunner().invoke(app, ["audit"]).stdout
