"""Who is in a counsellor's call beside the two, and which two those are: from the switch's list of channels."""

from __future__ import annotations

import pytest

from ivr.errors import NotFound
from ivr.handover import Talk, talk_of
from ivr.listening import Heard, Mode, heard_by
from ivr.silent import Channel

CALL, OTHER = "hl-1795300000.4", "hl-1795300009.1"
CALLER = Channel("PJSIP/trunk-00000001", CALL, CALL, "b1")
PAGE = Channel("PJSIP/101-page-00000002", CALL, "hl-1795300000.5", "b1")
ECHO = Channel("PJSIP/102-00000003", OTHER, OTHER, "b2")


def spy(by: str, options: str, whom: str = "PJSIP/101-page-00000002") -> Channel:
    return Channel(f"PJSIP/{by}-0000000a", "hl-1795300011.7", "hl-1795300011.7", "", f"ChanSpy({whom},{options})")


def test_whoever_hears_a_call_is_seen_by_its_counsellor_and_by_nobody_else() -> None:
    known = (CALLER, PAGE, spy("103", "qE"), spy("104-page", "qEw"), spy("105", "qEB"))
    assert heard_by(known, "101") == (
        Heard("103", Mode.LISTEN),
        Heard("104", Mode.WHISPER),
        Heard("105", Mode.JOIN),
    )
    assert heard_by(known, "10") == heard_by(known, "102") == ()


def test_the_voice_of_silent_talk_is_nobody_who_listens() -> None:
    voice = Channel("Local/voice@silent-00000001;1", CALL, "x", "", "ChanSpy(PJSIP/101-page-00000002,qoBEx(#))")
    assert heard_by((CALLER, PAGE, voice), "101") == ()


def test_a_talk_has_a_counsellor_and_a_caller() -> None:
    assert talk_of((ECHO, CALLER, PAGE), "101") == Talk(PAGE.name, CALLER.name)
    for nobody in ("102", "103"):
        with pytest.raises(NotFound):
            talk_of((CALLER, PAGE, ECHO, spy("103", "qE")), nobody)


def test_somebody_outside_is_seen_without_a_number_and_only_our_half_of_them() -> None:
    ours, theirs = (
        Channel(f"Local/s@outsider-00000001;{half}", CALL, "x", "", f"ChanSpy({PAGE.name},qEB)") for half in "12"
    )
    assert heard_by((CALLER, PAGE, ours, theirs), "101") == (Heard("outside", Mode.JOIN),)
