"""The simulation of the routing: Erlang's figures as in the textbooks, every call once, the same year again."""

from __future__ import annotations

import math
from random import Random

import pytest

from ivr.flow.steps import UNKNOWN, Language, Priority, Session
from ivr.routing.skills import Person
from tests.bench import answering
from tests.bench.answering import Ours, RoundRobin, Simulation, Way
from tests.bench.erlang import Hour, counsellors_needed, percentile_s
from tests.bench.routing import simulate
from tests.bench.year import Call, Duty, calls, duties, expected, staffed

WAYS = pytest.mark.parametrize("way", [Ours, RoundRobin])
PATIENT_S = 1e6
ANYBODY = Person("1", ("az", "ru", "en"))


def hour(load: float, counsellors: int, handling_s: float = 3600) -> Hour:
    return Hour(load * 3600 / handling_s, counsellors, handling_s)


@pytest.mark.parametrize(
    ("load", "counsellors", "wait"), [(0.5, 1, 0.5), (1, 2, 1 / 3), (2, 3, 4 / 9), (8, 10, 0.4092), (100, 110, 0.2370)]
)
def test_share_who_wait_is_the_textbooks(load: float, counsellors: int, wait: float) -> None:
    assert hour(load, counsellors).share_who_wait == pytest.approx(wait, abs=1e-4)


def test_one_counsellor_keeps_callers_as_long_as_the_formula_for_one_says() -> None:
    busy = hour(0.8, 1, handling_s=180)
    assert busy.share_within(60) == pytest.approx(1 - 0.8 * math.exp(-0.2 * 60 / 180))
    assert percentile_s([busy], 0.95) == pytest.approx(900 * math.log(16), abs=0.1)


def test_too_few_are_never_enough_and_one_more_than_the_load_is_the_least() -> None:
    assert percentile_s([hour(3, 3)], 0.5) == math.inf
    assert counsellors_needed(60, 180, 0.0, 20) == 1
    assert 4 <= counsellors_needed(60, 180, 0.8, 20) <= 5


def test_hours_are_mixed_by_their_calls() -> None:
    quiet, busy = hour(0.01, 5, 180), hour(4.5, 5, 180)
    assert percentile_s([quiet], 0.9) < percentile_s([quiet, busy], 0.9) <= percentile_s([busy], 0.9)


def test_the_clock_agrees_with_erlang_where_his_assumptions_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "PICKS_UP_S", 0.0)
    monkeypatch.setattr(answering, "WRAP_UP_S", 0.0)
    draw, at, came = Random(1), 0.0, []  # noqa: S311  no secret
    for _ in range(40_000):
        at += draw.expovariate(2.5 / 300)
        came.append(Call(at, Session("", language=Language.AZ, keys=3), UNKNOWN, PATIENT_S, draw.expovariate(1 / 300)))
    there = [Duty(Person(f"{n}", ("az",)), 0, at + PATIENT_S) for n in range(5)]
    waits = [each.waited_s for each in Simulation(RoundRobin(), there).run(iter(came))]
    theory = hour(2.5, 5, 300)
    assert sum(wait > 0 for wait in waits) / len(waits) == pytest.approx(theory.share_who_wait, abs=0.01)
    assert sum(wait <= 300 for wait in waits) / len(waits) == pytest.approx(theory.share_within(300), abs=0.01)


@WAYS
@pytest.mark.parametrize("on", [(1, 1, 1), (2, 4, 4)])
def test_every_call_ends_exactly_once(way: type[Way], on: tuple[int, ...]) -> None:
    came = list(calls(300, 3, seed=5))
    ended = Simulation(way(), duties(on, 3)).run(iter(came))
    assert sorted(id(each.call) for each in ended) == sorted(id(call) for call in came)
    assert {each.answered for each in ended} == {True, False}
    assert all(0 < each.waited_s <= each.call.patience_s for each in ended)


@WAYS
def test_the_same_seed_is_the_same_year(way: type[Way]) -> None:
    first, again, other = (simulate(way(), 150, (1, 2, 2), 4, seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_as_many_call_as_are_expected_most_in_the_afternoon() -> None:
    came = [call.at for call in calls(150, 70, seed=3)]
    assert len(came) == pytest.approx(150 * 70, rel=0.03)
    assert sum(expected(150, hour) for hour in range(168)) == pytest.approx(150 * 7)
    assert expected(150, 16) > 5 * expected(150, 4)
    assert staffed(150)[0] < staffed(150)[1]


def ended_in(way: Way, *callers: Call) -> dict[Priority, float]:
    ended = Simulation(way, [Duty(ANYBODY, 0, 9000)]).run(iter(callers))
    return {each.standing.priority: each.waited_s for each in ended}


def call(at: float, priority: Priority | None = None, patience_s: float = PATIENT_S, talk_s: float = 50) -> Call:
    return Call(at, Session("", language=Language.AZ, priority=priority, keys=2), UNKNOWN, patience_s, talk_s)


def test_danger_overtakes_and_comes_before_a_wrap_up_in_the_lines_own_way_alone() -> None:
    story = (call(0), call(10), call(20, Priority.DANGER))
    ours, plain = ended_in(Ours(), *story), ended_in(RoundRobin(), *story)
    assert ours[Priority.DANGER] == 56 + 6 - 20
    assert plain[Priority.DANGER] == 2 * (56 + 120) + 6 - 20


def test_wrap_up_is_cut_short_for_who_has_waited_a_minute() -> None:
    assert ended_in(Ours(), call(0), call(1))[Priority.NORMAL] == 66
    assert ended_in(RoundRobin(), call(0), call(1))[Priority.NORMAL] == 56 + 120 + 6 - 1


def test_wrap_up_that_was_cut_short_does_not_end_in_the_next_talk() -> None:
    story = (call(0), call(60, Priority.DANGER, talk_s=300), call(180, Priority.HIGH))
    assert ended_in(Ours(), *story)[Priority.HIGH] == 66 + 300 + 6 - 180


def test_who_hangs_up_while_it_rings_gives_the_counsellor_free() -> None:
    waits = Simulation(Ours(), [Duty(ANYBODY, 0, 9000)]).run(iter((call(0, patience_s=2), call(1))))
    assert [(each.answered, each.waited_s) for each in waits] == [(False, 2), (True, 1 + 6)]


def test_whose_shift_ends_finishes_the_call_and_takes_no_other() -> None:
    there = [Duty(ANYBODY, 0, 30), Duty(Person("2", ("az",)), 500, 9000)]
    waits = Simulation(Ours(), there).run(iter((call(0), call(40))))
    assert [each.waited_s for each in waits] == [6, 460 + 6]
