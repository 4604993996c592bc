"""Spans of whole days in Baku, and what came before them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.errors import Refused
from ivr.reports.periods import Kind, Span, between, last_quarter, named


def span(first: str, last: str) -> Span:
    return between(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("said", "first", "last", "kind", "before", "year_before"),
    [
        ("2025", "2025-01-01", "2025-12-31", Kind.YEAR, "2024-01-01", "2024-01-01"),
        ("2025-Q3", "2025-07-01", "2025-09-30", Kind.QUARTER, "2025-04-01", "2024-07-01"),
        ("2025Q1", "2025-01-01", "2025-03-31", Kind.QUARTER, "2024-10-01", "2024-01-01"),
        ("2025-02", "2025-02-01", "2025-02-28", Kind.MONTH, "2025-01-01", "2024-02-01"),
        ("2025-W01", "2024-12-30", "2025-01-05", Kind.WEEK, "2024-12-23", "2023-12-30"),
        ("2024-02-29", "2024-02-29", "2024-02-29", Kind.DAY, "2024-02-28", "2023-02-28"),
    ],
)
def test_period_is_named_and_knows_what_came_before(  # noqa: PLR0917
    said: str, first: str, last: str, kind: Kind, before: str, year_before: str
) -> None:
    found = named(said)
    assert (found, found.kind) == (span(first, last), kind)
    assert found.before.first.isoformat() == before
    assert found.before.last == found.first - timedelta(days=1)
    assert found.year_before.first.isoformat() == year_before


def test_last_days_of_months_stay_so_a_year_before() -> None:
    assert named("2025-02").year_before == span("2024-02-01", "2024-02-29")
    assert named("2024-02").year_before == span("2023-02-01", "2023-02-28")


def test_whole_months_of_a_year_are_before_as_many_months() -> None:
    found = span("2022-01-01", "2022-05-31")
    assert (found.kind, found.before) == (Kind.MONTHS, span("2021-08-01", "2021-12-31"))
    assert span("2022-01-15", "2022-02-14").before == span("2021-12-15", "2022-01-14")


def test_day_begins_at_midnight_in_baku() -> None:
    begins, ends = named("2025-07-01").moments
    assert (begins, ends) == (datetime(2025, 6, 30, 20, tzinfo=UTC), datetime(2025, 7, 1, 20, tzinfo=UTC))
    # there was summer time until 2015, so this day has 23 hours
    begins, ends = named("2014-03-30").moments
    assert ends - begins == timedelta(hours=23)


@pytest.mark.parametrize(
    "said", ["", "2025-Q5", "2025-13", "2025-W54", "yesterday", "2025-02-30", "1999", "2101", "²025"]
)
def test_what_is_no_period_is_refused_with_a_remedy(said: str) -> None:
    with pytest.raises(Refused) as refused:
        named(said)
    assert refused.value.remedy


def test_span_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(Refused, match="ends before it begins"):
        span("2025-07-02", "2025-07-01")
    with pytest.raises(Refused, match="too long"):
        span("2000-01-01", "2050-01-01")


def test_last_quarter_is_one_that_is_over_in_baku() -> None:
    assert last_quarter(datetime(2025, 9, 30, 19, 59, tzinfo=UTC)) == named("2025-Q2")
    assert last_quarter(datetime(2025, 9, 30, 20, tzinfo=UTC)) == named("2025-Q3")
    assert last_quarter(datetime(2026, 1, 5, tzinfo=UTC)) == named("2025-Q4")


DAYS = st.dates(date(2001, 1, 1), date(2100, 1, 1))


@given(DAYS, DAYS)
def test_spans_before_end_where_this_one_begins(one: date, other: date) -> None:
    first, last = sorted((one, other))
    found = Span(first, last)
    assert found.before.last == first - timedelta(days=1)
    assert found.before.first <= found.before.last
    assert found.year_before.first <= found.year_before.last
    assert found.year_before.last.year == last.year - 1
