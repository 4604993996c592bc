"""A rota written as a calendar is the same rota when it is read again, and a calendar that others can read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.calendar.read import read
from ivr.calendar.write import write
from ivr.routing.hours import BAKU, Clock
from ivr.routing.rota import ExceptionKind, Rota, Shift, ShiftException, overlaps, spans

PEOPLE = {"101": "Aynur", "102": "Leyla, 101; \\ absent-minded", "103": "İradə\nƏhmədova"}
NOW = datetime(2026, 11, 21, 18, tzinfo=UTC)
BERLIN = Clock(ZoneInfo("Europe/Berlin"))
DAY = timedelta(days=1)

days = st.dates(date(2025, 1, 1), date(2030, 1, 1))
bounds = st.one_of(st.none(), days)
extensions = st.sampled_from(sorted(PEOPLE))
starts = st.integers(0, 1439)
ends = st.integers(1, 1440)
shifts = st.builds(Shift, extensions, st.integers(0, 6), starts, ends, bounds, bounds)
exceptions = st.builds(ShiftException, extensions, st.sampled_from(ExceptionKind), days, starts, ends)


def rota(*rows: Shift | ShiftException, clock: Clock = BAKU) -> Rota:
    weekly = tuple(row for row in rows if isinstance(row, Shift))
    return Rota(frozenset(PEOPLE), weekly, tuple(row for row in rows if isinstance(row, ShiftException)), clock)


def settled(row: Shift) -> Shift:
    """The same shift, its first and last day being days on which it begins."""
    first = row.from_day and row.from_day + ((row.weekday - row.from_day.weekday()) % 7) * DAY
    last = row.until_day and row.until_day - ((row.until_day.weekday() - row.weekday) % 7) * DAY
    return replace(row, from_day=first, until_day=last)


def takes_place(row: Shift) -> bool:
    return not (row.from_day and row.until_day) or row.from_day <= row.until_day


@given(st.lists(st.one_of(shifts, exceptions), min_size=1, max_size=8), st.sampled_from([BAKU, BERLIN]))
@settings(max_examples=200, deadline=None)
def test_what_is_written_and_read_again_is_the_same_rota(rows: list[Shift | ShiftException], clock: Clock) -> None:
    told = rota(*rows, clock=clock)
    lasting = {row for row in map(settled, told.shifts) if takes_place(row)}
    told = Rota(told.people, tuple(lasting), tuple(set(told.exceptions)), clock)
    if [*overlaps(told)] or not (told.shifts or told.exceptions):
        return
    found = read(write(told, PEOPLE, NOW), PEOPLE, clock)
    again = rota(*found, clock=clock)
    assert {settled(row) for row in again.shifts} == lasting
    assert set(again.exceptions) == set(told.exceptions)


@given(st.lists(st.one_of(shifts, exceptions), max_size=6), days)
@settings(deadline=None)
def test_the_same_people_are_on_at_the_same_times(rows: list[Shift | ShiftException], day: date) -> None:
    told = rota(*rows)
    if [*overlaps(told)] or not told.shifts or not any(map(takes_place, map(settled, told.shifts))):
        return
    again = rota(*read(write(told, PEOPLE, NOW), PEOPLE, BAKU))
    window = (BAKU.moment(day), BAKU.moment(day + 15 * DAY))
    assert spans(again, *window) == spans(told, *window)


def test_shifts_of_several_days_are_one_event_that_repeats() -> None:
    text = write(rota(*(Shift("101", day, 540, 1020) for day in range(5))), PEOPLE, NOW)
    assert text.count("BEGIN:VEVENT") == 1
    assert "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR\r\n" in text
    assert "DTSTART;TZID=Asia/Baku:20240101T090000\r\n" in text
    assert "SUMMARY:101 Aynur\r\n" in text


def test_the_time_zone_is_told_and_every_event_has_what_the_standard_wants() -> None:
    away = ShiftException("101", ExceptionKind.ABSENT, date(2026, 12, 31), 540, 1020)
    text = write(rota(Shift("101", 0, 1320, 360, until_day=date(2027, 1, 1)), away), PEOPLE, NOW)
    assert text.startswith("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:")
    assert text.count("BEGIN:VTIMEZONE\r\nTZID:Asia/Baku\r\n") == 1
    assert text.count("\r\nUID:") == text.count("\r\nDTSTAMP:20261121T180000Z\r\n") == 2
    assert "UNTIL=20270101T180000Z" in text  # RFC 5545, 3.3.10: in UTC where DTSTART has a zone
    assert "SUMMARY:101 Aynur absent" in text
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))


def test_a_whole_day_is_a_day_and_no_time() -> None:
    away = ShiftException("101", ExceptionKind.ABSENT, date(2026, 12, 31), 0, 1440)
    text = write(rota(away), PEOPLE, NOW)
    assert "DTSTART;VALUE=DATE:20261231\r\n" in text
    assert "DTEND;VALUE=DATE:20270101\r\n" in text


def test_an_event_keeps_its_name_whatever_else_changes() -> None:
    def uids(*rows: Shift | ShiftException, people: dict[str, str] = PEOPLE) -> list[str]:
        text = write(rota(*rows), people, NOW)
        return [line for line in text.split("\r\n") if line.startswith("UID")]

    one, other = Shift("101", 0, 540, 1020), Shift("102", 0, 540, 1020)
    assert uids(one, other) == [*uids(one), *uids(other)]
    assert uids(one) != uids(other)
    assert uids(replace(one, id="7.1"), people={}) == uids(one)


def test_what_never_takes_place_and_what_is_there_twice_is_left_out() -> None:
    never = Shift("101", 0, 540, 1020, date(2026, 11, 24), date(2026, 11, 29))
    away = ShiftException("101", ExceptionKind.ABSENT, date(2026, 12, 31), 0, 1440)
    assert write(rota(never, away, away), PEOPLE, NOW).count("BEGIN:VEVENT") == 1


def test_an_empty_rota_is_an_empty_calendar() -> None:
    assert "VEVENT" not in write(rota(), PEOPLE, NOW)
