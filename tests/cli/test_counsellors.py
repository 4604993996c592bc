"""Who answers, on the command line. What an open line makes of it: tests/live/test_ring_out.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from ivr.cli.every import app
from ivr.errors import Conflict, NotFound, ScriptError


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str) -> Path:
    monkeypatch.setenv("IVR_STATE_DIR", str(tmp_path / "var"))
    return tmp_path


def run(*words: str, fails: type[Exception] | None = None) -> Result:
    result = CliRunner().invoke(app, ["counsellors", *words])
    assert type(result.exception) is (fails or type(None)), result.output
    return result


def rows() -> dict[str, dict[str, Any]]:
    return {row["extension"]: row for row in map(json.loads, run("--json").stdout.splitlines())}


@pytest.mark.usefixtures("state")
def test_a_new_counsellor_takes_everything_unless_told_and_rings_nobody() -> None:
    run("add", "204", "Aynur")
    assert rows()["204"] == {
        "extension": "204", "name": "Aynur", "languages": ["az"], "active": True, "topics": [], "danger": True,
        "rings_out": False,
    }  # fmt: skip


@pytest.mark.usefixtures("state")
def test_what_is_not_named_stays() -> None:
    run("add", "204", "Aynur", "-l", "ru", "-l", "az", "-t", "legal", "--no-danger")
    before = rows()["204"]
    run("set", "204", "--rings-out")
    assert rows()["204"] == before | {"rings_out": True}
    run("set", "204", "--all-topics", "--inactive", "--no-rings-out", "--danger", "--name", "A. K.")
    told = {"topics": [], "active": False, "danger": True, "name": "A. K."}
    assert rows()["204"] == before | told


@pytest.mark.usefixtures("state")
def test_an_extension_is_given_once() -> None:
    run("add", "204", "Aynur")
    error = run("add", "204", "Leyla", fails=Conflict).exception
    assert "204 is Aynur" in str(error)
    assert rows()["204"]["name"] == "Aynur"


@pytest.mark.usefixtures("state")
@pytest.mark.parametrize(
    ("extension", "name", "said"),
    [
        ("600", "Aynur", "extension"),
        ("1", "Aynur", "extension"),
        ("012", "Aynur", "extension"),
        ("123456789", "Aynur", "extension"),
        ("*21", "Aynur", "extension"),
        ("204\n", "Aynur", "extension"),
        ("204", " ", "name"),
        ("204", "A" * 81, "name"),
        ("204", 'A"', "name"),
        ("204", "A\nB", "name"),
        ("204", "A;B", "semicolon"),
    ],
)
def test_what_cannot_be_is_refused_and_says_why(extension: str, name: str, said: str) -> None:
    before = rows()
    error = run("add", extension, name, fails=ScriptError).exception
    assert isinstance(error, ScriptError)
    assert any(said in problem for problem in error.problems)
    assert rows() == before


@pytest.mark.usefixtures("state")
def test_nobody_is_nobody() -> None:
    run("set", "299", "--rings-out", fails=NotFound)
    result = CliRunner().invoke(app, ["counsellors", "set", "101"])
    assert result.exit_code == 2
    assert "say what is to change" in result.output


@pytest.mark.usefixtures("state")
def test_the_table_names_everybody_and_what_they_may() -> None:
    run("add", "204", "Aynur [bold]K[/]", "-t", "legal", "--rings-out")
    (line,) = [line for line in run().stdout.splitlines() if line.startswith("204")]
    assert "Aynur [bold]K[/]" in line
    assert "legal" in line
