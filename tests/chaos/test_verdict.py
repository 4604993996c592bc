"""The verdict turns red for each thing that must not be."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from ivr.telephony.rtp import ALAW, Packet, encode, tone
from ivr.telephony.sipp_message import CallLog
from tests.chaos.crowd import Caller
from tests.chaos.rounds import _heard
from tests.chaos.silence import Hearing
from tests.chaos.verdict import Bound, Figures, Heard, Row, Span, Talked, complaints, figures, missed, strangers

SPAN = Span(began=100, struck=110, over=112, ended=120, board_s=0.5, right_s=1.0)
SEEN = {"a": 105.0, "b": 111.0, "c": 119.0, "of another fault": 130.0}
ROWS = [{"id": name, "ended_at": "then", "dialled": "116111"} for name in SEEN]
CALLER = Heard(answered_at=105.1, ended_at=118, stays=True, left=False, talked=True, silence_s=0.8)
CALLERS = [CALLER, replace(CALLER, answered_at=111.1), replace(CALLER, answered_at=119.1, ended_at=125)]
TALKS = [Talked(106, cut=False)]
FINE = figures(SPAN, SEEN, ROWS, CALLERS, TALKS)


def said(found: Figures, bound: Bound | None = None) -> str:
    return "; ".join(complaints(found, bound or Bound()))


def test_all_well_is_borne() -> None:
    assert said(FINE) == ""
    assert (FINE.calls, FINE.talks, FINE.silence_s, FINE.lasted_s) == (3, 1, 0.8, 2)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"lost": 1}, "1 calls are not on record"),
        ({"doubled": 1}, "on record twice"),
        ({"unclosed": 1}, "as going on"),
        ({"calls": 0}, "nobody rang"),
        ({"board_s": None}, "board"),
        ({"board_s": 5.1}, "board"),
        ({"right_s": None}, "never was right"),
        ({"cut": 1}, "cut"),
        ({"talks": 0}, "nobody talked"),
        ({"stranded": 2}, "2 callers reached nobody"),
        ({"silence_s": 5.1}, "heard nothing for 5.1 s"),
    ],
)
def test_each_thing_that_must_not_be_is_said(change: dict[str, float | None], words: str) -> None:
    assert words in said(replace(FINE, **change))  # type: ignore[arg-type]


def test_a_killed_switch_may_end_its_calls_and_nothing_else() -> None:
    bound = Bound(spares=False)
    assert said(replace(FINE, cut=3, stranded=3, silence_s=20), bound) == ""
    assert said(replace(FINE, lost=1), bound)


def test_a_call_that_has_no_row_is_lost_and_one_with_two_is_doubled() -> None:
    assert figures(SPAN, SEEN, ROWS[1:], CALLERS, TALKS).lost == 1
    assert figures(SPAN, SEEN, [*ROWS, ROWS[0]], CALLERS, TALKS).doubled == 1
    still: list[Row] = [{**ROWS[0], "ended_at": None}, *ROWS[1:]]
    assert figures(SPAN, SEEN, still, CALLERS, TALKS).unclosed == 1


def test_a_call_that_a_caller_heard_answered_and_the_switch_wrote_nowhere_is_lost() -> None:
    assert missed([105.1, 111.1], [105.0, 111.0, 119.0]) == 0
    assert missed([105.1, 111.1, 119.1], [105.0, 119.0]) == 1
    unseen = figures(SPAN, {"a": 105.0, "c": 119.0}, ROWS, CALLERS, TALKS)
    assert (unseen.calls, unseen.lost) == (3, 1)


def test_whose_call_ended_before_it_or_after_it_is_none_of_its_callers() -> None:
    before = replace(CALLER, ended_at=99.0, talked=False)
    after = replace(CALLER, ended_at=121.0, talked=False)
    left = replace(CALLER, talked=False, stays=False)
    assert figures(SPAN, SEEN, ROWS, [*CALLERS, before, after, left], TALKS).stranded == 0
    assert figures(SPAN, SEEN, ROWS, [*CALLERS, replace(CALLER, talked=False)], TALKS).stranded == 1


def test_a_row_that_no_call_stands_for_is_a_stranger() -> None:
    assert strangers(SEEN, ROWS) == 0
    assert strangers(SEEN, [*ROWS, {"id": "z", "dialled": "116111"}]) == 1


def test_silence_is_what_lies_between_two_loud_packets() -> None:
    hearing = Hearing(since=100.0)
    loud = Packet(ALAW, 1, 0, 1, encode(ALAW, tone(400)[:160]))
    quiet = Packet(ALAW, 1, 0, 1, encode(ALAW, tone(400, level=0.001)[:160]))
    for at, packet in ((100.1, loud), (101.0, quiet), (103.1, loud), (103.2, loud)):
        hearing.hear(packet, at)
    assert [round(s, 3) for s, _ in hearing.within(100, 110, 103.3)] == [3.0, 0.1]
    assert [round(s, 3) for s, _ in hearing.within(103.15, 110, 109.2)] == [6.0]
    assert hearing.within(109, 120, 109.2) == []


def test_a_silence_that_began_a_moment_before_a_fault_is_that_faults() -> None:
    hearing = Hearing(since=109.9)
    assert hearing.within(100, 110, 122.0) == []
    assert [round(s, 3) for s, _ in hearing.within(110, 120, 122.0)] == [12.1]


@pytest.mark.parametrize(("deaths", "over"), [([], 130.0), ([90.0, 112.0, 128.0], 112.0), ([131.0], 130.0)])
def test_whose_switch_died_was_cut_off_then_however_late_they_notice(deaths: list[float], over: float) -> None:
    log = CallLog(answered_at=105.0, ended_at=130.0)
    caller = Caller(SimpleNamespace(log=log), stays=True)  # type: ignore[arg-type]
    assert _heard(caller, SPAN, deaths).ended_at == over
