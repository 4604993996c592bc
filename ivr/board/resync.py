"""The board from nothing but what the switch answers when it is asked. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from ivr.board.fold import member
from ivr.board.state import NOTHING, Board, Call, Phone, ringing, talking, waiting
from ivr.board.told import Fields, extension_of, id_of, number, said, sane
from ivr.telephony.variables import Variable

TOLD = (
    Variable.DOOR,
    Variable.LANGUAGE,
    Variable.PRIORITY,
    Variable.SILENT,
    Variable.SAID,
    Variable.PLACE,
    Variable.ARRIVED,
    Variable.MET,
    Variable.TRIAL,
)
"""The variables of a caller's channel that Status is to be asked for."""
_UP, _NULL = "6", "(null)"


def rebuild(before: Board, status: Iterable[Fields], queues: Iterable[Fields], now: float) -> Board:
    """From the answers to Status (asked for the variables TOLD) and to QueueStatus. `before`: what the switch does not
    keep, who spoke when."""
    channels, listed = list(status), list(queues)
    entries = {entry.get("Uniqueid", ""): entry for entry in listed if entry.get("Event") == "QueueEntry"}
    callers = [each for each in channels if _is_caller(each)]
    calls = [_found(each, channels, entries.get(each["Uniqueid"], NOTHING), now) for each in callers]
    board = replace(before, calls={call.id: call for call in calls}, phones={}, away=False)
    for each in listed:
        board = member(board, each) if each.get("Event") == "QueueMember" else board
    return replace(board, phones={name: _since(before, board, name) for name in board.phones})


def _since(before: Board, board: Board, name: str) -> Phone:
    known, phone = before.phones.get(name), board.phones[name]
    return replace(phone, since=known.since if known and known.state is phone.state else 0.0)


def _is_caller(channel: Fields) -> bool:
    of_first = channel.get("Uniqueid", "") == channel.get("Linkedid")
    variables = _variables(channel)
    known = Variable.DOOR in variables and Variable.TRIAL not in variables
    return of_first and bool(id_of(channel)) and known


def _found(channel: Fields, channels: Iterable[Fields], entry: Fields, now: float) -> Call:
    variables = _variables(channel)
    call = Call(id_of(channel), channel.get("Channel", ""), since=now - number(channel.get("Seconds", "")))
    others = [each for each in channels if each.get("Linkedid") == channel.get("Linkedid") and each is not channel]
    arrived = number(variables.get(Variable.ARRIVED, ""))
    if not entry and not arrived:
        return call
    place = int(number(variables.get(Variable.PLACE, "")))
    words = said(_as_told(variables)) | sane({"queue": entry.get("Queue", "")})
    call = replace(call, place=place, waiting_since=arrived or None, **words)
    if bridge := channel.get("BridgeID"):
        beside = (extension_of(each.get("Channel", "")) for each in others if each.get("BridgeID") == bridge)
        return talking(call, next(filter(None, beside), ""), number(variables.get(Variable.MET, "")) or now)
    call = waiting(call, arrived or now - number(entry.get("Wait", "")))
    rung = {extension_of(each.get("Channel", "")) for each in others if each.get("ChannelState") != _UP}
    return ringing(call, rung - {""}, now)


def _as_told(variables: Mapping[str, str]) -> str:
    """The same words as in the user event."""
    now = zip(("language", "priority", "silent"), (Variable.LANGUAGE, Variable.PRIORITY, Variable.SILENT), strict=True)
    return variables.get(Variable.SAID, "") + "".join(f"&{name}={variables.get(of, '')}" for name, of in now)


def _variables(channel: Fields) -> dict[str, str]:
    """`Variable: NAME=value`, a line for each; one that was never set is told as (null)."""
    lines = (line.partition("=") for line in channel.get("Variable", "").splitlines())
    return {name: value for name, _, value in lines if value not in ("", _NULL)}
