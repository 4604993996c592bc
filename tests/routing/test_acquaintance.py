"""What the calls of the last two hours say of a caller who rings again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ivr.flow.steps import UNKNOWN, Caller
from ivr.routing.acquaintance import Past, acquaintance

NOW = 1_795_281_000.0
ABANDONED = Past(NOW - 300, ended=True, missed=True)
ANSWERED = Past(NOW - 300, ended=True, met=True, counsellor="102")


def at(seconds_ago: float, past: Past) -> Past:
    return Past(NOW - seconds_ago, past.ended, past.silent, past.met, past.missed, past.counsellor)


def test_whoever_never_rang_is_unknown() -> None:
    assert acquaintance((), NOW) == UNKNOWN


def test_calls_of_the_last_ten_minutes_are_counted_those_that_go_on_too() -> None:
    calls = [at(599, ABANDONED), at(601, ABANDONED), Past(NOW - 5, ended=False)]
    assert acquaintance(calls, NOW).calls_lately == 2


def test_who_waited_in_vain_within_the_hour_is_unanswered() -> None:
    assert acquaintance([at(3599, ABANDONED)], NOW).unanswered
    assert not acquaintance([at(3601, ABANDONED)], NOW).unanswered


def test_who_was_answered_since_is_not_unanswered() -> None:
    assert not acquaintance([at(900, ABANDONED), at(600, ANSWERED)], NOW).unanswered
    assert acquaintance([at(600, ABANDONED), at(900, ANSWERED)], NOW).unanswered


def test_hanging_up_in_the_menus_neither_earns_a_place_nor_costs_one() -> None:
    in_menu = Past(NOW - 60, ended=True)
    assert not acquaintance([in_menu], NOW).unanswered
    assert acquaintance([at(900, ABANDONED), in_menu], NOW).unanswered


def test_the_last_counsellor_within_two_hours_is_tried_first() -> None:
    first, last = at(7000, ANSWERED), Past(NOW - 60, ended=True, met=True, counsellor="101")
    assert acquaintance([last, first], NOW).same == "101"
    assert acquaintance([at(7201, ANSWERED)], NOW).same == ""


def test_only_the_last_call_makes_a_return_of_a_silent_one() -> None:
    silent = Past(NOW - 900, ended=True, silent=True)
    assert acquaintance([silent], NOW).silent_before
    assert acquaintance([silent, Past(NOW - 5, ended=False)], NOW).silent_before
    assert not acquaintance([silent, at(60, ANSWERED)], NOW).silent_before


@given(
    st.lists(
        st.builds(
            Past,
            st.floats(NOW - 9000, NOW),
            st.booleans(),
            st.booleans(),
            st.booleans(),
            st.booleans(),
            st.sampled_from(["", "101"]),
        )
    )
)
def test_the_order_in_which_calls_are_told_makes_no_difference(past: list[Past]) -> None:
    by_time = {each.started_at: each for each in past}
    told: Caller = acquaintance(by_time.values(), NOW)
    assert acquaintance(reversed(list(by_time.values())), NOW) == told
