"""Who fits."""

from __future__ import annotations

import pytest

from ivr.flow.script import Script
from ivr.flow.steps import Priority, Session, Topic
from ivr.routing.skills import Fit, Need, Person, fit, is_open, needs, penalties, queue_name, skill_for

AZ = Person("101", ("az",))
RU_LEGAL = Person("102", ("az", "ru"), topics=("legal",), danger=False)
RU_HEALTH = Person("103", ("ru",), topics=("health",))


@pytest.mark.parametrize(
    ("person", "need", "found"),
    [
        (AZ, Need("az"), Fit.BEST),
        (AZ, Need("az", "legal"), Fit.BEST),
        (AZ, Need("az", "danger"), Fit.BEST),
        (AZ, Need("ru", "legal"), Fit.ANYBODY),
        (RU_LEGAL, Need("ru", "legal"), Fit.BEST),
        (RU_LEGAL, Need("ru", "health"), Fit.LANGUAGE),
        (RU_LEGAL, Need("ru", "danger"), Fit.LANGUAGE),
        (RU_HEALTH, Need("ru", "legal"), Fit.NEXT),
        (Person("104", ("ru",), topics=("violence",), danger=False), Need("ru", "danger"), Fit.NEXT),
        (RU_LEGAL, Need("ru", "silent"), Fit.BEST),
    ],
)
def test_fit_is_by_language_then_skill_then_what_comes_nearest(person: Person, need: Need, found: Fit) -> None:
    assert fit(person, need) is found


def test_best_of_those_on_duty_counts_as_best() -> None:
    """A caller is not kept waiting for somebody who is at home."""
    assert penalties({AZ: 0}, Need("ru")) == {"101": Fit.BEST}
    assert penalties({AZ: 0, RU_HEALTH: 0}, Need("ru", "legal")) == {"103": Fit.BEST, "101": Fit.LANGUAGE}
    assert penalties({}, Need("ru")) == {}


def test_who_lets_the_phone_ring_twice_comes_after_all_others_and_is_still_rung_alone() -> None:
    assert penalties({RU_HEALTH: 1, AZ: 0}, Need("ru")) == {"103": Fit.BEST, "101": Fit.NEXT}
    assert penalties({RU_HEALTH: 2, AZ: 0}, Need("ru")) == {"103": Fit.NEXT, "101": Fit.BEST}
    assert penalties({RU_HEALTH: 9}, Need("ru")) == {"103": Fit.BEST}


def test_who_is_spared_comes_last_and_does_not_say_who_is_best() -> None:
    assert penalties({RU_HEALTH: 0, AZ: 0}, Need("ru"), {"103"}) == {"103": Fit.ANYBODY, "101": Fit.BEST}
    assert penalties({RU_HEALTH: 0}, Need("ru"), {"103"}) == {"103": Fit.ANYBODY}


def test_next_best_after_twenty_seconds_the_language_after_forty_anybody_after_sixty() -> None:
    opened = {at: [fit for fit in Fit if is_open(fit, at)] for at in (0, 19.9, 20, 40, 60)}
    assert opened == {0: [1], 19.9: [1], 20: [1, 2], 40: [1, 2, 3], 60: [1, 2, 3, 4]}


def test_caller_in_danger_is_not_kept_waiting_for_training() -> None:
    assert [fit for fit in Fit if is_open(fit, 0, danger=True)] == [1, 2, 3]
    assert is_open(Fit.ANYBODY, 60, danger=True)


@pytest.mark.parametrize(
    ("session", "priority", "skill"),
    [
        (Session("r", topic=Topic.LEGAL, keys=2), Priority.DANGER, "danger"),
        (Session("r"), Priority.HIGH, "silent"),
        (Session("r", topic=Topic.LEGAL, keys=2), Priority.NORMAL, "legal"),
        (Session("r", topic=Topic.OTHER, keys=2), Priority.NORMAL, ""),
        (Session("r", keys=2), Priority.NORMAL, ""),
    ],
)
def test_skill_that_a_caller_needs(session: Session, priority: Priority, skill: str) -> None:
    assert skill_for(session, priority) == skill


def test_every_need_has_a_queue_of_its_own(script: Script) -> None:
    found = needs(script.queues)
    assert len(found) == 3 * 9 + 1
    assert {fit(person, found["anybody"]) for person in (AZ, RU_LEGAL, RU_HEALTH)} == {Fit.BEST}
    assert found["ru-legal"] == Need("ru", "legal")
    assert queue_name("ru", "") == "ru"
