"""From SQLite to PostgreSQL and back: every row, or none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from ivr.change_database import copy_to_postgresql
from ivr.errors import Refused, ScriptError
from ivr.records import audit, copying, rota
from ivr.records.copying import copy_all, sums
from ivr.records.database import opened, without_password
from ivr.records.ledger import Reader
from ivr.settings import Settings
from tests.postgres import Cluster
from tests.records.conftest import url_of
from tests.records.test_ledger import EVENING, put
from tests.records.test_rota import NOW as TODAY
from tests.records.test_rota import ROWS


@pytest.fixture
def empty_url(cluster: Cluster) -> Iterator[str]:
    url = cluster.new()
    yield url
    cluster.drop(url)


@pytest.fixture
async def filled_file(database_file: Path, ledger_path: Path) -> Path:
    """An evening's calls, a rota, some deeds, and a text that PostgreSQL cannot hold."""
    put(ledger_path, b"".join(line + b"\n" for line in EVENING))
    async with opened(url_of(database_file)) as filled:
        await Reader(filled, ledger_path).catch_up()
        async with filled.unit_of_work() as unit:
            await rota.add(unit, ROWS, "a week", TODAY)
            for about in ("", "one\0two", "əğı", "😢"):
                await audit.write(unit, audit.Entry(TODAY, "anna", audit.Deed.SIGNED_IN, about))
    return database_file


async def test_every_row_arrives_and_is_the_same_on_the_way_back(
    filled_file: Path, empty_url: str, tmp_path: Path
) -> None:
    async with opened(url_of(filled_file)) as source, opened(empty_url) as target:
        copied = await copy_all(source, target)
        async with target.reading() as unit:
            assert await sums(unit) == copied
        rows = {each.table: each.rows for each in copied}
        assert rows["call"] > 5
        assert (rows["audit"], rows["shift"], rows["counsellor"]) == (4, 2, 3)
        async with opened(url_of(tmp_path / "back.sqlite3")) as back:
            assert await copy_all(target, back) == copied


async def test_numbers_go_on_where_they_were(filled_file: Path, empty_url: str) -> None:
    async with opened(url_of(filled_file)) as source, opened(empty_url) as target:
        await copy_all(source, target)
        async with target.unit_of_work() as unit:
            await audit.write(unit, audit.Entry(TODAY, "new", audit.Deed.SIGNED_IN))
            assert (await unit.execute(text("SELECT max(number) FROM audit"))).scalar_one() == 5


async def test_what_holds_rows_is_refused_and_stays_as_it_is(filled_file: Path, empty_url: str) -> None:
    async with opened(url_of(filled_file)) as source, opened(empty_url) as target:
        before = await copy_all(source, target)
        with pytest.raises(Refused, match="rows in it already"):
            await copy_all(source, target)
        async with target.reading() as unit:
            assert await sums(unit) == before


async def test_what_was_cut_off_leaves_nothing_and_is_begun_again(filled_file: Path, empty_url: str) -> None:
    def cut(table: str, rows: int) -> None:
        if table == "contact":
            raise KeyboardInterrupt

    async with opened(url_of(filled_file)) as source, opened(empty_url) as target:
        with pytest.raises(KeyboardInterrupt):
            await copy_all(source, target, cut)
        async with target.reading() as unit:
            assert not await copying.is_filled(unit)
        await copy_all(source, target)


async def test_what_arrives_otherwise_is_refused_and_nothing_stays(filled_file: Path, empty_url: str) -> None:
    async with opened(url_of(filled_file)) as source, opened(empty_url) as target:
        async with target.unit_of_work() as unit:
            for command in (
                "CREATE FUNCTION lies() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN NEW.topic = 'x'; RETURN NEW; END $$",
                "CREATE TRIGGER liar BEFORE INSERT ON call FOR EACH ROW EXECUTE FUNCTION lies()",
            ):
                await unit.exec_driver_sql(command)
        with pytest.raises(Refused, match="not what was sent"):
            await copy_all(source, target)
        async with target.reading() as unit:
            assert not await copying.is_filled(unit)


async def test_a_table_that_nobody_knows_is_not_left_behind_without_a_word(database_file: Path, empty_url: str) -> None:
    async with opened(url_of(database_file)) as source, opened(empty_url) as target:
        async with source.unit_of_work() as unit:
            await unit.exec_driver_sql("CREATE TABLE wishes (id INTEGER)")
        with pytest.raises(ScriptError, match="wishes"):
            await copy_all(source, target)


async def test_the_verb_wants_a_closed_line_and_two_databases(
    filled_file: Path, empty_url: str, tmp_path: Path
) -> None:
    def tell(table: str, rows: int) -> None: ...

    with pytest.raises(Refused, match="No PostgreSQL"):
        await copy_to_postgresql(Settings(state_dir=tmp_path / "var"), tell)
    told = Settings(state_dir=tmp_path / "var", database_url=empty_url)
    told.own_database.parent.mkdir(parents=True)
    filled_file.rename(told.own_database)
    copied = await copy_to_postgresql(told, tell)
    async with opened(empty_url) as target, target.reading() as unit:
        assert await sums(unit) == copied


def test_a_password_is_on_no_screen_and_in_no_error() -> None:
    assert without_password("postgresql://ivr:secret@host/name") == "postgresql+asyncpg://ivr:***@host/name"
    for odd in ("secret", "mysql://ivr:secret@host/name"):
        with pytest.raises(ScriptError) as caught:
            without_password(odd)
        assert "secret" not in str(caught.value)
