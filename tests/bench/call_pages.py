"""The call log and the contacts, page by page, with very many rows: every filter in every order, shallow and deep."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import product
from typing import Any

from ivr.records import contact
from ivr.records.call_page import Asked, Sort, page
from ivr.records.database import Database, Unit
from tests.bench.figures import Figure, Found, at_most, percentile
from tests.bench.many import Many, Took, clocked
from tests.bench.rows import FIRST, SECONDS, Tell

GOAL_MS = 100
PAGES_ON = 3  # pages looked at one after the other, beside one that is deep
MONTH = timedelta(days=30)
LAST = datetime.fromtimestamp(FIRST + SECONDS, UTC)
MIDDLE = datetime.fromtimestamp(FIRST + SECONDS // 2, UTC)
CODE = "group-{}.sub-{}".format


@dataclass(frozen=True, slots=True)
class Look:
    """One page."""

    what: str
    took: Took


def run(many: Many, tell: Tell) -> Found:
    return asyncio.run(_whole(many, tell))


async def _whole(many: Many, tell: Tell) -> Found:
    database = Database(many.url)
    try:
        await database.migrate()
        return await _measure(database, many, tell)
    finally:
        await database.close()


async def _measure(database: Database, many: Many, tell: Tell) -> Found:
    tell("every filter in every order is looked through")
    calls = [each async for each in _calls(database)]
    contacts = [each async for each in _contacts(database)]
    slowest = sorted(calls, key=lambda each: -each.took.processor)[:5]
    notes = [
        f"{each.took.elapsed * 1000:.0f} ms, {each.took.processor * 1000:.0f} of processor: {each.what}"
        for each in slowest
    ]
    figures = _figures("the call log", calls) + _figures("the contacts", contacts)
    return Found("calls", f"Pages of {many}, and as many calls", figures, notes)


def _figures(what: str, looks: list[Look]) -> list[Figure]:
    elapsed, processor = ([getattr(each.took, name) * 1000 for each in looks] for name in ("elapsed", "processor"))
    return [
        Figure(f"a page of {what}, {len(looks)} looks, median", percentile(elapsed, 0.5), "ms"),
        Figure("… 95th percentile", percentile(elapsed, 0.95), "ms", at_most(GOAL_MS)),
        Figure("… slowest", max(elapsed), "ms"),
        Figure("… of processor, median", percentile(processor, 0.5), "ms"),
        Figure("… of processor, 95th percentile", percentile(processor, 0.95), "ms"),
    ]


def asked() -> Iterator[Asked]:
    """Each filter alone, often and seldom met, and several together."""
    one: list[dict[str, Any]] = [
        {}, {"language": "az"}, {"language": "en"}, {"topic": "psychological"}, {"topic": "health"},
        {"outcome": "answered"}, {"outcome": "lost"}, {"outcome": "forwarded"}, {"counsellor": "105"},
        {"counsellor": "999"}, {"silent": True}, {"silent": False}, {"repeat": True}, {"repeat": False},
        {"risk": "none"}, {"risk": "immediate"}, {"category": CODE(3, 3)}, {"category": "no.such"},
        {"dialled": "116111"}, {"dialled": "+994518801180"}, {"dialled": "+994"},
    ]  # fmt: skip
    two: list[dict[str, Any]] = [
        {"language": "ru", "topic": "legal"}, {"outcome": "answered", "silent": True},
        {"outcome": "lost", "language": "en"}, {"outcome": "lost", "counsellor": "101"},
        {"risk": "high", "language": "en"}, {"risk": "immediate", "counsellor": "103", "silent": True},
        {"category": CODE(9, 9), "outcome": "answered", "repeat": True}, {"category": CODE(9, 9), "risk": "immediate"},
        {"counsellor": "101", "topic": "violence"}, {"outcome": "message_left", "language": "ru"},
        {"topic": "health", "language": "en", "silent": True}, {"repeat": True, "counsellor": "112", "language": "en"},
    ]  # fmt: skip
    months: tuple[dict[str, Any], ...] = ({}, {"since": MIDDLE, "until": MIDDLE + MONTH}, {"since": LAST - MONTH})
    yield from (Asked(**told | month) for told, month in product((*one, *two), months))


async def _calls(database: Database) -> AsyncIterator[Look]:
    for each, sort in product(asked(), Sort):
        after = ""
        for number in range(PAGES_ON):
            what = f"{_told(each)}, {sort}, page {number + 1}"
            found, look = await _look(database, what, partial(page, asked=each, sort=sort, after=after))
            yield look
            after = found.after
            if not after:
                break
        else:
            what = f"{_told(each)}, {sort}, far down"
            _, look = await _look(database, what, partial(page, asked=each, sort=sort, after=_deep(sort)))
            yield look


def _deep(sort: Sort) -> str:
    """A place in the middle of the log, as a page would give it."""
    middle = f"{FIRST + SECONDS // 2}-00000000"
    return {Sort.LONGEST_WAIT: f"45.0_{middle}", Sort.LONGEST_TALK: f"900.0_{middle}"}.get(sort, middle)


def _told(each: Asked) -> str:
    told = {name: getattr(each, name) for name in Asked.__slots__}
    return ", ".join(f"{name} {value}" for name, value in told.items() if value not in ("", None)) or "everything"


async def _contacts(database: Database) -> AsyncIterator[Look]:
    """As `ivr contacts` lists them."""
    for since, limit in product((None, MIDDLE, LAST - MONTH), (None, 50)):
        for after in ("", f"{FIRST + SECONDS // 2}-00000000", f"{FIRST + SECONDS - 90_000}-00000000"):
            what = f"contacts since {since}, {limit}, after {after}"
            _, look = await _look(database, what, partial(contact.page, since=since, limit=limit, after=after))
            yield look


async def _look(database: Database, what: str, ask: Callable[[Unit], Awaitable[Any]]) -> tuple[Any, Look]:
    async def deed() -> Any:
        async with database.reading() as unit:
            return await ask(unit)

    found, took = await clocked(database, deed)
    return found, Look(what, took)
