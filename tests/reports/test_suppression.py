"""Small numbers stay hidden from whoever has the totals, and knows the rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.reports.suppression import Place, hide, hide_across, small, total_too

NAMES = "abcde"


def worlds(counts: Mapping[str, int]) -> Iterator[dict[str, int]]:
    """Every list with the same total that would be shown in the same way."""
    shown = hide(counts)
    hidden = [name for name in counts if shown[name] is None]
    rest = sum(counts[name] for name in hidden)
    for tried in product(range(rest + 1), repeat=max(len(hidden) - 1, 0)):
        last = rest - sum(tried)
        if last >= 0:
            world = dict(counts) | dict(zip(hidden, (*tried, last), strict=False))
            if hide(world) == shown:
                yield world


def test_list_without_small_numbers_is_shown_whole() -> None:
    assert hide({"a": 5, "b": 0, "c": 70}) == {"a": 5, "b": 0, "c": 70}


def test_one_small_number_takes_another_with_it() -> None:
    assert hide({"a": 3, "b": 40, "c": 7, "d": 0}) == {"a": None, "b": 40, "c": None, "d": 0}


def test_two_ones_take_a_third_as_their_sum_would_tell() -> None:
    assert hide({"a": 1, "b": 1, "c": 9}) == {"a": None, "b": None, "c": None}


def test_fours_take_another_as_their_sum_would_tell() -> None:
    assert hide({"a": 4, "b": 4, "c": 4, "d": 5}) == {"a": None, "b": None, "c": None, "d": None}


def test_equal_numbers_are_hidden_together_as_their_order_would_tell() -> None:
    assert hide({"a": 5, "b": 5, "c": 4, "d": 9}) == {"a": None, "b": None, "c": None, "d": 9}


def test_zero_is_hidden_where_nothing_else_can_be() -> None:
    assert hide({"a": 3, "b": 0}) == {"a": None, "b": None}


def test_total_is_given_up_where_it_tells() -> None:
    assert total_too({"a": 3})
    assert total_too({"a": 3, "b": 0})
    assert not total_too({"a": 3, "b": 9})
    assert not total_too({"a": 50})


@given(st.lists(st.integers(0, 7), min_size=1, max_size=4))
@settings(max_examples=100, deadline=None)
def test_no_hidden_number_can_be_computed_from_the_total(numbers: list[int]) -> None:
    counts = dict(zip(NAMES, numbers, strict=False))
    shown = hide(counts)
    assert all(shown[name] is None for name, n in counts.items() if small(n))
    assert all(shown[name] in (None, n) for name, n in counts.items())
    if total_too(counts):
        return
    tried = list(worlds(counts))
    for name in counts:
        if shown[name] is None:
            assert len({world[name] for world in tried}) > 1, (counts, shown)


def totals(table: Mapping[Place, int]) -> tuple[dict[str, int], dict[str, int]]:
    rows, columns = dict[str, int](), dict[str, int]()
    for (row, column), n in table.items():
        rows[row] = rows.get(row, 0) + n
        columns[column] = columns.get(column, 0) + n
    return rows, columns


def same_totals(table: Mapping[Place, int], hidden: list[Place]) -> Iterator[dict[Place, int]]:
    most = [min(totals(table)[0][row], totals(table)[1][column]) for row, column in hidden]
    for tried in product(*(range(n + 1) for n in most)):
        world = dict(table) | dict(zip(hidden, tried, strict=True))
        if totals(world) == totals(table):
            yield world


@given(st.lists(st.integers(0, 7), min_size=6, max_size=6))
@settings(max_examples=60, deadline=None)
def test_no_hidden_number_of_a_table_can_be_computed_from_rows_and_columns(numbers: list[int]) -> None:
    table = {(row, column): numbers[i] for i, (row, column) in enumerate(product("xy", "abc"))}
    shown = hide_across(table)
    assert all(shown[place] is None for place, n in table.items() if small(n))
    hidden = [place for place in table if shown[place] is None]
    if len(hidden) == len(table):  # nothing is shown but the totals
        return
    tried = list(same_totals(table, hidden))
    for place in hidden:
        assert len({world[place] for world in tried}) > 1, (table, shown)


def test_bridge_between_two_groups_of_hidden_numbers_is_not_left_computable() -> None:
    rows = {"1": (2, 3, 30, 40), "2": (3, 2, 4, 50), "3": (30, 40, 3, 2), "4": (50, 60, 2, 3)}
    table = {(row, column): n for row, numbers in rows.items() for column, n in zip("abcd", numbers, strict=True)}
    shown = hide_across(table)
    assert sum(n is None for n in shown.values()) > 9
