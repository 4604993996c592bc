"""Spans counted day by day: days that are over from what was counted of them once, all others from their rows."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime

import structlog

from ivr.errors import HelplineError, where
from ivr.records import tally
from ivr.records.database import Database, Unit, one_reader, opened
from ivr.records.ledger import LEDGER
from ivr.records.tally import Of
from ivr.reports import measures, queries, service
from ivr.reports.measures import Counts
from ivr.reports.periods import Span, today
from ivr.settings import Settings

AT_ONCE = 7  # days in one transaction: others wait for it
OTHERS_TURN_S = 0.02
EVERY_S = 600.0

_log = structlog.get_logger()


async def _contacts(unit: Unit, span: Span) -> Counts:
    return measures.fold(await queries.cells(unit, span), await queries.actions(unit, span))


async def _calls(unit: Unit, span: Span) -> Counts:
    return service.fold(await queries.attempts(unit, span), await queries.left_menus(unit, span))


_COUNT: Mapping[Of, Callable[[Unit, Span], Awaitable[Counts]]] = {Of.CONTACTS: _contacts, Of.CALLS: _calls}


async def count(unit: Unit, of: Of, span: Span) -> Counts:
    """What `measures.told` or `service.service` tells of."""
    known = await tally.read(unit, of, span.first.toordinal(), span.last.toordinal())
    found = Counter[str]()
    for counts in known.values():
        found.update(counts)
    for gap in gaps(span, known):
        found.update(await _COUNT[of](unit, gap))
    return found


def gaps(span: Span, known: Collection[int]) -> Iterator[Span]:
    """The days of the span that are not among `known`, those that follow one another together."""
    first: int | None = None
    for day in range(span.first.toordinal(), span.last.toordinal() + 1):
        if day in known:
            if first is not None:
                yield _span(first, day - 1)
            first = None
        elif first is None:
            first = day
    if first is not None:
        yield _span(first, span.last.toordinal())


def _span(first: int, last: int) -> Span:
    return Span(date.fromordinal(first), date.fromordinal(last))


async def keep_counting(settings: Settings) -> None:
    """`keep_up` for ever. Whatever hinders it costs the reports time, and nothing else."""
    async with opened(settings.database) as database:
        while True:
            try:
                await keep_up(database, datetime.now(UTC))
            except HelplineError as error:
                _log.warning("days_not_counted", why=str(error))
            except Exception as error:  # the ledger is followed in this process, and matters more
                _log.error("days_not_counted", kind=type(error).__name__, at=where(error))
            await asyncio.sleep(EVERY_S)


async def keep_up(database: Database, now: datetime, since: date | None = None) -> int:
    """Count the days that are over and have no count, the latest first; how many these were.

    Whoever writes rows is kept waiting for a week's counting at most.
    """
    done = 0
    for of in Of:
        missing = await _missing(database, of, now, since)
        for first in range(0, len(missing), AT_ONCE):
            await _keep(database, of, missing[first : first + AT_ONCE])
            await asyncio.sleep(OTHERS_TURN_S)
        done += len(missing)
    return done


async def _missing(database: Database, of: Of, now: datetime, since: date | None) -> Sequence[int]:
    async with database.reading() as unit:
        first = await (queries.first_contact(unit) if of is Of.CONTACTS else queries.first_call(unit))
        known = await tally.known(unit, of)
    if first is None:
        return ()
    begins = max(first, since or first).toordinal()
    return [day for day in range(today(now).toordinal() - 1, begins - 1, -1) if day not in known]


async def _keep(database: Database, of: Of, days: Sequence[int]) -> None:
    """Alone: nobody writes rows of contacts (the unit's turn) or of calls (the ledger's) meanwhile."""
    async with database.unit_of_work() as unit:
        await one_reader(unit, LEDGER)
        await tally.keep(unit, of, {day: await _COUNT[of](unit, _span(day, day)) for day in days})
