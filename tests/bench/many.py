"""A database with very many rows for the benches that ask of it: new in a folder of its own, or one that is there."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import parse_qs

from ivr.records.database import Database, opened
from tests import postgres
from tests.bench.rows import Tell, fill

LONG, QUICK = 1_000_000, 50_000
# What somebody sets who keeps so many rows; all else is as PostgreSQL comes.
SETTINGS = ("shared_buffers=1GB", "effective_cache_size=8GB", "maintenance_work_mem=512MB", "max_wal_size=4GB")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Many:
    url: str
    rows: int

    def __str__(self) -> str:
        return f"{self.rows:,} contacts in {'SQLite' if self.url.startswith('sqlite') else 'PostgreSQL'}"


@contextmanager
def made(rows: int, *, postgresql: bool, url: str, tell: Tell) -> Iterator[Many]:
    """`url`: rows that an earlier run has kept; they stay."""
    if url:
        yield Many(url, rows)
        return
    with TemporaryDirectory() as folder:
        file = Path(folder) / "bench.sqlite3"
        new = postgres.start(os.getpid(), *SETTINGS).new() if postgresql else f"sqlite+aiosqlite:///{file}"
        asyncio.run(_fill(new, rows, tell))
        yield Many(new, rows)


async def _fill(url: str, rows: int, tell: Tell) -> None:
    async with opened(url) as database:
        await fill(database, rows, tell)


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds by the clock, and seconds of processor: this program's, and the database server's where there is one."""

    elapsed: float
    processor: float


async def clocked(database: Database, deed: Callable[[], Awaitable[Any]]) -> tuple[Any, Took]:
    used, began = _processor(database), time.perf_counter()
    found = await deed()
    elapsed = time.perf_counter() - began
    return found, Took(elapsed, _processor(database) - used)


def _processor(database: Database) -> float:
    own = time.process_time()
    return own if database.is_sqlite else own + _servers(Path(parse_qs(str(database.url).partition("?")[2])["host"][0]))


def _servers(folder: Path) -> float:
    """Of all processes of the server whose socket is in `folder`, also those that are gone: proc_pid_stat(5)."""
    first = int((folder / "data" / "postmaster.pid").read_text().split()[0])
    stats = [_stat(path) for path in Path("/proc").glob("[0-9]*/stat")]
    ticks = sum(sum(map(int, each[11:13])) for each in stats if each and int(each[1]) == first)
    return (ticks + sum(map(int, _stat(Path(f"/proc/{first}/stat"))[11:15]))) / _TICKS


def _stat(path: Path) -> list[str]:
    """From the third field on: the second, the name, may hold anything."""
    try:
        return path.read_text().rpartition(")")[2].split()
    except OSError:
        return []
