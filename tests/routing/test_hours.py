"""Local time, and when the line is open: against an oracle that asks of every minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ivr.routing.hours import (
    ALWAYS,
    BAKU,
    Because,
    Clock,
    Ending,
    Hours,
    Special,
    Times,
    Why,
    countries,
    holidays_of,
)

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


# ---- when the line is open

OFFICE: tuple[Times, ...] = (((540, 1080),),) * 5 + ((), ())
NIGHTS: tuple[Times, ...] = (((1320, 360),),) * 7
NEW_YEAR = date(2027, 1, 1)


def baku(text: str) -> datetime:
    return datetime.fromisoformat(text + "+04:00").astimezone(UTC)


def special(name: str, starts: str, ends: str) -> Special:
    return Special(name, baku(starts), baku(ends))


def test_the_line_that_is_always_open_never_changes_and_needs_no_holiday() -> None:
    assert ALWAYS.is_always
    assert ALWAYS.open_at(baku("2027-01-01T03:00"))
    assert ALWAYS.next_open(baku("2027-01-01T03:00")) is None
    assert ALWAYS.next_close(baku("2027-01-01T03:00")) is None
    assert not Hours(ALWAYS.week, "AZ", closed_on_holidays=True).is_always
    assert not Hours(ALWAYS.week, closures=(special("x", "2027-01-05T00:00", "2027-01-06T00:00"),)).is_always
    assert not Hours(OFFICE).is_always


def test_the_week_opens_and_closes_to_the_minute() -> None:
    office = Hours(OFFICE)
    assert [office.open_at(baku(f"2026-11-23T{at}")) for at in ("08:59", "09:00", "17:59", "18:00")] == [
        *(False, True, True, False)
    ]
    assert office.next_close(baku("2026-11-23T09:00")) == baku("2026-11-23T18:00")
    assert office.next_open(baku("2026-11-23T09:00")) == baku("2026-11-24T09:00")
    assert office.next_open(baku("2026-11-27T18:00")) == baku("2026-11-30T09:00")


def test_a_night_is_open_after_midnight() -> None:
    assert Hours(NIGHTS).open_at(baku("2026-11-23T05:59"))
    assert Hours(NIGHTS).next_close(baku("2026-11-23T23:00")) == baku("2026-11-24T06:00")


def test_what_is_stronger_wins_and_says_so() -> None:
    hours = Hours(
        OFFICE,
        "AZ",
        closed_on_holidays=True,
        closures=(special("Moving house", "2026-12-30T12:00", "2026-12-31T20:00"),),
        openings=(special("New Year's night", "2026-12-31T18:00", "2027-01-01T06:00"),),
    )
    holiday = "International Azerbaijanis Solidarity Day"
    assert hours.why(baku("2026-12-30T11:00")) == Why(True, Because.WEEK)
    assert hours.why(baku("2026-12-30T12:00")) == Why(False, Because.CLOSURE, "Moving house")
    assert hours.why(baku("2026-12-31T12:00")) == Why(False, Because.CLOSURE, "Moving house", holiday)
    assert hours.why(baku("2026-12-31T18:00")) == Why(True, Because.OPENING, "New Year's night", holiday)
    assert hours.why(baku("2027-01-01T12:00")) == Why(False, Because.HOLIDAY, "New Year's Day", "New Year's Day")
    assert hours.why(baku("2027-01-05T08:00")) == Why(False, Because.WEEK)
    assert hours.next_close(baku("2026-12-31T18:00")) == baku("2027-01-01T06:00")
    assert hours.next_open(baku("2027-01-01T06:00")) == baku(
        "2027-01-05T09:00"
    )  # Monday 4 January makes up for Saturday


def test_holidays_that_do_not_close_are_named_all_the_same() -> None:
    hours = Hours(ALWAYS.week, "AZ")
    assert hours.why(baku("2027-03-21T09:00")) == Why(True, Because.WEEK, "", "Spring Festival")
    assert hours.is_always


def test_a_line_that_never_opens_again_says_so() -> None:
    assert Hours(((),) * 7).next_open(baku("2027-01-01T12:00")) is None


def test_the_movable_feasts_are_known_a_year_ahead_and_calculated_after_that() -> None:
    told = holidays_of("AZ", 2026)
    assert (told[date(2026, 3, 20)], told[date(2026, 5, 27)]) == ("Eid al-Fitr; Spring Festival", "Eid al-Adha")
    assert any("Eid al-Fitr (estimated)" in name for name in holidays_of("AZ", 2050).values())
    assert list(told) == sorted(told)
    assert holidays_of("", 2026) == {}


def test_the_lists_say_how_far_they_reach() -> None:
    assert Hours(OFFICE).lists_end(date(2026, 11, 21)) == ()
    assert Hours(OFFICE, "DE").lists_end(date(2026, 11, 21)) == ()
    (movable,) = Hours(OFFICE, "AZ").lists_end(date(2026, 11, 21))
    assert movable.what == "movable holidays"
    assert (movable.last_day.month, movable.last_day.day) == (12, 31)
    assert not any("estimated" in name for name in holidays_of("AZ", movable.last_day.year).values())
    assert any("estimated" in name for name in holidays_of("AZ", movable.last_day.year + 1).values())
    (past,) = Hours(OFFICE, "AZ").lists_end(date(2050, 1, 1))
    assert past.last_day == date(2049, 12, 31)


def test_feasts_that_are_over_are_not_waited_for() -> None:
    last = max(day for day, name in holidays_of("AZ", 2050).items() if "estimated" in name)
    (found,) = Hours(OFFICE, "AZ").lists_end(last + timedelta(days=1))
    assert found.last_day == date(2050, 12, 31)


def test_closures_end_with_the_last_one() -> None:
    moving = special("Moving house", "2027-01-05T18:00", "2027-01-07T00:00")
    later = special("Painting", "2027-03-01T00:00", "2027-03-02T12:00")
    assert Hours(OFFICE, closures=(moving,)).lists_end(NEW_YEAR) == (Ending("closures", date(2027, 1, 6)),)
    assert Hours(OFFICE, closures=(later, moving)).lists_end(NEW_YEAR) == (Ending("closures", date(2027, 3, 2)),)


def test_azerbaijan_is_among_the_countries() -> None:
    assert {"AZ", "DE"} <= countries()


weeks = st.lists(
    st.lists(st.tuples(st.integers(0, 1439), st.integers(1, 1440)), max_size=2).map(tuple), min_size=7, max_size=7
).map(tuple)
moments = st.integers(0, 5 * 1440).map(
    lambda minute: BERLIN.moment(SPRING - timedelta(days=2)) + timedelta(minutes=minute)
)
specials = st.builds(Special, st.just("x"), moments, moments)


@given(st.builds(Hours, weeks, st.just("DE"), st.booleans(), st.tuples(specials), st.tuples(specials), st.just(BERLIN)))
@settings(max_examples=40, deadline=None)
@example(Hours(NIGHTS, "DE", closed_on_holidays=True, clock=BERLIN))
def test_every_minute_is_open_or_closed_as_its_reason_says(hours: Hours) -> None:
    since = BERLIN.moment(SPRING - timedelta(days=1))  # Good Friday is two days before the clock changes
    minutes = [since + timedelta(minutes=n) for n in range(-1440, 2 * 1440, 7)]
    open_ones = hours.stretches(minutes[0], minutes[-1] + timedelta(minutes=7))
    for minute in minutes:
        told = any(start <= minute < end for start, end in open_ones)
        assert told == _open_by_the_wall(hours, minute) == hours.why(minute).open == hours.open_at(minute)


def _open_by_the_wall(hours: Hours, minute: datetime) -> bool:
    for named, value in ((hours.openings, True), (hours.closures, False)):
        if any(each.starts <= minute < each.ends for each in named):
            return value
    day, _ = hours.clock.reads(minute)
    if hours.closed_on_holidays and day in holidays_of(hours.country, day.year):
        return False
    shown = minute.astimezone(hours.clock.zone)
    return any(
        _passed(hours, day - timedelta(days=ago), starts, shown)
        and not _passed(hours, day - timedelta(days=ago), end, shown)
        for ago in (0, 1)
        for starts, ends in hours.week[(day - timedelta(days=ago)).weekday()]
        for end in (ends if ends > starts else ends + 1440,)
    )


def _passed(hours: Hours, day: date, minute: int, now: datetime) -> bool:
    """Whether the clock has shown that time already, even once."""
    return any(
        (now - timedelta(minutes=n)).astimezone(hours.clock.zone).replace(tzinfo=None)
        >= datetime(day.year, day.month, day.day) + timedelta(minutes=minute)  # noqa: DTZ001  a wall clock has no zone
        for n in (0, 60)
    )


@given(
    st.builds(Hours, weeks, st.just(""), st.just(False), st.tuples(specials), st.tuples(specials), st.just(BERLIN)),
    moments,
)
@settings(max_examples=60, deadline=None)
def test_between_now_and_the_next_change_nothing_changes(hours: Hours, now: datetime) -> None:
    for moment, opens in ((hours.next_open(now), True), (hours.next_close(now), False)):
        if moment is None:
            continue
        assert hours.open_at(moment) is opens
        assert hours.open_at(moment - timedelta(microseconds=1)) is not opens
        assert moment > now
    turns = [moment for moment in (hours.next_open(now), hours.next_close(now)) if moment]
    steady = min(turns, default=now + timedelta(days=10))
    assert len({hours.open_at(now + (steady - now) * n / 50) for n in range(50)}) == 1
