"""What the board shows: four numbers, who waits, who talks, who is there, and the day so far. Pure.

Times are in seconds since 1970, durations in seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ivr.board.curve import Curve
from ivr.board.state import Board, Call
from ivr.desk.presence import State
from ivr.flow.steps import Priority


class Tone(StrEnum):
    """How a number is to be taken. A word or an icon says the same: never colour alone."""

    CALM = "calm"
    GOOD = "good"
    ATTENTION = "attention"
    DANGER = "danger"


@dataclass(frozen=True, slots=True)
class Limits:
    """From which number on what tone: IVR_BOARD_… and IVR_SERVICE_…"""

    wait_attention_s: float
    wait_danger_s: float
    service_s: float
    service_percent: float


@dataclass(frozen=True, slots=True)
class Person:
    """A counsellor. `since`: of their state; None when nobody noted it."""

    extension: str
    name: str
    languages: tuple[str, ...]
    state: State
    since: float | None = None


@dataclass(frozen=True, slots=True)
class Today:
    """Since midnight on the helpline's clock. `wanted`: callers who got as far as waiting for a person, and whose call
    is over or answered; `in_time`: those of them who had one within the service level."""

    answered: int = 0
    abandoned: int = 0
    promised: int = 0
    messages: int = 0
    wanted: int = 0
    in_time: int = 0
    longest_wait_s: float | None = None
    callbacks_due: int = 0
    gap: tuple[datetime, datetime] | None = None

    @property
    def service_percent(self) -> float | None:
        return 100 * self.in_time / self.wanted if self.wanted else None


@dataclass(frozen=True, slots=True)
class HelpCall:
    """A counsellor who asked for help in a call; nobody has said yet that they come. `why`: a code."""

    contact_id: str
    extension: str
    name: str
    why: str
    since: float


@dataclass(frozen=True, slots=True)
class View:
    """`help`: who has waited longest for it first. `curve`: None while no day has been read."""

    away: bool
    waiting: Sequence[Call]
    talking: Sequence[Call]
    asking: int
    people: Sequence[Person]
    today: Today
    now: float
    limits: Limits
    help: Sequence[HelpCall] = ()
    curve: Curve | None = None

    def is_talking(self, extension: str) -> bool:
        return any(call.counsellor == extension for call in self.talking)

    @property
    def free(self) -> int:
        return sum(person.state is State.AVAILABLE for person in self.people)

    @property
    def waiting_since(self) -> float | None:
        """Since when the one who has waited longest does."""
        return min((call.waiting_since for call in self.waiting if call.waiting_since), default=None)

    @property
    def longest_today_s(self) -> float | None:
        """Who still waits counts."""
        now = self.now - self.waiting_since if self.waiting_since else None
        return max((s for s in (now, self.today.longest_wait_s) if s is not None), default=None)

    def wait_tone(self, since: float | None) -> Tone:
        waited_s = self.now - since if since else 0.0
        if waited_s >= self.limits.wait_danger_s:
            return Tone.DANGER
        return Tone.ATTENTION if waited_s >= self.limits.wait_attention_s else Tone.CALM

    @property
    def free_tone(self) -> Tone:
        if self.free:
            return Tone.GOOD
        return Tone.DANGER if self.waiting else Tone.ATTENTION

    @property
    def service_tone(self) -> Tone:
        level = self.today.service_percent
        if level is None:
            return Tone.CALM
        return Tone.GOOD if level >= self.limits.service_percent else Tone.ATTENTION

    def name(self, extension: str) -> str:
        return next((person.name for person in self.people if person.extension == extension), extension)


PEOPLE_ORDER = (State.RINGING, State.AVAILABLE, State.ON_CALL, State.WRAP_UP, State.BREAK, State.SIGNED_OUT)


@dataclass(frozen=True, slots=True)
class Beside:
    """What the rows say beside the switch."""

    people: Sequence[Person]
    today: Today
    help: Sequence[HelpCall] = ()
    curve: Curve | None = None


def view(board: Board, beside: Beside, limits: Limits, now: float) -> View:
    by_state = sorted(beside.people, key=lambda person: (PEOPLE_ORDER.index(person.state), person.name))
    return View(
        board.away,
        board.waiting(),
        board.talking(),
        len(board.asking()),
        by_state,
        beside.today,
        now,
        limits,
        sorted(beside.help, key=lambda each: each.since),
        beside.curve,
    )


def front(board: Board, call: Call) -> int:
    """The place with which this caller comes before all who wait, but never before one in danger who is not it."""
    others = [each for each in board.waiting() if each.id != call.id]
    in_danger = [each.place for each in others if each.priority == Priority.DANGER]
    if call.priority == Priority.DANGER or not in_danger:
        return max((each.place for each in others), default=call.place) + 1
    rest = max((each.place for each in others if each.priority != Priority.DANGER), default=call.place)
    return max(call.place, min(rest + 1, min(in_danger) - 1))
