"""The rules of signing in: what comes next, how long to wait after a wrong word, when a session is over. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

IDLE = timedelta(minutes=30)
NOTED = timedelta(minutes=1)  # how exactly it is known when somebody was last there
LONGEST_WATCH = timedelta(hours=12)  # a locked page rings for so long after the last touch
HALF_WAY = timedelta(minutes=10)  # for whoever has given the password and nothing else yet
FORGOTTEN = timedelta(hours=1)  # after so long without another wrong word the earlier ones do not count
LONGEST_WAIT_S = 900
FREE_BY_ACCOUNT = 5  # wrong words before waiting begins
FREE_BY_ADDRESS = 20  # a whole house may share one

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 128
LONGEST_SHOWN_NAME = 80
LONGEST_PASSKEY_NAME = 60
LONGEST_PATH = 300
FEWEST_LETTERS = 5  # different ones, in a password
NAME = re.compile(r"[a-z][a-z0-9._-]{1,31}", re.ASCII)
CODE = re.compile(r"[0-9]{6}", re.ASCII)


class Step(StrEnum):
    """What somebody whose password was right has still to do."""

    CODE = "code"
    PASSWORD = "password"  # noqa: S105  a step's name
    SET_UP = "set_up"
    DONE = "done"


class Standing(StrEnum):
    """What becomes of a session that nobody touches."""

    OPEN = "open"
    LOCKED = "locked"  # it rings and can be answered; nothing is to be read before the password is given again
    OVER = "over"


class Fault(StrEnum):
    """Why a form is refused; a page says it in the reader's language."""

    WRONG = "wrong"  # name or password, not which
    WAIT = "wait"
    CODE = "code"
    OLD = "old"
    SHORT = "short"
    LONG = "long"
    EASY = "easy"
    SAME = "same"
    DIFFERENT = "different"
    NAME = "name"
    TAKEN = "taken"
    SHOWN_NAME = "shown_name"
    ROLE = "role"
    EXTENSION = "extension"
    PASSKEY = "passkey"
    PASSKEY_NAME = "passkey_name"
    EXTENSION_TAKEN = "extension_taken"
    NO_EXTENSION = "no_extension"
    PHONE_NAME = "phone_name"
    LANGUAGES = "languages"
    TRAINING_UNTIL = "training_until"
    CHECK_UNTIL = "check_until"
    OWN_ROLE = "own_role"
    LAST = "last"  # the last administrator stays
    SELF = "self"


@dataclass(frozen=True, slots=True)
class Refusal:
    """`wait_s`: when the next attempt is heard, for WAIT alone."""

    fault: Fault
    wait_s: int = 0


def next_step(*, has_factor: bool, code_given: bool, must_change: bool) -> Step:
    """A code comes before everything else where there is one: a password alone changes nothing."""
    if has_factor and not code_given:
        return Step.CODE
    if must_change:
        return Step.PASSWORD
    return Step.DONE if has_factor else Step.SET_UP


def wait_s(failures: int, free: int, since: timedelta) -> int:
    """Whole seconds until the next attempt is heard, after so many wrong ones, the last one `since` ago."""
    if failures < free or since >= FORGOTTEN:
        return 0
    full = min(LONGEST_WAIT_S, 1 << min(failures - free + 1, 20))
    return max(0, full - int(since.total_seconds()))


def is_over(seen_at: datetime, now: datetime, *, half_way: bool = False) -> bool:
    """Whether a session has been idle too long. `half_way`: its owner has still to give a code."""
    return now - seen_at >= (HALF_WAY if half_way else IDLE)


def may_just_talk(idle: timedelta) -> bool:
    """Whether a talk of now had begun when the half hour was over."""
    return idle < IDLE + NOTED


def standing(idle: timedelta, *, talks: bool, on_duty: bool) -> Standing:
    """Of a session that has been idle too long, for its owner.

    Who talks is not idle, if the talk had begun by then: later a call, which anybody may ring, opens nothing.
    """
    if talks and may_just_talk(idle):
        return Standing.OPEN
    return Standing.LOCKED if (talks or on_duty) and idle < LONGEST_WATCH else Standing.OVER


def password_fault(password: str, name: str) -> Fault | None:
    """What is wrong with a new password, by length first: length is what counts."""
    if len(password) < SHORTEST_PASSWORD:
        return Fault.SHORT
    if len(password) > LONGEST_PASSWORD:
        return Fault.LONG
    low = password.casefold()
    return Fault.EASY if len(set(low)) < FEWEST_LETTERS or name in low or "116111" in low else None


def plain_password(text: str) -> str:
    """The same letters however a keyboard composed them (NFKC, as RFC 8265 has it for spaces and widths)."""
    return unicodedata.normalize("NFKC", text[: 4 * LONGEST_PASSWORD])


def plain_name(text: str) -> str:
    """As it is kept; what can be nobody's name is empty."""
    low = text.strip().lower() if len(text) <= LONGEST_SHOWN_NAME else ""
    return low if NAME.fullmatch(low) else ""


def plain_code(text: str) -> str:
    """Six digits, with or without the gap that telephones show; else empty."""
    digits = text.replace(" ", "") if len(text) <= 16 else ""
    return digits if CODE.fullmatch(digits) else ""


def is_shown_name(text: str) -> bool:
    return 0 < len(text.strip()) <= LONGEST_SHOWN_NAME and text.isprintable()


def is_passkey_name(text: str) -> bool:
    return 0 < len(text) <= LONGEST_PASSKEY_NAME and text.isprintable()


def own_path(text: str, otherwise: str) -> str:
    """A path of this site, or `otherwise`. Browsers read // and a backslash as another host."""
    fits = len(text) <= LONGEST_PATH and text.isprintable() and text.isascii() and "\\" not in text
    return text if fits and text.startswith("/") and not text.startswith("//") else otherwise
