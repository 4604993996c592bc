"""Telephone numbers in every form they come in, and never printed whole."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.telephony.numbers import DIALLED_MAX, PhoneNumber, as_dialled, parse

MOBILE = "+994506802280"


@pytest.mark.parametrize(
    "text", ["0506802280", "994506802280", MOBILE, "00994506802280", " 050 680 22 80", "(050) 680-22-80"]
)
def test_every_form_of_a_mobile_is_one_number(text: str) -> None:
    number = parse(text)
    assert number
    assert number.e164 == MOBILE


@pytest.mark.parametrize("text", ["0506802280", "994506802280", MOBILE, "00994506802280"])
def test_a_dialled_mobile_is_on_record_in_one_form(text: str) -> None:
    assert as_dialled(text) == MOBILE


@given(st.text("0123456789", min_size=7, max_size=11))
def test_the_short_way_finds_what_the_long_way_finds(rest: str) -> None:
    assert parse(f"+994{rest}") == parse(f"00994{rest}")


@pytest.mark.parametrize("text", ["116111", "s", "101", "0501", "+4930123456", "anonymous", ""])
def test_another_number_dialled_is_kept_as_it_came(text: str) -> None:
    assert as_dialled(text) == text


@pytest.mark.parametrize(
    "text", ["", "s", "116111", "anonymous", "+", "+000000000", "0" * 40, "tel:0506802280", "050680228x", "٠٥٠٦٨٠٢٢٨٠"]
)
def test_what_is_no_whole_number_is_none(text: str) -> None:
    assert parse(text) is None


def test_no_way_of_printing_shows_the_number() -> None:
    number = PhoneNumber(MOBILE)
    for shown in (str(number), repr(number), f"{number}", f"{[number]}"):
        assert "0680" not in shown
        assert "6802" not in shown
        assert shown.endswith(("80", "80)", "]"))


def test_the_hash_tells_callers_apart_only_with_the_key() -> None:
    mine, other = PhoneNumber(MOBILE), PhoneNumber("+994506802281")
    assert mine.caller_hash(b"k") == PhoneNumber(MOBILE).caller_hash(b"k")
    assert len({mine.caller_hash(b"k"), mine.caller_hash(b"l"), other.caller_hash(b"k")}) == 3
    assert len(mine.caller_hash(b"k")) == 32
    assert set(mine.caller_hash(b"k")) <= set("0123456789abcdef")


@settings(deadline=None)
@given(st.text(max_size=80))
def test_whatever_is_dialled_is_short_plain_text(text: str) -> None:
    shown = as_dialled(text)
    assert len(shown) <= DIALLED_MAX
    assert shown.isascii()
    assert shown.isprintable()
