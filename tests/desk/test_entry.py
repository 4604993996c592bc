"""The rules of signing in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.desk.entry import (
    FORGOTTEN,
    LONGEST_WAIT_S,
    Step,
    is_over,
    next_step,
    own_path,
    plain_code,
    plain_name,
    plain_password,
    wait_s,
)

NOW = datetime(2026, 11, 22, tzinfo=UTC)
AT_ONCE = timedelta()


@pytest.mark.parametrize(
    ("has_factor", "code_given", "must_change", "step"),
    [
        (False, False, True, Step.PASSWORD),
        (False, False, False, Step.SET_UP),
        (True, False, True, Step.CODE),
        (True, False, False, Step.CODE),
        (True, True, True, Step.PASSWORD),
        (True, True, False, Step.DONE),
    ],
)
def test_what_comes_next(has_factor: bool, code_given: bool, must_change: bool, step: Step) -> None:
    assert next_step(has_factor=has_factor, code_given=code_given, must_change=must_change) is step


def test_the_wait_grows_from_nothing_to_a_quarter_of_an_hour_and_is_forgotten() -> None:
    waits = [wait_s(failures, 5, AT_ONCE) for failures in range(10**3)]
    assert waits[:8] == [0, 0, 0, 0, 0, 2, 4, 8]
    assert all(one <= other for one, other in pairwise(waits))
    assert waits[-1] == LONGEST_WAIT_S
    assert wait_s(10**9, 5, FORGOTTEN) == 0


def test_the_wait_gets_shorter_by_waiting() -> None:
    assert [wait_s(7, 5, timedelta(seconds=s)) for s in (0, 1, 7, 8, 9)] == [8, 7, 1, 0, 0]


@pytest.mark.parametrize(("minutes", "over", "half_way_over"), [(9, False, False), (10, False, True), (30, True, True)])
def test_a_session_is_over_by_idleness(minutes: int, over: bool, half_way_over: bool) -> None:
    now = NOW + timedelta(minutes=minutes)
    assert (is_over(NOW, now), is_over(NOW, now, half_way=True)) == (over, half_way_over)


@pytest.mark.parametrize(("typed", "name"), [(" Aynur ", "aynur"), ("a", ""), ("1a", ""), ("ə", ""), ("a" * 33, "")])
def test_a_name_is_small_letters(typed: str, name: str) -> None:
    assert plain_name(typed) == name


@pytest.mark.parametrize(("typed", "code"), [("123 456", "123456"), ("12345", ""), ("١٢٣٤٥٦", ""), ("1" * 99, "")])
def test_a_code_is_six_digits(typed: str, code: str) -> None:
    assert plain_code(typed) == code


def test_a_password_is_the_same_from_any_keyboard() -> None:
    assert plain_password("s\u0327ifrə\u00a0") == plain_password("\u015fifrə ")


@given(st.text())
def test_a_path_is_always_one_of_ours(text: str) -> None:
    path = own_path(text, "/desk")
    assert path.startswith("/")
    assert not path.startswith(("//", "/\\"))
    assert "\n" not in path
