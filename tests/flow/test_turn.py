"""The engine, against the shipped flow: what each way out of a menu leads to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.flow.menu import End
from ivr.flow.script import Script
from ivr.flow.soundness import WHILE_WAITING
from ivr.flow.steps import (
    HUNG_UP,
    MISTYPED,
    NOTHING,
    TYPED,
    UNKNOWN,
    Begun,
    Caller,
    Fact,
    Heard,
    HeardStatus,
    Language,
    Number,
    Safe,
    Session,
    Topic,
    Turn,
    Who,
    digit_prompts,
    pressed,
    unpack,
)
from ivr.flow.turn import MOST_TURNS, ask_again, begin, give_up, greeted_as, resume, resume_at

KEYS = st.sampled_from([NOTHING, *map(pressed, "0123456789*#")])
KEYS_AND_NUMBERS = st.sampled_from([NOTHING, TYPED, MISTYPED, *map(pressed, "0123456789*#")])
CALLERS = st.builds(
    Caller,
    calls_lately=st.integers(0, 20),
    silent_before=st.booleans(),
    blocked=st.booleans(),
    promised=st.booleans(),
    line_open=st.booleans(),
)
FACTS = st.sets(st.sampled_from(Fact)).map(tuple)
WAITS = Session("route.counsellor", language=Language.RU, topic=Topic.LEGAL, keys=3, turns=4)


def play(script: Script, *heard: Heard | str) -> Turn:
    return go_on(script, begin(script), *heard)


def go_on(script: Script, turn: Turn, *heard: Heard | str) -> Turn:
    for each in heard:
        turn = resume(script, turn.session, pressed(each) if isinstance(each, str) else each)
    return turn


def test_first_words_greet_and_offer_three_languages(script: Script) -> None:
    ask = begin(script).ask
    assert ask is not None
    assert ask.prompts == ("az/welcome", "az/choose-language", "ru/choose-language", "en/choose-language")


@pytest.mark.parametrize(("key", "language"), [("1", "az"), ("2", "ru"), ("3", "en")])
def test_language_key_is_spoken_from_then_on(script: Script, key: str, language: str) -> None:
    turn = play(script, key)
    assert turn.ask is not None
    assert turn.ask.prompts == (f"{language}/topic",)
    assert turn.chose == (("language", language),)


@pytest.mark.parametrize("key", "12456")
def test_topics_are_followed_by_the_age_question(script: Script, key: str) -> None:
    assert play(script, "1", key).session.node == "menu.age"


@pytest.mark.parametrize("key", "30")
def test_violence_and_zero_skip_the_age_question(script: Script, key: str) -> None:
    assert play(script, "1", key).route == "route.counsellor"


@pytest.mark.parametrize(
    "before",
    [
        (),
        ("2",),
        ("2", "1"),
        (NOTHING,),
        ("7",),
        (
            "2",
            "7",
        ),
    ],
)
def test_nine_is_danger_in_every_state(script: Script, before: tuple[Heard | str, ...]) -> None:
    turn = play(script, *before, "9")
    assert (turn.route, turn.session.priority) == ("route.danger", "danger")


def test_silence_is_asked_twice_in_each_menu_and_leads_to_a_person_marked_silent(script: Script) -> None:
    turn = play(script, NOTHING, NOTHING, NOTHING, NOTHING)
    assert turn.route == "route.silent"
    assert turn.session.silent
    assert turn.session.language is Language.AZ


def test_second_attempt_after_silence_is_kinder_than_after_a_wrong_key(script: Script) -> None:
    silence, wrong = play(script, "1", NOTHING).ask, play(script, "1", "7").ask
    assert silence is not None
    assert wrong is not None
    assert (silence.prompts, wrong.prompts) == (("az/topic-silence",), ("az/topic-wrong",))


def test_two_wrong_keys_go_on_with_the_default_and_are_not_silence(script: Script) -> None:
    turn = play(script, "2", "7", "8")
    assert turn.route == "route.counsellor"
    assert not turn.session.silent


def test_no_language_key_is_azerbaijani_and_on(script: Script) -> None:
    turn = play(script, "7", "*")
    assert (turn.session.node, turn.session.language, turn.chose) == ("menu.topic", "az", (("language", "az"),))


def test_session_of_an_older_flow_begins_anew(script: Script) -> None:
    assert resume(script, Session(node="menu.gone"), pressed("1")) == begin(script)
    assert ask_again(script, Session(node="menu.gone")) == begin(script)


def test_another_door_asks_the_same_again(script: Script) -> None:
    turn = play(script, "2", "7")
    assert ask_again(script, turn.session).ask == turn.ask


@given(st.lists(KEYS, min_size=6, max_size=12))
def test_every_caller_reaches_a_person_within_six_attempts(script: Script, heard: list[Heard]) -> None:
    turn = begin(script)
    for each in heard:
        if turn.ask is None:
            break
        turn = resume(script, turn.session, each)
    assert turn.route in script.routes


@given(st.lists(KEYS, max_size=6))
def test_session_travels_as_text_and_comes_back_the_same(script: Script, heard: list[Heard]) -> None:
    session = play(script, *heard).session if not _ends_early(script, heard) else Session(node="route.silent")
    packed = session.pack()
    assert unpack(packed) == session
    assert packed.replace("-", "").replace("_", "").isalnum()


def _ends_early(script: Script, heard: list[Heard]) -> bool:
    return any(play(script, *heard[:n]).ask is None for n in range(len(heard)))


@given(st.text(max_size=200) | st.binary(max_size=100).map(lambda b: b.decode("latin-1")))
def test_rubbish_is_no_session(text: str) -> None:
    assert unpack(text) is None


def test_hanging_up_is_an_ending_of_its_own() -> None:
    assert HUNG_UP.status is HeardStatus.HUNG_UP


# ---- who is known


@pytest.mark.parametrize(
    ("caller", "begun"),
    [
        (UNKNOWN, "usual"),
        (Caller(unanswered=True, same="101"), "usual"),
        (Caller(calls_lately=2), "usual"),
        (Caller(calls_lately=3), "often"),
        (Caller(silent_before=True), "back"),
        (Caller(calls_lately=5, silent_before=True), "often"),
        (Caller(calls_lately=5, promised=True), "promised"),
        (Caller(promised=True, line_open=False), "closed"),
        (Caller(blocked=True, line_open=False, promised=True, calls_lately=9), "blocked"),
    ],
)
def test_who_is_known_is_greeted_by_what_counts_most(caller: Caller, begun: str) -> None:
    assert greeted_as(caller) == begun


@pytest.mark.parametrize(
    ("caller", "words"), [(Caller(calls_lately=3), "welcome-often"), (Caller(silent_before=True), "welcome-back")]
)
def test_a_known_caller_hears_other_first_words_and_the_same_menu(script: Script, caller: Caller, words: str) -> None:
    turn, usual = begin(script, caller), begin(script)
    assert turn.ask is not None
    assert usual.ask is not None
    assert turn.ask.prompts == (f"az/{words}", *usual.ask.prompts[1:])
    again = go_on(script, turn, NOTHING).ask
    assert again == play(script, NOTHING).ask
    assert go_on(script, turn, "2").session.node == "menu.topic"


def test_how_a_call_began_is_on_record_unless_it_is_as_usual(script: Script) -> None:
    assert begin(script, Caller(calls_lately=3)).chose == (("begun", "often"),)
    assert begin(script).chose == ()


@pytest.mark.parametrize("caller", [Caller(blocked=True), Caller(line_open=False)])
def test_a_blocked_caller_and_one_at_a_closed_line_reach_a_person_with_nine(script: Script, caller: Caller) -> None:
    for before in ((), ("2",), ("2", NOTHING), ("2", "7")):
        turn = go_on(script, begin(script, caller), *before, "9")
        assert (turn.route, turn.session.priority) == ("route.danger", "danger")


def test_a_blocked_caller_who_does_nothing_is_said_goodbye_and_may_leave_a_message(script: Script) -> None:
    blocked = begin(script, Caller(blocked=True))
    assert go_on(script, blocked, "2", NOTHING, NOTHING).route == "route.goodbye"
    assert go_on(script, blocked, "2", "2").route == "route.message"
    assert go_on(script, blocked, "2", "0").ask is not None


def test_a_closed_line_offers_a_call_back_and_a_message(script: Script) -> None:
    closed = begin(script, Caller(line_open=False))
    assert go_on(script, closed, "1", "1").session.node == "menu.callback-number"
    assert go_on(script, closed, "1", "2").route == "route.message"
    assert go_on(script, closed, NOTHING, NOTHING, NOTHING, NOTHING).route == "route.message"


def test_a_promise_can_be_withdrawn_and_the_caller_still_reaches_a_person(script: Script) -> None:
    promised = begin(script, Caller(promised=True))
    assert go_on(script, promised, "1", "1").route == "route.counsellor"
    withdrawn = go_on(script, promised, "1", "2")
    assert withdrawn.chose == (("promise", "withdrawn"),)
    assert go_on(script, withdrawn, NOTHING).session.node == "menu.topic"
    assert go_on(script, promised, "1", NOTHING).session.node == "menu.topic"


# ---- the interrupted wait


def test_whoever_does_nothing_waits_on(script: Script) -> None:
    for heard in (NOTHING, "7", "#"):
        turn = go_on(script, resume_at(script, Begun.UNANSWERED, WAITS), heard)
        assert turn.route == "route.wait"
        assert script.routes["route.wait"].end is End.WAIT


def test_what_was_said_in_the_menus_is_still_known(script: Script) -> None:
    turn = resume_at(script, Begun.NOBODY, WAITS)
    assert turn.ask is not None
    assert turn.ask.prompts == ("ru/unanswered",)
    assert (turn.session.topic, turn.session.keys, turn.session.turns) == ("legal", 3, 0)


def test_who_asked_for_a_call_back_is_not_asked_what_they_want(script: Script) -> None:
    assert resume_at(script, Begun.ASKED, WAITS).session.node == "menu.callback-number"


def test_a_call_back_to_the_number_that_is_seen(script: Script) -> None:
    turn = go_on(script, resume_at(script, Begun.UNANSWERED, WAITS), "1", "1", "2", "1")
    session = turn.session
    assert turn.route == "route.callback"
    assert (session.number, session.safe, session.who) == (Number.SEEN, Safe.AFTERNOON, Who.CALLER)


def test_a_withheld_number_is_keyed_in_at_once_and_read_back(script: Script) -> None:
    turn = resume_at(script, Begun.ASKED, WAITS, (Fact.WITHHELD,))
    assert turn.ask is not None
    assert turn.ask.most_digits == 15
    heard = go_on(script, turn, MISTYPED, TYPED)
    assert heard.ask is not None
    assert heard.ask.prompts == ("ru/callback-heard", "{typed}", "ru/callback-right")
    done = go_on(script, heard, "2", TYPED, "1", "1", "2")
    assert (done.route, done.session.number) == ("route.callback", Number.TYPED)


def test_in_the_evening_this_afternoon_is_not_offered(script: Script) -> None:
    turn = go_on(script, resume_at(script, Begun.ASKED, WAITS, (Fact.EVENING,)), "1")
    assert turn.session.node == "menu.callback-when-evening"
    assert go_on(script, turn, "2").session.node == "menu.callback-when-evening"
    assert go_on(script, turn, "3", "1").session.safe is Safe.TOMORROW


@pytest.mark.parametrize("before", [(), ("1",), ("1", "1"), ("2",), ("2", TYPED)])
def test_giving_up_a_call_back_promises_nothing(script: Script, before: tuple[Heard | str, ...]) -> None:
    turn = go_on(script, resume_at(script, Begun.ASKED, WAITS), *before, NOTHING, NOTHING)
    assert turn.route == "route.wait"


def test_a_call_back_that_cannot_be_is_another_way_to_its_end(script: Script) -> None:
    waiting = go_on(script, resume_at(script, Begun.ASKED, WAITS), "1", "1", "1")
    closed = go_on(script, begin(script, Caller(line_open=False)), "1", "1", "1", "1", "1")
    assert [give_up(script, turn).route for turn in (waiting, closed)] == ["route.wait", "route.message"]


def test_digits_are_read_back_one_by_one() -> None:
    assert digit_prompts("+0509") == ("digit-zero", "digit-five", "digit-zero", "digit-nine")


@given(st.sampled_from(Begun), CALLERS, FACTS, st.lists(KEYS_AND_NUMBERS, min_size=80, max_size=80))
def test_whatever_is_pressed_wherever_the_story_ends_where_it_may(
    script: Script, begun: Begun, caller: Caller, facts: tuple[Fact, ...], heard: list[Heard]
) -> None:
    waits = begun in WHILE_WAITING
    turn = resume_at(script, begun, WAITS, facts) if waits else begin(script, caller, facts)
    left = iter(heard)
    turns = 0
    while turn.ask:
        assert unpack(turn.session.pack()) == turn.session
        turn = resume(script, turn.session, next(left))
        turns += 1
    ended = script.routes[turn.route or ""].end
    assert turns <= MOST_TURNS
    assert ended in {End.PERSON, End.CALLBACK, End.MESSAGE, End.WAIT if waits else End.GOODBYE}
    if ended is End.CALLBACK:
        assert turn.session.number
        assert turn.session.safe
        assert turn.session.who


def test_keying_in_for_ever_has_an_end(script: Script) -> None:
    turn = resume_at(script, Begun.ASKED, WAITS, (Fact.WITHHELD,))
    heard = [TYPED, pressed("2")] * MOST_TURNS
    assert go_on(script, turn, *heard[:MOST_TURNS]).route == "route.wait"


def test_session_of_an_older_program_is_read(script: Script) -> None:
    old = "eyJub2RlIjoibWVudS50b3BpYyIsImF0dGVtcHQiOjIsImxhc3QiOiJub3RoaW5nIiwibGFuZ3VhZ2UiOiJydSIsImtleXMiOjF9"
    session = unpack(old)
    assert session == Session("menu.topic", 2, HeardStatus.NOTHING, Language.RU, keys=1)
    assert go_on(script, ask_again(script, session), "3").route == "route.counsellor"


def test_how_the_call_began_is_known_at_another_door(script: Script) -> None:
    session = unpack(begin(script, Caller(blocked=True)).session.pack())
    assert session is not None
    assert ask_again(script, session).ask == begin(script, Caller(blocked=True)).ask
    assert go_on(script, ask_again(script, session), "3").session.node == "menu.blocked"
