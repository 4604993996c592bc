"""Who rings again: what is known of callers by their keyed hash, read every two seconds and never waited for.

Arrivals are counted here at once; everything else comes from the rows. While these are away, nothing is known.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from heapq import heappop, heappush

import structlog

from ivr.errors import HelplineError
from ivr.flow.steps import UNKNOWN, Caller
from ivr.records import block, call, callback, erasure
from ivr.records.call import Lately, Outcome
from ivr.records.database import Database, Unit
from ivr.routing.acquaintance import LATELY_S, REMEMBERED_S, Past, acquaintance

LOOK_EVERY_S = 2.0
READ_LIMIT_S = 1.5
STALE_S = 15.0  # rows that were read longer ago say nothing any more
MET = frozenset({Outcome.ANSWERED, Outcome.FORWARDED, Outcome.CALLBACK_PROMISED, Outcome.MESSAGE_LEFT})
MISSED = frozenset({Outcome.ABANDONED_IN_QUEUE, Outcome.LOST})

log = structlog.get_logger()


@dataclass(slots=True)
class Seen:
    """What the rows said when they were last read; `at` in seconds since 1970. `revision`: they are known up to that
    batch; None while they are still read for the first time, up to the call `upto` and as of the batch `as_of`.

    `ages`: a heap of when each of `calls` began, its caller and its id, so that forgetting the old looks at no other: a
    busy line remembers 100,000.
    """

    at: float = 0.0
    revision: int | None = None
    as_of: int | None = None
    upto: str = ""
    calls: dict[str, dict[str, Past]] = field(default_factory=lambda: defaultdict(dict))
    ages: list[tuple[float, str, str]] = field(default_factory=list)
    erasures: int = 0
    blocked: frozenset[str] = frozenset()
    promised: frozenset[str] = frozenset()

    def learn(self, row: Lately) -> None:
        theirs, past = self.calls[row.caller], _past(row)
        if row.id not in theirs:
            heappush(self.ages, (past.started_at, row.caller, row.id))
        theirs[row.id] = past

    def forget(self, before: float) -> None:
        while self.ages and self.ages[0][0] < before:
            _, caller, call_id = heappop(self.ages)
            del self.calls[caller][call_id]
            if not self.calls[caller]:
                del self.calls[caller]


class Returning:
    """What is known of callers. `follow` keeps it up; `arrived` answers at once."""

    def __init__(self, database: Database, now: Callable[[], float] = time.time) -> None:
        self._database, self._now = database, now
        self._seen = Seen()
        self._began = now()
        self._arrivals: OrderedDict[str, deque[float]] = OrderedDict()  # who rang last is last
        self._away = False

    def arrived(self, caller: str, now: float) -> Caller:
        """What is known of a caller who rings now; the next time this arrival counts. An empty hash is nobody's."""
        if not caller:
            return UNKNOWN
        known = self._known(caller, now)
        self._arrivals.setdefault(caller, deque()).append(now)
        self._arrivals.move_to_end(caller)
        return known

    def _known(self, caller: str, now: float) -> Caller:
        seen = self._seen if now - self._seen.at <= STALE_S else Seen()
        past = seen.calls.get(caller, {}).values()
        here = [at for at in self._arrivals.get(caller, ()) if at >= now - LATELY_S]
        before = [each for each in past if now - LATELY_S <= each.started_at < self._began]
        known = acquaintance(past, now)
        return replace(
            known,
            # a call is in the rows and counted here; one that came through another door is in the rows alone
            calls_lately=max(known.calls_lately, len(before) + len(here)),
            blocked=caller in seen.blocked,
            promised=caller in seen.promised,
        )

    async def follow(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Read what is new. A database that is busy, slow or away changes nothing, and is said once."""
        try:
            async with asyncio.timeout(READ_LIMIT_S), self._database.reading() as unit:
                await self._read(unit, self._now())
        except (HelplineError, TimeoutError) as error:
            if not self._away:
                log.warning("returning.rows_away", error=type(error).__name__)
            self._away = True
        else:
            self._away = False

    async def _read(self, unit: Unit, now: float) -> None:
        await self._forget_erased(unit)
        seen = self._seen
        since = datetime.fromtimestamp(now - REMEMBERED_S, UTC)
        if seen.revision is None:
            await _load(unit, since, seen)
        for row in await call.lately_changed(unit, since, seen.revision or 0):
            seen.learn(row)
            seen.revision = max(seen.revision or 0, row.revision)
        seen.blocked = await block.callers(unit, datetime.fromtimestamp(now, UTC))
        seen.promised = await callback.awaiting(unit)
        seen.at = now
        self._forget(now)

    async def _forget_erased(self, unit: Unit) -> None:
        """Somebody was erased, nobody knows who: everything is read anew."""
        erasures = await erasure.count(unit)
        if erasures != self._seen.erasures:
            self._seen = Seen(erasures=erasures)
            self._arrivals.clear()

    def _forget(self, now: float) -> None:
        """What nobody asks for any more."""
        self._seen.forget(now - REMEMBERED_S)
        while self._arrivals and next(iter(self._arrivals.values()))[-1] < now - LATELY_S:
            self._arrivals.popitem(last=False)


async def _load(unit: Unit, since: datetime, seen: Seen) -> None:
    """A piece at a time: a look that took too long goes on where it ended. What changes meanwhile is read after it."""
    if seen.as_of is None:
        seen.as_of = await call.newest_revision(unit)
    while rows := await call.lately(unit, since, seen.upto):
        for row in rows:
            seen.learn(row)
        seen.upto = rows[-1].id
    seen.revision = seen.as_of


def _past(row: Lately) -> Past:
    return Past(
        started_at=row.started_at.timestamp(),
        ended=row.outcome is not None,
        silent=row.silent,
        met=row.outcome in MET,
        missed=row.outcome in MISSED,
        counsellor=row.counsellor or "",
    )
