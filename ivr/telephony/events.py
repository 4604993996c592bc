"""One line of the switch's event log (CEL) as a value.

The switch writes one JSON object per line, see `asterisk-conf/cel_custom.conf`. Steps of the flow are user events
(`CELGenUserEvent(asked,menu=topic&attempt=1&key=3)`): their name is the event's type, and their words arrive in
`eventextra` as `{"extra": "menu=topic&…"}`. Beside them stand two marks of our own, written when the switch is started
and when it was seen to die. Nothing here raises: what is not a whole, sane event is None, and the reader counts it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from operator import itemgetter
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl


class Kind(StrEnum):
    CHAN_START = "CHAN_START"
    CHAN_END = "CHAN_END"
    ANSWER = "ANSWER"
    HANGUP = "HANGUP"
    APP_START = "APP_START"
    BRIDGE_ENTER = "BRIDGE_ENTER"
    BRIDGE_EXIT = "BRIDGE_EXIT"
    LINKEDID_END = "LINKEDID_END"
    ASKED = "asked"
    CHOSE = "chose"
    DECIDED = "decided"
    MATCHED = "matched"  # a counsellor has picked up: who, and why that one
    PROMISED = "promised"  # the caller agreed to be called back
    TRIED = "tried"  # how an attempt to keep such a promise ended
    RECORDED = "recorded"  # the caller left a message
    RINGING_OUT = "ringing_out"  # a counsellor rings a parent, a school, an emergency service
    RANG_OUT = "rang_out"  # how that ended
    HANDED = "handed"  # a counsellor gives the caller to somebody else
    TRIED_OUT = "tried_out"  # how far a trial of the line has come; no call knows it
    SAID = "said"  # an answer given without speaking, in silent talk
    SWITCH_START = "SWITCH_START"
    SWITCH_END = "SWITCH_END"
    PUT_AWAY = "LEDGER_PUT_AWAY"  # the ledger goes on here; what came before lies beside it, under another name
    OTHER = ""


MARKS = frozenset({Kind.SWITCH_START, Kind.SWITCH_END})
_BARE = MARKS | {Kind.PUT_AWAY}  # written by us, of no channel
_STEPS = frozenset(kind for kind in Kind if kind.islower())
_BRIDGES = frozenset({Kind.BRIDGE_ENTER, Kind.BRIDGE_EXIT})
_KINDS: Mapping[str, Kind] = {kind.value: kind for kind in Kind}

LONGEST_LINE = 16_384
LONGEST_TEXTS = 2_048
EARLIEST, LATEST = 1_000_000_000.0, 4_102_444_800.0  # 2001 to 2100: anything else is a clock gone wrong, or rubbish
_FIRST_FIELD = '{"eventtype"'
# Asterisk's own form: an optional system name, the second it began, and a number that counts channels.
_CHANNEL_ID = re.compile(r"(?:[\w.-]{1,64}-)?[0-9]{10,11}\.[0-9]{1,12}", re.ASCII)
_texts = itemgetter("linkedid", "uniqueid", "channame", "exten", "context", "appname", "eventextra")
_BRIDGE_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)
NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Event:
    """`at` is in seconds since 1970 (UTC); `bridge` is set for bridge events, `words` for steps of the flow."""

    kind: Kind
    at: float
    linkedid: str = ""
    uniqueid: str = ""
    channel: str = ""
    exten: str = ""
    context: str = ""
    app: str = ""
    bridge: str = ""
    words: Mapping[str, str] = field(default_factory=dict)

    @property
    def of_first_channel(self) -> bool:
        """Whether it happened on the channel that began the call: the caller's."""
        return self.uniqueid == self.linkedid


def call_id(linkedid: str) -> str:
    """hl-1795281282.7 → 1795281282-000007: sorts by time, and a rebuild makes it again."""
    second, _, number = linkedid.rpartition("-")[2].partition(".")
    return f"{second}-{int(number):06d}"


def parse(line: bytes) -> Event | None:
    """The event in one line; None when it is rubbish. A line of which only the end was written whole is still read:
    that is what a full disk leaves behind, a torn line with the next one glued to it.
    """
    if len(line) > LONGEST_LINE:
        return None
    text = line.decode("utf-8", "replace")
    fields = _loads(text)
    if fields is None and (torn := text.rfind(_FIRST_FIELD)) > 0:
        fields = _loads(text[torn:])
    return _event(fields) if isinstance(fields, dict) and "\\u0000" not in text else None


def _loads(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _event(fields: Mapping[str, Any]) -> Event | None:
    kind: Any = fields.get("eventtype")
    at: Any = fields.get("eventtime")
    if not isinstance(kind, str) or type(at) not in (float, int) or not EARLIEST < at < LATEST:
        return None
    known = _KINDS.get(kind, Kind.OTHER)
    return Event(known, float(at)) if known in _BARE else _of_channel(known, float(at), fields)


def _of_channel(kind: Kind, at: float, fields: Mapping[str, Any]) -> Event | None:
    try:
        texts = _texts(fields)
        size = len("".join(texts))
    except (KeyError, TypeError):  # a field is missing, or is not text
        return None
    linkedid, uniqueid, channel, exten, context, app, extra = texts
    if size > LONGEST_TEXTS or not (_CHANNEL_ID.fullmatch(linkedid) and _CHANNEL_ID.fullmatch(uniqueid)):
        return None
    bridge = _bridge(extra) if kind in _BRIDGES else ""
    words = _words(extra) if kind in _STEPS else NOTHING
    return Event(kind, at, linkedid, uniqueid, channel, exten, context, app, bridge, words)


def _extra_text(text: str, name: str) -> str:
    """One text out of `eventextra`, which is itself JSON."""
    extra = _loads(text)
    value = extra.get(name) if isinstance(extra, dict) else None
    return value if isinstance(value, str) else ""


def _bridge(text: str) -> str:
    bridge = _extra_text(text, "bridge_id")
    return bridge if _BRIDGE_ID.fullmatch(bridge) else ""


def _words(text: str) -> Mapping[str, str]:
    try:
        return dict(parse_qsl(_extra_text(text, "extra"), keep_blank_values=True, max_num_fields=32))
    except ValueError:
        return NOTHING
