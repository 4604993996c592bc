"""A trial of the line: a call that the line makes into itself, and what the ledger says came of it. Pure.

The caller's side tells each step as an event (`dialplan/trial.conf`); whatever is not told did not happen.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from ivr.telephony.events import Event, Kind

ACCOUNT = "trial"
MOST_CHANNELS = 6  # three talks; with more than that going on the line proves itself, and a trial would be in the way
WITHIN_S = 60.0  # the dialplan ends it after 45 s; what has not been told by then never will be
KEPT = 100  # trials
# Retries are not the switch's, and nothing is kept: see telephony/callfile.py.
CALL_FILE = """\
Channel: PJSIP/trial
Context: trial
Extension: child
Priority: 1
WaitTime: 15
MaxRetries: 0
Archive: no
Setvar: HL_TRIAL=@CALLBACK@
"""


class Came(StrEnum):
    """How far a trial came."""

    THROUGH = "through"  # to where a counsellor would be rung, by the program's own door
    ROUND_ABOUT = "round_about"  # to there, by another door: the program does not answer, callers are served without it
    NOWHERE = "nowhere"  # it was heard and got no further
    UNHEARD = "unheard"  # answered, and not a sound
    UNANSWERED = "unanswered"
    POSTPONED = "postponed"  # not made: the line was busy with callers


FAILED = frozenset({Came.ROUND_ABOUT, Came.NOWHERE, Came.UNHEARD, Came.UNANSWERED})
_STEPS = frozenset({"answered", "heard", "reached", "over"})
_DOORS = {"1": 1, "2": 2, "3": 3}


@dataclass(frozen=True, slots=True)
class Trial:
    """`at`: when it was begun. `heard_s`: from being answered to the first sound; `took_s`: to the answer."""

    at: datetime
    came: Came
    door: int | None = None
    heard_s: float | None = None
    took_s: float | None = None

    @property
    def failed(self) -> bool:
        return self.came in FAILED


def steps(events: Iterable[Event], name: str) -> dict[str, Event]:
    """What was told of the trial `name`: step to event."""
    mine = (event for event in events if event.kind is Kind.TRIED_OUT and event.words.get("trial") == name)
    return {event.words["step"]: event for event in mine if event.words.get("step") in _STEPS}


def judge(at: datetime, told: dict[str, Event]) -> Trial:
    answered, heard, reached = (told.get(step) for step in ("answered", "heard", "reached"))
    if answered is None:
        return Trial(at, Came.UNANSWERED)
    heard_s = round(heard.at - answered.at, 3) if heard else None
    door = _DOORS.get(reached.words.get("door", "")) if reached else None
    if reached is None or door is None:
        return Trial(at, Came.NOWHERE if heard else Came.UNHEARD, heard_s=heard_s)
    took_s = round(reached.at - answered.at, 3)
    came = Came.UNHEARD if heard is None else Came.THROUGH if door == 1 else Came.ROUND_ABOUT
    return Trial(at, came, door, heard_s, took_s)


def last(trials: Iterable[Trial]) -> Trial | None:
    """The last that was made."""
    return max((each for each in trials if each.came is not Came.POSTPONED), key=lambda each: each.at, default=None)


def to_json(trials: Iterable[Trial]) -> str:
    found = sorted(trials, key=lambda each: each.at)[-KEPT:]
    return json.dumps([[t.at.timestamp(), t.came, t.door, t.heard_s, t.took_s] for t in found])


def from_json(text: str) -> tuple[Trial, ...]:
    """None at all where it cannot be read: the next trial writes it anew."""
    try:
        return tuple(
            Trial(datetime.fromtimestamp(at, UTC), Came(came), door, heard_s, took_s)
            for at, came, door, heard_s, took_s in json.loads(text)
        )
    except (ValueError, TypeError, OverflowError, OSError):
        return ()


def account(secret: str, number: str, address: str, port: int) -> str:
    """pjsip_trial.conf: one account, used at both ends. Its password is made from the manager's `secret`, which it does
    not tell."""
    password = hmac.new(secret.encode(), b"a trial of the line", hashlib.sha256).hexdigest()
    endpoint = (
        "type = endpoint",
        "transport = udp",
        "context = trial",
        "disallow = all",
        "allow = alaw",
        "direct_media = no",
        "dtmf_mode = rfc4733",
        "auth = trial",
        "outbound_auth = trial",
        "aors = trial",
        f"from_user = {ACCOUNT}",
        "allow_transfer = no",
        "rtp_timeout = 30",
    )
    auth = ("type = auth", "auth_type = userpass", f"username = {ACCOUNT}", f"password = {password}")
    aor = ("type = aor", f"contact = sip:{number}@{address}:{port}")
    return "\n".join(line for part in (endpoint, auth, aor) for line in (f"[{ACCOUNT}]", *part, ""))
