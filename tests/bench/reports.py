"""How quick the reports are on very many contacts, before and after days are counted, and how quick the years before
are brought in.

Elapsed time and processor time are told apart: on a machine that others use too the second is the one to compare.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ivr.catalogues import load_catalogues
from ivr.contact_import import bring_in
from ivr.records import tally
from ivr.records.database import Database
from ivr.reports import daily, reckoning
from ivr.reports.contact_rows import COLUMNS
from ivr.reports.periods import Span, named
from ivr.reports.release import as_text, release
from ivr.reports.words import words
from ivr.wrapup import Desk
from tests.bench.figures import Figure, Found, Goal, at_most
from tests.bench.many import Many, Took, clocked
from tests.bench.rows import AGE, DIGITAL, FIRST_TIME, GENDER, LANGUAGE, TOPIC, Tell

IMPORTED, TIMES = 100_000, 3
YEAR, QUARTER = named("2025"), named("2025-Q3")
SINCE = date(2024, 1, 1)
NOW = datetime(2026, 1, 2, tzinfo=UTC)
SHARES = {"topic": TOPIC, "gender": GENDER, "age_band": AGE, "channel": {"telephone": 1000} | DIGITAL,
          "first_time": FIRST_TIME, "language": LANGUAGE}  # fmt: skip


def run(many: Many, tell: Tell) -> Found:
    return asyncio.run(_whole(many, tell))


async def _whole(many: Many, tell: Tell) -> Found:
    database = Database(many.url)
    try:
        await database.migrate()
        return Found("reports", f"Reports of {many}", await _figures(database, tell))
    finally:
        await database.close()


async def _figures(database: Database, tell: Tell) -> list[Figure]:
    async def look(what: str, deed: Callable[[], Awaitable[object]], goal: Goal | None = None) -> list[Figure]:
        tell(what)
        took = min([(await clocked(database, deed))[1] for _ in range(TIMES)], key=lambda each: each.elapsed)
        return _of(what, took, goal)

    async with database.unit_of_work() as unit:
        for of in tally.Of:
            await tally.spoil(unit, of)
    found = await look("a quarter's release, days counted from their rows", lambda: _release(database, QUARTER))
    found += await look("a year's tables, the same way", lambda: reckoning.paper(database, YEAR))
    tell("two years' days are counted, as the line does by itself")
    _, took = await clocked(database, lambda: daily.keep_up(database, NOW, SINCE))
    found += _of("two years' days counted once", took, None)
    found += await look("a year's full report: tables and service", lambda: _full(database, YEAR), at_most(1))
    found += await look("of it the tables", lambda: reckoning.paper(database, YEAR))
    found += await look("a quarter's release", lambda: _release(database, QUARTER), at_most(0.3))
    found += await look("the annual return", lambda: reckoning.year(database, YEAR.first.year))
    tell("a file is brought in")
    return found + _of(f"{IMPORTED:,} rows brought in", await _bring_in(database), at_most(30))


def _of(what: str, took: Took, goal: Goal | None) -> list[Figure]:
    return [Figure(what, took.elapsed, "s", goal), Figure("… of processor", took.processor, "s")]


async def _full(database: Database, span: Span) -> None:
    await reckoning.paper(database, span)
    await reckoning.look_at_service(database, span)


async def _release(database: Database, span: Span) -> str:
    said = words("az")
    return as_text(release(await reckoning.count(database, span), span, said), said)


async def _bring_in(database: Database) -> Took:
    desk = Desk(database, {1: b"k" * 32}, load_catalogues())
    with TemporaryDirectory() as folder:
        file = Path(folder) / "before.csv"
        with file.open("w") as out:
            out.writelines(line + "\n" for line in _lines())
        found, took = await clocked(database, lambda: bring_in(desk, file, datetime.now(UTC), lambda *_: None))
    assert found.rows == IMPORTED and not found.faults, found.faults[:3]
    return took


def _lines() -> Iterator[str]:
    """A third year's worth a line, as somebody's old table would give it; another file each time."""
    dice = random.Random()  # noqa: S311
    drawn: dict[str, list[Any]] = {name: dice.choices([*of], [*of.values()], k=IMPORTED) for name, of in SHARES.items()}
    first, run_id = datetime(2010, 1, 1, 6, tzinfo=UTC), dice.randrange(10**9)
    yield ",".join((*COLUMNS, "id"))
    for number in range(IMPORTED):
        at = (first + timedelta(minutes=84 * number)).isoformat()
        told = {name: values[number] for name, values in drawn.items()}
        told |= {"received_at": at, "chi_category": "violence.bullying", "counselling": "yes"}
        yield ",".join((*(told[name] for name in COLUMNS), f"{run_id}-{number}"))
