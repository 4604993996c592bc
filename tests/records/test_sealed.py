"""Sealed values: only the right keys open them, only for the row they were sealed for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.errors import Refused
from ivr.records.sealed import from_text, seal, to_text, unseal

OLD, NEW = bytes(range(32)), bytes(range(1, 33))
NUMBER = "+994000001234"


@given(st.text(), st.text())
def test_what_was_sealed_is_there_again(text: str, about: str) -> None:
    assert unseal({1: OLD}, seal({1: OLD}, text, about), about) == text


def test_nothing_of_the_text_is_seen_and_no_two_seals_are_alike() -> None:
    one, two = (seal({1: OLD}, NUMBER, "a") for _ in "ab")
    assert one != two
    assert NUMBER[4:].encode() not in one


def test_it_cannot_be_moved_to_another_row() -> None:
    with pytest.raises(Refused):
        unseal({1: OLD}, seal({1: OLD}, NUMBER, "a"), "b")


def test_newest_key_seals_and_older_ones_still_open() -> None:
    old = seal({1: OLD}, NUMBER, "a")
    assert seal({1: OLD, 2: NEW}, NUMBER, "a")[0] == 2
    assert unseal({1: OLD, 2: NEW}, old, "a") == NUMBER


@pytest.mark.parametrize("keys", [{2: OLD}, {1: NEW}, {}])
def test_without_its_key_it_stays_shut(keys: dict[int, bytes]) -> None:
    with pytest.raises(Refused, match="cannot be opened"):
        unseal(keys, seal({1: OLD}, NUMBER, "a"), "a")


@given(st.data())
def test_whatever_is_changed_or_cut_stays_shut(data: st.DataObject) -> None:
    sealed = seal({1: OLD}, NUMBER, "a")
    at = data.draw(st.integers(0, len(sealed) - 1))
    with pytest.raises(Refused):
        unseal({1: OLD}, sealed[:at] + bytes((sealed[at] ^ 1,)) + sealed[at + 1 :], "a")
    with pytest.raises(Refused):
        unseal({1: OLD}, sealed[:at], "a")


@given(st.binary())
def test_it_travels_as_plain_letters(sealed: bytes) -> None:
    letters = to_text(sealed)
    assert from_text(letters) == sealed
    assert letters == "" or letters.replace("-", "").replace("_", "").isalnum()
