"""What the board makes of the line: tones by thresholds, the day, and where a caller goes who is to come next."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.board.state import Board, Call, Stage
from ivr.board.view import Beside, Limits, Person, Today, Tone, View, front, view
from ivr.desk.presence import State

NOW = 1_795_293_500.0
LIMITS = Limits(wait_attention_s=20, wait_danger_s=60, service_s=20, service_percent=80)


def waiting(name: str, place: int = 0, waited_s: float = 5, priority: str = "normal") -> Call:
    return Call(name, stage=Stage.WAITING, place=place, waiting_since=NOW - waited_s, priority=priority)


def seen(*calls: Call, people: tuple[Person, ...] = (), today: Today | None = None) -> View:
    board = Board({call.id: call for call in calls}, away=False)
    return view(board, Beside(people, today or Today()), LIMITS, NOW)


@pytest.mark.parametrize(("waited_s", "tone"), [(0, Tone.CALM), (20, Tone.ATTENTION), (60, Tone.DANGER)])
def test_wait_is_marked_by_the_settings(waited_s: float, tone: Tone) -> None:
    found = seen(waiting("a", waited_s=waited_s))
    assert found.wait_tone(found.waiting_since) is tone


def test_longest_wait_is_his_who_came_first_whoever_is_served_first() -> None:
    found = seen(waiting("a", place=9, waited_s=1, priority="danger"), waiting("b", place=1, waited_s=50))
    assert [call.id for call in found.waiting] == ["a", "b"]
    assert found.waiting_since == NOW - 50
    assert found.longest_today_s == 50


def test_nobody_free_is_worse_while_somebody_waits() -> None:
    free, away = (Person("101", "A", ("az",), state) for state in (State.AVAILABLE, State.BREAK))
    tones = [seen(people=(free,)).free_tone, seen(people=(away,)).free_tone, seen(waiting("a")).free_tone]
    assert tones == [Tone.GOOD, Tone.ATTENTION, Tone.DANGER]


def test_service_level_is_of_those_who_wanted_a_person() -> None:
    assert seen().service_tone is Tone.CALM
    met, missed = Today(wanted=10, in_time=8), Today(wanted=10, in_time=7)
    assert (met.service_percent, seen(today=met).service_tone) == (80, Tone.GOOD)
    assert seen(today=missed).service_tone is Tone.ATTENTION


def test_who_is_to_come_next_does_and_never_before_one_in_danger() -> None:
    danger, first, last = waiting("d", 90_000, priority="danger"), waiting("a", 500), waiting("b", 100)
    board = Board({call.id: call for call in (danger, first, last)})
    assert 500 < front(board, last) < 90_000
    urgent = waiting("u", 80_000, priority="danger")
    assert front(Board({**board.calls, "u": urgent}), urgent) == 90_001


@given(st.lists(st.tuples(st.integers(0, 200), st.booleans()), min_size=1, max_size=6), st.data())
def test_place_at_the_front_is_as_good_as_may_be(found: list[tuple[int, bool]], data: st.DataObject) -> None:
    calls = [waiting(str(n), place, priority="danger" if bad else "normal") for n, (place, bad) in enumerate(found)]
    board = Board({call.id: call for call in calls})
    call = data.draw(st.sampled_from(calls))
    place = front(board, call)
    others = [each for each in calls if each.id != call.id]
    in_danger = [each.place for each in others if each.priority == "danger"]
    if call.priority == "danger" or not in_danger:
        assert all(place > each.place for each in others)
    else:
        assert place >= call.place
        assert place < min(in_danger) or place == call.place
