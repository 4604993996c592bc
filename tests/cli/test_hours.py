"""`ivr hours` and what `ivr check` says of the lists, from the outside."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ivr.check import Finding, check
from ivr.cli import hours as verbs
from ivr.cli.every import app
from ivr.errors import ScriptError
from ivr.settings import Settings

NOVRUZ = "2027-03-21T09:00"
OFFICE = """[week]
mon-fri = ["09:00-18:00"]
[holidays]
country = "AZ"
closed = true
[[closure]]
name = "Moving house"
from = 2027-01-05T18:00:00
until = 2027-01-06
[[opening]]
name = "New Year's night"
from = 2026-12-31
until = 2027-01-01
"""


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IVR_STATE_DIR", str(tmp_path / "var"))
    monkeypatch.setattr(verbs, "_now", lambda: datetime(2026, 11, 22, 20, 30, tzinfo=UTC))
    return tmp_path


@pytest.fixture
def office(state: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = state / "hours.toml"
    file.write_text(OFFICE)
    monkeypatch.setenv("IVR_HOURS_FILE", str(file))
    return file


def run(*words: str) -> str:
    result = CliRunner().invoke(app, ["hours", *words])
    if result.exception:
        raise result.exception
    return result.stdout


def preview(*words: str) -> dict[str, Any]:
    (line,) = run(*words, "--json").splitlines()
    return dict(json.loads(line))


def test_the_line_is_open_now_and_stays_so() -> None:
    shown = run()
    assert "Mon 23 Nov 2026 00:30 · Asia/Baku time" in shown
    assert "● open" in shown
    assert "it stays open" in shown


def test_a_holiday_that_does_not_close_is_named() -> None:
    shown = run("preview", NOVRUZ)
    assert "it is a public holiday (Spring Festival), which does not close the line" in shown
    found = preview("preview", NOVRUZ)
    assert (found["open"], found["because"], found["holiday"]) == (True, "week", "Spring Festival")
    assert (found["at"], found["opens_at"], found["closes_at"]) == ("2027-03-21T05:00:00Z", None, None)


@pytest.mark.parametrize(
    "when", ["2027-03-21T09:00", "2027-03-21 09:00", "2027-03-21T05:00Z", "2027-03-21T06:00+01:00"]
)
def test_a_moment_is_bakus_unless_it_says_otherwise(when: str) -> None:
    assert preview("preview", when)["at"] == "2027-03-21T05:00:00Z"


def test_an_open_line_asks_what_it_is_about_in_three_languages() -> None:
    said = [(each["key"], each["prompt"]) for each in preview()["hears"]]
    assert said == [
        (None, "az/welcome"), (None, "az/choose-language"), (None, "ru/choose-language"), (None, "en/choose-language"),
        ("1", "az/topic"), ("2", "ru/topic"), ("3", "en/topic"),
    ]  # fmt: skip
    assert all(each["words"] for each in preview()["hears"])


@pytest.mark.usefixtures("office")
def test_a_closed_line_says_so_in_three_languages_and_names_112() -> None:
    found = preview("preview", NOVRUZ)
    assert (found["open"], found["because"], found["name"]) == (False, "holiday", "Spring Festival")
    assert found["opens_at"] == "2027-03-29T05:00:00Z"
    closed = [each for each in found["hears"] if each["key"]]
    assert [each["prompt"] for each in closed] == ["az/closed", "ru/closed", "en/closed"]
    assert all("112" in each["words"] for each in closed)
    shown = run("preview", NOVRUZ)
    assert "○ closed  public holiday: Spring Festival" in shown
    assert "opens Mon 29 Mar 2027 09:00" in shown
    assert "Nobody is on duty now" in shown


@pytest.mark.usefixtures("office")
def test_own_closures_and_openings_are_named() -> None:
    assert "own closure: Moving house" in run("preview", "2027-01-06T10:00")
    shown = run("preview", "2026-12-31T20:00")
    assert "own opening: New Year's night; it is a public holiday" in shown
    assert "closes Sat 2 Jan 2027 00:00" in shown


@pytest.mark.usefixtures("office")
def test_what_is_to_come_is_listed() -> None:
    lines = run("list", "--days", "50").splitlines()
    assert re.split(r"  +", lines[1].rstrip()) == [
        *("Thu 31 Dec 2026 00:00 – Sat 2 Jan 00:00", "opening", "New Year's night", "open")
    ]
    assert any("Moving house" in line and line.rstrip().endswith("closed") for line in lines)
    told = [json.loads(line) for line in run("list", "--days", "50", "--json").splitlines()]
    assert {each["kind"] for each in told} == {"holiday", "closure", "opening"}
    assert told[0] == {
        "kind": "opening", "name": "New Year's night", "starts_at": "2026-12-30T20:00:00Z",
        "ends_at": "2027-01-01T20:00:00Z", "duration_s": 172800.0, "open_s": 172800.0,
    }  # fmt: skip
    assert "Nothing is listed" in run("list", "--days", "1")


def test_what_is_no_moment_is_refused() -> None:
    with pytest.raises(ScriptError) as caught:
        run("preview", "tomorrow")
    assert "'tomorrow' is no date and time" in str(caught.value)


def test_a_faulty_file_is_told_with_its_lines(office: Path) -> None:
    office.write_text(OFFICE.replace("mon-fri", "mon-fry"))
    with pytest.raises(ScriptError) as caught:
        run()
    assert caught.value.problems[0].startswith("line 2: week.mon-fry")


def findings(now: str) -> list[Finding]:
    found = check(Settings(), datetime.fromisoformat(now).replace(tzinfo=UTC))
    return [each for each in found if each.what == "hours"]


def test_check_warns_when_movable_holidays_run_out_within_sixty_days() -> None:
    year = 2050  # whatever the library confirms by then, it has not confirmed that
    early, late = findings(f"{year}-01-01"), findings("2026-07-01")
    assert [each.soon for each in early] == [False, True]
    assert "the list of movable holidays ended on 2049-12-31" in early[1].detail
    assert "holidays` library up to date" in early[1].remedy
    assert all(each.well for each in early)
    assert len(late) == 1


def test_check_warns_when_the_closures_run_out_within_sixty_days(office: Path) -> None:
    office.write_text(OFFICE.replace('country = "AZ"\nclosed = true', ""))
    assert len(findings("2026-11-06")) == 1
    (_, found) = findings("2026-11-07")
    assert (found.soon, found.detail) == (True, "the list of closures ends on 2027-01-06")
    assert str(office) in found.remedy


def test_a_warning_is_no_failure(office: Path) -> None:
    result = CliRunner().invoke(app, ["check"])
    assert result.exit_code == 0
    assert "! hours      the list of closures ends on 2027-01-06" in result.stdout
    told = [json.loads(line) for line in CliRunner().invoke(app, ["check", "--json"]).stdout.splitlines()]
    assert [each["soon"] for each in told if each["what"] == "hours"][:2] == [False, True]


def test_faults_of_the_hours_are_findings_with_exit_2(office: Path) -> None:
    office.write_text("[week]\nmon = [9]\n")
    result = CliRunner().invoke(app, ["check"])
    assert result.exit_code == 2
    assert "✗ hours      line 2: week.mon: must be a list of times" in result.stdout
    office.unlink()
    assert "No such file" in CliRunner().invoke(app, ["check"]).stdout
