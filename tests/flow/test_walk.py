"""What callers did in the menus, from the steps of their calls."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ivr.flow.script import parse
from ivr.flow.walk import NO_KEY, Place, count, in_order
from ivr.settings import PROJECT_DIR

SCRIPT = parse((PROJECT_DIR / "ivr/flow/helpline.toml").read_text())
Step = dict[str, Any]
DECIDED, ENDED = {"step": "decided"}, {"step": "ended"}


def asked(menu: str, key: str | None, attempt: int = 1) -> Step:
    return {"step": "asked", "menu": menu, "attempt": attempt, "key": key}


def place(name: str, *calls: list[Step]) -> Place:
    return next(each for each in count(SCRIPT, calls) if each.name == name)


def pressed(found: Place) -> dict[str, int]:
    return {branch.key: branch.callers for branch in found.branches if branch.callers}


def test_the_menus_of_an_ordinary_call_come_first_each_before_those_it_leads_to() -> None:
    assert in_order(SCRIPT)[:3] == ("menu.language", "menu.topic", "menu.age")
    assert set(in_order(SCRIPT)) == set(SCRIPT.menus)


def test_the_last_key_of_a_visit_counts_once() -> None:
    call = [asked("language", None), asked("language", "2", 2), asked("topic", "8"), asked("topic", "3", 2), DECIDED]
    assert pressed(place("menu.language", call)) == {"2": 1}
    assert pressed(place("menu.topic", call)) == {"3": 1}
    assert place("menu.age", call).callers == 0


def test_who_presses_nothing_that_means_anything_gave_up() -> None:
    call = [asked("language", None), asked("language", None, 2), asked("topic", "8"), asked("topic", "8", 2), DECIDED]
    assert pressed(place("menu.topic", call)) == {NO_KEY: 1}


def test_danger_is_a_branch_of_every_menu() -> None:
    assert pressed(place("menu.language", [asked("language", "9"), DECIDED, ENDED])) == {"9": 1}


def test_who_hangs_up_left_in_the_menu_that_their_last_key_leads_to() -> None:
    at_once, in_topic, again = [ENDED], [asked("language", "3"), ENDED], [asked("language", None), ENDED]
    assert place("menu.language", at_once).left == 1
    assert (place("menu.topic", in_topic).left, place("menu.topic", in_topic).callers) == (1, 1)
    assert place("menu.language", again).left == 1


def test_who_waits_talks_or_was_promised_something_did_not_hang_up_in_a_menu() -> None:
    for over in (DECIDED, {"step": "queued"}, {"step": "promised"}, {"step": "chose", "told": "message"}):
        assert all(each.left == 0 for each in count(SCRIPT, [[asked("language", "1"), over, ENDED]]))


def test_a_call_that_still_goes_on_has_left_nothing() -> None:
    assert place("menu.topic", [asked("language", "1")]).left == 0


STEP = st.fixed_dictionaries(
    {"step": st.sampled_from(["asked", "chose", "decided", "ended", "queued"])},
    optional={
        "menu": st.sampled_from(["language", "topic", "age", "gone", "callback-type"]),
        "attempt": st.integers(1, 9),
        "key": st.none() | st.sampled_from(list("0123456789*#")),
        "typed": st.booleans(),
    },
)


@given(st.lists(st.lists(STEP, max_size=12), max_size=5))
def test_whatever_the_steps_say_nobody_leaves_twice(calls: list[list[Step]]) -> None:
    found = count(SCRIPT, calls)
    assert sum(each.left for each in found) <= len(calls)
    assert all(each.callers == each.left + sum(b.callers for b in each.branches) for each in found)
