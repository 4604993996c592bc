"""The questions of a review: as data, with every fault named, and what the marks come to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.desk.rubric import Mark, parse, share
from ivr.errors import ScriptError
from ivr.reviewing import load_rubric

GOOD = """version = "2026-11"
[safety]
words = { az = "a", ru = "b", en = "c" }
look_for = { az = "a", ru = "b", en = "c" }
"""


def test_the_rubric_that_ships_has_no_fault() -> None:
    assert {"safety", "limits", "wish", "plan", "referral", "warmth"} <= load_rubric().items.keys()


def test_every_fault_is_named_at_once() -> None:
    with pytest.raises(ScriptError) as found:
        parse('version = "soon"\n[Safety]\nwords = { az = "a", en = "c" }\nlook = 1\n')
    said = "\n".join(found.value.problems)
    assert all(each in said for each in ("2026-11", "small letters", "words.ru", "look_for.az", "look"))


@pytest.mark.parametrize("text", ["", 'version = "2026-11"', GOOD + "x" * 60_000, "[", GOOD.replace('"a"', "1")])
def test_what_is_no_rubric_is_refused(text: str) -> None:
    with pytest.raises(ScriptError):
        parse(text)


@given(st.text())
def test_whatever_the_file_says_it_is_read_or_refused(text: str) -> None:
    for wanted in (text, GOOD + text):
        try:
            assert parse(wanted).items
        except ScriptError as error:
            assert error.problems


@pytest.mark.parametrize(
    ("marks", "worth"),
    [
        ({}, None),
        ({"a": Mark.NOT_NEEDED}, None),
        ({"a": Mark.DONE, "b": Mark.NOT_NEEDED}, 1.0),
        ({"a": Mark.DONE, "b": Mark.PARTLY, "c": Mark.MISSED}, 0.5),
    ],
)
def test_what_was_not_needed_does_not_count(marks: dict[str, Mark], worth: float | None) -> None:
    assert share(marks) == worth
