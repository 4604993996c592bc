"""Who is on: against an oracle that looks at the clock on the wall minute by minute."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ivr.routing import rota as decisions
from ivr.routing.hours import BAKU, Clock
from ivr.routing.rota import (
    ExceptionKind,
    Gap,
    Overlap,
    Rota,
    Shift,
    ShiftException,
    Span,
    gaps,
    next_change,
    on_duty,
    spans,
)

BERLIN = Clock(ZoneInfo("Europe/Berlin"))
SPRING, AUTUMN = date(2027, 3, 28), date(2027, 10, 31)
PEOPLE = frozenset({"101", "102"})
MONDAY = date(2026, 11, 23)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def baku(text: str) -> datetime:
    return datetime.fromisoformat(text + "+04:00").astimezone(UTC)


def rota(*rows: Shift | ShiftException, clock: Clock = BAKU, people: frozenset[str] = PEOPLE) -> Rota:
    shifts = tuple(row for row in rows if isinstance(row, Shift))
    return Rota(people, shifts, tuple(row for row in rows if isinstance(row, ShiftException)), clock)


def absent(extension: str, day: date, starts: int = 0, ends: int = 1440) -> ShiftException:
    return ShiftException(extension, ExceptionKind.ABSENT, day, starts, ends)


def extra(extension: str, day: date, starts: int, ends: int) -> ShiftException:
    return ShiftException(extension, ExceptionKind.EXTRA, day, starts, ends)


def overlaps(told: Rota) -> tuple[Overlap, ...]:
    return tuple(decisions.overlaps(told))


DAYTIME = Shift("101", 0, 9 * 60, 17 * 60)
NIGHT = Shift("102", 0, 22 * 60, 6 * 60)


def test_a_shift_is_on_from_its_first_minute_and_not_at_its_last() -> None:
    week = rota(DAYTIME)
    assert on_duty(week, baku("2026-11-23T08:59:59.999999")) == frozenset()
    assert on_duty(week, baku("2026-11-23T09:00")) == {"101"}
    assert on_duty(week, baku("2026-11-23T16:59:59.999999")) == {"101"}
    assert on_duty(week, baku("2026-11-23T17:00")) == frozenset()
    assert on_duty(week, baku("2026-11-24T10:00")) == frozenset()


def test_a_night_goes_on_after_midnight() -> None:
    assert on_duty(rota(NIGHT), baku("2026-11-24T05:59")) == {"102"}
    assert on_duty(rota(NIGHT), baku("2026-11-24T06:00")) == frozenset()


@pytest.mark.parametrize("ends", [0, 1440])
def test_midnight_ends_a_shift_however_it_is_written(ends: int) -> None:
    week = rota(Shift("101", 0, 600, ends))
    assert on_duty(week, baku("2026-11-23T23:59")) == {"101"}
    assert on_duty(week, baku("2026-11-24T00:00")) == frozenset()


def test_the_first_and_last_days_of_a_shift_are_in_it() -> None:
    week = rota(Shift("101", 0, 540, 1020, from_day=MONDAY, until_day=MONDAY + 7 * DAY))
    on = [on_duty(week, BAKU.moment(MONDAY + n * DAY, 600)) != frozenset() for n in (-7, 0, 7, 14)]
    assert on == [False, True, True, False]


def test_no_row_at_all_means_everybody_and_no_gap() -> None:
    empty = rota()
    assert not empty.is_kept
    assert on_duty(empty, utc("2026-11-23T00:00")) == PEOPLE
    assert gaps(empty, utc("2026-11-23T00:00"), 28) == ()
    assert next_change(empty, utc("2026-11-23T00:00")) is None


def test_with_no_rota_kept_whoever_is_absent_is_off() -> None:
    away = rota(absent("101", MONDAY))
    assert not away.is_kept
    assert on_duty(away, baku("2026-11-23T12:00")) == {"102"}
    assert next_change(away, baku("2026-11-23T12:00")) == baku("2026-11-24T00:00")


def test_a_rota_with_a_gap_is_not_an_empty_rota() -> None:
    over = rota(Shift("101", 0, 540, 1020, until_day=date(2026, 1, 5)))
    assert over.is_kept
    assert on_duty(over, baku("2026-11-23T10:00")) == frozenset()
    assert gaps(over, utc("2026-11-23T00:00"), 1) == (Gap(utc("2026-11-23T00:00"), utc("2026-11-24T00:00")),)


def test_extra_time_alone_is_a_rota() -> None:
    once = rota(extra("101", MONDAY, 600, 660))
    assert once.is_kept
    assert on_duty(once, baku("2026-11-23T09:00")) == frozenset()
    assert on_duty(once, baku("2026-11-23T10:00")) == {"101"}


def test_rows_about_people_who_do_not_answer_count_for_nothing() -> None:
    assert on_duty(rota(DAYTIME, people=frozenset({"102"})), baku("2026-11-23T10:00")) == frozenset()


def test_absence_takes_from_shifts_and_extra_time_stands_against_it() -> None:
    day = rota(DAYTIME, absent("101", MONDAY), extra("101", MONDAY, 12 * 60, 13 * 60))
    assert spans(day, baku("2026-11-23T00:00"), baku("2026-11-24T00:00")) == (
        Span("101", baku("2026-11-23T12:00"), baku("2026-11-23T13:00")),
    )


def test_a_counsellor_who_is_down_twice_is_on_once() -> None:
    twice = rota(DAYTIME, Shift("101", 0, 12 * 60, 20 * 60))
    assert spans(twice, baku("2026-11-23T00:00"), baku("2026-11-24T00:00")) == (
        Span("101", baku("2026-11-23T09:00"), baku("2026-11-23T20:00")),
    )
    assert overlaps(twice) == (Overlap(twice.shifts[0], twice.shifts[1], date(2000, 1, 3)),)


@pytest.mark.parametrize(
    ("second", "day"),
    [
        (Shift("101", 1, 5 * 60, 8 * 60), date(2000, 1, 3)),  # the night before reaches into it
        (Shift("101", 1, 6 * 60, 8 * 60), None),
        (Shift("101", 0, 12 * 60, 22 * 60), None),
        (Shift("101", 6, 23 * 60, 22 * 60 + 30), date(2000, 1, 3)),  # Sunday into Monday
        (Shift("101", 0, 21 * 60, 23 * 60, from_day=date(2026, 12, 1)), date(2026, 12, 7)),
        (Shift("102", 0, 21 * 60, 23 * 60), None),
    ],
)
def test_overlaps_are_found_with_their_first_day(second: Shift, day: date | None) -> None:
    found = overlaps(rota(Shift("101", 0, 22 * 60, 6 * 60), second))
    assert [each.day for each in found] == ([day] if day else [])


def test_shifts_of_other_weeks_do_not_overlap() -> None:
    first = Shift("101", 0, 540, 1020, until_day=date(2026, 11, 29))
    assert overlaps(rota(first, Shift("101", 0, 540, 1020, from_day=date(2026, 11, 30)))) == ()


def test_extra_time_twice_at_once_is_an_overlap_even_over_midnight() -> None:
    late = extra("101", MONDAY, 22 * 60, 6 * 60)
    early = extra("101", MONDAY + DAY, 5 * 60, 7 * 60)
    assert overlaps(rota(early, late)) == (Overlap(late, early, MONDAY + DAY),)
    assert overlaps(rota(early, extra("101", MONDAY, 22 * 60, 5 * 60), extra("102", MONDAY, 0, 1440))) == ()


def test_a_new_shift_far_ahead_is_a_change() -> None:
    later = rota(Shift("101", 0, 540, 1020, from_day=date(2029, 5, 1)))
    assert next_change(later, utc("2026-11-23T00:00")) == baku("2029-05-07T09:00")


@pytest.mark.parametrize("days", range(1, 40))
def test_one_hour_on_any_day_ahead_is_seen(days: int) -> None:
    once = rota(extra("101", MONDAY + days * DAY, 600, 660))
    assert next_change(once, baku("2026-11-23T10:00")) == BAKU.moment(MONDAY + days * DAY, 600)


def test_two_who_relieve_one_another_for_ever_change_and_one_who_never_leaves_does_not() -> None:
    days = [Shift("101", day, 0, 1440) for day in range(7)]
    assert next_change(rota(*days), baku("2026-11-23T10:00")) is None
    ending = [Shift("101", day, 0, 1440, until_day=date(2027, 1, 31)) for day in range(7)]
    assert next_change(rota(*ending), baku("2026-11-23T10:00")) == baku("2027-02-01T00:00")
    assert next_change(rota(*days, DAYTIME), baku("2026-11-23T10:00")) is None


def test_the_hour_that_spring_skips_hides_no_change_of_later_weeks() -> None:
    before = Shift("101", 6, 0, 130)
    rest = (Shift("101", 6, 170, 1440), *(Shift("101", day, 0, 1440) for day in range(6)))
    found = next_change(rota(before, *rest, clock=BERLIN), BERLIN.moment(SPRING - 7 * DAY, 180))
    assert found == BERLIN.moment(SPRING + 7 * DAY, 130)


def test_nights_over_the_changes_of_the_clock_last_as_long_as_they_last() -> None:
    nights = rota(*(Shift("101", day, 22 * 60, 6 * 60) for day in range(7)), clock=BERLIN)
    lengths = [
        sum(
            (span.ends - span.starts for span in spans(nights, BERLIN.moment(day, -720), BERLIN.moment(day, 720))),
            0 * DAY,
        )
        for day in (SPRING, AUTUMN, AUTUMN + DAY)
    ]
    assert lengths == [timedelta(hours=7), timedelta(hours=9), timedelta(hours=8)]


@pytest.mark.parametrize("day", [SPRING, AUTUMN])
@pytest.mark.parametrize("minute", [90, 119, 120, 121, 150, 179, 180, 181])
def test_who_relieves_whom_in_the_night_of_the_change_leaves_no_gap(day: date, minute: int) -> None:
    both = rota(Shift("101", 6, 0, minute), Shift("102", 6, minute, 1440), clock=BERLIN)
    found = spans(both, BERLIN.moment(day), BERLIN.moment(day + DAY))
    assert [span.extension for span in found] == (["101", "102"])
    assert found[0].ends == found[1].starts
    assert not [g for g in gaps(both, BERLIN.moment(day), 2) if g.starts < BERLIN.moment(day + DAY)]


# ---- the oracle: it walks through the minutes and looks at the wall


def oracle(rota: Rota, since: datetime, until: datetime) -> Iterator[tuple[datetime, frozenset[str]]]:
    """Who is on in every minute. What has begun is on from the first minute in which the clock shows its start, until
    the first in which it shows its end."""
    rows = [*_occurrences(rota, since, until)]
    at = since - 2 * DAY
    begun: set[int] = set()
    ended: set[int] = set()
    while at < until:
        shows = at.astimezone(rota.clock.zone).replace(tzinfo=None)
        for number, (_, _, start, end) in enumerate(rows):
            if shows >= start:
                begun.add(number)
            if shows >= end:
                ended.add(number)
        if at >= since:
            now = [rows[number][:2] for number in begun - ended]
            yield at, frozenset(person for person in rota.people if _is_on(rota, person, now))
        at += MINUTE


def _is_on(rota: Rota, person: str, now: list[tuple[str, str]]) -> bool:
    usual = (person, "shift") in now or not rota.is_kept
    return (person, "extra") in now or (usual and (person, "absent") not in now)


def _occurrences(rota: Rota, since: datetime, until: datetime) -> Iterator[tuple[str, str, datetime, datetime]]:
    day = since.date() - 4 * DAY
    while day <= until.date() + 2 * DAY:
        for shift in rota.shifts:
            ok_from = shift.from_day is None or day >= shift.from_day
            if day.weekday() == shift.weekday and ok_from and (shift.until_day is None or day <= shift.until_day):
                yield (shift.extension, "shift", *_wall(day, shift.starts, shift.ends))
        for each in rota.exceptions:
            if each.day == day:
                yield (each.extension, each.kind.value, *_wall(day, each.starts, each.ends))
        day += DAY


def _wall(day: date, starts: int, ends: int) -> tuple[datetime, datetime]:
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001  what a wall clock shows has no zone
    return midnight + starts * MINUTE, midnight + (ends if ends > starts else ends + 1440) * MINUTE


minute = st.one_of(st.integers(0, 1439), st.sampled_from([0, 60, 119, 120, 121, 150, 179, 180, 181, 540, 1320]))
last_minute = st.one_of(minute, st.just(1440))
extensions = st.sampled_from(["101", "102", "103"])  # the last answers nowhere


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Rota, datetime]:
    """A rota, and a moment a day or so before or after something about the clock or the rota happens."""
    clock, turn = draw(st.sampled_from([(BERLIN, SPRING), (BERLIN, AUTUMN), (BAKU, SPRING)]))
    near = st.integers(-3, 3).map(lambda days: turn + days * DAY)
    bound = st.one_of(st.none(), near)
    shifts = st.builds(Shift, extensions, st.integers(0, 6), minute, last_minute, bound, bound)
    exceptions = st.builds(ShiftException, extensions, st.sampled_from(ExceptionKind), near, minute, last_minute)
    rows = draw(st.lists(st.one_of(shifts, exceptions), max_size=6))
    since = datetime(turn.year, turn.month, turn.day, tzinfo=UTC) + draw(st.integers(-2000, 1000)) * MINUTE
    return rota(*rows, clock=clock), since


EMPTY = frozenset[str]()


@given(worlds())
@settings(max_examples=80, deadline=None)
@example((rota(NIGHT, absent("102", MONDAY), clock=BERLIN), utc("2027-03-27T20:00")))
def test_the_rota_says_what_the_clock_on_the_wall_says(world: tuple[Rota, datetime]) -> None:
    told, since = world
    until = since + DAY
    seen = dict(oracle(told, since, until))
    by_span = {
        at: frozenset(span.extension for span in found if span.starts <= at < span.ends)
        for found in [spans(told, since, until)]
        for at in seen
    }
    assert by_span == seen
    in_gap = {at for at in seen if any(gap.starts <= at < gap.ends for gap in gaps(told, since, 1))}
    assert in_gap == {at for at, people in seen.items() if not people}
    assert sum(gap.seconds for gap in gaps(told, since, 1)) == 60 * len(in_gap)
    assert on_duty(told, since) == seen[since]
    change = next((at for at, people in seen.items() if people != seen[since]), None)
    if change:
        assert next_change(told, since) == change
    else:
        assert (next_change(told, since) or until) >= until


@given(worlds())
@settings(deadline=None)
def test_overlaps_are_those_that_the_spans_join(world: tuple[Rota, datetime]) -> None:
    told, _ = world
    window = (BAKU.moment(SPRING - 20 * DAY), BAKU.moment(SPRING + 240 * DAY))
    for rows in (told.shifts, tuple(each for each in told.exceptions if each.kind is ExceptionKind.EXTRA)):
        together = _seconds(rota(*rows), window)
        assert bool(overlaps(rota(*rows))) >= (together < sum(_seconds(rota(row), window) for row in rows))
    for found in overlaps(told):
        window = (BAKU.moment(found.day - DAY), BAKU.moment(found.day + 3 * DAY))
        apart = sum(_seconds(rota(row), window) for row in (found.first, found.second))
        assert _seconds(rota(found.first, found.second), window) < apart


def _seconds(told: Rota, window: tuple[datetime, datetime]) -> float:
    everybody = replace(told, people=PEOPLE | {"103"})
    return sum((span.ends - span.starts).total_seconds() for span in spans(everybody, *window))
