"""Who rings again: what is known of callers by their keyed hash, read every two seconds and never waited for.

Arrivals are counted here at once; everything else comes from the rows. While these are away, nothing is known.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

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
    """What the rows said when they were last read; `at` in seconds since 1970."""

    at: float = 0.0
    revision: int = 0
    calls: dict[str, dict[str, Past]] = field(default_factory=lambda: defaultdict(dict))
    erasures: int = 0
    blocked: frozenset[str] = frozenset()
    promised: frozenset[str] = frozenset()


class Returning:
    """What is known of callers. `follow` keeps it up; `arrived` answers at once."""

    def __init__(self, database: Database, now: Callable[[], float] = time.time) -> None:
        self._database, self._now = database, now
        self._seen = Seen()
        self._began = now()
        self._arrivals: dict[str, deque[float]] = defaultdict(deque)
        self._away = False

    def arrived(self, caller: str, now: float) -> Caller:
        """What is known of a caller who rings now; the next time this arrival counts. An empty hash is nobody's."""
        if not caller:
            return UNKNOWN
        known = self._known(caller, now)
        self._arrivals[caller].append(now)
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
        for row in await call.lately(unit, since, seen.revision):
            seen.calls[row.caller][row.id] = _past(row)
            seen.revision = max(seen.revision, row.revision)
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
        for caller, calls in list(self._seen.calls.items()):
            for call_id in [id_ for id_, past in calls.items() if past.started_at < now - REMEMBERED_S]:
                del calls[call_id]
            if not calls:
                del self._seen.calls[caller]
        for caller, times in list(self._arrivals.items()):
            if times[-1] < now - LATELY_S:
                del self._arrivals[caller]


def _past(row: Lately) -> Past:
    return Past(
        started_at=row.started_at.timestamp(),
        ended=row.outcome is not None,
        silent=row.silent,
        met=row.outcome in MET,
        missed=row.outcome in MISSED,
        counsellor=row.counsellor or "",
    )
