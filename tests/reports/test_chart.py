"""The picture of a day: heights that are true to the numbers, and words for who cannot see it."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.reports.chart import HEAD, HIGH, Title, by_hour

TITLE = Title("day", "Calls by the hour", "Most < at noon")
CALLS = st.lists(st.integers(0, 100_000), min_size=24, max_size=24)
XML = "{http://www.w3.org/2000/svg}"


def heights(svg: str) -> list[float]:
    return [float(height) for height in re.findall(r'class="bar"[^>]* height="([\d.]+)"', svg)]


def test_bars_stand_in_proportion_and_the_hour_that_is_filling_is_paler() -> None:
    svg = by_hour(TITLE, [0, 4, 2, *[0] * 21], [], 2)
    assert heights(svg) == [HIGH, HIGH / 2]
    assert svg.count("fill-opacity") == 1
    assert "usual" not in svg


def test_line_of_a_usual_day_has_a_step_for_each_hour() -> None:
    svg = by_hour(TITLE, [0] * 24, [3.5] * 24, 0)
    (path,) = re.findall(r' d="([^"]+)"', svg)
    assert path.count("h") == 24
    assert not heights(svg)


@pytest.mark.parametrize(("most", "top"), [(0, "1"), (4, "4"), (7, "8"), (11, "15"), (97, "100"), (230, "250")])
def test_lines_across_are_at_round_numbers(most: int, top: str) -> None:
    svg = by_hour(TITLE, [most, *[0] * 23], [], 0)
    names = re.findall(r'text-anchor="end">(\d+)<', svg)
    assert names[-1] == top
    assert len(names) <= 6


@given(CALLS, st.one_of(st.just([]), CALLS), st.integers(0, 23))
def test_any_day_is_drawn_within_the_picture_and_said_in_words(today: list[int], usual: list[int], now: int) -> None:
    svg = by_hour(TITLE, today, usual, now)
    drawn = ElementTree.fromstring(svg)  # noqa: S314  ours
    assert drawn.findtext(f"{XML}title") == TITLE.title
    assert drawn.findtext(f"{XML}desc") == TITLE.desc
    assert all(HEAD <= float(each.get("y", 0)) <= HEAD + HIGH for each in drawn.iter(f"{XML}rect"))
    assert all(0 <= height <= HIGH for height in heights(svg))
