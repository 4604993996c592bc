"""Who first: one number per caller, in which age counts by itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.flow.steps import UNKNOWN, Caller, Priority, Session, Topic
from ivr.routing.priority import BONUS_S, HIGHEST_PLACE, Reason, Standing, decide_priority

NOW = 1_795_281_282.0
ORDINARY = Session("r", topic=Topic.LEGAL, keys=2)


def standing(reason: Reason) -> Standing:
    return Standing(Priority.NORMAL, reason)


@pytest.mark.parametrize(
    ("session", "caller", "priority", "reason"),
    [
        (Session("r", priority=Priority.DANGER, topic=Topic.VIOLENCE, keys=1), UNKNOWN, "danger", "danger-key"),
        (Session("r", topic=Topic.VIOLENCE, keys=1), UNKNOWN, "high", "violence"),
        (Session("r"), UNKNOWN, "high", "silent"),
        (ORDINARY, Caller(unanswered=True), "normal", "rang-before"),
        (ORDINARY, UNKNOWN, "normal", "order-of-arrival"),
        (ORDINARY, Caller(calls_lately=3, unanswered=True), "normal", "rings-often"),
        (Session("r", priority=Priority.DANGER, keys=1), Caller(calls_lately=30), "danger", "danger-key"),
        (Session("r", topic=Topic.VIOLENCE, keys=2), Caller(calls_lately=30), "high", "violence"),
        (Session("r"), Caller(calls_lately=30), "high", "silent"),
    ],
)
def test_priority_has_a_reason(session: Session, caller: Caller, priority: str, reason: str) -> None:
    found = decide_priority(session, caller)
    assert (found.priority, found.reason) == (priority, reason)


def test_danger_then_violence_and_silent_then_rang_before_then_the_rest_then_who_rings_often() -> None:
    order = (Reason.DANGER, Reason.VIOLENCE, Reason.RANG_BEFORE, Reason.ARRIVAL, Reason.RINGS_OFTEN)
    places = [standing(reason).place(NOW) for reason in order]
    assert places == sorted(places, reverse=True)
    assert len(set(places)) == len(places)
    assert standing(Reason.SILENT).place(NOW) == standing(Reason.VIOLENCE).place(NOW)


@given(st.sampled_from(Reason), st.sampled_from(Reason))
def test_nobody_waits_for_ever_behind_priorities(urgent: Reason, patient: Reason) -> None:
    waited = BONUS_S[urgent] - BONUS_S[patient] + 1
    assert standing(patient).place(NOW - waited) > standing(urgent).place(NOW) or waited <= 0


@given(st.sampled_from(Reason), st.floats(1_790_000_000, 3_900_000_000))
def test_place_is_an_int_that_the_switch_takes(reason: Reason, at: float) -> None:
    assert 0 <= standing(reason).place(at) <= HIGHEST_PLACE


def test_danger_comes_before_everybody_of_a_whole_day() -> None:
    assert standing(Reason.DANGER).place(NOW) > standing(Reason.VIOLENCE).place(NOW - 20 * 3600)
