"""Stretches of time, against sets of minutes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ivr.routing.spans import Stretch, edges, joined, within, without

BEGIN = datetime(2026, 11, 21, tzinfo=UTC)
stretches = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 40)).map(lambda pair: (minute(pair[0]), minute(pair[1]))), max_size=6
)


def minute(number: int) -> datetime:
    return BEGIN + timedelta(minutes=number)


def minutes(some: Iterable[Stretch]) -> set[datetime]:
    told = list(some)
    return {minute(n) for n in range(41) if any(start <= minute(n) < end for start, end in told)}


@given(stretches)
def test_joined_covers_the_same_minutes_in_order_and_nothing_touches(some: list[Stretch]) -> None:
    found = joined(some)
    assert minutes(found) == minutes(some)
    assert all(start < end for start, end in found)
    assert all(left[1] < right[0] for left, right in pairwise(found))


@given(stretches, stretches)
def test_without_leaves_what_is_not_taken(some: list[Stretch], taken: list[Stretch]) -> None:
    assert minutes(without(some, taken)) == minutes(some) - minutes(taken)


@given(stretches, st.integers(0, 40), st.integers(0, 40))
def test_within_keeps_what_lies_in_the_window(some: list[Stretch], start: int, end: int) -> None:
    window = (minute(start), minute(end))
    assert minutes(within(some, window)) == minutes(some) & minutes([window])


def test_edges_come_once_and_in_order() -> None:
    assert edges([(minute(3), minute(5)), (minute(1), minute(3))]) == [minute(1), minute(3), minute(5)]
