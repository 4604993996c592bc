"""Where rows are kept. Whatever differs between SQLite and PostgreSQL is here and nowhere else."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any

from sqlalchemy import Connection, DateTime, Dialect, MetaData, Table, TypeDecorator, event, inspect, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from ivr.errors import Conflict, Refused, ScriptError
from ivr.records import ownership

Unit = AsyncConnection
"""One transaction: what `unit_of_work` gives and every query takes."""

HEAD = "0007"  # the newest revision in migrations/versions; a test compares
BUSY_TIMEOUT_MS = 15_000
_MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION_LOCK = 8_116_111  # any number that only this program uses

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, kept in UTC. SQLite has no zones: what comes back would be naive."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value and value.tzinfo is None else value


class Database:
    """An engine that begins, commits and explains itself. Close it, or use `opened`."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self._engine = _sqlite_engine(self.url.render_as_string(False)) if self.is_sqlite else create_async_engine(url)

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator[Unit]:
        """One transaction that may write. On SQLite it waits for its turn at once (BEGIN IMMEDIATE), so that what it
        reads is still true when it writes."""
        with _explained(self.url.database):
            async with self._engine.connect() as connection:
                await connection.execution_options(helpline_writes=True)
                async with connection.begin():
                    yield connection

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Unit]:
        """One transaction that only reads; on SQLite it holds nobody up."""
        with _explained(self.url.database):
            async with self._engine.connect() as connection, connection.begin():
                yield connection

    async def migrate(self) -> None:
        """Bring the tables up to date. Several processes may do so at once: one works, the others find it done."""
        async with self.reading() as unit:
            if await unit.run_sync(_revision) == HEAD:
                return
        async with self.unit_of_work() as unit:
            if not self.is_sqlite:
                await unit.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
            await unit.run_sync(_upgrade)

    async def close(self) -> None:
        await self._engine.dispose()


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    """The database at `url`, its folder made and its tables up to date."""
    database = Database(url)
    try:
        if database.is_sqlite:
            _make_file(Path(database.url.database or ""))
        await database.migrate()
        yield database
    finally:
        await database.close()


def migrate(url: str) -> None:
    """`Database.migrate` for code that does not await, whether or not a loop is running in its thread."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(_open_once(url))
        except BaseException as error:
            failed.append(error)

    thread = Thread(target=run, name="migrate")
    thread.start()
    thread.join()
    if failed:
        raise failed[0]


async def _open_once(url: str) -> None:
    async with opened(url):
        pass


async def one_at_a_time(unit: Unit, table: Table) -> None:
    """Wait until nobody else is changing `table`, and keep others waiting until this transaction ends. On SQLite a
    unit of work is alone already."""
    if unit.dialect.name != "sqlite":
        await unit.execute(text(f"LOCK TABLE {table.name} IN EXCLUSIVE MODE"))


async def upsert(unit: Unit, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows by primary key, over those that are there. Columns that a row does not name stay as they are."""
    if not rows:
        return
    dialect = sqlite if unit.dialect.name == "sqlite" else postgresql
    insert = dialect.insert(table)
    keys = [column.name for column in table.primary_key]
    changed = {name: insert.excluded[name] for name in rows[0] if name not in keys}
    await unit.execute(insert.on_conflict_do_update(index_elements=keys, set_=changed), list(rows))


async def insert_new(unit: Unit, table: Table, row: Mapping[str, Any]) -> bool:
    """Write a row unless one with its primary key is there, which then stays as it is. Whether it was written."""
    dialect = sqlite if unit.dialect.name == "sqlite" else postgresql
    insert = dialect.insert(table).values(row).on_conflict_do_nothing()
    return (await unit.execute(insert)).rowcount == 1


def _make_file(path: Path) -> None:
    """An empty database of the folder's owner. SQLite itself gives -wal and -shm the owner and mode of this file."""
    try:
        ownership.make_folder(path.parent)
        os.close(ownership.open_own(path, os.O_RDWR))
    except OSError as error:
        raise _unusable(path, error.strerror) from error


def _sqlite_engine(url: str) -> AsyncEngine:
    # isolation_level None: the driver begins nothing by itself, so that we can say BEGIN IMMEDIATE.
    engine = create_async_engine(url, connect_args={"isolation_level": None, "timeout": BUSY_TIMEOUT_MS / 1000})
    event.listen(engine.sync_engine, "connect", _set_pragmas)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _set_pragmas(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    # NORMAL may lose the last transactions to a power cut, never half of one; the ledger still has their events.
    for pragma in (f"busy_timeout={BUSY_TIMEOUT_MS}", "synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    _to_wal(cursor)
    cursor.close()


def _to_wal(cursor: Any) -> None:
    """Two that open a new file at once: for this switch alone SQLite does not wait, it says locked at once."""
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("helpline_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415  it takes longer to import than most commands take to run
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise ScriptError(f"This database is not of this version of the program: {error}.") from error


@contextmanager
def _explained(where: str | None) -> Iterator[None]:
    """Faults of the database or its disk, in words that someone can act on. A broken constraint is our own fault."""
    try:
        yield
    except IntegrityError:
        raise
    except DBAPIError as error:
        if "locked" in str(error.orig):
            raise Conflict(f"The database {where} is busy.", remedy="Try again in a moment.") from error
        raise _unusable(where, error.orig) from error


def _unusable(where: object, why: object) -> Refused:
    return Refused(f"The database {where} cannot be used: {why}.", remedy="Look at its folder's owner and the disk.")
