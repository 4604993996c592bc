"""The rota as rows: nothing is lost between values and rows, changes are whole, and each can be taken back."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError

from ivr.errors import NotFound
from ivr.records import counsellor, rota
from ivr.records.database import Database
from ivr.routing.rota import ExceptionKind, Rota, Shift, ShiftException

NOW = datetime(2026, 11, 21, 18, tzinfo=UTC)
WEEKLY = Shift("101", 0, 540, 1020)
BOUNDED = Shift("102", 6, 1320, 360, date(2026, 11, 22), date(2027, 1, 31))
AWAY = ShiftException("101", ExceptionKind.ABSENT, date(2026, 12, 31), 0, 1440)
ROWS: rota.Rows = (WEEKLY, BOUNDED, AWAY)


async def kept(database: Database) -> Rota:
    async with database.reading() as unit:
        return await rota.all(unit)


async def added(database: Database, *rows: Shift | ShiftException) -> rota.Change:
    async with database.unit_of_work() as unit:
        return await rota.add(unit, rows, "added", NOW)


async def undone(database: Database) -> rota.Change:
    async with database.unit_of_work() as unit:
        return await rota.undo(unit)


async def test_a_new_line_keeps_no_rota(database: Database) -> None:
    found = await kept(database)
    assert not found.is_kept
    assert found.people == {"101", "102", "103"}


async def test_rows_come_back_as_they_were_written(database: Database) -> None:
    await added(database, *ROWS)
    found = await kept(database)
    assert (found.shifts, found.exceptions) == ((WEEKLY, BOUNDED), (AWAY,))
    assert [row.id for row in found.shifts] == ["1.1", "1.2"]
    assert [row.id for row in found.exceptions] == ["1.3"]


async def test_rows_are_in_the_order_in_which_they_were_made(database: Database) -> None:
    many = [Shift("101", day, starts, starts + 10) for day in range(2) for starts in range(0, 120, 10)]
    await added(database, *many)
    assert (await kept(database)).shifts == tuple(many)


async def test_only_those_who_answer_are_in_the_rota(database: Database) -> None:
    async with database.unit_of_work() as unit:
        await unit.execute(update(counsellor.table).where(counsellor.table.c.extension == "101").values(active=False))
    assert "101" not in (await kept(database)).people


async def test_remove_takes_those_rows_and_no_others(database: Database) -> None:
    await added(database, *ROWS)
    async with database.unit_of_work() as unit:
        await rota.remove(unit, ["1.2", "1.3"], "removed", NOW)
    found = await kept(database)
    assert (found.shifts, found.exceptions) == ((WEEKLY,), ())


async def test_replace_leaves_only_the_new(database: Database) -> None:
    await added(database, WEEKLY, AWAY)
    async with database.unit_of_work() as unit:
        await rota.replace(unit, (BOUNDED,), "replaced", NOW)
    found = await kept(database)
    assert (found.shifts, found.exceptions) == ((BOUNDED,), ())


async def test_a_replacement_that_fails_leaves_the_old_rota(database: Database) -> None:
    await added(database, *ROWS)
    before = await kept(database)
    with pytest.raises(IntegrityError):
        async with database.unit_of_work() as unit:
            await rota.replace(unit, (WEEKLY, Shift("999", 0, 0, 60)), "somebody unknown", NOW)
    assert await kept(database) == before
    async with database.reading() as unit:
        assert await rota.last_change(unit) == rota.Change(1, NOW, "added")


async def test_every_change_can_be_taken_back_one_after_another(database: Database) -> None:
    states = [await kept(database)]
    await added(database, WEEKLY)
    states.append(await kept(database))
    await added(database, BOUNDED, AWAY)
    states.append(await kept(database))
    async with database.unit_of_work() as unit:
        await rota.replace(unit, (), "emptied", NOW)
    assert (await kept(database)).shifts == ()
    for number in (3, 2, 1):
        assert (await undone(database)).number == number
        found, wanted = await kept(database), states.pop()
        assert found == wanted
        assert [row.id for row in found.shifts] == [row.id for row in wanted.shifts]
    with pytest.raises(NotFound):
        await undone(database)


async def test_what_is_changed_after_an_undo_is_what_the_next_undo_takes_back(database: Database) -> None:
    await added(database, WEEKLY)
    await added(database, BOUNDED)
    await undone(database)
    assert (await added(database, AWAY)).number == 3
    assert (await undone(database)).number == 3
    assert (await undone(database)).number == 1
    assert not (await kept(database)).is_kept


async def test_a_name_is_never_used_for_another_row(database: Database) -> None:
    await added(database, WEEKLY)
    await undone(database)
    await added(database, BOUNDED)
    assert [row.id for row in (await kept(database)).shifts] == ["2.1"]


async def test_only_so_many_changes_are_kept(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rota, "KEPT_CHANGES", 2)
    for minute in range(5):
        await added(database, Shift("101", 0, minute, minute + 1))
    await undone(database)
    await undone(database)
    with pytest.raises(NotFound):
        await undone(database)
    assert len((await kept(database)).shifts) == 3


async def test_rows_of_another_making_are_read_too(database: Database) -> None:
    async with database.unit_of_work() as unit:
        values = {"id": "7.1", "extension": "101", "weekday": 0, "starts": 0, "ends": 0}
        await unit.execute(insert(rota.shifts).values(values))
    assert (await kept(database)).shifts == (Shift("101", 0, 0, 0),)


async def test_two_at_once_take_turns(database: Database) -> None:

    made = await asyncio.gather(*(added(database, Shift("101", 0, n, n + 1)) for n in range(8)))
    assert sorted(change.number for change in made) == list(range(1, 9))
    assert len((await kept(database)).shifts) == 8
