"""The trail: chained row by row, added to and never changed; whatever is done to it all the same is found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from ivr import trail
from ivr.errors import Refused
from ivr.records import audit
from ivr.records.audit import Deed, Entry, Wanted
from ivr.records.audit_chain import Link, digest
from ivr.records.database import Database

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


async def _write(database: Database, count: int) -> None:
    for number in range(count):
        deed = Deed.SIGNED_IN if number % 2 else Deed.SIGN_IN_FAILED
        async with database.unit_of_work() as unit:
            await audit.write(unit, Entry(AT + timedelta(days=number), f"p{number % 3}", deed, f"about {number}%"))


async def _tamper(database: Database, statement: str) -> None:
    """As somebody would who may do everything to the database."""
    past = "DROP TRIGGER audit_{}" if database.is_sqlite else "SET LOCAL session_replication_role = replica"
    async with database.unit_of_work() as unit:
        for deed in ("update", "delete"):
            await unit.execute(text(past.format(deed)))
        await unit.execute(text(statement))


def test_what_is_hashed_is_for_ever_the_same() -> None:
    """Computed once, by hand: another form would break every chain that is kept."""
    link = Link(1, AT, "aynur", Deed.SIGNED_IN, "Ə", "127.0.0.1")
    assert digest("", link) == "70a2ee142ea0b7d749e7f29c0f208a80f40512ca1b6747cb13e43b13b2e9ef8c"


async def test_a_trail_that_nobody_touched_is_whole(database: Database) -> None:
    assert (await trail.verify(database)).rows == 0
    await _write(database, 5)
    found = await trail.verify(database)
    assert (found.rows, found.broken) == (5, None)
    await _write(database, 1)
    assert (await trail.verify(database, found.head)).known


@pytest.mark.parametrize("statement", ["UPDATE audit SET about = 'x'", "DELETE FROM audit WHERE number = 1"])
async def test_a_row_is_not_changed_nor_taken_away(database: Database, statement: str) -> None:
    await _write(database, 2)
    with pytest.raises((DBAPIError, Refused)):
        async with database.unit_of_work() as unit:
            await unit.execute(text(statement))
    assert (await trail.verify(database)).rows == 2


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE audit SET about = 'somebody else' WHERE number = 3", 3),
        ("UPDATE audit SET at = '2026-11-23 08:00:01.000000' WHERE number = 2", 2),
        ("DELETE FROM audit WHERE number = 1", 1),
        ("DELETE FROM audit WHERE number = 4", 4),
        ("UPDATE audit SET hash = '' WHERE number = 5", 5),
    ],
)
async def test_the_first_row_that_does_not_fit_is_named(database: Database, statement: str, broken: int) -> None:
    await _write(database, 6)
    await _tamper(database, statement)
    assert (await trail.verify(database)).broken == broken


async def test_an_end_that_was_cut_off_is_found_by_a_head_noted_before(database: Database) -> None:
    await _write(database, 6)
    head = (await trail.verify(database)).head
    await _tamper(database, "DELETE FROM audit WHERE number > 4")
    found = await trail.verify(database, head)
    assert (found.broken, found.known) == (None, False)


async def test_what_no_database_keeps_is_written_all_the_same(database: Database) -> None:
    async with database.unit_of_work() as unit:
        await audit.write(unit, Entry(AT, "a\0b", Deed.NOT_PERMITTED, "\ud800" + "🙂" * 200, "x" * 99))
    assert (await trail.verify(database)).broken is None


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (Wanted(), [7, 6, 5, 4, 3, 2, 1]),
        (Wanted(by="p1"), [5, 2]),
        (Wanted(deed="signed_in"), [6, 4, 2]),
        (Wanted(about="t 3%"), [4]),
        (Wanted(about="_"), []),
        (Wanted(since=AT + timedelta(days=2), until=AT + timedelta(days=4)), [4, 3]),
        (Wanted(before=3), [2, 1]),
    ],
)
async def test_what_is_wanted_is_found_newest_first(database: Database, wanted: Wanted, numbers: list[int]) -> None:
    await _write(database, 7)
    assert [each.number for each in (await trail.page(database, wanted)).entries] == numbers


async def test_pages_follow_one_another_without_a_row_twice_or_missing(database: Database) -> None:
    await _write(database, 7)
    seen, wanted = [], Wanted()
    while True:
        page = await trail.page(database, wanted, 3)
        seen += [each.number for each in page.entries]
        if page.older is None:
            break
        wanted = page.older
        await _write(database, 1)  # what comes meanwhile moves nothing
    assert seen == [7, 6, 5, 4, 3, 2, 1]


async def test_a_deed_of_another_version_of_the_program_is_shown_by_its_code(database: Database) -> None:
    async with database.unit_of_work() as unit:
        await audit.write(unit, Entry(AT, "p", "flown_to_the_moon"))
    (found,) = (await trail.page(database, Wanted())).entries
    assert found.deed == "flown_to_the_moon"
