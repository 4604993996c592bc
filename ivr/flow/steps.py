"""The values that travel through a call's menus. Frozen, plain, and JSON in both directions."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
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


class HeardStatus(StrEnum):
    """What one attempt at a menu brought. Hanging up is an ending, not an error."""

    KEY = "key"
    NOTHING = "nothing"
    HUNG_UP = "hung_up"


@dataclass(frozen=True, slots=True)
class Heard:
    status: HeardStatus
    key: str = ""


NOTHING = Heard(HeardStatus.NOTHING)
HUNG_UP = Heard(HeardStatus.HUNG_UP)


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

    @property
    def silent(self) -> bool:
        return self.keys == 0

    def pack(self) -> str:
        """As letters that no dialplan reads as its own (RFC 4648 base64url without padding)."""
        told = {name: value for name in self.__slots__ if (value := getattr(self, name)) is not None}
        return urlsafe_b64encode(_as_json(told).encode()).decode().rstrip("=")


def unpack(packed: str) -> Session | None:
    """The session in `packed`, or None when it is not one of ours: then the caller starts anew."""
    try:
        told = json.loads(urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
        return Session(
            node=str(told["node"]),
            attempt=int(told["attempt"]),
            last=HeardStatus(told["last"]),
            language=Language(told["language"]) if "language" in told else None,
            topic=Topic(told["topic"]) if "topic" in told else None,
            age_band=AgeBand(told["age_band"]) if "age_band" in told else None,
            priority=Priority(told["priority"]) if "priority" in told else None,
            keys=int(told["keys"]),
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
    prompts: tuple[str, ...]  # "<lang>/<prompt id>"
    wait_s: float


@dataclass(frozen=True, slots=True)
class Turn:
    """What happens next: either something is asked, or the menus are over and `route` names the way on.

    `chose` is what this turn settled, for the record: field name to value.
    """

    session: Session
    chose: tuple[tuple[str, str], ...] = ()
    ask: Ask | None = None
    route: str | None = None
