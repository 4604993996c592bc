"""Counts and percentages that add up."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ivr.reports.measures import DIMENSIONS, figures, largest_first, percentages, shares


def test_tables_show_what_always_stands_there_and_then_what_else_occurs() -> None:
    found = figures(
        [(("legal", None, "adult", "telephone", "yes", None), 3), ((None, "other", None, "fax", "no", "az"), 2)]
    )
    assert found.total == 5
    assert list(found.by["topic"].items())[3] == ("legal", 3)
    assert found.by["topic"]["unknown"] == 2
    assert found.by["gender"] == {"girl": 0, "boy": 0, "not_stated": 3, "other": 2}
    assert found.by["channel"]["fax"] == 2
    assert found.across["age_band"] == {("legal", "adult"): 3, ("unknown", "unknown"): 2}
    assert (found.telephone, found.digital, found.children) == (3, 2, 0)


def test_letters_and_visitors_are_neither_digital_nor_by_telephone() -> None:
    found = figures([((None,) * 3 + (channel, None, None), 1) for channel in ("telephone", "letter", "walk_in", "app")])
    assert (found.telephone, found.digital) == (1, 1)


def test_an_action_counts_once_a_contact() -> None:
    assert figures([], [("visit letter", 3), ("visit visit", 2)]).actions == {"visit": 5, "letter": 3}


def test_largest_comes_first_equal_ones_in_their_order_unknown_last() -> None:
    counts = {"a": 1, "b": 5, "unknown": 9, "c": 5, "d": 0}
    assert largest_first(counts) == [("b", 5), ("c", 5), ("a", 1), ("unknown", 9)]


def test_published_percentages_come_out() -> None:
    assert percentages([940, 462, 192]) == [59, 29, 12]
    assert percentages([797, 797]) == [50, 50]
    assert percentages([1, 1, 1]) == [34, 33, 33]
    assert percentages([0, 0]) == [0, 0]


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=12))
def test_percentages_add_up_and_none_is_a_whole_one_off(counts: list[int]) -> None:
    found = percentages(counts)
    total = sum(counts)
    assert sum(found) == (100 if total else 0)
    assert all(abs(share * total - n * 100) < total for share, n in zip(found, counts, strict=True) if total)
    assert all(share == 0 for share, n in zip(found, counts, strict=True) if n == 0)
    assert all(a >= b for a, n in zip(found, counts, strict=True) for b, m in zip(found, counts, strict=True) if n > m)


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 99)))
def test_shares_keep_names_and_order(counts: dict[str, int]) -> None:
    assert list(shares(counts)) == list(counts)


def test_every_dimension_is_a_column_of_what_counts() -> None:
    from ivr.records.counted import table

    assert set(DIMENSIONS) <= set(table.c.keys())
