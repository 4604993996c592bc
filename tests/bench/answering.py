"""The clock of the simulation: calls come, counsellors come and go, and a way of answering says who rings for whom.

Two ways. `Ours` is the line's own: `routing/` decides, and nothing of it is copied here. `RoundRobin` is a plain queue:
the first caller gets the next counsellor in turn. Both have the same calls, the same people, the same patience.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Protocol

from ivr.flow.steps import Language
from ivr.routing.plan import PRESSING_S, Ready, Seat, Waiting, assign, ranked, wanted
from ivr.routing.priority import Standing, decide_priority
from ivr.routing.skills import (
    ANYBODY_QUEUE,
    DANGER,
    OPENS_AT_S,
    Fit,
    Need,
    is_for_danger,
    is_open,
    queue_name,
    skill_for,
)
from tests.bench.year import BEGINS, PICKS_UP_S, WRAP_UP_S, Call, Duty

WAIT_S = 100.0  # IVR_WAIT_S; from then on all who are on duty ring. The words in between are left out
OPENS_S = (*(opens for opens in OPENS_AT_S.values() if opens), WAIT_S)  # when somebody new may be rung for a caller


@dataclass(frozen=True, slots=True)
class Ended:
    """How a call ended. `waited_s`: until a human voice, or until the caller gave up."""

    call: Call
    standing: Standing
    answered: bool
    waited_s: float
    understood: bool  # the counsellor speaks the caller's language


@dataclass(eq=False, slots=True)
class Waiter:
    """A caller who has nobody yet."""

    call: Call
    standing: Standing
    need: Need
    place: int

    def waiting(self, now: float) -> Waiting:
        waited = now - self.call.at
        queue = queue_name(self.need.language, self.need.skill) if waited < WAIT_S else ANYBODY_QUEUE
        return Waiting(queue, self.place, waited)


@dataclass(eq=False, slots=True)
class Chair:
    """A counsellor on duty. `free_since`: the end of their last call. `calls` tells an ending that was overtaken."""

    duty: Duty
    ready: Ready
    free_since: float
    calls: int = 0

    def seat(self, now: float) -> Seat:
        return Seat(self.duty.person, self.ready, now - self.free_since)


@dataclass(slots=True)
class Floor:
    """Who is there and who waits. `shift` counts the changes of who is there."""

    now: float = 0.0
    chairs: dict[str, Chair] = field(default_factory=dict)
    waiting: dict[int, Waiter] = field(default_factory=dict)
    shift: int = 0

    def seats(self, ready: Ready | None = None) -> list[Seat]:
        """Of everybody who is there, or of those alone."""
        return [c.seat(self.now) for c in self.chairs.values() if ready is None or c.ready is ready]


class Way(Protocol):
    def rings(self, floor: Floor) -> Mapping[str, int]:
        """Extension to the caller (their number in `floor.waiting`) for whom it rings now."""
        ...


class Ours:
    def __init__(self) -> None:
        self._ranks: dict[str, Mapping[str, Fit]] = {}
        self._shift = -1

    def rings(self, floor: Floor) -> Mapping[str, int]:
        callers = {waiter.waiting(floor.now): number for number, waiter in floor.waiting.items()}
        needed = {c.queue: Need() if c.queue == ANYBODY_QUEUE else floor.waiting[n].need for c, n in callers.items()}
        given = assign(floor.seats(Ready.FREE), callers, self._ranked(floor, needed))
        return {e: callers[c] for e, c in (given or _out_of_wrap_up(floor, needed, list(callers))).items()}

    def _ranked(self, floor: Floor, needed: Mapping[str, Need]) -> Mapping[str, Mapping[str, Fit]]:
        """Remembered while the same people are on duty."""
        if self._shift != floor.shift:
            self._ranks, self._shift = {}, floor.shift
        for queue, need in needed.items():
            if queue not in self._ranks:
                self._ranks[queue] = ranked(floor.seats(), need)
        return self._ranks


def _out_of_wrap_up(floor: Floor, needed: Mapping[str, Need], callers: Sequence[Waiting]) -> dict[str, Waiting]:
    """What the switch does with members in wrap-up whom `wanted` does not hold: it rings the best of them."""
    writing = {seat.extension: seat for seat in floor.seats(Ready.WRITING)}
    pressing = {c.queue for c in callers if c.waited_s >= PRESSING_S or c.queue.endswith(DANGER)}
    if not writing or not pressing:
        return {}
    callers = [caller for caller in callers if caller.queue in pressing]
    members = wanted(floor.seats(), {queue: need for queue, need in needed.items() if queue in pressing}, callers)
    rings: dict[str, Waiting] = {}
    for caller in sorted(callers, key=lambda each: -each.place):
        open_to = [
            (member.penalty, -seat.idle_s, extension)
            for extension, seat in writing.items()
            if not (member := members[caller.queue, extension]).paused
            and is_open(Fit(member.penalty), caller.waited_s, danger=is_for_danger(caller.queue))
        ]
        if open_to:
            extension = min(open_to)[2]
            rings[extension] = caller
            del writing[extension]
    return rings


class RoundRobin:
    """No languages, no skills, no priorities; a wrap-up is never cut short."""

    def __init__(self) -> None:
        self._last = ""

    def rings(self, floor: Floor) -> Mapping[str, int]:
        free = sorted(seat.extension for seat in floor.seats(Ready.FREE))
        in_turn = [e for e in free if e > self._last] + [e for e in free if e <= self._last]
        found = dict(zip(in_turn, floor.waiting, strict=False))
        self._last = next(reversed(found), self._last)
        return found


class Simulation:
    """One way of answering, from the first call until the last caller has gone."""

    def __init__(self, way: Way, duties: Sequence[Duty]) -> None:
        self._way, self._floor = way, Floor()
        self._numbers = count()
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._ended: list[Ended] = []
        for duty in duties:
            self._at(duty.starts, partial(self._come, duty))

    def run(self, calls: Iterator[Call]) -> list[Ended]:
        """Every call once, in the order in which their fate was settled."""
        self._next_of(calls)
        while self._agenda:
            self._floor.now, _, happens = heapq.heappop(self._agenda)
            happens()
            while self._floor.waiting and (rings := self._way.rings(self._floor)):
                for extension, number in rings.items():
                    self._ring(self._floor.chairs[extension], self._floor.waiting.pop(number))
        return self._ended

    def _at(self, when: float, happens: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (when, next(self._numbers), happens))

    def _next_of(self, calls: Iterator[Call]) -> None:
        call = next(calls, None)
        if call is not None:
            self._at(call.at, partial(self._arrive, call, calls))

    def _arrive(self, call: Call, calls: Iterator[Call]) -> None:
        self._next_of(calls)
        number = next(self._numbers)
        self._floor.waiting[number] = _waiter(call)
        for opens in OPENS_S:
            if opens < call.patience_s:
                self._at(call.at + opens, _nothing)
        self._at(call.at + call.patience_s, partial(self._give_up, number))

    def _give_up(self, number: int) -> None:
        waiter = self._floor.waiting.pop(number, None)
        if waiter:
            self._end(waiter, None, waiter.call.patience_s)

    def _ring(self, chair: Chair, waiter: Waiter) -> None:
        chair.ready, chair.calls = Ready.TALKING, chair.calls + 1
        call, now = waiter.call, self._floor.now
        answers, gives_up = now + PICKS_UP_S, call.at + call.patience_s
        if gives_up < answers:
            self._end(waiter, None, call.patience_s)
            self._at(gives_up, partial(self._free, chair, chair.calls))
        else:
            self._end(waiter, chair, answers - call.at)
            self._at(answers + call.talk_s, partial(self._write, chair))

    def _write(self, chair: Chair) -> None:
        chair.ready, chair.free_since = Ready.WRITING, self._floor.now
        self._at(self._floor.now + WRAP_UP_S, partial(self._free, chair, chair.calls))

    def _free(self, chair: Chair, calls: int) -> None:
        if chair.calls == calls:
            chair.ready = Ready.FREE

    def _come(self, duty: Duty) -> None:
        self._floor.chairs[duty.person.extension] = Chair(duty, Ready.FREE, self._floor.now)
        self._floor.shift += 1
        self._at(duty.ends, partial(self._go, duty))

    def _go(self, duty: Duty) -> None:
        """A call that is going on is finished; nobody rings this counsellor any more."""
        del self._floor.chairs[duty.person.extension]
        self._floor.shift += 1

    def _end(self, waiter: Waiter, chair: Chair | None, waited_s: float) -> None:
        understood = chair is not None and waiter.need.language in chair.duty.person.languages
        self._ended.append(Ended(waiter.call, waiter.standing, chair is not None, waited_s, understood))


def _waiter(call: Call) -> Waiter:
    standing = decide_priority(call.session, call.caller)
    need = Need(call.session.language or Language.AZ, skill_for(call.session, standing.priority))
    return Waiter(call, standing, need, standing.place(BEGINS.timestamp() + call.at))


def _nothing() -> None:
    """Time has passed: that is enough for somebody new to be rung."""
