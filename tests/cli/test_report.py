"""`ivr report` and `ivr contacts import`, from the outside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ivr.cli.every import app
from ivr.errors import Refused, ScriptError
from tests.reports.test_contact_rows import GOOD, as_csv


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A line that was never opened, and a CSV: 7 in the summer of 2019, one of them a boy, and 1 in the autumn."""
    monkeypatch.setenv("IVR_STATE_DIR", str(tmp_path / "var"))
    rows = [GOOD | {"id": str(n), "received_at": f"2019-07-0{n}"} for n in range(1, 8)]
    rows[3] |= {"gender": "boy", "chi_category": "", "counselling": "no"}
    path = tmp_path / "2019.csv"
    path.write_text(as_csv(*rows, GOOD | {"id": "8", "received_at": "2019-10-01T00:00:00"}))
    return path


def run(*words: str | Path) -> Result:
    result = CliRunner().invoke(app, [str(word) for word in words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def tables(*words: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(run("report", "tables", *words, "--json").stdout)
    return found


SUMMER = ("--from", "2019-07-01", "--to", "2019-09-30")


def test_tables_are_one_object_as_the_contract_says(file: Path) -> None:
    assert json.loads(run("contacts", "import", file, "--json").stdout) == {
        "rows": 8, "new": 8, "known": 0, "dry_run": False,
    }  # fmt: skip
    found = tables(*SUMMER)
    assert list(found) == ["total", "by_topic", "by_gender", "by_age_band", "by_channel", "by_first_time"]
    assert (found["total"], found["by_gender"]) == (7, {"girl": 6, "boy": 1, "not_stated": 0})
    assert found["by_first_time"] == {"yes": 7, "no": 0, "unknown": 0}
    assert found == tables("--period", "2019-Q3")


def test_small_numbers_are_null_where_they_are_to_be_hidden(file: Path) -> None:
    run("contacts", "import", file)
    found = tables(*SUMMER, "--suppress")
    assert (found["total"], found["by_gender"]) == (7, {"girl": None, "boy": None, "not_stated": 0})


@pytest.mark.parametrize("as_json", [(), ("--json",)])
def test_line_that_was_never_opened_has_empty_tables_and_stays_unmade(file: Path, as_json: tuple[str, ...]) -> None:
    for verb in ("tables", "service"):
        assert run("report", verb, *SUMMER, *as_json).exit_code == 0
    assert not (file.parent / "var").exists()


def test_tables_for_people_stand_beside_what_came_before(file: Path) -> None:
    run("contacts", "import", file)
    shown = run("report", "tables", "--period", "2019-Q4").stdout
    assert "July–September 2019" in shown
    assert "women and girls" in shown


def test_release_is_printed_and_small_numbers_are_pointed_at(file: Path) -> None:
    run("contacts", "import", file)
    result = run("report", "release", *SUMMER, "--lang", "ru")
    assert "поступило 7 обращений" in result.stdout
    assert "--suppress" in result.stderr
    hidden = run("report", "release", *SUMMER, "--lang", "ru", "--suppress")
    assert "мальчики: *" in hidden.stdout
    assert hidden.stderr == ""


@pytest.mark.parametrize(
    "words",
    [
        ("--from", "2019-09-30", "--to", "2019-07-01"), ("--from", "2019-07-01"), ("--period", "2019-Q9"),
        ("--period", "2019", "--from", "2019-07-01", "--to", "2019-07-02"),
    ],
)  # fmt: skip
def test_span_that_is_none_is_refused_with_a_remedy(file: Path, words: tuple[str, ...]) -> None:
    with pytest.raises(Refused) as refused:
        run("report", "tables", *words)
    assert refused.value.remedy


def test_dry_run_tells_every_fault_and_brings_in_nothing(file: Path) -> None:
    file.write_text(file.read_text().replace("girl", "dragon"))
    told = run("contacts", "import", file, "--dry-run", "--json")
    assert told.exit_code == 2
    assert [json.loads(line)["line"] for line in told.stdout.splitlines()] == [2, 3, 4, 6, 7, 8, 9]
    with pytest.raises(ScriptError) as faults:
        run("contacts", "import", file)
    assert len(faults.value.problems) == 7
    assert tables(*SUMMER)["total"] == 0


def test_dry_run_without_faults_says_what_would_be_and_does_it_not(file: Path) -> None:
    assert "8 contacts would be brought in" in run("contacts", "import", file, "--dry-run").stdout
    assert tables(*SUMMER)["total"] == 0


def test_categories_are_listed_with_their_codes() -> None:
    assert "violence.bullying" in run("report", "categories").stdout
