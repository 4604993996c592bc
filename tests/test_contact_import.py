"""Bringing in the years before: all of it or nothing, and a second time nothing."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from ivr import contact_import, wrapup, wrapup_reading
from ivr.contact_import import Found, bring_in, look_through
from ivr.desk.wrapup import Ended, Form
from ivr.errors import Refused, ScriptError
from ivr.records import contact, counted, imported
from ivr.records import wrapup as written
from ivr.settings import Settings
from ivr.wrapup import Desk, Sheet
from ivr.wrapup_reading import Reader
from tests.reports.test_contact_rows import GOOD, as_csv
from tests.test_wrapup import contact_id, desk, settings  # noqa: F401  fixtures

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ANNA = "anna"


def quiet(_what: str, _done: int, _total: int) -> None:
    pass


def put(path: Path, *rows: dict[str, str]) -> Path:
    path.write_text(as_csv(*rows))
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    rows = [GOOD | {"id": str(n), "received_at": f"2019-07-0{n}T23:30:00+00:00"} for n in range(1, 6)]
    rows[1] |= {"counselling": "no", "age_band": "unknown", "chi_category": "", "summary": "unmistakable words"}
    return put(tmp_path / "2019.csv", *rows)


async def sizes(desk: Desk) -> list[int]:  # noqa: F811
    async with desk.database.reading() as unit:
        tables = (contact.table, written.table, counted.table, imported.table)
        return [(await unit.execute(select(func.count()).select_from(each))).scalar_one() for each in tables]


async def test_file_is_brought_in_once_however_often_it_is_run(desk: Desk, file: Path) -> None:  # noqa: F811
    assert await look_through(desk, file, NOW, quiet) == Found(5, 5)
    assert await sizes(desk) == [0, 0, 0, 0]
    assert await bring_in(desk, file, NOW, quiet) == Found(5, 5)
    assert await bring_in(desk, file, NOW, quiet) == Found(5, 0)
    assert await sizes(desk) == [5, 5, 5, 5]


async def test_without_ids_rows_that_say_the_same_are_so_many_contacts(desk: Desk, tmp_path: Path) -> None:  # noqa: F811
    plain = {name: value for name, value in GOOD.items() if name != "id"}
    file = put(tmp_path / "it.csv", plain, plain, plain | {"gender": "boy"})
    assert (await bring_in(desk, file, NOW, quiet)).new == 3
    put(file, plain | {"gender": "boy"}, plain, plain, plain)
    assert (await bring_in(desk, file, NOW, quiet)).new == 1


async def test_one_fault_and_nothing_is_brought_in(desk: Desk, file: Path) -> None:  # noqa: F811
    with file.open("a") as more:
        more.write(",".join(GOOD.values()).replace("girl", "dragon") + "\n")
    found = await bring_in(desk, file, NOW, quiet)
    assert [(fault.line, fault.column) for fault in found.faults] == [(7, "gender")]
    assert await sizes(desk) == [0, 0, 0, 0]
    with pytest.raises(ScriptError, match="1 faults") as refused:
        contact_import.refuse_faulty(file, found)
    assert "line 7, gender: “dragon” is not known. Use one of: girl, boy, not_stated." in refused.value.problems


async def test_row_that_says_something_else_under_its_id_is_a_fault(desk: Desk, file: Path) -> None:  # noqa: F811
    await bring_in(desk, file, NOW, quiet)
    file.write_text(file.read_text().replace("violence,violence.bullying", "legal,"))
    found = await bring_in(desk, file, NOW, quiet)
    assert [(fault.line, fault.column) for fault in found.faults] == [(2, "id"), (4, "id"), (5, "id"), (6, "id")]


async def test_same_id_twice_in_a_file_is_a_fault(desk: Desk, tmp_path: Path) -> None:  # noqa: F811
    found = await look_through(desk, put(tmp_path / "it.csv", GOOD, GOOD), NOW, quiet)
    assert [(fault.line, fault.column) for fault in found.faults] == [(3, "id")]


async def test_large_file_is_read_twice_and_written_the_same(
    desk: Desk,  # noqa: F811
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(contact_import, "KEPT", 0)
    monkeypatch.setattr(contact_import, "AT_ONCE", 2)
    told: list[tuple[str, int, int]] = []
    assert await bring_in(desk, file, NOW, lambda *each: told.append(each)) == Found(5, 5)
    assert await sizes(desk) == [5, 5, 5, 5]
    assert told[-1] == ("writing", 5, 5)


async def test_free_text_is_sealed_and_read_at_the_desk(desk: Desk, file: Path, settings: Settings) -> None:  # noqa: F811
    await bring_in(desk, file, NOW, quiet)
    files = [path.read_bytes() for path in settings.state_dir.rglob("*") if path.is_file()]
    assert not any(b"unmistakable" in data for data in files)
    async with desk.database.reading() as unit:
        second = (await contact.page(unit))[1]
    (version,) = await wrapup_reading.read_versions(desk, second.id, Reader("Chief", True, "asked by the court"), NOW)
    assert (version.by, version.written.ended, version.written.summary) == ("import", Ended.OTHER, "unmistakable words")


async def test_what_is_corrected_at_the_desk_counts_as_corrected(desk: Desk, file: Path) -> None:  # noqa: F811
    await bring_in(desk, file, NOW, quiet)
    async with desk.database.reading() as unit:
        first = (await contact.page(unit))[0]
    form = Form(topic="legal", age_band="adult", gender="boy")
    assert await wrapup.correct_contact(desk, Sheet(first.id, ANNA, form, 1), NOW) == ()
    async with desk.database.reading() as unit:
        row = (await unit.execute(select(counted.table).where(counted.table.c.contact_id == first.id))).one()
    assert (row.topic, row.age_band, row.gender, row.ended, row.categories) == (
        "legal",
        "adult",
        "boy",
        "counselled",
        None,
    )


async def test_contact_counts_on_its_day_in_baku(desk: Desk, file: Path) -> None:  # noqa: F811
    await bring_in(desk, file, NOW, quiet)
    async with desk.database.reading() as unit:
        days = (await unit.execute(select(counted.table.c.day).order_by(counted.table.c.day))).scalars().all()
    assert days == [datetime(2019, 7, n, tzinfo=UTC).toordinal() for n in range(2, 7)]


async def test_call_counts_as_the_menus_know_it_until_it_is_written_down(desk: Desk, contact_id: str) -> None:  # noqa: F811
    async with desk.database.reading() as unit:
        known = (await unit.execute(select(counted.table))).one()
    assert (known.contact_id, known.channel, known.ended, known.gender) == (contact_id, "telephone", None, None)
    await wrapup.close_contact(desk, Sheet(contact_id, ANNA, Form(topic="legal", age_band="adult", gender="girl")), NOW)
    async with desk.database.reading() as unit:
        row = (await unit.execute(select(counted.table))).one()
    assert (row.topic, row.gender, row.ended, row.first_time) == ("legal", "girl", "counselled", known.first_time)


@pytest.mark.parametrize("what", ["folder", "nothing", "pipe", "huge"])
async def test_what_is_no_file_to_be_read_is_refused(desk: Desk, tmp_path: Path, what: str) -> None:  # noqa: F811
    path = tmp_path / "it.csv"
    if what == "folder":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path)
    elif what == "huge":
        with path.open("wb") as file:
            file.truncate(2_000_000_000)
    with pytest.raises(Refused) as refused:
        await look_through(desk, path, NOW, quiet)
    assert refused.value.remedy


async def test_file_without_rows_is_a_fault(desk: Desk, tmp_path: Path) -> None:  # noqa: F811
    path = tmp_path / "it.csv"
    path.write_text(as_csv(GOOD).splitlines()[0])
    assert len((await look_through(desk, path, NOW, quiet)).faults) == 1


async def test_line_without_an_end_is_a_fault_and_takes_no_memory(desk: Desk, tmp_path: Path) -> None:  # noqa: F811
    path = tmp_path / "it.csv"
    path.write_bytes(as_csv(GOOD).encode() + b"x" * 5_000_000)
    found = await look_through(desk, path, NOW, quiet)
    assert (found.rows, {fault.line for fault in found.faults} >= {3}) == (1, True)
