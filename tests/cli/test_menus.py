"""`ivr flow`, from the outside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ivr.check import check
from ivr.cli.every import app
from ivr.cli.menus import _by
from ivr.errors import NotFound, Refused, ScriptError
from ivr.prepare import make_folders, take_flow
from ivr.settings import Settings
from tests.test_new_flow import SHIPPED, slower


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("IVR_STATE_DIR", str(tmp_path / "var"))
    found = Settings()
    make_folders(found)
    take_flow(found)
    return found


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["flow", *words], env={"COLUMNS": "200"})


def given(tmp_path: Path, text: str) -> str:
    file = tmp_path / "other.toml"
    file.write_text(text)
    return str(file)


def rows() -> list[dict[str, object]]:
    return [json.loads(line) for line in run("list", "--json").stdout.splitlines()]


def test_other_menus_are_put_on_trial_and_say_what_they_change(settings: Settings, tmp_path: Path) -> None:
    text = SHIPPED.replace('6 = { topic = "health"', '7 = { topic = "health"')
    told = run("try", given(tmp_path, text))
    assert told.exit_code == 0
    assert "menu.topic 6: menu.age topic=health → –" in told.stdout
    assert "menu.topic 7: – → menu.age topic=health" in told.stdout
    assert "on trial" in run("list").stdout
    assert "Tried by keyboard" in run("keys", "1", "7", "2").stdout
    (row,) = rows()
    assert (row["keyed_by"], row["called_by"], row["in_use"]) == (_by().name, "", False)
    assert isinstance(run("take-over").exception, Refused)
    assert settings.flow_in_use.read_text() == SHIPPED


@pytest.mark.parametrize("words", [("keys", "1"), ("take-over",), ("take-over", "nothing")])
def test_without_a_trial_there_is_nothing_to_try(settings: Settings, words: tuple[str, ...]) -> None:
    assert isinstance(run(*words).exception, NotFound)


@pytest.mark.parametrize("text", ["rubbish", SHIPPED.replace('"116111"', '"112"')])
def test_faults_are_told_and_nothing_is_kept(settings: Settings, tmp_path: Path, text: str) -> None:
    assert isinstance(run("try", given(tmp_path, text)).exception, ScriptError)
    assert isinstance(run("try", str(tmp_path)).exception, ScriptError)
    assert rows() == []


def test_a_key_that_is_none_is_named(settings: Settings, tmp_path: Path) -> None:
    run("try", given(tmp_path, slower(2.5)))
    refused = run("keys", "1", "x")
    assert isinstance(refused.exception, ScriptError)
    assert "says az/topic" in refused.stdout


def test_check_says_that_the_file_is_not_followed(settings: Settings) -> None:
    settings.flow_of_page.write_text(slower(2.5))
    (found,) = (each for each in check(settings, _by().at) if each.what == "flow")
    assert found.well
    assert f"{settings.helpline_file} is not followed" in found.detail
    assert run("file").exit_code == 0
    (found,) = (each for each in check(settings, _by().at) if each.what == "flow")
    assert "is not followed" not in found.detail
