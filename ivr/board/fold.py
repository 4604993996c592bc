"""The board after each of the switch's events. Pure.

What callers chose travels in user events of the dialplan (`dialplan/board.conf`), after the number has left the
channel. The same words stand in variables of the channel, so the whole can be made anew (`resync.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ivr.board.state import Board, Call, Phone, Stage, asking, ringing, talking, waiting
from ivr.board.told import Fields, at, extension_of, id_of, number, place, said, sane
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
            return _with(board, replace(call, **place(fields))) if call else board
        case "Presence":
            extension = extension_of(f"PJSIP/{fields.get('Extension', '')}")
            return replace(board, spoke={**board.spoke, extension: at(fields)}) if extension else board
    return board


def _call_told(board: Board, fields: Fields) -> Board:
    identity = id_of(fields)
    if fields.get("State") == "over" or not identity:
        return _without(board, identity)
    call = board.calls.get(identity, Call(identity))
    match fields.get("State"):
        case "asking":
            call = replace(asking(call, at(fields)), channel=fields.get("Channel", ""))
        case "waiting":
            call = waiting(call, at(fields))
            call = replace(call, channel=fields.get("Channel", ""), **said(fields.get("Said", "")), **place(fields))
        case "talking":
            call = talking(call, extension_of(fields.get("Channel", "")), at(fields))
        case _:
            return board
    return _with(board, call)


def _joined(board: Board, fields: Fields) -> Board:
    identity = id_of(fields)
    if not identity:
        return board
    call = waiting(board.calls.get(identity, Call(identity)), at(fields))
    words = sane({"queue": fields.get("Queue", "")})
    if not call.language:
        words |= sane({"language": fields.get("Language", "")})
    return _with(board, replace(call, channel=fields.get("Channel", ""), **words))


def _left(board: Board, fields: Fields) -> Board:
    """Whoever leaves a queue hears something, is connected, or has hung up: what comes next tells which."""
    return _change(board, fields, lambda call: ringing(call, (), at(fields)))


def _rings(board: Board, fields: Fields) -> Board:
    phone = extension_of(fields.get("Interface", ""))
    return _change(board, fields, lambda call: ringing(call, {*call.ringing, phone} - {""}, at(fields)))


def _rang_in_vain(board: Board, fields: Fields) -> Board:
    phone = extension_of(fields.get("Interface", ""))
    return _change(board, fields, lambda call: ringing(call, set(call.ringing) - {phone}, at(fields)))


def _connected(board: Board, fields: Fields) -> Board:
    phone = extension_of(fields.get("Interface", ""))
    return _change(board, fields, lambda call: talking(call, phone, at(fields)))


def _completed(board: Board, fields: Fields) -> Board:
    """The talk has ended. The call is over with the next event, or waits again: its phone died."""

    def parted(call: Call) -> Call:
        return replace(asking(call, at(fields)), waiting_since=None) if call.stage is Stage.TALKING else call

    return _change(board, fields, parted)


def member(board: Board, fields: Fields) -> Board:
    extension = extension_of(fields.get("Interface", "") or fields.get("Location", ""))
    if not extension:
        return board
    phone = _phone(board.phones.get(extension), fields, at(fields))
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
