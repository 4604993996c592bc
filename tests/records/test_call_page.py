"""The call log by page: every filter and every order against what a plain walk over all rows gives."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, text
from sqlalchemy.dialects import sqlite

from ivr.records import call, call_page, contact, wrapup
from ivr.records.call import Outcome, State
from ivr.records.call_page import Asked, Listed, Page, Sort, page
from ivr.records.database import Database

FIRST = 1_795_281_000
COUNT = 400
CODES = ("violence.bullying", "mental-health.fear", "family.general")


def rows() -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """Calls, contacts, wrap-ups, categories: any mixture, always the same."""
    dice = random.Random(7)  # noqa: S311
    calls, contacts, wrapups, categories = list[Any](), list[Any](), list[Any](), list[Any]()
    for n in range(COUNT):
        identity, at = f"{FIRST + n * 60}-{n:06d}", datetime.fromtimestamp(FIRST + n * 60, UTC)
        outcome = dice.choice([*Outcome])
        talked = outcome is Outcome.ANSWERED
        calls.append(
            {
                "id": identity, "started_at": at, "ended_at": at, "dialled": dice.choice(["116111", "+994506802280"]),
                "language": dice.choice(["az", "ru", "en", None]), "topic": dice.choice(["legal", "violence", None]),
                "age_band": None, "priority": "normal", "silent": dice.random() < 0.2, "queue": None,
                "outcome": outcome.value, "counsellor": dice.choice(["101", "102"]) if talked else None,
                "wait_s": dice.choice([None, float(dice.randrange(5)), dice.random() * 90]),
                "talk_s": dice.random() * 900 if talked else None, "steps": [], "state": State.ENDED.value, "door": 1,
                "reason": None, "caller": None, "revision": n,
            }
        )  # fmt: skip
        if not talked:
            continue
        contacts.append({"id": identity, "received_at": at, "channel": "telephone", "call_id": identity,
                         "first_time": dice.choice(["yes", "no", "unknown"])})  # fmt: skip
        if dice.random() < 0.8:
            codes = dice.sample(CODES, dice.randrange(3))
            risk = dice.choice(["none", "high", None])
            wrapups.append(
                {
                    "contact_id": identity, "number": 1, "at": at, "by": "a", "newest": True, "ended": "counselling",
                    "lists": "2026-05", "categories": codes, "gender": "girl", "region": "", "caller": "", "living": "",
                    "groups": [], "risk": risk, "risk_yes": [], "actions": [], "referrals": [], "call_back": False,
                }
            )  # fmt: skip
            categories += [{"code": code, "contact_id": identity} for code in codes]
    return calls, contacts, wrapups, categories


CALLS, CONTACTS, WRAPUPS, CATEGORIES = rows()
FIRST_TIME = {each["id"]: each["first_time"] for each in CONTACTS}
WRITTEN = {each["contact_id"]: each for each in WRAPUPS}


@pytest.fixture
async def full(database: Database) -> Database:
    async with database.unit_of_work() as unit:
        tables = (call.table, contact.table, wrapup.table, wrapup.categories)
        for table, values in zip(tables, (CALLS, CONTACTS, WRAPUPS, CATEGORIES), strict=True):
            await unit.execute(insert(table), values)
    return database


def fits(row: dict[str, Any], asked: Asked) -> bool:
    written = WRITTEN.get(row["id"], {"risk": None, "categories": ()})
    said = {None: True, True: FIRST_TIME.get(row["id"]) == "no", False: FIRST_TIME.get(row["id"]) == "yes"}
    return all(
        (
            *(not getattr(asked, name) or row[name] == getattr(asked, name)
              for name in ("language", "topic", "outcome", "counsellor", "dialled")),
            asked.silent is None or row["silent"] is asked.silent,
            said[asked.repeat],
            not asked.risk or written["risk"] == asked.risk,
            not asked.category or asked.category in written["categories"],
            asked.since is None or row["started_at"] >= asked.since,
            asked.until is None or row["started_at"] < asked.until,
        )
    )  # fmt: skip


def expected(asked: Asked, sort: Sort) -> list[str]:
    found = [row for row in CALLS if fits(row, asked)]
    match sort:
        case Sort.OLDEST:
            found.sort(key=lambda row: row["id"])
        case Sort.NEWEST:
            found.sort(key=lambda row: row["id"], reverse=True)
        case _:
            by = "wait_s" if sort is Sort.LONGEST_WAIT else "talk_s"
            found = sorted((r for r in found if r[by] is not None), key=lambda r: (r[by], r["id"]), reverse=True)
    return [row["id"] for row in found]


async def walked(database: Database, asked: Asked, sort: Sort, limit: int) -> list[str]:
    """Page by page to the end."""
    found, after = list[Listed](), ""
    for _ in range(COUNT):
        async with database.reading() as unit:
            part: Page = await page(unit, asked, sort, after, limit)
        assert len(part.calls) <= limit
        found += part.calls
        after = part.after
        if not after:
            return [each.id for each in found]
    raise AssertionError("the pages do not end")


DAY = datetime.fromtimestamp(FIRST, UTC)
ASKED = (
    Asked(),
    Asked(language="ru"),
    Asked(topic="violence", silent=True),
    Asked(outcome="lost", dialled="116111"),
    Asked(counsellor="101", risk="high"),
    Asked(category=CODES[0]),
    Asked(category=CODES[1], risk="none", repeat=True, language="az"),
    Asked(repeat=False),
    Asked(risk="high", since=DAY + timedelta(hours=2)),
    Asked(since=DAY + timedelta(hours=1), until=DAY + timedelta(hours=3), silent=False),
    Asked(counsellor="999"),
    Asked(category="no.such", repeat=False),
)


@pytest.mark.parametrize("sort", list(Sort))
@pytest.mark.parametrize("asked", ASKED, ids=str)
async def test_pages_are_what_a_walk_over_all_rows_gives(full: Database, asked: Asked, sort: Sort) -> None:
    assert await walked(full, asked, sort, 7) == expected(asked, sort)


@pytest.mark.parametrize("sort", [Sort.LONGEST_WAIT, Sort.LONGEST_TALK])
@pytest.mark.parametrize("asked", ASKED, ids=str)
async def test_pages_by_length_are_the_same_where_there_are_many(
    full: Database, asked: Asked, sort: Sort, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivr.records.call_page.FEW", 0)
    assert await walked(full, asked, sort, 7) == expected(asked, sort)


async def test_line_has_what_was_written_down(full: Database) -> None:
    async with full.reading() as unit:
        (found,) = (await page(unit, Asked(category=CODES[2], risk="high"), limit=1)).calls
    assert (found.risk, found.ended, found.version) == ("high", "counselling", 1)
    assert CODES[2] in found.categories and not found.has_summary


@pytest.mark.parametrize("after", ["", "x", "nan_1", "_", "1e999_9", "\x00", "’"])
@pytest.mark.parametrize("sort", list(Sort))
async def test_nonsense_for_a_place_is_no_error(full: Database, sort: Sort, after: str) -> None:
    async with full.reading() as unit:
        await page(unit, Asked(), sort, after)


PLANS = {
    Asked(): "sqlite_autoindex_call_1",
    Asked(language="en"): "ix_call_language_id",
    Asked(outcome="lost"): "ix_call_outcome_id",
    Asked(counsellor="101"): "ix_call_counsellor_id",
    Asked(risk="immediate"): "ix_wrapup_risk",
    Asked(category=CODES[0]): "sqlite_autoindex_wrapup_category_1",
    Asked(repeat=True): "ix_contact_first_time_call_id",
}


RAREST = {
    Asked(language="az", outcome="lost"): "outcome",
    Asked(silent=False, topic="legal", counsellor="101"): "counsellor",
    Asked(category=CODES[0], dialled="116111"): "category",
    Asked(counsellor="999", since=DAY, outcome="lost"): "counsellor",
    Asked(since=DAY, until=DAY + timedelta(minutes=9), counsellor="101"): "span",
}


@pytest.mark.parametrize(("asked", "name"), RAREST.items(), ids=str)
async def test_of_several_filters_the_rarest_is_walked(full: Database, asked: Asked, name: str) -> None:
    async with full.reading() as unit:
        assert (await call_page._rarest(unit, asked, Sort.NEWEST))[0] == name


@pytest.mark.parametrize(("asked", "index"), PLANS.items(), ids=str)
async def test_order_comes_from_an_index_and_nothing_is_sorted(full: Database, asked: Asked, index: str) -> None:
    if not full.is_sqlite:
        pytest.skip("PostgreSQL plans by what is in the tables")
    plan = await planned(full, asked, Sort.NEWEST, "1795290000-000100")
    assert index in plan[0], plan
    assert not any("TEMP B-TREE" in line or line.startswith("SCAN") for line in plan), plan


ANYTHING = (Asked(), Asked(silent=True), Asked(language="az", outcome="answered"), Asked(repeat=True, risk="high"),
            Asked(category=CODES[0], since=DAY))  # fmt: skip


@pytest.mark.parametrize("asked", ANYTHING, ids=str)
async def test_many_by_length_are_found_in_one_index_alone(
    full: Database, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not full.is_sqlite:
        pytest.skip("PostgreSQL plans by what is in the tables")
    monkeypatch.setattr("ivr.records.call_page.FEW", 0)
    plan = await planned(full, asked, Sort.LONGEST_WAIT, "30.0_1795290000-000100")
    assert plan[0].startswith("SEARCH call USING COVERING INDEX ix_call_by_wait"), plan
    assert not any("TEMP B-TREE" in line for line in plan), plan


async def planned(database: Database, asked: Asked, sort: Sort, after: str) -> list[str]:
    async with database.reading() as unit:
        by, often = await call_page._rarest(unit, asked, sort)
        walked = "" if sort is Sort.LONGEST_WAIT and often > call_page._few(by) else by
        query = call_page._which(unit, asked, walked, call_page.Place(sort, after)).limit(51)
        sql = str(query.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))
        return [row[3] for row in await unit.execute(text(f"EXPLAIN QUERY PLAN {sql}"))]
