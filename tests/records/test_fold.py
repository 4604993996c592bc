"""One call's events to one row: every way a call can go."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ivr.records.call import TRANSITIONS, Move, State, advance
from ivr.records.fold import MOST_STEPS
from ivr.records.ledger import Folding
from ivr.records.story import row
from ivr.telephony.events import call_id
from tests.records.switch_log import Calling, SwitchLog


def rows(log: SwitchLog) -> list[dict[str, Any]]:
    folding = Folding()
    folding.take(log.lines)
    assert folding.rubbish == 0
    return [row(story) for story in folding.changed.values()]


def only(log: SwitchLog) -> dict[str, Any]:
    (found,) = rows(log)
    return found


def steps(of: dict[str, Any]) -> list[str]:
    return [step["step"] for step in of["steps"]]


def test_a_call_in_the_menu_is_in_progress() -> None:
    log = SwitchLog()
    log.call().asked("language", "1")
    found = only(log)
    assert (found["state"], found["ended_at"], found["outcome"], found["wait_s"]) == ("menu", None, None, None)
    assert (found["priority"], found["silent"], found["language"], found["dialled"]) == (
        "normal",
        False,
        None,
        "116111",
    )


def test_hanging_up_in_the_menu_is_abandoned_in_menu() -> None:
    log = SwitchLog()
    call = log.call()
    call.asked("language", "2")
    call.chose(language="ru")
    call.hangs_up()
    found = only(log)
    assert (found["outcome"], found["language"], found["wait_s"], found["talk_s"]) == (
        "abandoned_in_menu", "ru", None, None,
    )  # fmt: skip
    assert steps(found) == ["asked", "chose", "ended"]


def test_hanging_up_in_the_queue_is_abandoned_in_queue_and_the_wait_counts() -> None:
    log = SwitchLog()
    call = log.call()
    call.decided()
    call.queued()
    call.rings("101")
    call.event("APP_START", appname="Dial")
    call.hangs_up()
    found = only(log)
    assert (found["outcome"], found["wait_s"], found["counsellor"]) == ("abandoned_in_queue", 4.0, None)
    assert steps(found) == ["decided", "queued", "rang", "ended"]
    assert found["steps"][2]["extension"] == "101"


@pytest.mark.parametrize("caller_first", [True, False])
def test_a_talk_begins_when_both_are_in_one_bridge_whoever_came_first(caller_first: bool) -> None:
    log = SwitchLog()
    call = log.call()
    call.decided()
    channel = call.rings("102")
    bridge = call.talks(channel, caller_first=caller_first)
    call.parts(bridge, channel)
    call.hangs_up()
    found = only(log)
    assert (found["outcome"], found["counsellor"], found["wait_s"], found["talk_s"]) == ("answered", "102", 3.0, 1.0)


def test_hanging_up_in_the_talk_ends_it_even_when_nobody_was_seen_to_leave() -> None:
    log = SwitchLog()
    call = log.call()
    call.decided()
    call.talks(call.rings("101"))
    call.hangs_up()
    found = only(log)
    assert (found["outcome"], found["talk_s"], steps(found)[-1]) == ("answered", 1.0, "ended")


def test_somebody_in_another_bridge_is_not_talking_to_the_caller() -> None:
    log = SwitchLog()
    call = log.call()
    call.decided()
    channel = call.rings("101")
    call.enters("one")
    call.enters("other", channel)
    call.hangs_up()
    assert only(log)["outcome"] == "abandoned_in_queue"


def test_two_counsellors_one_after_the_other_talk_in_sum_and_the_first_is_on_record() -> None:
    log = SwitchLog()
    call = log.call()
    call.decided()
    first = call.rings("101")
    bridge = call.talks(first)
    log.at += 10
    call.ends(first)  # the phone died: it leaves no bridge, it is gone
    call.leaves(bridge)
    call.queued()
    second = call.rings("103")
    bridge = call.talks(second)
    log.at += 20
    call.parts(bridge, second)
    call.hangs_up()
    found = only(log)
    assert (found["counsellor"], found["wait_s"], found["talk_s"]) == ("101", 3.0, 32.0)
    assert [step["extension"] for step in found["steps"] if step["step"] == "talking"] == ["101", "103"]


def test_a_caller_handed_on_within_the_bridge_goes_on_talking() -> None:
    log = SwitchLog()
    call = log.call()
    call.decided()
    first, second = call.rings("101"), call.rings("102")
    bridge = call.talks(first)
    call.enters(bridge, second)
    call.leaves(bridge, first)
    call.leaves(bridge, second)
    call.hangs_up()
    found = only(log)
    assert (found["counsellor"], found["talk_s"]) == ("101", 3.0)
    assert steps(found) == ["decided", "rang", "rang", "talking", "talking", "parted", "ended"]


def test_somebody_who_joins_the_talk_and_leaves_changes_nothing() -> None:
    log = SwitchLog()
    call = log.call()
    call.decided()
    first, second = call.rings("102"), call.rings("101")
    bridge = call.talks(first)
    call.enters(bridge, second)
    call.leaves(bridge, second)
    call.hangs_up()
    found = only(log)
    assert (found["counsellor"], found["talk_s"], steps(found).count("talking")) == ("102", 3.0, 1)


def test_a_mobile_over_the_trunk_is_forwarded_and_has_no_counsellor() -> None:
    log = SwitchLog()
    call = log.call()
    call.decided()
    channel = call.rings("trunk")
    call.parts(call.talks(channel), channel)
    call.hangs_up()
    found = only(log)
    assert (found["outcome"], found["counsellor"], found["wait_s"], found["talk_s"]) == ("forwarded", None, 3.0, 1.0)
    assert found["steps"][1] | {"at": ""} == {"at": "", "step": "rang", "over": "trunk"}


@pytest.mark.parametrize(
    ("fit", "why"), [("1", "best-fit"), ("4", "anybody"), ("5", "talked-before"), ("0", "everybody-rings"), ("x", None)]
)
def test_why_this_counsellor_is_on_record(fit: str, why: str | None) -> None:
    log = SwitchLog()
    call = log.call()
    call.decided()
    call.step("matched", call.rings("102"), fit=fit)
    (step,) = [step for step in only(log)["steps"] if step["step"] == "matched"]
    assert (step["extension"], step.get("why")) == ("102", why)


def test_local_channels_between_them_do_not_hide_the_talk() -> None:
    log = SwitchLog()
    call = log.call()
    call.decided()
    near, far = call.rings("Local/101@counsellor-00000001;1"), call.rings("Local/101@counsellor-00000001;2")
    phone = call.rings("101")
    call.enters("a", near)
    call.enters("a")
    call.enters("b", phone)
    call.enters("b", far)
    call.leaves("b", phone)
    call.hangs_up()
    found = only(log)
    assert (found["outcome"], found["counsellor"], found["talk_s"]) == ("answered", "101", 1.0)
    assert steps(found).count("rang") == 1


def test_danger_pressed_while_waiting_changes_the_priority() -> None:
    log = SwitchLog()
    call = log.call()
    call.decided(language="az")
    call.queued()
    call.chose(priority="danger")
    call.queued()
    found = only(log)
    assert (found["priority"], found["state"], found["language"]) == ("danger", "waiting", "az")


def test_a_silent_caller_is_marked_silent_and_a_missing_key_is_null() -> None:
    log = SwitchLog()
    call = log.call()
    call.asked("language")
    call.decided(language="az", priority="high", silent="yes", door=3, reason="gave_up")
    found = only(log)
    assert (found["silent"], found["priority"], found["door"], found["reason"]) == (True, "high", 3, "gave_up")
    assert found["steps"][0] | {"at": ""} == {"at": "", "step": "asked", "menu": "language", "attempt": 1, "key": None}
    assert (found["steps"][1]["silent"], found["steps"][1]["door"]) == (True, 3)


@pytest.mark.parametrize("until", ["menu", "waiting", "talking"])
@pytest.mark.parametrize("mark", ["SWITCH_START", "SWITCH_END"])
def test_a_call_open_when_the_switch_died_is_lost(until: str, mark: str) -> None:
    log = SwitchLog()
    call = log.call()
    if until != "menu":
        call.decided()
    if until == "talking":
        call.talks(call.rings("101"))
    log.write(mark)
    found = only(log)
    assert (found["state"], found["outcome"], found["ended_at"].timestamp()) == ("ended", "lost", log.at)
    assert found["talk_s"] == (1.0 if until == "talking" else None)


def test_a_call_that_ended_before_the_switch_died_keeps_its_outcome() -> None:
    log = SwitchLog()
    call = log.call()
    call.ends(call.id)
    log.write("SWITCH_START")
    assert only(log)["outcome"] == "abandoned_in_menu"


def test_a_call_whose_end_was_never_written_ends_with_its_last_line() -> None:
    log = SwitchLog()
    call = log.call()
    call.event("LINKEDID_END")
    assert only(log)["outcome"] == "abandoned_in_menu"


def test_a_talk_counts_even_when_the_decision_was_never_written() -> None:
    log = SwitchLog()
    call = log.call()
    call.talks(call.rings("101"))
    call.hangs_up()
    found = only(log)
    assert (found["outcome"], found["wait_s"], found["talk_s"]) == ("answered", None, 1.0)


def test_a_counsellors_own_call_to_the_echo_is_no_call() -> None:
    log = SwitchLog()
    log.call("600", context="counsellor", phone="101").hangs_up()
    assert rows(log) == []


def test_a_counsellors_phone_that_dials_the_line_is_a_caller() -> None:
    log = SwitchLog()
    log.call(context="counsellor", phone="101").hangs_up()
    assert only(log)["outcome"] == "abandoned_in_menu"


def test_a_second_channel_in_the_callers_context_begins_no_call() -> None:
    log = SwitchLog()
    call = log.call()
    call.asked("language", "1")
    other = log.new_id()
    call.names[other] = "PJSIP/101-00000009"
    call.event("CHAN_START", other)
    assert steps(only(log)) == ["asked", "rang"]


def test_what_comes_after_the_end_is_refused_counted_and_changes_nothing() -> None:
    log = SwitchLog()
    call = log.call()
    call.ends(call.id)
    before = only(log)
    call.asked("topic", "3")
    call.decided(topic="violence")
    call.talks(call.rings("101"))
    folding = Folding()
    folding.take(log.lines)
    assert [row(story) for story in folding.changed.values()] == [before]
    assert folding.refused == 3


def test_a_decision_while_waiting_settles_anew_and_the_wait_counts_from_the_first() -> None:
    log = SwitchLog()
    call = log.call()
    call.decided(topic="legal")
    call.decided(topic="legal", priority="danger")
    call.hangs_up()
    found = only(log)
    assert (found["topic"], found["priority"], found["wait_s"]) == ("legal", "danger", 2.0)


def test_a_decision_in_a_talk_is_refused() -> None:
    log = SwitchLog()
    call = log.call()
    call.decided(topic="legal")
    call.talks(call.rings("101"))
    call.decided(topic="health")
    assert only(log)["topic"] == "legal"


def test_only_words_that_look_as_they_should_get_into_a_row() -> None:
    log = SwitchLog()
    call = log.call()
    call.step("asked", menu="0506802280", attempt="0506802280", key="0506802280")
    call.chose(topic="0506802280", language="050", age_band="0506802280", caller="0506802280", name="0506802280")
    call.decided(queue="0506802280", reason="+994506802280", priority="0506802280", silent="0506802280", door="05")
    assert "0680" not in json.dumps(only(log), default=str)


def test_who_called_is_kept_as_a_hash_and_is_in_no_step() -> None:
    log = SwitchLog()
    call = log.call()
    call.chose(caller="ab" * 16)
    call.decided(caller="ab" * 16)
    found = only(log)
    assert found["caller"] == "ab" * 16
    assert "abab" not in json.dumps(found["steps"])
    assert steps(found) == ["decided"]


def test_a_night_in_the_queue_does_not_grow_without_end() -> None:
    log = SwitchLog()
    call = log.call()
    call.decided()
    for _ in range(MOST_STEPS + 50):
        call.queued()
    call.hangs_up()
    found = only(log)
    assert len(found["steps"]) == MOST_STEPS + 1
    assert steps(found)[-1] == "ended"


def test_a_clock_that_goes_back_gives_no_negative_times() -> None:
    log = SwitchLog()
    call = log.call()
    call.decided()
    log.at -= 3600
    channel = call.rings("101")
    bridge = call.talks(channel)
    log.at -= 3600
    call.parts(bridge, channel)
    call.hangs_up()
    found = only(log)
    assert (found["wait_s"], found["talk_s"]) == (0.0, 0.0)
    assert found["ended_at"] >= found["started_at"]


@pytest.mark.parametrize(
    ("linkedid", "id"),
    [
        ("hl-1795281282.7", "1795281282-000007"),
        ("1795281282.7", "1795281282-000007"),
        ("a-b-1795281282.12", "1795281282-000012"),
    ],
)
def test_the_id_is_the_same_whatever_the_switch_is_called(linkedid: str, id: str) -> None:  # noqa: A002
    assert call_id(linkedid) == id


def test_every_state_has_a_row_in_the_table_and_the_end_has_no_way_out() -> None:
    assert set(TRANSITIONS) == set(State)
    assert all(advance(State.ENDED, move) is None for move in Move)
    assert all(advance(state, Move.HUNG_UP) is State.ENDED for state in State if state is not State.ENDED)
    assert advance(State.MENU, Move.PARTED) is None


# ---- silent talk


def in_silent_talk(log: SwitchLog) -> tuple[Calling, str]:
    call = log.call()
    call.decided(language="az", silent="yes", priority="high")
    call.queued()
    channel = call.rings("101")
    call.talks(channel)
    return call, channel


def said(call: Calling, channel: str, **words: str) -> None:
    call.step("said", channel, **words)


def test_what_was_said_without_speaking_is_in_the_steps_in_order() -> None:
    log = SwitchLog()
    call, channel = in_silent_talk(log)
    said(call, channel, question="safe", answer="no", by="key")
    said(call, channel, question="near", answer="yes", by="sound")
    said(call, channel, question="", answer="listening", by="key")
    found = only(log)
    told = [{k: v for k, v in s.items() if k not in ("at", "step")} for s in found["steps"] if s["step"] == "said"]
    assert told == [
        {"question": "safe", "answer": "no", "by": "key"},
        {"question": "near", "answer": "yes", "by": "sound"},
        {"question": None, "answer": "listening", "by": "key"},
    ]
    assert (found["state"], found["silent"], found["priority"]) == ("talking", True, "high")


def test_danger_said_without_speaking_is_the_priority_of_the_call() -> None:
    log = SwitchLog()
    call, channel = in_silent_talk(log)
    said(call, channel, question="safe", answer="danger", by="key")
    assert only(log)["priority"] == "danger"


@pytest.mark.parametrize(
    "words",
    [
        {"question": "safe", "answer": "+994000000001", "by": "key"},
        {"question": "safe", "answer": "yes", "by": "letter"},
        {"question": "safe", "by": "key"},
        {},
    ],
)
def test_an_answer_that_nobody_can_give_is_refused(words: dict[str, str]) -> None:
    log = SwitchLog()
    call, channel = in_silent_talk(log)
    said(call, channel, **words)
    assert "said" not in steps(only(log))


def test_a_question_that_is_no_word_is_left_out() -> None:
    log = SwitchLog()
    call, channel = in_silent_talk(log)
    said(call, channel, question="+994000000001", answer="yes", by="key")
    assert only(log)["steps"][-1]["question"] is None


def test_silent_talk_makes_the_call_silent_whatever_was_pressed_in_the_menus() -> None:
    log = SwitchLog()
    call = log.call()
    call.decided(language="az")
    call.queued()
    call.talks(call.rings("101"))
    assert only(log)["silent"] is False
    call.chose(silent="yes")
    assert only(log)["silent"] is True


def test_a_key_in_mid_talk_does_not_queue_the_caller_again() -> None:
    """The switch tells the start of Queue() anew whenever it comes back from what a key did."""
    log = SwitchLog()
    call, _ = in_silent_talk(log)
    call.queued()
    found = only(log)
    assert steps(found).count("queued") == 1
    assert found["state"] == "talking"


def test_a_message_left_is_on_record_by_its_name_and_length_alone() -> None:
    log = SwitchLog()
    call = log.call()
    call.decided(language="ru", topic="legal")
    call.queued()
    call.step("recorded", message="1795281282-7", seconds="12.3400000000000001")
    call.hangs_up()
    found = only(log)
    assert found["outcome"] == "message_left"
    assert [step for step in found["steps"] if step["step"] == "recorded"] == [
        {"at": found["steps"][-2]["at"], "step": "recorded", "message": "1795281282-7", "seconds": 12.3}
    ]


def test_who_left_a_message_and_was_answered_after_all_was_answered() -> None:
    log = SwitchLog()
    call = log.call()
    call.decided()
    call.step("recorded", message="1795281282-7", seconds="5")
    call.talks(call.rings("101"))
    call.hangs_up()
    assert only(log)["outcome"] == "answered"


@pytest.mark.parametrize(
    "words",
    [
        {"message": "../x", "seconds": "5"},
        {"message": "1795281282-7"},
        {"message": "1795281282-7", "seconds": "1e9"},
        {"message": "+994000000001", "seconds": "5"},
        {"seconds": "5"},
    ],
)
def test_a_message_that_cannot_be_is_counted_and_nothing_else(words: dict[str, str]) -> None:
    log = SwitchLog()
    call = log.call()
    call.decided()
    call.step("recorded", **words)
    call.hangs_up()
    folding = Folding()
    folding.take(log.lines)
    (story,) = folding.changed.values()
    assert (story.refused, story.messages, row(story)["outcome"]) == (1, (), "abandoned_in_queue")


def handed(log: SwitchLog, to: str) -> Calling:
    """101 talks with a caller, and hands them over."""
    call = log.call()
    call.decided(topic="social")
    first = call.rings("101")
    bridge = call.talks(first)
    call.step("handed", to=to)
    call.parts(bridge, first)
    return call


def test_a_caller_who_was_handed_over_is_the_call_of_whoever_took_it() -> None:
    log = SwitchLog()
    call = handed(log, "102")
    call.talks(call.rings("102"))
    call.hangs_up()
    found = only(log)
    assert (found["counsellor"], found["outcome"]) == ("102", "answered")
    assert [step.get("to") for step in found["steps"] if step["step"] == "handed"] == ["102"]


def test_one_who_was_handed_over_and_taken_by_nobody_or_somebody_outside_stays_the_firsts() -> None:
    log = SwitchLog()
    call = handed(log, "outside")
    call.step("handed", to="0501234567890")  # not a number, whatever an event may carry
    call.talks(call.rings("trunk"))
    call.hangs_up()
    found = only(log)
    assert found["counsellor"] == "101"
    assert [step["to"] for step in found["steps"] if step["step"] == "handed"] == ["outside"]
