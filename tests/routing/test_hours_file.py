"""Faults of the opening hours: all at once, by name and line."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.errors import ScriptError
from ivr.routing.hours import ALWAYS, BAKU, Hours, Special
from ivr.routing.hours_file import SIZE_LIMIT, parse
from tests.conftest import PROJECT

SHIPPED = (PROJECT / "ivr/routing/hours.toml").read_text()
FULL = """[week]
mon-fri = ["09:00-13:00", "14:00-18:00"]
sat = ["22:00-06:00"]
sun = []

[holidays]
country = "AZ"
closed = true

[[closure]]
name = "Moving house"
from = 2027-01-05T18:00:00
until = 2027-01-06

[[opening]]
name = "New Year's night"
from = "2026-12-31 18:00"
until = 2027-01-01T06:00:00+04:00
"""


def faults(text: str) -> tuple[str, ...]:
    with pytest.raises(ScriptError) as caught:
        parse(text, {"AZ"})
    return caught.value.problems


def baku(day: int, month: int, year: int, hour: int = 0) -> datetime:
    return BAKU.moment(datetime(year, month, day, tzinfo=UTC).date(), hour * 60)


def test_shipped_hours_are_always_with_holidays_listed() -> None:
    hours = parse(SHIPPED, {"AZ"})
    assert hours.is_always
    assert hours == Hours(ALWAYS.week, "AZ")


def test_the_examples_in_the_shipped_file_are_without_fault() -> None:
    begin = SHIPPED.index("# [[closure]]")
    hours = parse(SHIPPED[:begin] + "\n".join(line.lstrip("# ") for line in SHIPPED[begin:].splitlines()))
    assert (len(hours.closures), len(hours.openings)) == (1, 1)


def test_everything_that_can_be_said_is_understood() -> None:
    weekdays = ((540, 780), (840, 1080))
    assert parse(FULL, {"AZ"}) == Hours(
        week=(*(weekdays,) * 5, ((1320, 360),), ()),
        country="AZ",
        closed_on_holidays=True,
        closures=(Special("Moving house", baku(5, 1, 2027, 18), baku(7, 1, 2027)),),
        openings=(Special("New Year's night", baku(31, 12, 2026, 18), baku(1, 1, 2027, 6)),),
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[week]", "[weak]", "line 1: weak: 'weak' is not a word of the file of opening hours"),
        ("[week]", "[weak]", "line 1: week: is missing"),
        ("mon-fri", "mon-fry", "line 2: week.mon-fry: 'mon-fry' names no days"),
        ("sat =", "fri =", "line 3: week.fri: fri is named twice"),
        ('"09:00-13:00", ', '"09:00-25:00", ', "line 2: week.mon-fri: '09:00-25:00' is no time of day"),
        ('["22:00-06:00"]', '"22:00-06:00"', "line 3: week.sat: must be a list of times"),
        ('["22:00-06:00"]', "[9]", "line 3: week.sat: must be a list of times"),
        ('"AZ"', '"XX"', "line 7: holidays.country: 'XX' is no country whose holidays are known"),
        ('country = "AZ"', "", "line 8: holidays.closed: whose holidays? country is missing"),
        ("closed = true", 'closed = "yes"', "line 8: holidays.closed: must be true or false"),
        ("closed = true", "closes = true", "line 8: holidays.closes: 'closes' is not a word"),
        ('name = "Moving house"', 'name = ""', "line 11: closure 1.name: must be text"),
        ('name = "Moving house"\n', "", "line 10: closure 1.name: is missing"),
        ("from = 2027-01-05T18:00:00", "from = 18:00:00", "line 12: closure 1.from: must be 2026-12-31 or"),
        ("from = 2027-01-05T18:00:00", "from = 0001-01-05", "line 12: closure 1.from: must be 2026-12-31 or"),
        ("until = 2027-01-06\n", "", "line 10: closure 1.until: is missing"),
        ("until = 2027-01-06", "until = 2027-01-05T18:00:00", "line 13: closure 1.until: must be later than from"),
        ('"2026-12-31 18:00"', '"New Year"', "line 17: opening 1.from: must be 2026-12-31 or"),
        ("[[opening]]", "[opening]", "line 15: opening: must be [[opening]] tables"),
        ("[[opening]]", "[[closure]]\nwhy = 1", "line 16: closure 2.why: 'why' is not a word"),
        ("[week]", "[week", "line 1"),
    ],
)
def test_fault_is_named_with_its_line(old: str, new: str, said: str) -> None:
    assert old in FULL
    assert any(fault.startswith(said) for fault in faults(FULL.replace(old, new, 1)))


def test_all_faults_come_at_once() -> None:
    text = FULL.replace("mon-fri", "mon-fry").replace('"AZ"', '"XX"').replace('"2026-12-31 18:00"', "1")
    assert [fault.partition(":")[0] for fault in faults(text)] == ["line 2", "line 7", "line 17"]


def test_a_line_that_would_never_be_open_is_a_fault() -> None:
    assert faults("[week]\nmon = []\n") == ("line 1: week: names no time at all: the line would never be open",)


def test_a_country_is_left_unchecked_where_nobody_can_check_it() -> None:
    assert parse('[week]\nmon = ["9-17"]\n[holidays]\ncountry = "XX"\n').country == "XX"


def test_endless_file_is_refused() -> None:
    assert "longer than" in faults("#" * (SIZE_LIMIT + 1))[0]


@given(st.text(max_size=300))
def test_rubbish_is_a_script_error_and_nothing_else(text: str) -> None:
    with pytest.raises(ScriptError):
        parse(text)


@given(st.integers(0, len(FULL) - 1), st.integers(1, 30), st.text(max_size=10))
def test_any_slip_of_the_editor_is_hours_or_a_script_error(at: int, length: int, put: str) -> None:
    try:
        parse(FULL[:at] + put + FULL[at + length :], {"AZ"})
    except ScriptError as error:
        assert error.problems
