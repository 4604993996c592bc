"""The call log with a million calls in SQLite: first and later pages of many filters, 95th percentile."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from typing import Any

from ivr.records.call_page import Asked, Sort, page
from ivr.records.database import Database, migrate
from tests.bench.figures import Figure, Found, at_most
from tests.bench.saturation import Tell

LONG, QUICK = 1_000_000, 50_000
FIRST, APART_S = 1_600_000_000, 160
CODES = [f"group-{n % 10}.sub-{n}" for n in range(67)]
INTO_CALL = "INSERT INTO call VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
# About as published (DOMAIN): topics, languages, how calls end.
TOPICS = (["psychological"] * 32 + ["social"] * 16 + ["violence"] * 15 + ["legal"] * 14 + ["education"] * 6
          + ["health"] + ["other"] * 16)  # fmt: skip
LANGUAGES = ["az"] * 90 + ["ru"] * 8 + ["en"] * 2
OUTCOMES = (["answered"] * 700 + ["abandoned_in_menu"] * 180 + ["abandoned_in_queue"] * 80 + ["callback_promised"] * 25
            + ["message_left"] * 10 + ["forwarded"] * 4 + ["lost"])  # fmt: skip


@dataclass(frozen=True, slots=True)
class Look:
    asked: Asked
    sort: Sort
    after: str


def measure(calls: int, tell: Tell) -> Found:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "calls.sqlite3"
        tell(f"{calls:,} calls are made up")
        migrate(f"sqlite+aiosqlite:///{file}")
        _fill(file, calls)
        tell("filters are looked through")
        took = asyncio.run(_looks(file, calls))
    times = [seconds for _, seconds in took]
    worst, slowest = max(took, key=lambda each: each[1])
    note = f"The slowest: {worst.asked}, {worst.sort}."
    figures = [
        Figure(f"a page of the call log, {calls:,} calls, {len(took)} looks, median", quantiles(times)[1] * 1000, "ms"),
        Figure("the same, 95th percentile", quantiles(times, n=20)[18] * 1000, "ms", at_most(100)),
        Figure("the same, slowest", slowest * 1000, "ms"),
    ]
    return Found("calls", "The call log", figures, [note])


def _id(n: int) -> str:
    return f"{FIRST + n * APART_S}-{n % 1_000_000:06d}"


def _fill(file: Path, calls: int) -> None:
    dice = random.Random(116111)  # noqa: S311
    with sqlite3.connect(file) as rows:
        rows.execute("PRAGMA synchronous=OFF")
        for numbers in _batched(calls):
            some = [_call(n, dice) for n in numbers]
            rows.executemany(INTO_CALL, some)
            talked = [each for each in some if each[10] == "answered"]
            rows.executemany(
                "INSERT INTO contact (id, received_at, channel, first_time, call_id) VALUES (?,?,'telephone',?,?)",
                [(call[0], call[1], dice.choice(("yes", "no", "no", "unknown")), call[0]) for call in talked],
            )
            _write_down(rows, talked, dice)


def _batched(calls: int) -> Iterator[range]:
    return (range(n, min(n + 20_000, calls)) for n in range(0, calls, 20_000))


def _call(n: int, dice: random.Random) -> tuple[Any, ...]:
    at = time.strftime("%Y-%m-%d %H:%M:%S.000000", time.gmtime(FIRST + n * APART_S))
    outcome = dice.choice(OUTCOMES)
    talks = outcome == "answered"
    waited = None if outcome == "abandoned_in_menu" else round(dice.expovariate(1 / 15), 3)
    return (
        _id(n), at, at, "116111" if dice.random() < 0.8 else "+994506802280", dice.choice(LANGUAGES),
        dice.choice(TOPICS) if dice.random() < 0.8 else None, "15-18", "normal", dice.random() < 0.1, "az", outcome,
        f"1{dice.randrange(12):02d}" if talks else None, waited, round(dice.expovariate(1 / 600), 3) if talks else None,
        "[]", "ended", 1, None, f"{n:032x}", n,
    )  # fmt: skip


def _write_down(rows: sqlite3.Connection, talked: list[tuple[Any, ...]], dice: random.Random) -> None:
    written, codes = [], []
    for call in talked:
        chosen = {dice.choice(CODES) for _ in range(dice.randrange(1, 4))}
        risk = dice.choices(("none", "low", "medium", "high", "immediate", None), (50, 20, 10, 5, 1, 14))[0]
        written.append((call[0], call[1], str(sorted(chosen)).replace("'", '"'), risk))
        codes += [(code, call[0]) for code in chosen]
    rows.executemany(
        "INSERT INTO wrapup (contact_id, number, at, by, newest, ended, lists, categories, gender, region, caller, "
        "living, groups, risk, risk_yes, actions, referrals, call_back) "
        "VALUES (?,1,?,'a',1,'counselling','2026-05',?,'girl','','','','[]',?,'[]','[]','[]',0)",
        written,
    )
    rows.executemany("INSERT INTO wrapup_category VALUES (?,?)", codes)


def _asked() -> list[Asked]:
    one: list[dict[str, Any]] = [
        {}, {"language": "az"}, {"language": "en"}, {"topic": "psychological"}, {"topic": "health"},
        {"outcome": "answered"}, {"outcome": "lost"}, {"counsellor": "105"}, {"counsellor": "999"}, {"silent": True},
        {"silent": False}, {"repeat": True}, {"repeat": False}, {"risk": "none"}, {"risk": "immediate"},
        {"category": CODES[3]}, {"category": "no.such"}, {"dialled": "116111"}, {"dialled": "+994506802280"},
    ]  # fmt: skip
    two: list[dict[str, Any]] = [
        {"language": "ru", "topic": "legal"}, {"outcome": "answered", "silent": True},
        {"risk": "high", "language": "en"},
        {"category": CODES[9], "outcome": "answered", "repeat": True}, {"counsellor": "101", "topic": "violence"},
        {"outcome": "message_left", "language": "ru"}, {"risk": "immediate", "counsellor": "103", "silent": True},
    ]  # fmt: skip
    return [Asked(**each) for each in (*one, *two)]


async def _looks(file: Path, calls: int) -> list[tuple[Look, float]]:
    took = []
    database = Database(f"sqlite+aiosqlite:///{file}")
    places = {Sort.NEWEST: ("", _id(calls // 2), _id(calls // 50)), Sort.OLDEST: ("", _id(calls // 2)),
              Sort.LONGEST_WAIT: ("", f"15.0_{_id(calls // 2)}"), Sort.LONGEST_TALK: ("",)}  # fmt: skip
    for asked in _asked():
        for sort, afters in places.items():
            for after in afters:
                began = time.perf_counter()
                async with database.reading() as unit:
                    await page(unit, asked, sort, after)
                took.append((Look(asked, sort, after), time.perf_counter() - began))
    await database.close()
    return took
