"""What the ledger says of a call that the line made into itself."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.telephony.events import Event, parse
from ivr.telephony.trial import KEPT, Came, Trial, from_json, judge, last, steps, to_json

AT = datetime(2026, 11, 29, 23, 0, tzinfo=UTC)


def told(step: str, at: float, name: str = "trial-1", **more: str) -> Event:
    words = "&".join(f"{key}={value}" for key, value in {"trial": name, "step": step, **more}.items())
    names = ("linkedid", "uniqueid")
    fields = {"eventtype": "tried_out", "eventtime": 1795281282.0 + at} | dict.fromkeys(names, "hl-1795281282.7")
    fields |= dict.fromkeys(("channame", "exten", "context", "appname"), "") | {
        "eventextra": json.dumps({"extra": words})
    }
    event = parse(json.dumps(fields).encode())
    assert event
    return event


FULL = [told("answered", 0), told("heard", 0.8), told("reached", 4.25, door="1"), told("over", 4.3)]


@pytest.mark.parametrize(
    ("events", "came", "door"),
    [
        (FULL, Came.THROUGH, 1),
        ([*FULL[:2], told("reached", 5, door="2")], Came.ROUND_ABOUT, 2),
        ([*FULL[:2], told("reached", 5, door="3")], Came.ROUND_ABOUT, 3),
        ([*FULL[:2], told("reached", 5, door="7")], Came.NOWHERE, None),
        ([FULL[0], FULL[2]], Came.UNHEARD, 1),
        (FULL[:2], Came.NOWHERE, None),
        (FULL[:1], Came.UNHEARD, None),
        ([], Came.UNANSWERED, None),
        ([told("answered", 0, name="trial-2")], Came.UNANSWERED, None),
    ],
)
def test_how_far_it_came(events: list[Event], came: Came, door: int | None) -> None:
    found = judge(AT, steps(events, "trial-1"))
    assert (found.came, found.door) == (came, door)


def test_times_count_from_being_answered() -> None:
    assert judge(AT, steps(FULL, "trial-1")) == Trial(AT, Came.THROUGH, 1, 0.8, 4.25)


def test_a_postponed_one_does_not_hide_the_last_that_was_made() -> None:
    failed = Trial(AT, Came.UNANSWERED)
    assert last([failed, Trial(AT + timedelta(minutes=5), Came.POSTPONED)]) == failed
    assert last([]) is None


def test_a_hundred_are_kept_and_come_back_as_they_were() -> None:
    many = [Trial(AT + timedelta(minutes=n), Came.THROUGH, 1, 0.5, 4.0) for n in range(KEPT + 20)]
    assert from_json(to_json(many)) == tuple(many[20:])


@given(st.text() | st.recursive(st.none() | st.floats() | st.text(), st.lists).map(json.dumps))
def test_a_damaged_file_is_none(text: str) -> None:
    assert isinstance(from_json(text), tuple)
