"""What the ledger says about promises to ring back, as rows: what was promised, and how an attempt ended. Pure.

Nothing gets into a row that does not look as it should: no way in for a number in clear, whatever an event may carry.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ivr.records.sealed import from_text
from ivr.routing.promise import Outcome, State
from ivr.telephony.events import Event, call_id
from ivr.telephony.statuses import DialStatus

GONE = "erased"
"""What stands in the ledger in place of a caller's hash, or of a sealed number, that was taken out of it."""
CALLBACK_ID = re.compile(r"[0-9]{10}-[0-9a-f]{8}", re.ASCII)
_NEEDED: Mapping[str, re.Pattern[str]] = {
    "id": CALLBACK_ID,
    "caller": re.compile(f"[0-9a-f]{{32}}|{GONE}"),
    "number": re.compile(f"[A-Za-z0-9_-]{{40,400}}|{GONE}"),
    "safe_from": re.compile("[1-3][0-9]{9}"),
    "safe_until": re.compile("[1-3][0-9]{9}"),
    "only": re.compile("yes|no"),
}
_MORE: Mapping[str, re.Pattern[str]] = {
    "language": re.compile("[a-z]{2}"),
    "topic": re.compile(r"[a-z][a-z_-]{0,31}"),
    "age_band": re.compile(r"[0-9]{1,2}-[0-9]{1,2}|adult"),
    "priority": re.compile("danger|high|normal"),
}
_EXTENSION, _ATTEMPT = re.compile("[0-9]{2,8}"), re.compile("[1-9][0-9]{0,3}")
# The dialplan passes on how Dial() ended where it knows no more than that.
_ENDED: Mapping[str, Outcome] = {
    DialStatus.ANSWER: Outcome.NO_ANSWER,  # picked up, and hung up before the counsellor was there
    DialStatus.NO_ANSWER: Outcome.NO_ANSWER,
    DialStatus.BUSY: Outcome.BUSY,
    DialStatus.CONGESTION: Outcome.FAILED,
    DialStatus.UNAVAILABLE: Outcome.NO_TRUNK,
    DialStatus.CANCEL: Outcome.CALLED_OFF,
}


def promise_of(event: Event) -> dict[str, Any] | None:
    """The row of a `promised` event; None when it is not whole. Without its number nobody can keep it any more."""
    words = event.words
    if any(not form.fullmatch(words.get(name, "")) for name, form in _NEEDED.items()):
        return None
    safe_from, safe_until = (datetime.fromtimestamp(int(words[name]), UTC) for name in ("safe_from", "safe_until"))
    if safe_from >= safe_until:
        return None
    is_gone = words["number"] == GONE
    more = {name: words[name] for name, form in _MORE.items() if form.fullmatch(words.get(name, ""))}
    return {
        "id": words["id"],
        "call_id": call_id(event.linkedid),
        "caller": None if words["caller"] == GONE else words["caller"],
        "number": None if is_gone else from_text(words["number"]),
        "language": more.get("language"),
        "topic": more.get("topic"),
        "age_band": more.get("age_band"),
        "priority": more.get("priority", "normal"),
        "only_caller": words["only"] == "yes",
        "asked_at": datetime.fromtimestamp(event.at, UTC),
        "safe_from": safe_from,
        "safe_until": safe_until,
        "state": State.WITHDRAWN.value if is_gone else State.PROMISED.value,
        "attempts": 0,
        "next_at": None if is_gone else safe_from,
    }


def without_caller(words: Mapping[str, str]) -> Mapping[str, str]:
    """An event's words, with nothing in them that tells who called."""
    return {name: GONE if name == "caller" or _is_sealed(name, word) else word for name, word in words.items()}


def _is_sealed(name: str, word: str) -> bool:
    return name == "number" and len(word) >= 40  # `seen` and `typed` say where a number came from


def attempt_of(event: Event) -> dict[str, Any] | None:
    """The row of a `tried` event; None when it is not whole."""
    words = event.words
    outcome = _outcome(words.get("outcome", ""))
    known = CALLBACK_ID.fullmatch(words.get("callback", "")) and _ATTEMPT.fullmatch(words.get("attempt", ""))
    if outcome is None or not known:
        return None
    counsellor = words.get("counsellor", "")
    return {
        "callback_id": words["callback"],
        "number": int(words["attempt"]),
        "at": datetime.fromtimestamp(event.at, UTC),
        "counsellor": counsellor if _EXTENSION.fullmatch(counsellor) else None,
        "outcome": outcome.value,
        "call_id": call_id(event.linkedid),
    }


def _outcome(word: str) -> Outcome | None:
    return Outcome(word) if word in list(Outcome) else _ENDED.get(word)
