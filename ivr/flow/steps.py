"""The values that travel through a call's menus. Frozen, plain, and JSON in both directions."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

_as_json = json.JSONEncoder(separators=(",", ":")).encode


class Language(StrEnum):
    AZ = "az"
    RU = "ru"
    EN = "en"


class Topic(StrEnum):
    PSYCHOLOGICAL = "psychological"
    SOCIAL = "social"
    VIOLENCE = "violence"
    LEGAL = "legal"
    EDUCATION = "education"
    HEALTH = "health"
    OTHER = "other"


class AgeBand(StrEnum):
    UP_TO_10 = "0-10"
    FROM_11_TO_14 = "11-14"
    FROM_15_TO_18 = "15-18"
    ADULT = "adult"


class Priority(StrEnum):
    DANGER = "danger"
    HIGH = "high"
    NORMAL = "normal"


class Number(StrEnum):
    """Which number a call-back goes to. The number itself is never part of a session."""

    SEEN = "seen"  # the one that rings
    TYPED = "typed"


class Safe(StrEnum):
    """When it is safe to ring the caller back."""

    NOW = "now"
    AFTERNOON = "afternoon"
    TOMORROW = "tomorrow"


class Who(StrEnum):
    """Who may pick up when we ring back."""

    CALLER = "caller"
    ANYBODY = "anybody"


class Promise(StrEnum):
    """What a caller says of a call-back that was promised before."""

    WITHDRAWN = "withdrawn"


class Begun(StrEnum):
    """How a story begins: a call, by what is known of the caller; or a caller's way out of the wait, by its reason."""

    USUAL = "usual"
    OFTEN = "often"  # the fourth call within ten minutes, or a later one
    BACK = "back"  # the last call was a silent one
    PROMISED = "promised"  # a call-back is promised
    BLOCKED = "blocked"  # a supervisor asked the caller to wait
    CLOSED = "closed"
    NOBODY = "nobody"  # nobody is on duty
    UNANSWERED = "unanswered"  # nobody answered
    ASKED = "asked"  # the caller asked for a call-back


class Fact(StrEnum):
    """What makes a menu pointless, so that another takes its place."""

    WITHHELD = "withheld"  # we see no number
    EVENING = "evening"  # the afternoon is over


# What a key can settle, and as what. The order is the record's.
SETTLED: Mapping[str, type[StrEnum]] = {
    "language": Language,
    "topic": Topic,
    "age_band": AgeBand,
    "priority": Priority,
    "number": Number,
    "safe": Safe,
    "who": Who,
    "promise": Promise,
}


class HeardStatus(StrEnum):
    """What one attempt at a menu brought. Hanging up is an ending, not an error."""

    KEY = "key"
    NOTHING = "nothing"
    TYPED = "typed"  # a telephone number that we may ring; which one, nobody is told here
    HUNG_UP = "hung_up"


@dataclass(frozen=True, slots=True)
class Heard:
    status: HeardStatus
    key: str = ""


NOTHING = Heard(HeardStatus.NOTHING)
HUNG_UP = Heard(HeardStatus.HUNG_UP)
TYPED = Heard(HeardStatus.TYPED)
MISTYPED = Heard(HeardStatus.KEY)  # keys that are no number: a key that means nothing


def pressed(key: str) -> Heard:
    return Heard(HeardStatus.KEY, key)


@dataclass(frozen=True, slots=True)
class Session:
    """Where a caller stands between two turns. Small enough to travel in a channel variable."""

    node: str
    attempt: int = 1
    last: HeardStatus = HeardStatus.KEY  # how the attempt before ended: chooses this attempt's words
    language: Language | None = None
    topic: Topic | None = None
    age_band: AgeBand | None = None
    priority: Priority | None = None  # only what the caller said; routing decides the rest
    keys: int = 0  # how many keys were pressed so far, right or wrong
    turns: int = 0  # attempts at menus since the story began
    begun: Begun | None = None  # None: as usual
    facts: tuple[Fact, ...] = ()
    number: Number | None = None
    safe: Safe | None = None
    who: Who | None = None
    promise: Promise | None = None
    flow: str | None = None  # mark of the script that the story began with

    @property
    def silent(self) -> bool:
        return self.keys == 0

    def pack(self) -> str:
        """As letters that no dialplan reads as its own (RFC 4648 base64url without padding)."""
        told = {name: value for name in self.__slots__ if (value := getattr(self, name)) is not None and value != ()}
        return urlsafe_b64encode(_as_json(told).encode()).decode().rstrip("=")


def unpack(packed: str) -> Session | None:
    """The session in `packed`, or None when it is not one of ours: then the caller starts anew."""
    try:
        told = json.loads(urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
        return Session(
            node=str(told["node"]),
            attempt=int(told["attempt"]),
            last=HeardStatus(told["last"]),
            keys=int(told["keys"]),
            turns=int(told.get("turns", 0)),
            begun=Begun(told["begun"]) if "begun" in told else None,
            facts=tuple(map(Fact, told.get("facts", ()))),
            flow=str(told["flow"]) if "flow" in told else None,
            **{name: kind(told[name]) for name, kind in SETTLED.items() if name in told},  # type: ignore[arg-type]
        )
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None


@dataclass(frozen=True, slots=True)
class Caller:
    """What is known of who rings, by the keyed hash of their number. The defaults: nothing is known."""

    calls_lately: int = 0  # in the ten minutes before this call
    unanswered: bool = False  # rang within the hour, and nobody talked with them
    same: str = ""  # extension of the counsellor who talked with them within two hours
    silent_before: bool = False  # their last call was a silent one
    blocked: bool = False  # a supervisor asked them to wait; 9 stays open
    promised: bool = False  # a call-back is promised to them
    line_open: bool = True


UNKNOWN = Caller()


@dataclass(frozen=True, slots=True)
class Ask:
    """One attempt at one menu: what to play, and how long to listen afterwards."""

    menu: str
    attempt: int
    prompts: tuple[str, ...]  # "<lang>/<prompt id>", and READ_BACK for the digits that were keyed in
    wait_s: float
    most_digits: int = 0  # of a number that is keyed in; 0: one key


READ_BACK = "{typed}"
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def digit_prompts(digits: str) -> tuple[str, ...]:
    """Prompt ids that read `digits` back, one by one."""
    return tuple(f"digit-{DIGITS[int(digit)]}" for digit in digits if digit in "0123456789")


@dataclass(frozen=True, slots=True)
class Turn:
    """What happens next: either something is asked, or the menus are over and `route` names the way on.

    `chose` is what this turn settled, for the record: field name to value.
    """

    session: Session
    chose: tuple[tuple[str, str], ...] = ()
    ask: Ask | None = None
    route: str | None = None
