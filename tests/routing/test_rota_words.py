"""The rota's rows in words."""

from __future__ import annotations

from datetime import date

import pytest

from ivr.routing.rota import ExceptionKind, Rota, Shift, ShiftException
from ivr.routing.rota_words import Rows, describe, groups, named, oddities, who

NAMES = {"101": "Aynur", "102": "Leyla"}
PEOPLE = frozenset({"101"})
EVE = date(2026, 12, 31)
WEEK: Rows = tuple(Shift("101", day, 540, 1020, id=f"1.{day + 1}") for day in range(5))


def away(
    day: date = EVE, starts: int = 0, ends: int = 1440, extension: str = "101", row_id: str = ""
) -> ShiftException:
    return ShiftException(extension, ExceptionKind.ABSENT, day, starts, ends, row_id)


def extra(starts: int, ends: int) -> ShiftException:
    return ShiftException("101", ExceptionKind.EXTRA, EVE, starts, ends)


def test_rows_that_differ_in_the_day_alone_are_one_group() -> None:
    (found,) = groups(WEEK)
    assert (found.id, describe(found.rows)) == ("1.1-5", "101 mon-fri 09:00-17:00")


@pytest.mark.parametrize(
    "other",
    [
        Shift("102", 5, 540, 1020, id="1.6"),
        Shift("101", 5, 540, 1080, id="1.6"),
        Shift("101", 5, 540, 1020, id="2.1"),
        Shift("101", 5, 540, 1020, id="1.7"),
        Shift("101", 5, 540, 1020, date(2026, 12, 1), id="1.6"),
        away(row_id="1.6"),
    ],
)
def test_what_differs_in_anything_else_is_a_group_of_its_own(other: Shift | ShiftException) -> None:
    assert [group.id for group in groups((*WEEK, other))] == ["1.1-5", other.id]
    assert [group.id for group in groups((other, *WEEK))] == [other.id, "1.1-5"]


def test_days_off_in_a_row_are_one_group_and_others_are_not() -> None:
    days = (away(date(2026, 12, 30)), away(EVE), away(date(2027, 1, 1)), away(date(2027, 1, 3)))
    assert [describe(group.rows) for group in groups(days)] == [
        "101 absent 2026-12-30..2027-01-01 00:00-24:00",
        "101 absent 2027-01-03 00:00-24:00",
    ]


def test_bounds_of_a_shift_are_told() -> None:
    row = Shift("101", 5, 1320, 360, date(2026, 12, 1), EVE)
    assert describe((row,)) == "101 sat 22:00-06:00 from 2026-12-01 until 2026-12-31"


@pytest.mark.parametrize(
    ("name", "places"),
    [
        ("1", [1, 2, 3, 4, 5]),
        ("1.3", [3]),
        ("1.2-4", [2, 3, 4]),
        (" 1.5 ", [5]),
        ("2", []),
        ("1.9", []),
        ("x", []),
        ("", []),
    ],
)
def test_rows_are_named_by_change_and_place(name: str, places: list[int]) -> None:
    assert named(WEEK, name) == tuple(WEEK[place - 1] for place in places)


def test_somebody_without_a_name_is_their_extension() -> None:
    assert (who("101", NAMES), who("199", NAMES)) == ("101 Aynur", "199")


def test_what_may_not_be_meant_is_told() -> None:
    nights = Rota(PEOPLE, tuple(Shift("101", day, 1320, 360) for day in range(7)))
    assert [*oddities(nights, NAMES, (away(extension="102"),))] == [
        "102 Leyla is not active: these rows count for nothing."
    ]
    assert [*oddities(nights, NAMES, (away(starts=600, ends=660),))] == [
        "101 Aynur was not on then: 2026-12-31 10:00-11:00."
    ]
    assert [*oddities(nights, NAMES, (away(),))] == [
        "101 Aynur is still on after that midnight: 2027-01-01 00:00-06:00. A day off ends at midnight."
    ]
    assert [*oddities(nights, NAMES, (extra(1260, 1350),))] == [
        "101 Aynur is on for part of 2026-12-31 21:00-22:30 anyway: the times are joined."
    ]


def test_what_is_plain_is_not_remarked_on() -> None:
    days = Rota(PEOPLE, tuple(Shift("101", day, 540, 1020) for day in range(7)))
    nobody_on_a_rota = Rota(PEOPLE)
    for rota, row in (
        (days, away()),
        (days, extra(1080, 1200)),
        (nobody_on_a_rota, away()),
        (nobody_on_a_rota, extra(0, 60)),
    ):
        assert [*oddities(rota, NAMES, (row, *WEEK))] == []
