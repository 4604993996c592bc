"""A week of the rota as a grid."""

from __future__ import annotations

from datetime import date

from ivr.routing.rota import ExceptionKind, Rota, Shift, ShiftException
from ivr.routing.rota_grid import Part, grid

WEDNESDAY = date(2026, 11, 18)
PEOPLE = frozenset({"101", "102"})


def test_a_week_begins_on_monday_whatever_day_is_asked_for() -> None:
    shown = grid(Rota(PEOPLE), WEDNESDAY)
    assert (shown.days[0], shown.days[-1]) == (date(2026, 11, 16), date(2026, 11, 22))


def test_a_night_lies_in_two_days_and_its_hours_are_counted_once() -> None:
    shown = grid(Rota(PEOPLE, (Shift("101", 0, 22 * 60, 6 * 60),)), WEDNESDAY)
    (line, other) = shown.lines
    assert line.cells[:3] == ((Part(1320, 1440),), (Part(0, 360),), ())
    assert (line.hours, other.hours) == (8, 0)
    assert [part.times for part in line.cells[0]] == ["22:00-24:00"]


def test_what_nobody_has_is_a_gap_with_its_hours() -> None:
    shifts = tuple(Shift("101", day, 0, 1440) for day in range(7))
    absent = ShiftException("101", ExceptionKind.ABSENT, WEDNESDAY, 540, 1020)
    shown = grid(Rota(PEOPLE, shifts, (absent,)), WEDNESDAY)
    assert shown.gaps == ((), (), (Part(540, 1020),), (), (), (), ())
    assert shown.gap_hours == 8
    swapped = ShiftException("102", ExceptionKind.EXTRA, WEDNESDAY, 540, 1020)
    assert grid(Rota(PEOPLE, shifts, (absent, swapped)), WEDNESDAY).gap_hours == 0


def test_where_no_rota_is_kept_nothing_is_a_gap() -> None:
    shown = grid(Rota(PEOPLE), WEDNESDAY)
    assert shown.gap_hours == 0
    assert all(line.hours == 168 for line in shown.lines)
