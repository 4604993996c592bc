"""Keeps the switch's queues as they should be: looks at everything, decides, and tells the switch what differs.

It holds no state that matters. Whatever was changed behind its back, by hand, by a restart of the switch or of itself,
is different from what is wanted, and so is put right at the next look: at every event, and every few seconds anyway.
Calls go on without it: the switch keeps the last membership, and the dialplan notices when nobody looks after it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace

import structlog

from ivr.errors import HelplineError, TelephonyError
from ivr.routing.plan import Change, Do, Ready, Seat, changes, wanted
from ivr.routing.skills import Need
from ivr.telephony import queues
from ivr.telephony.ami import RESYNC, Message, Switch
from ivr.telephony.queues import View
from ivr.telephony.variables import Global

LOOK_EVERY_S = 4.0  # the dialplan believes in us for 20 s (queue.conf)
SETTLE_S = 0.05  # events come in flocks: one for each queue that a phone is in
BREATH_S = 0.25  # from one look to the next at least: on the busiest night looking must not be the work
STIRRING = frozenset(
    {
        "AgentComplete",
        "AgentConnect",
        "AgentRingNoAnswer",
        "QueueCallerJoin",
        "QueueCallerLeave",
        "QueueMemberAdded",
        "QueueMemberPause",
        "QueueMemberPenalty",
        "QueueMemberRemoved",
        "QueueMemberStatus",
        "UserEvent",
        RESYNC,
    }
)

log = structlog.get_logger()

Seats = Callable[[View, float], Awaitable[tuple[Seat, ...]]]
"""Who is there: from the switch's view of the phones and the time (seconds since 1970)."""


@dataclass(slots=True)
class Missed:
    """How often in a row each counsellor let the phone ring: forgotten when they pick up, or say they are there."""

    by: dict[str, int] = field(default_factory=dict)

    def note(self, event: Message) -> None:
        extension = event["MemberName"]
        if event.name == "AgentRingNoAnswer":
            self.by[extension] = self.by.get(extension, 0) + 1
        elif event.name == "AgentConnect":
            self.by.pop(extension, None)
        elif event["UserEvent"] == "Presence":
            self.by.pop(event["Extension"], None)


class Watch:
    """Looks after one line's queues. `needed`: the queues with a need (routing/skills.py)."""

    def __init__(self, needed: dict[str, Need], seats: Seats) -> None:
        self._needed, self._seats = needed, seats
        self._missed = Missed()
        self._stirred = asyncio.Event()

    async def follow(self, switch: Switch) -> None:
        """Until the connection is lost."""
        listening = asyncio.create_task(self._listen(switch))
        try:
            while not listening.done():
                next_at = time.monotonic() + BREATH_S
                await self.look(switch)
                await self._rest()
                await asyncio.sleep(next_at - time.monotonic())
        finally:
            listening.cancel()

    async def _listen(self, switch: Switch) -> None:
        async for event in switch.events():
            self._missed.note(event)
            if event.name in STIRRING:
                self._stirred.set()
        self._stirred.set()

    async def _rest(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_EVERY_S):
                await self._stirred.wait()
                await asyncio.sleep(SETTLE_S)
        self._stirred.clear()

    async def look(self, switch: Switch) -> tuple[Change, ...]:
        """One look: what is, what should be, what was changed. Raises TelephonyError when the connection is lost."""
        view = queues.view(await switch.ask("QueueStatus"))
        now = time.time()
        seats = tuple(replace(s, missed=self._missed.by.get(s.extension, 0)) for s in await self._seats(view, now))
        todo = joined(changes(wanted(seats, self._needed, view.waiting), view.members), view)
        for action, fields in queues.actions(todo):
            await _tell(switch, action, fields)
        await self._sign(switch, seats, now)
        return todo

    async def _sign(self, switch: Switch, seats: Iterable[Seat], now: float) -> None:
        """What the dialplan looks at: that somebody looks after the queues, and whether anybody is on duty."""
        on_duty = sum(seat.ready is not Ready.GONE for seat in seats)
        for name, value in ((Global.ON_DUTY, on_duty), (Global.WATCHED_AT, int(now))):
            await switch.tell("Setvar", Variable=name, Value=str(value))


async def _tell(switch: Switch, action: str, fields: dict[str, str]) -> None:
    """A change that is refused is no reason to stop: things moved since we looked, and the next look sees it."""
    try:
        await switch.tell(action, **fields)
    except TelephonyError as error:
        log.info("watch.refused", action=action, reason=str(error))


def joined(todo: Iterable[Change], view: View) -> tuple[Change, ...]:
    """The same with one change in place of many, where somebody is paused or let in everywhere they stand."""
    todo = tuple(todo)
    found: list[Change] = []
    done: set[tuple[Do, str]] = set()
    for change in todo:
        if change.do not in (Do.PAUSE, Do.UNPAUSE):
            found.append(change)
        elif (change.do, change.station) not in done:
            everywhere = _is_everywhere(change, todo, view)
            found.append(replace(change, queue="") if everywhere else change)
            done |= {(change.do, change.station)} if everywhere else set()
    return tuple(found)


def _is_everywhere(change: Change, todo: Iterable[Change], view: View) -> bool:
    """Whether after these changes this telephone would be paused (or let in) in all of its queues alike."""
    after = {place: member.paused for place, member in view.members.items() if place[1] == change.station}
    for other in todo:
        if other.station == change.station and other.do in (Do.PAUSE, Do.UNPAUSE, Do.ADD):
            after[other.queue, other.station] = other.member.paused
    return len(after) > 1 and set(after.values()) == {change.member.paused}


async def keep_queues(connections: aclosing[AsyncGenerator[Switch, None]], watch: Watch) -> None:
    """For ever: one connection after another, each begun with a look at everything."""
    async with connections as fresh:
        async for switch in fresh:
            try:
                await watch.follow(switch)
            except HelplineError as error:
                log.warning("watch.lost", reason=str(error))
