"""Faults of a flow: all at once, by name and line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.errors import ScriptError
from ivr.flow.script import SIZE_LIMIT, Script, parse
from tests.conftest import PROJECT

SHIPPED = (PROJECT / "ivr/flow/helpline.toml").read_text()


def faults(text: str, prompts: frozenset[str] | None = None) -> tuple[str, ...]:
    with pytest.raises(ScriptError) as caught:
        parse(text, prompts)
    return caught.value.problems


def broken(old: str, new: str) -> str:
    assert old in SHIPPED
    return SHIPPED.replace(old, new, 1)


def line_of(text: str, fragment: str) -> int:
    return next(n for n, line in enumerate(text.splitlines(), 1) if fragment in line)


def test_shipped_flow_has_no_fault(script: Script) -> None:
    assert set(script.menus) == {
        *(
            f"menu.{n}"
            for n in ("language", "topic", "age", "promised", "withdrawn", "closed", "blocked", "unanswered")
        ),
        *(f"menu.callback-{n}" for n in ("number", "right", "when", "when-evening", "who")),
        "ask.callback-type",
    }


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('to = "begin.then" }\n3', 'to = "begin.than" }\n3', "leads to 'begin.than', which is not there"),
        ("wait_s = 4", "wait_s = 400", "menu.age.wait_s: must be a number from 0.5 to 10"),
        ("wait_s = 4", "wait_s = true", "menu.age.wait_s: must be a number from 0.5 to 10"),
        ('language = "ru"', 'language = "xx"', "'xx' is not one of az, ru, en"),
        ('topic = "legal"', 'topik = "legal"', "'topik' is not a word of the flow"),
        ('[menu.age.on]\n1 =', '[menu.age.on]\n12 =', "menu.age.on.12: is not a key of a telephone"),
        ('9 = { priority = "danger", to', '9 = { to', "everywhere.9: must have priority danger"),
        ('[menu.age.on]\n', '[menu.age.on]\n9 = { to = "route.counsellor" }\n', "is taken: 9 means danger everywhere"),
        ('give_up = { to = "route.counsellor" }\ns', 'give_up = { to = "menu.language" }\ns', "never reaches a person"),
        ('ru = "ru"\n', "", "queues.ru: has no queue"),
        ('prompts = ["age"]\n', "", "menu.age.prompts: is missing"),
        ('prompts = ["age"]\n', "prompts = 3\n", "menu.age.prompts: must be a list of texts"),
        ('at = "menu.unanswered"', 'at = "menu.none"', "begin.nobody.at: leads to 'menu.none', which is not there"),
        ('[begin.often]', '[begin.oft]', "begin.oft: 'oft' is not a word of the flow"),
        ('[begin.often]', '[begin.oft]', "begin.often: is missing"),
        ('then = "menu.blocked"\n', "", "begin.blocked.then: is missing: 'begin.then' is a target in this story"),
        ('otherwise = "route.wait"\n', "", "begin.nobody.otherwise: is missing: 'begin.otherwise' is a target"),
        ('otherwise = "route.message"', 'otherwise = "route.wait"', "begin.closed: leads to a wait, and the caller"),
        ('give_up = { to = "route.goodbye" }', 'give_up = { to = "menu.language" }', "never reaches a person"),
        ('give_up = { to = "route.wait" }', 'give_up = { to = "route.callback" }', "nothing is promised a call-back"),
        ('attempts = 1\nwait_s = 3\ngive_up = { to = "route', 'attempts = 3\nwait_s = 3\ngive_up = { to = "route',
         "menu.unanswered.attempts: must be a number from 1 to 2"),
        ('attempts = 1\nwait_s = 3\ngive_up = { to = "route', 'attempts = 2\nwait_s = 3\ngive_up = { to = "route',
         "menu.unanswered.after_silence: is missing"),
        ('instead = { withheld', 'instead = { blind', "menu.callback-number.instead: 'blind' is not a word"),
        ('instead = { withheld = "ask.callback-type" }', 'instead = 3', "callback-number.instead: must be a table"),
        ('"ask.callback-type" }\ngive', '"route.wait" }\ngive', "'route.wait' must be a menu"),
        ('most_digits = 15', 'most_digits = 40', "ask.callback-type.most_digits: must be a number from 7 to 15"),
        ('typed = {', 'typd = {', "ask.callback-type.typed: is missing"),
        ('heard", "{typed}"', 'heard", "{number}"', "menu.callback-right.prompts: only {typed} stands for"),
        ('end = "callback"', 'end = "promise"', "route.callback.end: 'promise' is not one of person, wait"),
        ('[route.danger]\n', '[route.danger]\nend = "message"\n', "everywhere.9: must have priority danger"),
        ('safe = "now"', 'safe = "soon"', "'soon' is not one of now, afternoon, tomorrow"),
        ('[route.silent]', '[route.quiet]', "leads to 'route.silent', which is not there"),
        ('number = "116111"\n', "", "line.number: is missing"),
    ],
)  # fmt: skip
def test_fault_is_named_with_its_line(old: str, new: str, said: str) -> None:
    found = [fault for fault in faults(broken(old, new)) if said in fault]
    assert found
    assert found[0].startswith("line ")


def test_line_is_the_right_one() -> None:
    text = broken("wait_s = 4", "wait_s = 400")
    assert faults(text) == (f"line {line_of(text, 'wait_s = 400')}: menu.age.wait_s: must be a number from 0.5 to 10",)


def test_all_faults_come_at_once() -> None:
    text = broken("wait_s = 4", "wait_s = 400").replace('"violence"', '"violense"').replace('say = "danger"', "say = 1")
    assert len(faults(text)) == 3


def test_prompt_without_words_is_named_at_its_line() -> None:
    known = parse(SHIPPED).prompts() - {"age-wrong"}
    text = f"line {line_of(SHIPPED, 'age-wrong')}: prompt 'age-wrong' has no words in recordings/prompts.toml"
    assert faults(SHIPPED, known) == (text,)


def test_unreachable_menu_is_named() -> None:
    extra = '\n[menu.lost]\nprompts = ["age"]\nafter_silence = ["age"]\nafter_wrong_key = ["age"]\nwait_s = 1\n'
    text = SHIPPED + extra + 'give_up = { to = "route.counsellor" }\non = {}\n'
    assert faults(text) == (f"line {line_of(text, '[menu.lost]')}: menu.lost: nothing leads here",)


def test_no_toml_is_said_with_the_place() -> None:
    assert "line 1" in faults("[line")[0]


def test_endless_file_is_refused() -> None:
    assert "longer than" in faults("#" * (SIZE_LIMIT + 1))[0]


@given(st.text(max_size=300))
def test_rubbish_is_a_script_error_and_nothing_else(text: str) -> None:
    with pytest.raises(ScriptError):
        parse(text)


@given(st.integers(0, len(SHIPPED) - 1), st.integers(1, 40), st.text(max_size=10))
def test_any_slip_of_the_editor_is_a_script_or_a_script_error(at: int, length: int, put: str) -> None:
    try:
        parse(SHIPPED[:at] + put + SHIPPED[at + length :])
    except ScriptError as error:
        assert error.problems
