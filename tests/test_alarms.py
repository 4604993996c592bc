"""What can be wrong with a line: most urgent first, in three languages, and the same for Prometheus."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ivr.alarms import LANGUAGES, Vitals, raised, rules, words
from ivr.line import PARTS
from ivr.telephony.trial import Came, Trial
from ivr.web import metrics
from ivr.web.metrics import all_names
from tests.conftest import PROJECT

NOW = datetime(2026, 11, 29, 23, 0, tzinfo=UTC)
RULES = PROJECT / "operation/alerts.yml"
WELL = Vitals(
    NOW,
    dict.fromkeys(("keeper", *PARTS), True),
    answers=True,
    phones=2,
    has_trunk=True,
    trunk=True,
    free_bytes=10**10,
    trial=Trial(NOW, Came.THROUGH, 1, 0.8, 4.2),
    oldest=NOW - timedelta(days=900),
    backed_up=NOW - timedelta(hours=47),
    aged=NOW - timedelta(hours=47),
)


def names(vitals: Vitals) -> list[str]:
    return [alarm.name for alarm in raised(vitals)]


def test_of_a_line_that_is_well_nothing_is_told() -> None:
    assert names(WELL) == []


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"answers": False}, "closed"),
        ({"parts": {**WELL.parts, "switch": False}}, "closed"),
        ({"parts": {**WELL.parts, "answer": False}}, "program"),
        ({"parts": {**WELL.parts, "ledger": False}}, "part"),
        ({"trial": Trial(NOW, Came.UNHEARD)}, "trial"),
        ({"trial": Trial(NOW, Came.ROUND_ABOUT, 2, 1, 5)}, "program"),
        ({"trunk": False}, "carrier"),
        ({"phones": 0}, "phones"),
        ({"promises_late": 1}, "promises"),
        ({"promises_open": 1, "has_trunk": False, "trunk": None}, "unkeepable"),
        ({"database": False}, "database"),
        ({"free_bytes": 10**8}, "disk"),
        ({"unread_bytes": 10**7}, "ledger"),
        ({"overdue": True}, "overdue"),
        ({"backed_up": NOW - timedelta(hours=49)}, "backup"),
        ({"backed_up": None}, "backup"),
        ({"aged": NOW - timedelta(hours=49)}, "aging"),
        ({"aged": None}, "aging"),
    ],
)
def test_each_fault_is_told_by_itself(wrong: dict[str, object], name: str) -> None:
    assert names(replace(WELL, **wrong)) == [name]  # type: ignore[arg-type]


def test_every_alarm_can_be_raised() -> None:
    marks = test_each_fault_is_told_by_itself.pytestmark[0].args[1]  # type: ignore[attr-defined]
    assert {name for _, name in marks} == set(words())


def test_what_keeps_a_child_from_a_person_comes_first() -> None:
    worst = replace(WELL, phones=0, promises_late=2, free_bytes=0, trial=Trial(NOW, Came.NOWHERE), overdue=True)
    assert names(worst) == ["trial", "phones", "promises", "disk", "overdue"]


def test_what_is_not_known_is_no_alarm() -> None:
    assert names(replace(WELL, phones=None, trunk=None, trial=None)) == []


@pytest.mark.parametrize("oldest", [None, NOW - timedelta(hours=47)])
def test_a_line_that_opened_a_day_ago_owes_no_backup_yet(oldest: datetime | None) -> None:
    assert names(replace(WELL, oldest=oldest, backed_up=None, aged=None)) == []


@pytest.mark.parametrize("name", words())
def test_every_alarm_says_what_it_means_and_what_to_do(name: str) -> None:
    for language in LANGUAGES:
        means, remedy = words()[name][language]
        assert len(means) < 130
        assert len(remedy) < 160
    verbs = re.findall(r"`ivr ([a-z]+)", str(words()[name]))
    help_text = subprocess.run([PROJECT / ".venv/bin/ivr", "--help"], capture_output=True, text=True, check=True).stdout
    assert [verb for verb in verbs if not re.search(rf"\b{verb}\b", help_text)] == []


def test_rules_for_prometheus_are_those() -> None:
    assert RULES.read_text() == rules(), "make them again: ivr alarms --rules > operation/alerts.yml"


def test_every_metric_of_the_rules_is_there() -> None:
    asked = set(re.findall(r"helpline_[a-z_]+", " ".join(alarm["when"] for alarm in words().values())))  # type: ignore[misc]
    assert asked <= all_names()
    assert metrics.PREFIX == "helpline_"


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed (Debian's package prometheus)")
def test_prometheus_itself_takes_the_rules() -> None:
    done = subprocess.run(["promtool", "check", "rules", str(RULES)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(words())} rules found" in done.stdout + done.stderr


def test_no_rule_file_is_empty() -> None:
    assert Path(RULES).stat().st_size > 1000
