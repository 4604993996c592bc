"""Rows out of a SQLite file that is damaged, into a new one: whatever can still be read, table by table.

A damaged page ends the reading of its table from that side, so each is read from both ends. What lies between two
damaged pages is lost. Rows about calls are lost for a moment only: the ledger gives them again (`records/rebuild.py`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    asc,
    create_engine,
    delete,
    desc,
    func,
    insert,
    literal_column,
    select,
    text,
)
from sqlalchemy.exc import SQLAlchemyError

from ivr.records.copying import OF_A_NEW_ONE, tables
from ivr.records.database import migrate

AT_ONCE = 200
FROM_THE_LEDGER = frozenset({"ledger_position", "open_call"})  # made anew by a rebuild
rowid: ColumnElement[int] = literal_column("rowid")


@dataclass(frozen=True, slots=True)
class Saved:
    """One table: how many rows were brought over, and whether all of it could be read."""

    table: str
    rows: int
    whole: bool


def fault(file: Path) -> str:
    """What is wrong with it, in SQLite's own words; nothing where nothing is."""
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=15)) as rows:
            (said,) = rows.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        return str(error)
    return "" if said == "ok" else str(said).splitlines()[-1]


def salvage(old: Path, new: Path) -> list[Saved]:
    """Fill `new`, which must not be there yet, with what can be read of `old`, which is left as it is."""
    migrate(f"sqlite+aiosqlite:///{new}")
    source, target = create_engine(f"sqlite:///file:{old}?mode=ro&uri=true"), create_engine(f"sqlite:///{new}")
    try:
        with source.connect() as here, target.begin() as there:
            for table in tables():
                if table.name in OF_A_NEW_ONE - FROM_THE_LEDGER:
                    there.execute(delete(table))
            found = [_bring(here, there, table) for table in tables() if table.name not in FROM_THE_LEDGER]
            there.execute(text("UPDATE ledger_position SET revision = (SELECT coalesce(max(revision), 0) FROM call)"))
    finally:
        source.dispose()
        target.dispose()
    return found


def _bring(here: Connection, there: Connection, table: Table) -> Saved:
    met, whole = set[int](), True
    for forward in (True, False):
        pages = _Pages(here, table, forward)
        for page in pages:
            fresh = [row for number, row in page if number not in met]
            met |= {number for number, _ in page}
            if fresh:
                there.execute(insert(table).prefix_with("OR IGNORE"), fresh)
        if pages.whole:
            break
        whole = False
    rows = int(there.execute(select(func.count()).select_from(table)).scalar_one())
    return Saved(table.name, rows, whole)


class _Pages:
    """Rows of one table with their numbers, from one end until the other, or until what cannot be read."""

    def __init__(self, here: Connection, table: Table, forward: bool) -> None:
        self._here, self._table, self._forward = here, table, forward
        self.whole = True

    def __iter__(self) -> Iterator[list[tuple[int, dict[str, Any]]]]:
        last: int | None = None
        size = AT_ONCE
        while True:
            try:
                page = self._page(last, size)
            except (SQLAlchemyError, ValueError, TypeError, sqlite3.DatabaseError):
                if size == 1:
                    self.whole = False
                    return
                size = 1
                continue
            if not page:
                return
            last = page[-1][0]
            yield page

    def _page(self, last: int | None, size: int) -> list[tuple[int, dict[str, Any]]]:
        query = select(rowid.label("_number"), *self._table.columns)
        query = query.order_by((asc if self._forward else desc)(rowid)).limit(size)
        if last is not None:
            query = query.where(rowid > last if self._forward else rowid < last)
        found = []
        for row in self._here.execute(query):
            values = dict(row._mapping)
            found.append((int(values.pop("_number")), values))
        return found
