"""Weekdays and times of day, as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.errors import ScriptError
from ivr.routing.week import read_days, read_times, show_days, show_times


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("mon-fri", (0, 1, 2, 3, 4)),
        ("sat", (5,)),
        ("Mon, wed,FRI-sun", (0, 2, 4, 5, 6)),
        ("fri-mon", (0, 4, 5, 6)),
        ("mon–sun", tuple(range(7))),
    ],
)
def test_days_are_read(text: str, days: tuple[int, ...]) -> None:
    assert read_days(text) == days


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("09:00-17:00", (540, 1020)),
        ("9-17", (540, 1020)),
        ("22:00–06:30", (1320, 390)),
        ("18:00-24:00", (1080, 1440)),
        ("18:00-00:00", (1080, 1440)),
        ("0-24", (0, 1440)),
    ],
)
def test_times_are_read(text: str, times: tuple[int, int]) -> None:
    assert read_times(text) == times


@pytest.mark.parametrize("text", ["", "monday", "mon-fri-sun", "mon-", "1", "mon;tue"])
def test_what_names_no_days_is_refused(text: str) -> None:
    with pytest.raises(ScriptError):
        read_days(text)


@pytest.mark.parametrize(
    "text", ["", "9", "09:00", "24:00-06:00", "09:60-10:00", "09:00-24:01", "9-25", "a-b", "9:0-10", "1-2-3"]
)
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(ScriptError):
        read_times(text)


@given(st.sets(st.integers(0, 6), min_size=1))
def test_days_shown_are_read_back(days: set[int]) -> None:
    assert read_days(show_days(days)) == tuple(sorted(days))


def test_days_are_shown_as_short_as_they_are_said() -> None:
    assert show_days([0, 1, 2, 3, 4]) == "mon-fri"
    assert show_days([5, 6]) == "sat,sun"
    assert show_days([0, 2, 3, 4]) == "mon,wed-fri"


@given(st.integers(0, 1439), st.integers(1, 1440))
def test_times_shown_are_read_back(starts: int, ends: int) -> None:
    assert read_times(show_times(starts, ends)) == (starts, ends)


@given(st.text(max_size=12))
def test_any_text_is_times_or_is_refused(text: str) -> None:
    for read in (read_days, read_times):
        try:
            read(text)
        except ScriptError as error:
            assert error.remedy
