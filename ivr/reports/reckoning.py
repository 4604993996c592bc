"""A span in numbers, beside the span before and the year before: asked of the rows in one reading each."""

from __future__ import annotations

from dataclasses import dataclass

from ivr.catalogues import became, load_catalogues, newest
from ivr.records.database import Database
from ivr.records.tally import Of
from ivr.reports import daily, queries, service
from ivr.reports.annual import Lists, Return, annual
from ivr.reports.measures import Figures, told
from ivr.reports.periods import Span, named
from ivr.reports.service import Service


@dataclass(frozen=True, slots=True)
class Paper:
    """All that a report says of a span."""

    span: Span
    now: Figures
    before: Figures
    year_before: Figures


async def count(database: Database, span: Span) -> Figures:
    async with database.reading() as unit:
        return told(await daily.count(unit, Of.CONTACTS, span))


async def paper(database: Database, span: Span) -> Paper:
    before = await count(database, span.before)
    year_before = before if span.year_before == span.before else await count(database, span.year_before)
    return Paper(span, await count(database, span), before, year_before)


async def year(database: Database, number: int) -> Return:
    """The annual return. Raises Refused for a year that is none."""
    span, lists = named(f"{number:04d}"), used_lists()
    async with database.reading() as unit:
        return annual(span, lists, await queries.reasons(unit, span), await queries.outcomes(unit, span))


def used_lists() -> Lists:
    found = load_catalogues()
    return Lists(newest(found), became(found))


def nothing() -> Service:
    """Of a line that was never opened."""
    return service.service(service.Asked({}))


async def look_at_service(database: Database, span: Span) -> Service:
    async with database.reading() as unit:
        return service.service(
            service.Asked(
                await daily.count(unit, Of.CALLS, span),
                await queries.repeats(unit, span),
                await queries.promises(unit, span),
            )
        )
