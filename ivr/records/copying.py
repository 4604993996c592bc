"""All rows of one database into another, of whichever kind: in one transaction, counted and compared before it ends.

What was cut off has left nothing behind, and is simply begun again. A NUL in a text, which only SQLite
can hold, is left out; what is compared are the rows without it.
"""

from __future__ import annotations

import hashlib
import json
import pkgutil
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from importlib import import_module
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, inspect, select

import ivr.records
from ivr.errors import Refused, ScriptError
from ivr.records.database import Database, Unit, go_on_numbering, metadata, storable

ROWS_AT_ONCE = 500
OF_A_NEW_ONE = {"counsellor", "ledger_position"}  # what a migration puts there; both are written over
_ALL = 1 << 256

Tell = Callable[[str, int], None]
"""Told each table, and how many rows it has."""


@dataclass(frozen=True, slots=True)
class Sum:
    """A table's rows as a number of them, and one hash that does not depend on their order."""

    table: str
    rows: int
    hash: str


def tables() -> list[Table]:
    """Every table that there is, the ones that others point at first."""
    for module in pkgutil.iter_modules(ivr.records.__path__):
        import_module(f"ivr.records.{module.name}")
    return metadata.sorted_tables


async def copy_all(source: Database, target: Database, tell: Tell = lambda table, rows: None) -> list[Sum]:
    """What was copied, table by table. `target` is migrated and new.

    Raises Refused when it holds anything, or when what arrived is not what was sent: then it is as it was.
    """
    async with source.reading() as old, target.unit_of_work() as new:
        for unit in (old, new):
            await unit.run_sync(_refuse_strange)
        await _refuse_filled(new)
        for table in reversed(tables()):
            if table.name in OF_A_NEW_ONE:
                await new.execute(delete(table))
        return [await _copy(old, new, table, tell) for table in tables()]


async def sums(unit: Unit) -> list[Sum]:
    """What a database holds, for comparing."""
    return [await _sum(unit, table) for table in tables()]


async def is_filled(unit: Unit) -> bool:
    """Whether anything was ever written here, besides what a migration does."""
    for table in tables():
        if table.name not in OF_A_NEW_ONE and (await unit.execute(select(table).limit(1))).first():
            return True
    position = metadata.tables["ledger_position"]
    return bool((await unit.execute(select(func.sum(position.c.revision)))).scalar())


async def _refuse_filled(unit: Unit) -> None:
    if await is_filled(unit):
        raise Refused("There are rows in it already.", remedy="Name a new, empty database; nothing was changed.")


def _refuse_strange(connection: Connection) -> None:
    """A table that nobody here knows of would be left behind without a word."""
    strange = set(inspect(connection).get_table_names()) ^ {"alembic_version", *(table.name for table in tables())}
    if strange:
        raise ScriptError(f"This database is not of this version of the program: {', '.join(sorted(strange))}.")


async def _copy(old: Unit, new: Unit, table: Table, tell: Tell) -> Sum:
    sent, rows = 0, 0
    async for page in _pages(old, table):
        await new.execute(insert(table), page)
        sent, rows = (sent + sum(map(_number_of, page))) % _ALL, rows + len(page)
    await go_on_numbering(new, table)
    tell(table.name, rows)
    arrived = await _sum(new, table)
    if arrived != (told := Sum(table.name, rows, f"{sent:064x}")):
        raise Refused(f"What arrived is not what was sent: {told} became {arrived}.", remedy="Nothing was changed.")
    return arrived


async def _sum(unit: Unit, table: Table) -> Sum:
    total, rows = 0, 0
    async for page in _pages(unit, table):
        total, rows = (total + sum(map(_number_of, page))) % _ALL, rows + len(page)
    return Sum(table.name, rows, f"{total:064x}")


async def _pages(unit: Unit, table: Table) -> AsyncIterator[list[dict[str, Any]]]:
    found = await unit.stream(select(table).execution_options(yield_per=ROWS_AT_ONCE))
    async for page in found.partitions(ROWS_AT_ONCE):
        yield [{name: _kept(value) for name, value in row._mapping.items()} for row in page]


def _kept(value: Any) -> Any:
    return storable(value) if isinstance(value, str) else value


def _number_of(row: Mapping[str, Any]) -> int:
    """A row's hash as a number. Keys in their order; times in UTC."""
    text = json.dumps(row, sort_keys=True, default=_plain, ensure_ascii=True)
    return int.from_bytes(hashlib.sha256(text.encode()).digest())


def _plain(value: Any) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(type(value).__name__)
