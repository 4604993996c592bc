"""The board as the switch's events make it: captured calls, any order of events, and everything asked anew."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.board.fold import HEARD, fold
from ivr.board.resync import rebuild
from ivr.board.state import Board, Stage
from ivr.telephony.ami import Message, parse
from ivr.telephony.statuses import PhoneState
from tests.fake_ami import captured

SAID = "language=az&topic=psychological&age_band=15-18&priority=normal&queue=az-psychological&reason=order-of-arrival"


def messages(text: str) -> list[Message]:
    found = (parse(block.replace("\n", "\r\n").encode()) for block in text.split("\n\n"))
    return [message for message in found if message]


def told(board: Board, events: Iterable[Message]) -> Board:
    for event in events:
        board = fold(board, event.name, event.fields)
    return board


def event(name: str, number: int = 7, **fields: str) -> Message:
    return Message(name, {"Linkedid": f"hl-1795293485.{number}", "Timestamp": "1795293490.5", **fields})


def said(state: str, number: int = 7, **fields: str) -> Message:
    return event("UserEvent", number, UserEvent="Call", State=state, Channel="PJSIP/trunk-00000001", **fields)


def stages(events: Iterable[Message]) -> list[str]:
    board, seen = Board(), ["none"]
    for each in events:
        board = fold(board, each.name, each.fields)
        now = next(iter(board.calls.values())).stage.value if board.calls else "none"
        seen += [now] if now != seen[-1] else []
    return seen


def test_real_call_is_followed_from_the_menu_to_its_end() -> None:
    story = messages(captured("board-call"))
    assert stages(story) == ["none", "asking", "waiting", "ringing", "waiting", "talking", "asking", "none"]
    upto = next(n for n, each in enumerate(story) if each.name == "AgentConnect")
    board = told(Board(), story[: upto + 1])
    (call,) = board.calls.values()
    assert (call.language, call.topic, call.age_band, call.priority) == ("az", "psychological", "15-18", "normal")
    assert (call.queue, call.counsellor, call.ringing, call.silent) == ("az-psychological", "101", (), False)
    assert call.talking_since and call.waiting_since and call.talking_since > call.waiting_since
    assert board.talking() == [call] and board.waiting() == []
    assert board.phones["101"].state is not PhoneState.AWAY


def test_call_has_the_id_of_its_row() -> None:
    assert list(told(Board(), [said("asking", 12)]).calls) == ["1795293485-000012"]


def test_who_says_danger_while_waiting_is_first() -> None:
    first = said("waiting", 1, Place="2000", Said=SAID)
    board = told(Board(), [first, said("waiting", 2, Place="1000", Said=SAID)])
    assert [call.place for call in board.waiting()] == [2000, 1000]
    board = told(board, [said("waiting", 2, Place="87400", Said=SAID + "&priority=danger&silent=yes")])
    call = board.waiting()[0]
    assert (call.place, call.priority, call.silent, call.topic) == (87400, "danger", True, "psychological")


def test_wait_goes_on_through_the_rings_and_begins_anew_after_a_talk() -> None:
    wait = said("waiting", Since="1795293486", Said=SAID)
    rings = event("AgentCalled", Interface="PJSIP/102")
    board = told(Board(), [wait, event("QueueCallerJoin", Queue="az"), rings])
    (call,) = board.calls.values()
    assert (call.stage, call.ringing, call.waiting_since) == (Stage.RINGING, ("102",), 1795293486)
    board = told(board, [event("AgentRingNoAnswer", Interface="PJSIP/102"), event("QueueCallerLeave")])
    (call,) = board.calls.values()
    assert (call.stage, call.ringing, call.waiting_since) == (Stage.WAITING, (), 1795293486)
    again = said("waiting", Since="1795293999", Said=SAID)
    board = told(board, [event("AgentConnect", Interface="PJSIP/102"), event("AgentComplete"), again])
    assert [call.waiting_since for call in board.waiting()] == [1795293999]


def test_mobile_that_picks_up_is_a_talk_with_nobody_by_name() -> None:
    picked_up = event("UserEvent", UserEvent="Call", State="talking", Channel="Local/1@mobile-00000003;1")
    (call,) = told(Board(), [said("waiting"), picked_up]).talking()
    assert call.counsellor == ""


def test_counsellors_word_is_noted_with_its_time() -> None:
    board = told(Board(), [event("UserEvent", UserEvent="Presence", Extension="101")])
    assert board.spoke == {"101": 1795293490.5}


def test_event_that_changes_nothing_gives_the_same_board() -> None:
    board = told(Board(), [event("QueueMemberStatus", Interface="PJSIP/101", Status="1")])
    for each in (event("QueueMemberStatus", Interface="PJSIP/101", Status="1"), event("AgentConnect"), event("Else")):
        assert fold(board, each.name, each.fields) is board


@pytest.mark.parametrize("number", ["+994000004321", "0000004321"])
def test_number_finds_no_way_onto_a_board(number: str) -> None:
    lies = [
        said("waiting", Said=f"language={number}&topic={number}&age_band={number}&priority={number}"),
        event("QueueCallerJoin", Queue=number, Language=number, CallerIDNum=number),
        event("AgentCalled", Interface=number, MemberName=number),
    ]
    assert number[-8:] not in repr(told(Board(), lies).calls)


LINKEDIDS = ("hl-1795293485.1", "hl-1795293485.2", "1795293485.3", "hl-", "")
STATES = ("asking", "waiting", "talking", "over", "", "x")
FIELDS: dict[str, st.SearchStrategy[str]] = {
    "UserEvent": st.sampled_from(["Call", "Presence", ""]),
    "State": st.sampled_from(STATES),
    "Linkedid": st.sampled_from(LINKEDIDS),
    "Interface": st.sampled_from(["PJSIP/101", "PJSIP/102", "Local/1@mobile", ""]),
    "Channel": st.sampled_from(["PJSIP/101-0000000a", "PJSIP/trunk-00000001", ""]),
    "Queue": st.text(max_size=8),
    "Status": st.sampled_from(["1", "2", "5", "6", "ſ"]),
    "Timestamp": st.sampled_from(["1795293490.5", "x", "", "٣"]),
    "Extension": st.sampled_from(["101", "*", ""]),
    "Place": st.text(max_size=5),
    "Said": st.sampled_from([SAID, "&" * 99, "a", "%", ""]) | st.text(max_size=20),
    "LastCall": st.text(max_size=5),
}
EVENTS = st.builds(Message, st.sampled_from(sorted(HEARD)), st.fixed_dictionaries({}, optional=FIELDS))


@given(st.lists(EVENTS, max_size=60))
def test_any_events_in_any_order_leave_a_board_that_empties(events: list[Message]) -> None:
    board = told(Board(), events)
    for call in board.calls.values():
        assert bool(call.ringing) == (call.stage is Stage.RINGING)
        assert (call.talking_since is not None) == (call.stage is Stage.TALKING)
        assert call.waiting_since is not None or not call.waits
    assert {*board.waiting(), *board.talking(), *board.asking()} == set(board.calls.values())
    over = {"UserEvent": "Call", "State": "over"}
    assert told(board, [Message("UserEvent", over | {"Linkedid": each}) for each in LINKEDIDS]).calls == {}


@given(st.permutations(messages(captured("board-call"))))
def test_real_events_in_any_order_leave_an_empty_board_when_all_is_asked_anew(shuffled: list[Message]) -> None:
    board = told(Board(), shuffled)
    assert rebuild(board, [], [], 0.0).calls == {}


def asked(status: str, queues: str = "board-queues") -> Board:
    answer, listed = ([m.fields for m in messages(captured(name))] for name in (status, queues))
    return rebuild(Board(), answer, listed, 1795293490.0)


def test_all_asked_anew_says_what_the_events_said() -> None:
    (ringing,) = asked("board-status-ringing").calls.values()
    (talking,) = asked("board-status-talking").calls.values()
    story = messages(captured("board-call"))
    board, by_event = Board(), dict[Stage, Any]()
    for each in story:
        board = fold(board, each.name, each.fields)
        by_event |= {call.stage: call for call in board.calls.values()}
    for found in (ringing, talking):
        known = by_event[found.stage]
        same = ("id", "channel", "language", "topic", "age_band", "priority", "place", "waiting_since", "ringing")
        assert [getattr(found, name) for name in same] == [getattr(known, name) for name in same]
        assert found.counsellor == known.counsellor
    assert talking.talking_since and int(talking.talking_since) == int(by_event[Stage.TALKING].talking_since)


def test_phone_keeps_the_time_since_when_all_is_asked_anew() -> None:
    queues = [m.fields for m in messages(captured("board-queues"))]
    before = told(Board(), [event("QueueMemberStatus", Interface="PJSIP/101", Status="6")])
    board = rebuild(before, [], queues, 0.0)
    assert (board.phones["101"].state, board.phones["101"].since) == (PhoneState.RINGING, 1795293490.5)
    assert board.phones["102"].since == 0


def test_a_trial_of_the_line_is_nobodys_call_when_all_is_asked_anew() -> None:
    channel = {
        "Uniqueid": "hl-1795281282.7",
        "Linkedid": "hl-1795281282.7",
        "Channel": "PJSIP/trial-00000001",
        "Variable": "HL_DOOR=1\nHL_LANGUAGE=az",
    }
    assert len(rebuild(Board(), [channel], [], 0.0).calls) == 1
    assert rebuild(Board(), [channel | {"Variable": "HL_DOOR=1\nHL_TRIAL=yes"}], [], 0.0).calls == {}
