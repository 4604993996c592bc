"""Where rows are kept. Whatever differs between SQLite and PostgreSQL is here and nowhere else."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
import zlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from threading import Thread
from typing import Any

from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    DateTime,
    Dialect,
    MetaData,
    Select,
    String,
    Table,
    TypeDecorator,
    event,
    func,
    inspect,
    make_url,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.sql.elements import UnaryExpression
from sqlalchemy.sql.operators import custom_op

from ivr.errors import Conflict, Refused, ScriptError
from ivr.records import ownership

Unit = AsyncConnection
"""One transaction: what `unit_of_work` gives and every query takes."""

HEAD = "0016"  # the newest revision in migrations/versions; a test compares
BUSY_TIMEOUT_MS = 15_000
_MIGRATIONS = Path(__file__).parent / "migrations"
CONNECT_TIMEOUT_S = 5.0
_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgres": "postgresql+asyncpg", "postgresql": "postgresql+asyncpg"}
# Advisory locks of PostgreSQL; numbers that only this program uses.
_MIGRATION_LOCK, _WRITERS_LOCK, _READERS_LOCKS = 8_116_111, 8_116_112, 8_116_113

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
        self.url = _url(url)
        self._engine = _sqlite_engine(self.url) if self.is_sqlite else _postgresql_engine(self.url)

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    @asynccontextmanager
    async def unit_of_work(self, *, alone: bool = True) -> AsyncIterator[Unit]:
        """One transaction that may write. It waits for its turn at once (SQLite: BEGIN IMMEDIATE, PostgreSQL: an
        advisory lock), so that what it reads is still true when it writes.

        `alone` False is for those that lock for themselves all that they go by; on SQLite it changes nothing.
        """
        with _explained(self.url.database):
            async with self._connected() as connection:
                await connection.execution_options(helpline_writes=True)
                async with connection.begin():
                    if alone and not self.is_sqlite:
                        await _wait_for(connection, _WRITERS_LOCK)
                    yield connection

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Unit]:
        """One transaction that only reads, and sees one state of all rows; it holds nobody up."""
        with _explained(self.url.database):
            async with self._connected() as connection:
                if not self.is_sqlite:
                    await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
                async with connection.begin():
                    yield connection

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Unit]:
        async with AsyncExitStack() as stack:
            try:
                connection = await stack.enter_async_context(self._engine.connect())
            except OSError as error:  # a server that is away; asyncpg passes it on as it is
                raise _unusable(self.url.database, error.strerror or "no answer", is_sqlite=self.is_sqlite) from error
            yield connection

    async def migrate(self) -> None:
        """Bring the tables up to date. Several processes may do so at once: one works, the others find it done."""
        async with self.reading() as unit:
            if await unit.run_sync(_revision) == HEAD:
                return
        async with self.unit_of_work() as unit:
            if not self.is_sqlite:
                await _wait_for(unit, _MIGRATION_LOCK)
            await unit.run_sync(_upgrade)

    async def leave_nothing_behind(self) -> bool:
        """Empty the log beside the file, in which rows stand as they were. False when others are reading or writing
        just now: nobody waits for it."""
        if not self.is_sqlite:
            return True
        connection = await self._engine.raw_connection()
        driver: Any = connection.driver_connection
        try:
            await driver.execute("PRAGMA busy_timeout=300")
            done = await driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return not (await done.fetchone())[0]
        finally:
            await driver.close()  # before the pool lets go of it: its thread would answer a loop that is closed
            connection.invalidate()

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


async def one_reader(unit: Unit, ledger: str) -> None:
    """Wait until nobody else reads that ledger into the rows, and keep others waiting until this transaction ends. Who
    is killed meanwhile is waited for no longer than their connection lasts."""
    if unit.dialect.name != "sqlite":
        lock = text("SELECT pg_advisory_xact_lock(:all, :one)")
        await unit.execute(lock, {"all": _READERS_LOCKS, "one": zlib.crc32(ledger.encode()) >> 1})


def unless_taken(unit: Unit, query: Select[Any]) -> Select[Any]:
    """Only rows that no other transaction is changing, kept from others until this one ends. On SQLite a unit of work
    is alone already."""
    return query if unit.dialect.name == "sqlite" else query.with_for_update(skip_locked=True)


def first_id(moment: datetime) -> str:
    """Before every id of that second and after every one before it: the ids of calls and contacts sort by time."""
    return f"{int(moment.timestamp()):010d}-"


def aside(unit: Unit, column: ColumnElement[Any]) -> ColumnElement[Any]:
    """`column`, for a condition that no index is to be chosen by. PostgreSQL knows how often a value is met and
    chooses for itself; SQLite does not, and is told (its unary plus)."""
    if unit.dialect.name != "sqlite":
        return column
    return UnaryExpression(column, operator=custom_op("+"), type_=column.type)


async def upsert(unit: Unit, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows by primary key, over those that are there. Columns that a row does not name stay as they are."""
    if not rows:
        return
    dialect = sqlite if unit.dialect.name == "sqlite" else postgresql
    insert = dialect.insert(table)
    keys = [column.name for column in table.primary_key]
    changed = {name: insert.excluded[name] for name in rows[0] if name not in keys}
    fitting = [_fitting(table, row) for row in rows]
    await unit.execute(insert.on_conflict_do_update(index_elements=keys, set_=changed), fitting)


async def insert_new(unit: Unit, table: Table, row: Mapping[str, Any]) -> bool:
    """Write a row unless one with its primary key is there, which then stays as it is. Whether it was written."""
    dialect = sqlite if unit.dialect.name == "sqlite" else postgresql
    insert = dialect.insert(table).values(_fitting(table, row)).on_conflict_do_nothing()
    return (await unit.execute(insert)).rowcount == 1


async def go_on_numbering(unit: Unit, table: Table) -> None:
    """Rows that were written with numbers of their own: the next one gets a higher number."""
    column = table.autoincrement_column
    if column is not None and unit.dialect.name != "sqlite":
        highest = (await unit.execute(select(func.max(column)))).scalar_one() or 0
        sequence = func.pg_get_serial_sequence(table.name, column.name)
        await unit.execute(select(func.setval(sequence, highest + 1, False)))


def _fitting(table: Table, row: Mapping[str, Any]) -> Mapping[str, Any]:
    """`row` with its texts no longer than their columns. The ledger may hold anything, and where PostgreSQL refuses a
    single row SQLite keeps all of it: neither may stop the rows from being kept up."""
    long = {name: row[name][:most] for name, most in _lengths(table).items() if len(row.get(name) or "") > most}
    return {**row, **long} if long else row


@cache
def _lengths(table: Table) -> dict[str, int]:
    texts = ((column.name, column.type) for column in table.columns)
    return {name: kind.length for name, kind in texts if isinstance(kind, String) and kind.length}


def without_password(told: str) -> str:
    """That address, for a screen."""
    return _url(told).render_as_string(hide_password=True) if told else ""


def _url(told: str) -> URL:
    """With the driver that we use. Raises ScriptError."""
    try:
        url = make_url(told)
    except ArgumentError as error:  # its text would carry a password
        raise ScriptError("IVR_DATABASE_URL is no address of a database", remedy=_REMEDY) from error
    backend = url.drivername.partition("+")[0]
    if backend not in _DRIVERS:
        raise ScriptError(f"a database of the kind {backend} is not known here", remedy=_REMEDY)
    return url.set(drivername=_DRIVERS[backend])


# For this program's questions: room to sort a year in memory, and no time spent on compiling what takes less.
QUICK = {"work_mem": "32MB", "jit": "off"}
_REMEDY = "Set IVR_DATABASE_URL as in postgresql://name:password@host/database, or leave it empty for SQLite."


def _make_file(path: Path) -> None:
    """An empty database of the folder's owner. SQLite itself gives -wal and -shm the owner and mode of this file."""
    try:
        ownership.make_folder(path.parent)
        os.close(ownership.open_own(path, os.O_RDWR))
    except OSError as error:
        raise _unusable(path, error.strerror) from error


def _postgresql_engine(url: URL) -> AsyncEngine:
    """A connection that broke is made anew before it is used; whoever hangs in the middle of a transaction, a stopped
    process or a cut network, is cut off by the server and keeps nobody waiting for longer."""
    limits = {"lock_timeout": BUSY_TIMEOUT_MS, "idle_in_transaction_session_timeout": BUSY_TIMEOUT_MS}
    told = {
        "application_name": "ivr",
        "timezone": "UTC",
        **QUICK,
        **{name: str(value) for name, value in limits.items()},
    }
    arguments = {"timeout": CONNECT_TIMEOUT_S, "server_settings": told}
    engine = create_async_engine(url, pool_pre_ping=True, connect_args=arguments)
    event.listen(engine.sync_engine, "connect", _set_text)
    return engine


def _set_text(connection: Any, _record: object) -> None:
    """PostgreSQL refuses a text with a NUL, and half a pair of UTF-16, wherever they stand; a caller or a browser may
    send either. They are left out, in what is written and in what is looked for."""
    for name in ("text", "varchar"):
        connection.run_async(
            lambda driver, name=name: driver.set_type_codec(
                name, schema="pg_catalog", encoder=storable, decoder=str, format="text"
            )
        )


def storable(value: str) -> str:
    """A text as every kind of database can keep it."""
    return str(value).replace("\0", "").encode(errors="replace").decode()


async def _wait_for(unit: Unit, lock: int) -> None:
    """Until the transaction's end nobody else has that lock."""
    await unit.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})


def _sqlite_engine(url: URL) -> AsyncEngine:
    # isolation_level None: the driver begins nothing by itself, so that we can say BEGIN IMMEDIATE.
    engine = create_async_engine(url, connect_args={"isolation_level": None, "timeout": BUSY_TIMEOUT_MS / 1000})
    event.listen(engine.sync_engine, "connect", _set_pragmas)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _set_pragmas(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    # NORMAL may lose the last transactions to a power cut, never half of one; the ledger still has their events.
    # What is deleted is overwritten in its page, whoever deletes it and however SQLite was built.
    pragmas = (f"busy_timeout={BUSY_TIMEOUT_MS}", "synchronous=NORMAL", "foreign_keys=ON", "secure_delete=ON")
    for pragma in pragmas:
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
        if _is_busy(error.orig):
            raise Conflict(f"The database {where} is busy.", remedy="Try again in a moment.") from error
        raise _unusable(where, _first_line(error.orig), is_sqlite="sqlite" in str(type(error.orig))) from error


_BUSY_STATES = {"55P03", "40P01", "40001"}  # lock_not_available, deadlock_detected, serialization_failure


def _is_busy(error: object) -> bool:
    return getattr(error, "sqlstate", None) in _BUSY_STATES or "database is locked" in str(error)


def _first_line(error: object) -> str:
    """Without the class that SQLAlchemy's adapter puts before it; a DETAIL line of PostgreSQL may hold a row."""
    return str(error).partition("\n")[0].rpartition(">: ")[2]


DAMAGED = ("malformed", "not a database")  # what SQLite says of a file whose bytes were changed


def _unusable(where: object, why: object, *, is_sqlite: bool = True) -> Refused:
    remedy = "Look at its folder's owner and the disk." if is_sqlite else "Look at the server and at IVR_DATABASE_URL."
    if is_sqlite and any(word in str(why) for word in DAMAGED):
        remedy = "Run `ivr db mend`; calls go on meanwhile."
    return Refused(f"The database {where} cannot be used: {why}.", remedy=remedy)
