"""A call-back, a promise to ring a child back: when it may be kept, what may become of it, what comes next. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ivr.flow.steps import Priority, Safe
from ivr.routing.hours import BAKU, Clock


class Shown(StrEnum):
    """What the child's telephone shows while it rings."""

    LINE = "line"  # the helpline's short number
    WITHHELD = "withheld"


class State(StrEnum):
    PROMISED = "promised"
    CALLING = "calling"
    KEPT = "kept"
    LAPSED = "lapsed"  # the safe hours were over first
    WITHDRAWN = "withdrawn"  # the caller rang again, or said so
    GIVEN_UP = "given_up"  # rung as often as the policy allows


class Event(StrEnum):
    PLACED = "placed"  # a counsellor is being rung
    REACHED = "reached"  # child and counsellor are together
    MISSED = "missed"  # the child's telephone was rung, and the child was not there
    SPARED = "spared"  # the attempt ended before the child's telephone rang: it does not count
    USED_UP = "used_up"  # missed, for the last time
    TIME_OVER = "time_over"
    WITHDRAWN = "withdrawn"


# An attempt that runs is not stopped by the clock. A kept promise goes back when the counsellor says, by key, that it
# was not the child after all.
TRANSITIONS: dict[State, dict[Event, State]] = {
    State.PROMISED: {
        Event.PLACED: State.CALLING,
        Event.TIME_OVER: State.LAPSED,
        Event.WITHDRAWN: State.WITHDRAWN,
    },
    State.CALLING: {
        Event.REACHED: State.KEPT,
        Event.MISSED: State.PROMISED,
        Event.SPARED: State.PROMISED,
        Event.USED_UP: State.GIVEN_UP,
        Event.WITHDRAWN: State.WITHDRAWN,
    },
    State.KEPT: {
        Event.MISSED: State.PROMISED,
        Event.USED_UP: State.GIVEN_UP,
    },
    State.LAPSED: {},
    State.WITHDRAWN: {},
    State.GIVEN_UP: {},
}
OPEN = frozenset({State.PROMISED, State.CALLING})
OVER = frozenset(state for state, moves in TRANSITIONS.items() if not moves)


def advance(state: State, event: Event) -> State | None:
    """Where `event` leads; None when it may not happen here."""
    return TRANSITIONS[state].get(event)


class Outcome(StrEnum):
    """How one attempt ended."""

    ANSWERED = "answered"
    NOT_CHILD = "not_child"
    MACHINE = "machine"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    FAILED = "failed"  # the carrier said no: a number that is none, as a rule
    NO_COUNSELLOR = "no_counsellor"  # nobody was free, or nobody took it
    CALLED_OFF = "called_off"  # the counsellor left before the child's telephone was answered
    TOO_LATE = "too_late"  # withdrawn, or the safe hours over, before the child's telephone rang
    NO_TRUNK = "no_trunk"
    LOST = "lost"  # the line was closed, or died, before anything was known


COUNTED = frozenset({Outcome.NOT_CHILD, Outcome.MACHINE, Outcome.NO_ANSWER, Outcome.BUSY, Outcome.FAILED})


@dataclass(frozen=True, slots=True)
class Hours:
    """Of one day, as minutes since midnight on the helpline's clock."""

    starts: int
    ends: int


@dataclass(frozen=True, slots=True)
class Policy:
    """`callbacks/policy.toml`. `spacing_min`: before the second attempt, the third, and so on; the last one stays."""

    attempts: int
    spacing_min: tuple[int, ...]
    again_min: int
    lapse_warning_min: int
    ring_counsellor_s: int
    ring_child_s: int
    countries: tuple[str, ...]
    shown: Shown
    shown_if_only_caller: Shown
    now_lasts_min: int
    day_begins: int
    least_left_min: int
    afternoon: Hours
    tomorrow: Hours

    def shows(self, only_caller: bool) -> Shown:
        return self.shown_if_only_caller if only_caller else self.shown


@dataclass(frozen=True, slots=True)
class Window:
    """When the child's telephone may ring: from `start` on, before `end`."""

    start: datetime
    end: datetime

    def holds(self, moment: datetime) -> bool:
        return self.start <= moment < self.end


def window(policy: Policy, safe: Safe, now: datetime, clock: Clock = BAKU) -> Window:
    """The safe hours that the caller meant. An afternoon that is nearly over is tomorrow's."""
    if safe is Safe.NOW:
        return Window(now, now + timedelta(minutes=policy.now_lasts_min))
    if safe is Safe.TOMORROW:
        return _hours(policy, policy.tomorrow, now, 1, clock)
    today = _hours(policy, policy.afternoon, now, 0, clock)
    if offers_afternoon(policy, now, clock):
        return Window(max(now, today.start), today.end)
    return _hours(policy, policy.afternoon, now, 1, clock)


def offers_afternoon(policy: Policy, now: datetime, clock: Clock = BAKU) -> bool:
    """Whether enough of this afternoon is left to promise it."""
    left = _hours(policy, policy.afternoon, now, 0, clock).end - now
    return left >= timedelta(minutes=policy.least_left_min)


def _hours(policy: Policy, hours: Hours, now: datetime, days_on: int, clock: Clock) -> Window:
    """At one in the night it is still yesterday for whoever has not slept: `tomorrow` is then the day that dawns."""
    day = clock.day(now - timedelta(minutes=policy.day_begins)) + timedelta(days=days_on)
    return Window(clock.moment(day, hours.starts), clock.moment(day, hours.ends))


@dataclass(frozen=True, slots=True)
class Attempt:
    """One ring. `outcome` None: nothing is known yet."""

    at: datetime
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What the attempts made of a promise. `next_at`: not before; None when nothing is to come."""

    state: State
    attempts: int
    next_at: datetime | None


def standing(policy: Policy, start: datetime, attempts: Iterable[Attempt]) -> Standing:
    """Follows from the attempts alone, in their order, so that it is the same however often it is worked out."""
    so_far = Standing(State.PROMISED, 0, start)
    for attempt in attempts:
        so_far = _after(policy, so_far, attempt)
    return so_far


def _after(policy: Policy, before: Standing, attempt: Attempt) -> Standing:
    placed = advance(before.state, Event.PLACED)
    if placed is None:
        return before
    if attempt.outcome is None:
        return Standing(placed, before.attempts, None)
    counted = before.attempts + (attempt.outcome in COUNTED)
    state = advance(placed, _event(policy, attempt.outcome, counted)) or placed
    wait_min = _wait_min(policy, attempt.outcome, counted)
    return Standing(state, counted, attempt.at + timedelta(minutes=wait_min) if state is State.PROMISED else None)


def _event(policy: Policy, outcome: Outcome, counted: int) -> Event:
    if outcome is Outcome.ANSWERED:
        return Event.REACHED
    if outcome not in COUNTED:
        return Event.SPARED
    return Event.USED_UP if counted >= policy.attempts else Event.MISSED


def _wait_min(policy: Policy, outcome: Outcome, counted: int) -> int:
    if outcome is Outcome.NO_TRUNK:  # a counsellor was asked for nothing
        return policy.spacing_min[0]
    if outcome not in COUNTED:
        return policy.again_min
    return policy.spacing_min[min(counted, len(policy.spacing_min)) - 1]


Place = tuple[bool, datetime]
"""One who waits, on the line or for a call-back: in danger (False) or not, and since when. The least is first."""


def place(priority: str, since: datetime) -> Place:
    return priority != Priority.DANGER, since


def waits_its_turn(mine: Place, queue: Iterable[Place], *, lapses: bool) -> bool:
    """Whether callers in the queue come before this call-back: who stayed on the line must not be overtaken by who did
    not. One that is about to lapse waits for nobody but callers in danger.
    """
    ahead = [each for each in queue if each < mine]
    return any(not calm for calm, _ in ahead) or (bool(ahead) and not lapses)


def lapses_soon(policy: Policy, state: State, end: datetime, now: datetime) -> bool:
    """Whether somebody must look at it now: little of the safe hours is left, and the child was not reached."""
    return state in OPEN and end - now <= timedelta(minutes=policy.lapse_warning_min)


def diagram(transitions: Mapping[State, Mapping[Event, State]] = TRANSITIONS) -> str:
    """The state table as callbacks/README.md shows it."""
    rows = [f"| {state} | {event} | {to} |" for state, moves in transitions.items() for event, to in moves.items()]
    return "\n".join(("| state | what happens | state then |", "|---|---|---|", *rows))
