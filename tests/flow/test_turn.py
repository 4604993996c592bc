"""The engine, against the shipped flow: what each way out of a menu leads to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.flow.script import Script
from ivr.flow.steps import HUNG_UP, NOTHING, Heard, HeardStatus, Language, Session, Turn, pressed, unpack
from ivr.flow.turn import ask_again, begin, resume

KEYS = st.sampled_from([NOTHING, *map(pressed, "0123456789*#")])


def play(script: Script, *heard: Heard | str) -> Turn:
    turn = begin(script)
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
