"""How quick the reports are on many contacts, and how quick the years before are brought in.

python -m tests.bench.reports [CONTACTS]

Contacts are made, shaped as the helpline has published, and spread over 16 years. Elapsed time and processor time are
told apart: on a machine that others use too the second is the one to compare.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from ivr.catalogues import load_catalogues
from ivr.contact_import import bring_in
from ivr.records import counted
from ivr.records.database import Database, opened
from ivr.reports import reckoning
from ivr.reports.contact_rows import COLUMNS
from ivr.reports.periods import named
from ivr.reports.release import as_text, release
from ivr.reports.words import words
from ivr.wrapup import Desk

CONTACTS, IMPORTED, AT_ONCE, YEARS = 1_000_000, 100_000, 20_000, 16
FIRST = date(2010, 1, 1)
SHAPE: dict[str, dict[str, int]] = {
    "topic": {"psychological": 512, "social": 261, "other": 250, "violence": 232, "legal": 227, "education": 98,
              "health": 14},
    "gender": {"girl": 59, "boy": 29, "not_stated": 12},
    "age_band": {"15-18": 55, "11-14": 16, "0-10": 5, "adult": 24},
    "channel": {"telephone": 50, "instagram": 18, "facebook": 14, "webchat": 9, "app": 6, "email": 3},
    "first_time": {"yes": 60, "no": 30, "unknown": 10},
    "language": {"az": 88, "ru": 10, "en": 2},
}  # fmt: skip


def made(contacts: int) -> Iterator[dict[str, Any]]:
    random.seed(116_111)
    drawn = {name: random.choices(list(n), list(n.values()), k=contacts) for name, n in SHAPE.items()}  # noqa: S311
    days, first = int(YEARS * 365.25), FIRST.toordinal()
    for number in range(contacts):
        told = {name: values[number] for name, values in drawn.items()}
        nothing = {"ended": "counselled", "lists": "2026-05", "categories": None, "actions": None}
        yield told | nothing | {"contact_id": f"{number:012d}", "day": first + number * days // contacts}


async def fill(database: Database, contacts: int) -> None:
    rows = list(made(contacts))
    for start in range(0, contacts, AT_ONCE):
        async with database.unit_of_work() as unit:
            await counted.write_new(unit, rows[start : start + AT_ONCE])


def csv_of(contacts: int) -> str:
    lines = [",".join((*COLUMNS, "id"))]
    for row in made(contacts):
        at = datetime.combine(date.fromordinal(row["day"]), datetime.min.time(), UTC) + timedelta(hours=6)
        told = row | {"received_at": at.isoformat(), "chi_category": "violence.bullying", "counselling": "yes"}
        lines.append(",".join((*(told[name] for name in COLUMNS), row["contact_id"])))
    return "\n".join(lines) + "\n"


async def clocked(what: str, goal: str, deed: Callable[[], Awaitable[object]], times: int = 5) -> None:
    """The best of so many."""
    found = []
    for _ in range(times):
        began, used = time.perf_counter(), time.process_time()
        await deed()
        found.append((time.perf_counter() - began, time.process_time() - used))
    elapsed, processor = min(found)
    print(f"{what:<52}{elapsed:>8.2f} s elapsed {processor:>8.2f} s of processor   goal {goal}")


async def measure(folder: Path, contacts: int) -> None:
    async with opened(f"sqlite+aiosqlite:///{folder / 'bench.sqlite3'}") as database:
        await fill(database, contacts)
        said, quarter = words("az"), named("2025-Q3")

        async def print_release() -> str:
            return as_text(release(await reckoning.count(database, quarter), quarter, said), said)

        size = f"of {contacts:,} contacts"
        await clocked(f"a year, beside two others, {size}", "1 s", lambda: reckoning.paper(database, named("2025")))
        await clocked(f"a quarter's release, {size}", "0.3 s", print_release)
        file = folder / "before.csv"
        file.write_text(csv_of(IMPORTED))
        desk, now = Desk(database, {1: b"k" * 32}, load_catalogues()), datetime.now(UTC)
        what = f"import of {IMPORTED:,} rows"
        await clocked(what, "30 s", lambda: bring_in(desk, file, now, lambda *_: None), times=1)


def main() -> None:
    contacts = int(sys.argv[1]) if len(sys.argv) > 1 else CONTACTS
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder), contacts))


if __name__ == "__main__":
    main()
