"""The policy of call-backs: the shipped one is without fault, and every fault of another is named with its line."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.errors import ScriptError
from ivr.routing.policy import LIMITS, parse
from ivr.routing.promise import Hours, Shown
from tests.conftest import PROJECT

TEXT = (PROJECT / "callbacks/policy.toml").read_text()


def faults_of(text: str) -> tuple[str, ...]:
    with pytest.raises(ScriptError) as caught:
        parse(text)
    return caught.value.problems


def test_shipped_policy() -> None:
    policy = parse(TEXT)
    assert (policy.attempts, policy.spacing_min, policy.countries) == (3, (10, 30), ("+994",))
    assert (policy.shown, policy.shown_if_only_caller) == (Shown.LINE, Shown.WITHHELD)
    assert (policy.afternoon, policy.tomorrow) == (Hours(13 * 60, 18 * 60), Hours(10 * 60, 19 * 60))


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("attempts = 3", "attempts = 0", "rings.attempts: must be a number from 1 to 10"),
        ("attempts = 3", "attempts = 2.5", "rings.attempts: must be a whole number"),
        ("attempts = 3", "attemps = 3", "rings.attemps: 'attemps' is not a word of the call-back policy"),
        ("[10, 30]", "[]", "rings.spacing_min: must be a list of whole numbers from 1 to 1440"),
        ("[10, 30]", '[10, "x"]', "rings.spacing_min: must be a list of whole numbers"),
        ('["+994"]', '["+994", "994"]', "rings.countries: '994' is no country code such as +994"),
        ('number = "line"', 'number = "mine"', "shown.number: 'mine' is not one of line, withheld"),
        ('number = "line"', "", "shown.number: is missing"),
        ('from = "13:00"', 'from = "1 pm"', 'safe.afternoon.from: must be a time of day as in "13:00"'),
        ('from = "13:00"', "", "safe.afternoon.from: is missing"),
        ('until = "18:00"', 'until = "13:00"', "safe.afternoon.until: must be later than from, on the same day"),
        ("[safe.now]\nlasts_min = 120", "", "safe.now: is missing"),
        ('[safe.tomorrow]\nfrom = "10:00"\nuntil = "19:00"', "", "safe.tomorrow: is missing"),
        ("lasts_min = 120", "lasts_min = 100000", "safe.now.lasts_min: must be a number from 5 to 1440"),
        ("[shown]", "[show]", "show: 'show' is not a word of the call-back policy"),
    ],
)
def test_fault_is_named_with_its_line(old: str, new: str, fault: str) -> None:
    assert TEXT.count(old) == 1
    found = faults_of(TEXT.replace(old, new))
    (line,) = {each.partition(":")[0] for each in found if fault in each}
    number = int(re.fullmatch(r"line (\d+)", line)[1])  # type: ignore[index]
    around = TEXT.replace(old, new).splitlines()[number - 1]
    assert number == 1 or around.strip().startswith("[") or new.splitlines()[0] in around


def test_all_faults_come_at_once() -> None:
    text = TEXT.replace("attempts = 3", "attempts = 99").replace("18:00", "26:00").replace('"line"', '"x"')
    assert len(faults_of(text)) == 3


def test_until_may_be_midnight() -> None:
    assert parse(TEXT.replace("18:00", "24:00")).afternoon.ends == 24 * 60


def test_what_is_no_toml_is_told_with_its_line() -> None:
    assert faults_of(TEXT.replace("attempts = 3", "attempts = = 3"))[0].startswith("line 6: ")
    assert faults_of("x = " + "[" * 5_000)[0].startswith("line 1: ")


def test_huge_file_is_refused_unread() -> None:
    assert "longer than" in faults_of(TEXT + "#" * 30_000)[0]


@given(st.text(max_size=200))
def test_rubbish_is_a_fault_and_nothing_worse(text: str) -> None:
    assert faults_of(text)


def test_limits_are_those_of_the_policys_own_words() -> None:
    assert all(re.search(rf"^{name} = ", TEXT, re.MULTILINE) for name in LIMITS)
