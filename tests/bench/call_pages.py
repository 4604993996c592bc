"""The call log and the contacts, page by page, with very many rows: every filter in every order, shallow and deep."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

from ivr.records import contact
from ivr.records.call_page import Asked, Sort, page
from ivr.records.database import Database, Unit
from tests.bench.figures import Figure, Found, at_most, percentile
from tests.bench.rows import FIRST, SECONDS
from tests.bench.saturation import Tell

GOAL_MS = 100
PAGES_ON = 3  # pages looked at one after the other, beside one that is deep
MONTH = timedelta(days=30)
LAST = datetime.fromtimestamp(FIRST + SECONDS, UTC)
MIDDLE = datetime.fromtimestamp(FIRST + SECONDS // 2, UTC)
CODE = "group-{}.sub-{}".format


@dataclass(frozen=True, slots=True)
class Took:
    """One page: seconds by the clock, seconds of this process's processor."""

    what: str
    elapsed: float
    own: float


async def measure(database: Database, rows: int, tell: Tell) -> Found:
    tell("every filter in every order is looked through")
    took = [each async for each in _calls(database)]
    contacts = [each async for each in _contacts(database)]
    of_calls, of_contacts = _figures(f"the call log, {rows:,} calls", took), _figures("the contacts", contacts)
    slowest = sorted(took, key=lambda each: -each.elapsed)[:5]
    notes = [f"{each.elapsed * 1000:.0f} ms: {each.what}" for each in slowest]
    return Found("calls", f"Pages of {rows:,} calls and contacts", of_calls + of_contacts, notes)


def _figures(what: str, took: list[Took]) -> list[Figure]:
    elapsed, own = [each.elapsed * 1000 for each in took], [each.own * 1000 for each in took]
    return [
        Figure(f"a page of {what}, {len(took)} looks, median", percentile(elapsed, 0.5), "ms"),
        Figure("the same, 95th percentile", percentile(elapsed, 0.95), "ms", at_most(GOAL_MS)),
        Figure("the same, slowest", max(elapsed), "ms"),
        Figure("the same, of this process's processor, median", percentile(own, 0.5), "ms"),
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
    months = ({}, {"since": MIDDLE, "until": MIDDLE + MONTH}, {"since": LAST - MONTH})
    yield from (Asked(**told | month) for told, month in product((*one, *two), months))


async def _calls(database: Database) -> Any:
    for each, sort in product(asked(), Sort):
        after = ""
        for number in range(PAGES_ON):
            found, took = await _clocked(database, lambda unit: page(unit, each, sort, after))  # noqa: B023
            yield Took(f"{_told(each)}, {sort}, page {number + 1}", *took)
            after = found.after
            if not after:
                break
        else:
            deep = _deep(sort)
            _, took = await _clocked(database, lambda unit: page(unit, each, sort, deep))  # noqa: B023
            yield Took(f"{_told(each)}, {sort}, far down", *took)


def _deep(sort: Sort) -> str:
    """A place in the middle of the log, as a page would give it."""
    middle = f"{FIRST + SECONDS // 2}-00000000"
    return {Sort.LONGEST_WAIT: f"45.0_{middle}", Sort.LONGEST_TALK: f"900.0_{middle}"}.get(sort, middle)


def _told(each: Asked) -> str:
    told = {name: getattr(each, name) for name in Asked.__slots__}
    return ", ".join(f"{name} {value}" for name, value in told.items() if value not in ("", None)) or "everything"


async def _contacts(database: Database) -> Any:
    """As `ivr contacts` lists them."""
    for since, limit in product((None, MIDDLE, LAST - MONTH), (None, 50)):
        for after in ("", f"{FIRST + SECONDS // 2}-00000000", f"{FIRST + SECONDS - 90_000}-00000000"):
            _, took = await _clocked(database, lambda unit: contact.page(unit, since, limit, after))  # noqa: B023
            yield Took(f"contacts since {since}, {limit}, after {after}", *took)


async def _clocked(database: Database, ask: Callable[[Unit], Awaitable[Any]]) -> tuple[Any, tuple[float, float]]:
    began, used = time.perf_counter(), time.process_time()
    async with database.reading() as unit:
        found = await ask(unit)
    return found, (time.perf_counter() - began, time.process_time() - used)


def run(url: str, rows: int, tell: Tell) -> Found:
    async def whole() -> Found:
        database = Database(url)
        try:
            return await measure(database, rows, tell)
        finally:
            await database.close()

    return asyncio.run(whole())
