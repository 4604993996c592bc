"""Who first, and where to."""

from __future__ import annotations

import pytest

from ivr.flow.script import Script
from ivr.flow.steps import UNKNOWN, AgeBand, Language, Priority, Session, Topic
from ivr.routing.priority import decide_priority
from ivr.routing.route import decide_way

NOW = 1_795_281_282.0


@pytest.mark.parametrize(
    ("session", "priority", "reason"),
    [
        (Session("r", priority=Priority.DANGER, topic=Topic.VIOLENCE, keys=1), "danger", "danger-key"),
        (Session("r", topic=Topic.VIOLENCE, keys=1), "high", "violence"),
        (Session("r"), "high", "silent"),
        (Session("r", topic=Topic.LEGAL, keys=2), "normal", "order-of-arrival"),
    ],
)
def test_priority_has_a_reason(session: Session, priority: str, reason: str) -> None:
    standing = decide_priority(session, UNKNOWN)
    assert (standing.priority, standing.reason) == (priority, reason)


def test_way_says_everything_the_dialplan_needs(script: Script) -> None:
    session = Session("r", language=Language.RU, topic=Topic.LEGAL, age_band=AgeBand.ADULT, keys=3)
    way = decide_way(script, session, "route.counsellor", UNKNOWN, NOW)
    assert (way.queue, way.say, way.shown) == ("ru-legal", "connecting", "ru legal adult")
    assert dict(way.record)["reason"] == "order-of-arrival"


def test_danger_is_the_first_word_a_counsellor_reads(script: Script) -> None:
    session = Session("r", priority=Priority.DANGER, keys=1)
    assert decide_way(script, session, "route.danger", UNKNOWN, NOW).shown == "DANGER az"


def test_silent_caller_is_recorded_as_silent(script: Script) -> None:
    assert dict(decide_way(script, Session("r"), "route.silent", UNKNOWN, NOW).record)["silent"] == "yes"
