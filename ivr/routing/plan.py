"""Who rings next: from who is there and who waits to what the switch's queues must look like. Pure.

The switch's own queues do the ringing. What they cannot know is who of several queues comes first when one counsellor
becomes free: so a counsellor who talks is paused in all of them, and is then let into the queue of the caller who is
first (`assign`). `wanted` says how every queue should be, `changes` what differs from how it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from ivr.routing.skills import (
    ANYBODY_QUEUE,
    DANGER,
    OPENS_AT_S,
    Fit,
    Need,
    Person,
    fit,
    is_for_danger,
    is_open,
    penalties,
)

EVERYBODY = "everybody"
SAME = "same-"  # a queue with one counsellor in it, for a caller who talked with them lately
PAGE = "-page"  # what the telephone in a counsellor's page is called after their extension
PRESSING_S = OPENS_AT_S[Fit.ANYBODY]  # a caller who has waited so long comes before a wrap-up


class Ready(StrEnum):
    FREE = "free"
    RINGING = "ringing"
    TALKING = "talking"
    WRITING = "writing"  # wrap-up after a call
    AWAY = "away"  # a break
    GONE = "gone"  # signed out, or not on the rota


RINGS_MISSED = 2  # in a row: then nobody counts on them
COULD_TAKE = frozenset({Ready.FREE, Ready.RINGING, Ready.WRITING})  # a call in danger comes before a wrap-up
SPARED_FOR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Seat:
    """One counsellor now. `idle_s`: since their last call. `missed`: rings in a row that they did not answer.
    `spared`: they had a hard call within the hour. `in_page`: their page is there, and rings in place of the phone.
    """

    person: Person
    ready: Ready
    idle_s: float = 0.0
    missed: int = 0
    spared: bool = False
    in_page: bool = False

    @property
    def extension(self) -> str:
        return self.person.extension

    @property
    def station(self) -> str:
        """What rings."""
        return self.extension + PAGE if self.in_page else self.extension


@dataclass(frozen=True, slots=True)
class Waiting:
    """One caller in one of the switch's queues. `place`: see routing/priority.py."""

    queue: str
    place: int
    waited_s: float


@dataclass(frozen=True, slots=True)
class Member:
    penalty: int
    paused: bool


Place = tuple[str, str]  # queue, station: an extension, or its page


class Do(StrEnum):
    ADD = "add"
    REMOVE = "remove"
    PAUSE = "pause"
    UNPAUSE = "unpause"
    PENALTY = "penalty"


@dataclass(frozen=True, slots=True)
class Change:
    do: Do
    queue: str
    station: str
    member: Member


def wanted(seats: Iterable[Seat], needed: Mapping[str, Need], waiting: Iterable[Waiting]) -> dict[Place, Member]:
    """How each queue should be. Who is gone stands in none, and is paused in the one that is theirs alone."""
    seats, waiting = tuple(seats), tuple(waiting)
    ranks = {queue: ranked(seats, need) for queue, need in needed.items()}
    first = assign(seats, waiting, ranks)
    members = {
        (queue, seat.station): Member(ranks[queue][seat.extension], _held(seat, queue, waiting, first))
        for queue in needed
        for seat in seats
        if seat.ready is not Ready.GONE
    }
    same = {
        (SAME + seat.extension, station): Member(0, seat.ready is not Ready.FREE or station != seat.station)
        for seat in seats
        for station in (seat.extension, seat.extension + PAGE)
    }
    return members | same


def ranked(seats: Iterable[Seat], need: Need) -> dict[str, Fit]:
    """Extension to penalty in one queue."""
    there = tuple(seat for seat in seats if seat.ready is not Ready.GONE)
    return penalties({seat.person: seat.missed for seat in there}, need, spared_from(there, need))


def spared_from(seats: Iterable[Seat], need: Need) -> frozenset[str]:
    """Who is not asked to take a caller in danger: a hard call lies behind them, and somebody else could take this one.

    Somebody else speaks the language, is neither talking nor on a break, and picks up when it rings: sparing a
    counsellor never leaves a child in danger without one.
    """
    seats = tuple(seats)
    if need.skill != DANGER or not any(_could_take(seat, need) for seat in seats):
        return frozenset()
    return frozenset(seat.extension for seat in seats if seat.spared)


def _could_take(seat: Seat, need: Need) -> bool:
    picks_up = seat.missed < RINGS_MISSED
    return not seat.spared and seat.ready in COULD_TAKE and picks_up and fit(seat.person, need) < Fit.ANYBODY


def assign(
    seats: Iterable[Seat], waiting: Iterable[Waiting], ranks: Mapping[str, Mapping[str, Fit]]
) -> dict[str, Waiting]:
    """Free counsellors to the callers they are for: the first caller chooses first, by fit and then by longest idle.

    `ranks`: queue to extension to penalty; everybody's queue, which is not in it, is open to all.
    """
    free = {seat.extension: seat for seat in seats if seat.ready is Ready.FREE}
    given: dict[str, Waiting] = {}
    for caller in sorted(waiting, key=lambda each: -each.place):
        here = _ranks_in(caller.queue, ranks, free)
        fitting = [seat for seat in free.values() if _may_ring(caller, here.get(seat.extension))]
        if fitting:
            best = min(fitting, key=lambda seat: (here[seat.extension], -seat.idle_s))
            given[best.extension] = caller
            del free[best.extension]
    return given


def _may_ring(caller: Waiting, penalty: Fit | None) -> bool:
    return penalty is not None and is_open(penalty, caller.waited_s, danger=is_for_danger(caller.queue))


def _ranks_in(queue: str, ranks: Mapping[str, Mapping[str, Fit]], free: Iterable[str]) -> Mapping[str, Fit]:
    if queue.startswith(SAME):
        return {queue.removeprefix(SAME): Fit.BEST}
    return ranks.get(queue) or dict.fromkeys(free, Fit.BEST)


def _held(seat: Seat, queue: str, waiting: Iterable[Waiting], first: Mapping[str, Waiting]) -> bool:
    """Whether this counsellor is paused in this queue."""
    here = [caller for caller in waiting if caller.queue == queue]
    match seat.ready:
        case Ready.FREE:
            mine = first.get(seat.extension)
            return bool(here) and mine is not None and mine.queue != queue
        case Ready.RINGING:
            return False
        case Ready.WRITING:
            return not any(_is_pressing(caller) for caller in here)
    return True


def _is_pressing(caller: Waiting) -> bool:
    return caller.waited_s >= PRESSING_S or caller.queue == ANYBODY_QUEUE or is_for_danger(caller.queue)


def changes(want: Mapping[Place, Member], there: Mapping[Place, Member]) -> tuple[Change, ...]:
    """What has to be done. In a queue that is somebody's alone only the pause is ours; everybody's is not touched."""
    found: list[Change] = []
    for place, now in there.items():
        if place not in want and not _is_written(place[0]):
            found.append(Change(Do.REMOVE, *place, now))
    for place, member in want.items():
        now_there = there.get(place)
        if now_there is None:
            found += [] if _is_written(place[0]) else [Change(Do.ADD, *place, member)]
            continue
        if now_there.penalty != member.penalty and not _is_written(place[0]):
            found.append(Change(Do.PENALTY, *place, member))
        if now_there.paused != member.paused:
            found.append(Change(Do.PAUSE if member.paused else Do.UNPAUSE, *place, member))
    return tuple(found)


def _is_written(queue: str) -> bool:
    """Whether its members stand in the configuration, for when no program is there."""
    return queue == EVERYBODY or queue.startswith(SAME)
