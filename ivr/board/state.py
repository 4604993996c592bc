"""The line at this moment, folded from what the switch tells, event by event. Pure.

A call is known by the id of its row (`ivr calls`), and by nothing of the caller: what they chose travels in user events
of the dialplan (`dialplan/board.conf`), after the number has left the channel. The same words stand in variables of the
channel, so the whole can be made anew (`resync.py`).

Times are in seconds since 1970.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl

from ivr.telephony.events import call_id
from ivr.telephony.statuses import PhoneState

HEARD = frozenset(
    {
        "AgentCalled",
        "AgentComplete",
        "AgentConnect",
        "AgentRingNoAnswer",
        "QueueCallerJoin",
        "QueueCallerLeave",
        "QueueMemberAdded",
        "QueueMemberStatus",
        "UserEvent",
    }
)
"""The events that change a board."""
Fields = Mapping[str, str]

_LINKEDID = re.compile(r"(?:[\w.-]{1,64}-)?[0-9]{10,11}\.[0-9]{1,12}", re.ASCII)
_PHONE = re.compile(r"PJSIP/([0-9]{2,8})(?:-page)?(?:-[0-9a-f]{1,16})?", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?", re.ASCII)
# Only what looks as it should gets onto a board, as in the ledger's rows: no way in for a number.
_WORDS = {
    "language": re.compile("[a-z]{2}"),
    "topic": re.compile("[a-z_]{1,32}"),
    "age_band": re.compile(r"[0-9]{1,2}-[0-9]{1,2}|adult"),
    "priority": re.compile("danger|high|normal"),
    "queue": re.compile("[a-z][a-z0-9_-]{0,39}"),
}
_NORMAL = "normal"
MOST_WORDS = 32


class Stage(StrEnum):
    """Where a call is."""

    ASKING = "asking"  # in the menus, or hearing the last words
    WAITING = "waiting"
    RINGING = "ringing"  # waiting still, and somebody's phone rings
    TALKING = "talking"


WAITS = frozenset({Stage.WAITING, Stage.RINGING})


@dataclass(frozen=True, slots=True)
class Call:
    """One call. `place`: the number that the queues sort by, highest first (routing/priority.py). `ringing`: whose
    phones ring. `counsellor`: the extension; empty while nobody talks, and for a mobile on call.
    """

    id: str
    channel: str = ""
    stage: Stage = Stage.ASKING
    since: float = 0.0  # the stage began
    language: str | None = None
    topic: str | None = None
    age_band: str | None = None
    priority: str = _NORMAL
    silent: bool = False
    queue: str | None = None
    place: int = 0
    waiting_since: float | None = None
    ringing: tuple[str, ...] = ()
    counsellor: str = ""
    talking_since: float | None = None

    @property
    def waits(self) -> bool:
        return self.stage in WAITS


@dataclass(frozen=True, slots=True)
class Phone:
    """A counsellor's phone. `since`: when this state began, 0 when that was before we looked."""

    state: PhoneState
    last_call_at: float = 0.0
    since: float = 0.0


NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Board:
    """`spoke`: when each counsellor last said whether they are there; what they said stands in the rows. `away`: the
    switch cannot be asked, and this is how it was last."""

    calls: Mapping[str, Call] = field(default_factory=lambda: NOTHING)
    phones: Mapping[str, Phone] = field(default_factory=lambda: NOTHING)
    spoke: Mapping[str, float] = field(default_factory=lambda: NOTHING)
    away: bool = True

    def waiting(self) -> list[Call]:
        """In the order in which they will be served."""
        return sorted((c for c in self.calls.values() if c.waits), key=lambda c: (-c.place, c.waiting_since or 0, c.id))

    def talking(self) -> list[Call]:
        """Longest first."""
        found = (call for call in self.calls.values() if call.stage is Stage.TALKING)
        return sorted(found, key=lambda call: (call.talking_since or 0, call.id))

    def asking(self) -> list[Call]:
        return [call for call in self.calls.values() if call.stage is Stage.ASKING]


def fold(board: Board, name: str, fields: Fields) -> Board:
    """The board after the event `name`; the same one when it changes nothing. Raises nothing."""
    told = _TOLD.get(name)
    return told(board, fields) if told else board


def _user_event(board: Board, fields: Fields) -> Board:
    match fields.get("UserEvent"):
        case "Call":
            return _call_told(board, fields)
        case "Moved":
            call = board.calls.get(fields.get("Call", ""))
            return _with(board, replace(call, **_place(fields))) if call else board
        case "Presence":
            extension = extension_of(f"PJSIP/{fields.get('Extension', '')}")
            return replace(board, spoke={**board.spoke, extension: _at(fields)}) if extension else board
    return board


def _call_told(board: Board, fields: Fields) -> Board:
    identity = id_of(fields)
    if fields.get("State") == "over" or not identity:
        return _without(board, identity)
    call = board.calls.get(identity, Call(identity))
    match fields.get("State"):
        case "asking":
            call = replace(_asking(call, _at(fields)), channel=fields.get("Channel", ""))
        case "waiting":
            call = waiting(call, _at(fields))
            call = replace(call, channel=fields.get("Channel", ""), **said(fields.get("Said", "")), **_place(fields))
        case "talking":
            call = talking(call, extension_of(fields.get("Channel", "")), _at(fields))
        case _:
            return board
    return _with(board, call)


def _asking(call: Call, at: float) -> Call:
    if call.stage is Stage.ASKING and call.since:
        return call
    return replace(call, stage=Stage.ASKING, since=at, ringing=(), counsellor="", talking_since=None)


def waiting(call: Call, at: float) -> Call:
    if call.waits:
        return call
    since = call.waiting_since or at
    return replace(
        call, stage=Stage.WAITING, since=at, waiting_since=since, ringing=(), counsellor="", talking_since=None
    )


def talking(call: Call, counsellor: str, at: float) -> Call:
    if call.stage is Stage.TALKING:
        return call if call.counsellor else replace(call, counsellor=counsellor)
    return replace(call, stage=Stage.TALKING, since=at, ringing=(), counsellor=counsellor, talking_since=at)


def ringing(call: Call, phones: Iterable[str], at: float) -> Call:
    """With these phones ringing. Whoever is not waiting has nobody's phone ring."""
    if not call.waits:
        return call
    ringing = tuple(sorted(phones))
    stage = Stage.RINGING if ringing else Stage.WAITING
    return replace(call, ringing=ringing, stage=stage, since=call.since if stage is call.stage else at)


def _joined(board: Board, fields: Fields) -> Board:
    identity = id_of(fields)
    if not identity:
        return board
    call = waiting(board.calls.get(identity, Call(identity)), _at(fields))
    words = sane({"queue": fields.get("Queue", "")})
    if not call.language:
        words |= sane({"language": fields.get("Language", "")})
    return _with(board, replace(call, channel=fields.get("Channel", ""), **words))


def _left(board: Board, fields: Fields) -> Board:
    """Whoever leaves a queue hears something, is connected, or has hung up: what comes next tells which."""
    return _change(board, fields, lambda call: ringing(call, (), _at(fields)))


def _rings(board: Board, fields: Fields) -> Board:
    phone = extension_of(fields.get("Interface", ""))
    return _change(board, fields, lambda call: ringing(call, {*call.ringing, phone} - {""}, _at(fields)))


def _rang_in_vain(board: Board, fields: Fields) -> Board:
    phone = extension_of(fields.get("Interface", ""))
    return _change(board, fields, lambda call: ringing(call, set(call.ringing) - {phone}, _at(fields)))


def _connected(board: Board, fields: Fields) -> Board:
    phone = extension_of(fields.get("Interface", ""))
    return _change(board, fields, lambda call: talking(call, phone, _at(fields)))


def _completed(board: Board, fields: Fields) -> Board:
    """The talk has ended. The call is over with the next event, or waits again: its phone died."""

    def parted(call: Call) -> Call:
        return replace(_asking(call, _at(fields)), waiting_since=None) if call.stage is Stage.TALKING else call

    return _change(board, fields, parted)


def member(board: Board, fields: Fields) -> Board:
    extension = extension_of(fields.get("Interface", "") or fields.get("Location", ""))
    if not extension:
        return board
    phone = _phone(board.phones.get(extension), fields, _at(fields))
    return board if board.phones.get(extension) == phone else replace(board, phones={**board.phones, extension: phone})


def _phone(known: Phone | None, fields: Fields, at: float) -> Phone:
    """The queues tell each phone many times over, and one that it was in no call from that queue yet."""
    state = PhoneState.of(fields.get("Status", ""))
    last = max(known.last_call_at if known else 0.0, number(fields.get("LastCall", "")))
    return Phone(state, last, known.since if known and known.state is state else at)


_TOLD: dict[str, Callable[[Board, Fields], Board]] = {
    "AgentCalled": _rings,
    "AgentComplete": _completed,
    "AgentConnect": _connected,
    "AgentRingNoAnswer": _rang_in_vain,
    "QueueCallerJoin": _joined,
    "QueueCallerLeave": _left,
    "QueueMemberAdded": member,
    "QueueMemberStatus": member,
    "UserEvent": _user_event,
}


def said(text: str) -> dict[str, Any]:
    """What the caller chose, in words of the ledger (`language=az&topic=legal`); of two the last counts."""
    chosen = dict(parse_qsl(text)) if text.count("&") < MOST_WORDS else {}
    words = sane({name: chosen.get(name, "") for name in ("language", "topic", "age_band", "priority")})
    return words | ({"silent": True} if chosen.get("silent") == "yes" else {})


def _place(fields: Fields) -> dict[str, Any]:
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


def _at(fields: Fields) -> float:
    return number(fields.get("Timestamp", ""))


def number(text: str) -> float:
    return float(text) if _NUMBER.fullmatch(text) else 0.0


def _change(board: Board, fields: Fields, how: Callable[[Call], Call]) -> Board:
    """What is told of a call that nobody has told of is no call: it may be over already."""
    call = board.calls.get(id_of(fields))
    return _with(board, how(call)) if call else board


def _with(board: Board, call: Call) -> Board:
    return board if board.calls.get(call.id) == call else replace(board, calls={**board.calls, call.id: call})


def _without(board: Board, identity: str) -> Board:
    if identity not in board.calls:
        return board
    return replace(board, calls={name: call for name, call in board.calls.items() if name != identity})
