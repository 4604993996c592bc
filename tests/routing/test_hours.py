"""Local time, and when the line is open."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.routing.hours import BAKU, Clock

BERLIN = Clock(ZoneInfo("Europe/Berlin"))
SPRING, AUTUMN = date(2027, 3, 28), date(2027, 10, 31)  # in Berlin 02:00 becomes 03:00, and 03:00 becomes 02:00


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_baku_is_four_hours_ahead_all_the_year() -> None:
    assert BAKU.moment(date(2027, 3, 21), 9 * 60) == utc("2027-03-21T05:00")
    assert BAKU.moment(date(2027, 7, 21), 9 * 60) == utc("2027-07-21T05:00")
    assert BAKU.reads(utc("2026-12-31T20:30")) == (date(2027, 1, 1), 30)


def test_minutes_beyond_midnight_are_the_next_day() -> None:
    assert BAKU.moment(date(2026, 12, 31), 1500) == BAKU.moment(date(2027, 1, 1), 60)


@pytest.mark.parametrize(
    ("day", "minute", "moment"),
    [
        (SPRING, 119, "2027-03-28T00:59"),
        (SPRING, 120, "2027-03-28T01:00"),
        (SPRING, 150, "2027-03-28T01:00"),  # 02:30 is not there: the clock goes on at 03:00
        (SPRING, 180, "2027-03-28T01:00"),
        (SPRING, 181, "2027-03-28T01:01"),
        (AUTUMN, 150, "2027-10-31T00:30"),  # 02:30 comes twice: the first
        (AUTUMN, 180, "2027-10-31T02:00"),
    ],
)
def test_a_clock_that_changes_leaves_no_hole_and_nothing_twice(day: date, minute: int, moment: str) -> None:
    assert BERLIN.moment(day, minute) == utc(moment)


@given(
    st.sampled_from(["Europe/Berlin", "Asia/Baku", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Apia"]),
    st.dates(date(2005, 1, 1), date(2035, 1, 1)),
    st.integers(0, 2880),
)
def test_the_moment_is_the_first_at_which_the_clock_shows_so_much(zone: str, day: date, minute: int) -> None:
    clock = Clock(ZoneInfo(zone))
    wanted = (day + timedelta(days=minute // 1440), minute % 1440)
    found = clock.moment(day, minute)
    assert clock.reads(found) >= wanted
    assert clock.reads(found - timedelta(seconds=1)) < wanted
    assert found.tzinfo is UTC
