"""The questions of silent talk: as shipped, and every fault of the file at once."""

from __future__ import annotations

import pytest

from ivr.errors import NotFound, ScriptError
from ivr.flow.questions import KEYS, parse
from ivr.prepare import QUESTIONS_FILE

SHIPPED = QUESTIONS_FILE.read_text()


def faults(text: str, prompts: frozenset[str] | None = None) -> tuple[str, ...]:
    with pytest.raises(ScriptError) as caught:
        parse(text, prompts)
    return caught.value.problems


def test_each_question_is_asked_by_its_key() -> None:
    found = parse(SHIPPED)
    assert [found.keys(name) for name in found.names] == [f"*7{key}" for key in KEYS]
    assert found.keys("safe") == "*71"
    assert found.packed.split("-")[1] == "safe"


def test_what_cannot_be_asked_is_answered_with_what_can() -> None:
    with pytest.raises(NotFound, match="no question 'sad'") as caught:
        parse(SHIPPED).keys("sad")
    assert "safe" in caught.value.remedy


def test_every_fault_is_named_at_once() -> None:
    wrong = SHIPPED.replace('1 = "safe"', '1 = "Are you safe?"').replace('2 = "harmed"', '2 = "near"')
    wrong = wrong.replace('0 = "stay"', 'x = "stay"') + "\n[colours]\n"
    assert faults(wrong) == (
        "'colours' is not known here",
        "key 0 has no question",
        "key 1: a question's name is one word in small letters, not 'Are you safe?'",
        "key 2: near is asked by another key too",
        "key 3: near is asked by another key too",
        "'x' is no key",
    )


def test_a_question_without_words_is_named() -> None:
    words = parse(SHIPPED).prompts - {"ask-near"}
    assert faults(SHIPPED, words) == ("key 3: the prompt ask-near has no words",)


@pytest.mark.parametrize("text", ["", "keys = 3", "[keys]"])
def test_a_file_without_questions_is_refused(text: str) -> None:
    assert "key 0 has no question" in faults(text)


def test_what_is_no_toml_is_refused() -> None:
    assert faults("[keys")
