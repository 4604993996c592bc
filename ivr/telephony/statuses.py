"""Asterisk's words for endings, translated into ours in one place each."""

from __future__ import annotations

from enum import StrEnum


class ReadStatus(StrEnum):
    """READSTATUS of Read(): https://docs.asterisk.org/ (Read application)."""

    TYPED = "TYPED"  # ours, see dialplan/ask.conf: digits of a number
    OK = "OK"  # a key; an empty one means # was pressed
    TIMEOUT = "TIMEOUT"
    HANGUP = "HANGUP"
    ERROR = "ERROR"
    INTERRUPTED = "INTERRUPTED"
    SKIPPED = "SKIPPED"


class DialStatus(StrEnum):
    """DIALSTATUS of Dial()."""

    ANSWER = "ANSWER"
    NO_ANSWER = "NOANSWER"
    BUSY = "BUSY"
    CONGESTION = "CONGESTION"  # the carrier refused
    UNAVAILABLE = "CHANUNAVAIL"  # the trunk is not there
    CANCEL = "CANCEL"


class PhoneState(StrEnum):
    """Device state of a counsellor's phone; the switch sends its number (include/asterisk/devicestate.h)."""

    AWAY = "away"  # unknown, invalid, unavailable: nobody would hear it ring
    IDLE = "idle"
    RINGING = "ringing"
    TALKING = "talking"

    @classmethod
    def of(cls, number: str) -> PhoneState:
        return _BY_NUMBER.get(number, cls.AWAY)


_BY_NUMBER = {
    "1": PhoneState.IDLE,  # not in use
    "2": PhoneState.TALKING,  # in use
    "3": PhoneState.TALKING,  # busy
    "6": PhoneState.RINGING,
    "7": PhoneState.TALKING,  # ringing and in use
    "8": PhoneState.TALKING,  # on hold
}
