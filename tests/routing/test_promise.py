"""When a promise may be kept, what each attempt makes of it, and what can never happen."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.flow.steps import Safe
from ivr.routing.policy import parse
from ivr.routing.promise import (
    COUNTED,
    OVER,
    TRANSITIONS,
    Attempt,
    Event,
    Outcome,
    Shown,
    Standing,
    State,
    advance,
    diagram,
    lapses_soon,
    offers_afternoon,
    place,
    standing,
    waits_its_turn,
    window,
)
from tests.conftest import PROJECT

POLICY = parse((PROJECT / "callbacks/policy.toml").read_text())


def baku(day: int, hour: int, minute: int = 0) -> datetime:
    """November 2026, when Baku is four hours before UTC."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) - timedelta(hours=4)


@pytest.mark.parametrize(
    ("asked", "safe", "start", "end"),
    [
        (baku(21, 9), Safe.NOW, baku(21, 9), baku(21, 11)),
        (baku(21, 23, 30), Safe.NOW, baku(21, 23, 30), baku(22, 1, 30)),
        (baku(21, 9), Safe.AFTERNOON, baku(21, 13), baku(21, 18)),
        (baku(21, 14), Safe.AFTERNOON, baku(21, 14), baku(21, 18)),
        (baku(21, 17), Safe.AFTERNOON, baku(21, 17), baku(21, 18)),
        (baku(21, 17, 1), Safe.AFTERNOON, baku(22, 13), baku(22, 18)),
        (baku(21, 23), Safe.AFTERNOON, baku(22, 13), baku(22, 18)),
        (baku(21, 9), Safe.TOMORROW, baku(22, 10), baku(22, 19)),
        (baku(21, 23, 59), Safe.TOMORROW, baku(22, 10), baku(22, 19)),
        (baku(22, 1), Safe.TOMORROW, baku(22, 10), baku(22, 19)),  # who has not slept means the day that dawns
        (baku(22, 4, 59), Safe.AFTERNOON, baku(22, 13), baku(22, 18)),
        (baku(22, 5), Safe.TOMORROW, baku(23, 10), baku(23, 19)),
        (baku(30, 20), Safe.TOMORROW, baku(30, 20) + timedelta(hours=14), baku(30, 20) + timedelta(hours=23)),
    ],
)
def test_safe_hours_are_those_the_caller_meant(asked: datetime, safe: Safe, start: datetime, end: datetime) -> None:
    found = window(POLICY, safe, asked)
    assert (found.start, found.end) == (start, end)
    assert found.holds(start)
    assert not found.holds(end)
    assert not found.holds(start - timedelta(seconds=1))


@given(st.integers(0, 10 * 365 * 24 * 60), st.sampled_from(Safe))
def test_safe_hours_are_always_to_come_and_never_too_short_to_ring(minutes: int, safe: Safe) -> None:
    now = baku(21, 9) + timedelta(minutes=minutes)
    found = window(POLICY, safe, now)
    assert now <= found.start < found.end <= now + timedelta(hours=48)
    assert found.end - found.start >= timedelta(minutes=POLICY.least_left_min)


def test_afternoon_is_offered_while_enough_of_it_is_left() -> None:
    assert [offers_afternoon(POLICY, baku(21, hour)) for hour in (6, 13, 17, 18, 23)] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_only_what_the_table_allows_may_happen() -> None:
    allowed = {(state, event) for state, moves in TRANSITIONS.items() for event in moves}
    for state, event in product(State, Event):
        assert (advance(state, event) is not None) == ((state, event) in allowed)
    assert set(TRANSITIONS) == set(State)
    assert {State.LAPSED, State.WITHDRAWN, State.GIVEN_UP} == OVER


def test_what_is_over_stays_over() -> None:
    assert [advance(state, event) for state, event in product(OVER, Event) if advance(state, event)] == []


def rung(*outcomes: Outcome | None) -> Standing:
    at = baku(21, 9)
    return standing(POLICY, at, [Attempt(at + timedelta(hours=n), outcome) for n, outcome in enumerate(outcomes)])


def test_promise_without_an_attempt_is_due_from_its_first_safe_moment() -> None:
    assert rung() == Standing(State.PROMISED, 0, baku(21, 9))


def test_attempt_without_an_outcome_is_going_on() -> None:
    assert rung(None) == Standing(State.CALLING, 0, None)


def test_answered_is_kept_and_nothing_is_to_come() -> None:
    assert rung(Outcome.BUSY, Outcome.ANSWERED) == Standing(State.KEPT, 1, None)
    assert rung(Outcome.ANSWERED, None) == Standing(State.KEPT, 0, None)


def test_only_what_reached_the_childs_telephone_counts_against_the_child() -> None:
    assert {"not_child", "machine", "no_answer", "busy", "failed"} == COUNTED


@pytest.mark.parametrize("outcome", sorted(COUNTED))
def test_missed_attempts_are_spaced_and_the_last_one_gives_up(outcome: Outcome) -> None:
    assert rung(outcome) == Standing(State.PROMISED, 1, baku(21, 9, 10))
    assert rung(outcome, outcome) == Standing(State.PROMISED, 2, baku(21, 10, 30))
    assert rung(outcome, outcome, outcome) == Standing(State.GIVEN_UP, 3, None)


@pytest.mark.parametrize("outcome", sorted(set(Outcome) - COUNTED - {Outcome.ANSWERED}))
def test_attempt_that_never_rang_the_child_does_not_count_against_the_child(outcome: Outcome) -> None:
    wait = timedelta(minutes=10 if outcome is Outcome.NO_TRUNK else 2)
    assert rung(*[outcome] * 20) == Standing(State.PROMISED, 0, baku(21, 9) + timedelta(hours=19) + wait)


def test_spacing_stays_at_its_last() -> None:
    policy = replace(POLICY, attempts=9)
    at = baku(21, 9)
    found = standing(policy, at, [Attempt(at, Outcome.BUSY)] * 5)
    assert found.next_at == at + timedelta(minutes=30)


@given(st.lists(st.sampled_from([*Outcome, None])))
def test_no_child_is_rung_more_often_than_the_policy_allows(outcomes: list[Outcome | None]) -> None:
    found = rung(*outcomes)
    assert found.attempts <= POLICY.attempts
    assert (found.next_at is None) == (found.state is not State.PROMISED)


def test_number_is_withheld_where_only_the_caller_may_answer() -> None:
    assert (POLICY.shows(only_caller=False), POLICY.shows(only_caller=True)) == (Shown.LINE, Shown.WITHHELD)


@pytest.mark.parametrize(
    ("state", "left_min", "worried"),
    [
        (State.PROMISED, 31, False),
        (State.PROMISED, 30, True),
        (State.CALLING, 5, True),
        (State.KEPT, 5, False),
        (State.LAPSED, -5, False),
    ],
)
def test_promise_about_to_lapse_is_seen(state: State, left_min: int, worried: bool) -> None:
    now = baku(21, 9)
    assert lapses_soon(POLICY, state, now + timedelta(minutes=left_min), now) is worried


@pytest.mark.parametrize(
    ("priority", "queue", "lapses", "waits"),
    [
        ("normal", [], False, False),
        ("normal", [("normal", 8)], False, True),  # who stayed on the line is not overtaken by who did not
        ("normal", [("normal", 10)], False, False),
        ("high", [("normal", 8)], False, True),
        ("normal", [("normal", 8)], True, False),
        ("normal", [("danger", 10)], False, True),
        ("normal", [("danger", 10)], True, True),
        ("danger", [("normal", 8), ("danger", 10)], False, False),
        ("danger", [("danger", 8)], False, True),
    ],
)
def test_call_back_takes_its_turn_among_those_who_stayed(
    priority: str, queue: list[tuple[str, int]], lapses: bool, waits: bool
) -> None:
    there = [place(of, baku(21, hour)) for of, hour in queue]
    assert waits_its_turn(place(priority, baku(21, 9)), there, lapses=lapses) is waits


def test_readme_of_call_backs_shows_this_table() -> None:
    assert diagram() in (PROJECT / "callbacks/README.md").read_text()
