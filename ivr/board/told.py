"""What the switch tells of a call, read into words that may stand on a board. Pure.

Only what looks as it should gets onto one, as in the ledger's rows: no way in for a number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from ivr.telephony.events import call_id

Fields = Mapping[str, str]
_LINKEDID = re.compile(r"(?:[\w.-]{1,64}-)?[0-9]{10,11}\.[0-9]{1,12}", re.ASCII)
_PHONE = re.compile(r"PJSIP/([0-9]{2,8})(?:-page)?(?:-[0-9a-f]{1,16})?", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?", re.ASCII)
_WORDS = {
    "language": re.compile("[a-z]{2}"),
    "topic": re.compile("[a-z_]{1,32}"),
    "age_band": re.compile(r"[0-9]{1,2}-[0-9]{1,2}|adult"),
    "priority": re.compile("danger|high|normal"),
    "queue": re.compile("[a-z][a-z0-9_-]{0,39}"),
}
_MOST_WORDS = 32


def said(text: str) -> dict[str, Any]:
    """What the caller chose, in words of the ledger (`language=az&topic=legal`); of two the last counts."""
    chosen = dict(parse_qsl(text)) if text.count("&") < _MOST_WORDS else {}
    words = sane({name: chosen.get(name, "") for name in ("language", "topic", "age_band", "priority")})
    return words | ({"silent": True} if chosen.get("silent") == "yes" else {})


def place(fields: Fields) -> dict[str, Any]:
    since = number(fields.get("Since", ""))
    return {"place": int(number(fields.get("Place", "")))} | ({"waiting_since": since} if since else {})


def sane(words: Mapping[str, str]) -> dict[str, Any]:
    return {name: value for name, value in words.items() if _WORDS[name].fullmatch(value)}


def extension_of(channel: str) -> str:
    """PJSIP/101-0000002a and PJSIP/101 → 101; empty for what is no counsellor's phone."""
    found = _PHONE.fullmatch(channel)
    return found[1] if found else ""


def id_of(fields: Fields) -> str:
    linkedid = fields.get("Linkedid", "") or fields.get("Uniqueid", "")
    return call_id(linkedid) if _LINKEDID.fullmatch(linkedid) else ""


def at(fields: Fields) -> float:
    return number(fields.get("Timestamp", ""))


def number(text: str) -> float:
    return float(text) if _NUMBER.fullmatch(text) else 0.0
