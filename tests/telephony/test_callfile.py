"""Call files: whole or not there, closed to others, and never with a line that we did not mean."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ivr.errors import ScriptError, TelephonyError
from ivr.telephony.callfile import OUTGOING, STAGING, call_file, place, take_back
from tests.conftest import PROJECT

TEMPLATE = (PROJECT / "callbacks/callback.call").read_text()
ID = "1795281282-0a1b2c3d"


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    for name in (STAGING, OUTGOING):
        (tmp_path / name).mkdir()
    return tmp_path


def test_file_is_closed_to_others_and_nothing_is_left_in_staging(spool: Path) -> None:
    place(spool, TEMPLATE, ID)
    (file,) = (spool / OUTGOING).iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert list((spool / STAGING).iterdir()) == []


def test_it_says_the_id_once_and_is_tried_once(spool: Path) -> None:
    lines = call_file(TEMPLATE, ID).splitlines()
    assert [line for line in lines if ID in line] == [f"Setvar: HL_CALLBACK={ID}"]
    assert {"MaxRetries: 0", "Archive: no"} <= set(lines)


def test_second_file_of_a_call_back_takes_the_place_of_the_first(spool: Path) -> None:
    place(spool, TEMPLATE, ID)
    place(spool, TEMPLATE, ID)
    assert len(list((spool / OUTGOING).iterdir())) == 1
    take_back(spool, ID)
    take_back(spool, ID)
    assert list((spool / OUTGOING).iterdir()) == []


def test_what_lies_in_staging_after_a_crash_is_in_nobodys_way(spool: Path) -> None:
    elsewhere = spool / "elsewhere"
    (spool / STAGING / f"{ID}.call").symlink_to(elsewhere)
    place(spool, TEMPLATE, ID)
    assert not elsewhere.exists()


@given(st.text())
@example("1\nSetvar: A=B")
@example("1\x0bSetvar: A=B")
@example("../1")
def test_no_id_brings_a_line_of_its_own(told: str) -> None:
    try:
        text = call_file(TEMPLATE, told)
    except TelephonyError:
        return
    assert len(text.splitlines()) == len(TEMPLATE.splitlines())
    assert "/" not in told


@pytest.mark.parametrize("letter", "\r\0\x1b\x7f\x85\u2028ə")
def test_control_characters_in_the_template_are_refused(letter: str) -> None:
    with pytest.raises(TelephonyError):
        call_file(TEMPLATE + letter, ID)


@pytest.mark.parametrize("line", ["MaxRetries: 0", "Archive: no"])
def test_template_that_lets_the_switch_try_again_or_keep_the_file_is_refused(line: str) -> None:
    with pytest.raises(TelephonyError, match=line):
        call_file(TEMPLATE.replace(line, f"# {line}"), ID)


def test_another_field_in_the_template_is_refused() -> None:
    with pytest.raises(ScriptError):
        call_file(TEMPLATE + "Setvar: A=@NUMBER@\n", ID)


def test_spool_that_is_gone_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(TelephonyError, match="no call file can be written"):
        place(tmp_path / "gone", TEMPLATE, ID)
