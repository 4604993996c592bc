"""The switch's queues as values: from its answer to QueueStatus, and to the actions that change them.

Reference: https://docs.asterisk.org/ (AMI: QueueStatus, QueueAdd, QueueRemove, QueuePause, QueuePenalty).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ivr.routing.plan import PAGE, Change, Do, Member, Place, Waiting
from ivr.telephony.ami import Message
from ivr.telephony.statuses import PhoneState

_PHONE = "PJSIP/"
_STATES = tuple(PhoneState)  # each outweighs those before it


@dataclass(frozen=True, slots=True)
class Phone:
    """A counsellor's phone as the queues see it: the one on the desk and the one in the page together.

    `last_call_at`: end of its last call from a queue; 0: none yet. `in_page`: a page is there, and rings.
    """

    state: PhoneState
    last_call_at: float = 0.0
    in_page: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """All queues at one moment."""

    members: Mapping[Place, Member] = field(default_factory=dict)
    waiting: tuple[Waiting, ...] = ()
    phones: Mapping[str, Phone] = field(default_factory=dict)


def view(answer: Iterable[Message]) -> View:
    """What the switch answered to QueueStatus. Members that are no counsellor's phone, and nonsense, are left out."""
    members: dict[Place, Member] = {}
    phones: dict[str, Phone] = {}
    waiting: list[Waiting] = []
    for told in answer:
        if told.name == "QueueMember" and told["Location"].startswith(_PHONE):
            station = told["Location"].removeprefix(_PHONE)
            members[told["Queue"], station] = Member(_number(told["Penalty"]), told["Paused"] == "1")
            extension = station.removesuffix(PAGE)
            phones[extension] = _together(phones.get(extension), told)
        elif told.name == "QueueEntry":
            waiting.append(Waiting(told["Queue"], _number(told["Priority"]), _number(told["Wait"])))
    return View(members, tuple(waiting), phones)


def _together(known: Phone | None, told: Message) -> Phone:
    """Talking on either is talking; there is one that one of them is."""
    state, known = PhoneState.of(told["Status"]), known or Phone(PhoneState.AWAY)
    is_page = told["Location"].endswith(PAGE) and state is not PhoneState.AWAY
    at = max(known.last_call_at, _number(told["LastCall"]))
    return Phone(max(known.state, state, key=_STATES.index), at, known.in_page or is_page)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else 0


def actions(changes: Iterable[Change]) -> list[tuple[str, dict[str, str]]]:
    """AMI actions, name and fields. A pause in every queue is one action."""
    return [_action(change) for change in changes]


def _action(change: Change) -> tuple[str, dict[str, str]]:
    where = {"Interface": _PHONE + change.station} | ({"Queue": change.queue} if change.queue else {})
    match change.do:
        case Do.ADD:
            how = {"Penalty": str(change.member.penalty), "Paused": str(int(change.member.paused))}
            return "QueueAdd", where | how | {"MemberName": change.station.removesuffix(PAGE)}
        case Do.REMOVE:
            return "QueueRemove", where
        case Do.PENALTY:
            return "QueuePenalty", where | {"Penalty": str(change.member.penalty)}
    return "QueuePause", where | {"Paused": "true" if change.do is Do.PAUSE else "false"}
