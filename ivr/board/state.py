"""The line at one moment, as values: calls, phones, and the moves that a call makes. Pure.

A call is known by the id of its row (`ivr calls`), and by nothing of the caller. Times are in seconds since 1970.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from ivr.telephony.statuses import PhoneState

NORMAL = "normal"


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
    priority: str = NORMAL
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


def asking(call: Call, at: float) -> Call:
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
