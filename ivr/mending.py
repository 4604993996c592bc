"""A damaged database is made whole while calls go on: what can be read is kept, the ledger tells the calls again.

The damaged file is put aside, never away. Nobody who rings is kept waiting: the parts that have it open are killed,
which they bear at any moment, and the keeper starts them on the new one.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ivr import line
from ivr.errors import NotFound, Refused
from ivr.keeper import alive
from ivr.records import salvage
from ivr.records.database import Database, opened
from ivr.records.ledger_file import WHOSE
from ivr.records.rebuild import Progress, Rebuild, Rebuilt
from ivr.records.salvage import Saved
from ivr.settings import Settings

__all__ = ["Rebuilt", "Saved"]  # what the faces read from here
BESIDE = ("", "-wal", "-shm")  # what SQLite keeps in three files


@dataclass(frozen=True, slots=True)
class Mended:
    """`aside`: where the damaged file is now. `saved`: every table, with what was brought over."""

    why: str
    aside: Path
    saved: tuple[Saved, ...]
    rebuilt: Rebuilt


async def mend(settings: Settings, progress: Progress) -> Mended | None:
    """None: nothing is wrong with it. What is written in the seconds that it takes is in the file put aside."""
    file = _file(settings)
    why = await asyncio.to_thread(salvage.fault, file)
    if not why:
        return None
    new, aside = file.with_name("mended.sqlite3"), file.with_name(f"{file.name}.damaged-{int(time.time())}")
    _remove(new)
    saved = await asyncio.to_thread(salvage.salvage, file, new)
    shutil.copymode(file, new)
    if os.geteuid() == 0:
        os.chown(new, file.stat().st_uid, file.stat().st_gid)
    with _nobody_at_it(settings):
        _move(file, aside)
        _move(new, file)
    async with opened(settings.database) as database:
        rebuilt = await Rebuild(database, settings.ledger_file).run(progress)
    return Mended(why, aside, tuple(saved), rebuilt)


def _file(settings: Settings) -> Path:
    if not Database(settings.database).is_sqlite:
        raise Refused("The rows are on PostgreSQL.", remedy="Mend it with its own tools, or restore a backup.")
    if not settings.own_database.exists():
        raise NotFound(f"{settings.own_database} is not there.", remedy=f"Look at IVR_STATE_DIR. {WHOSE}")
    return settings.own_database


def _move(file: Path, to: Path) -> None:
    for ending in BESIDE:
        with suppress(FileNotFoundError):
            file.with_name(file.name + ending).rename(to.with_name(to.name + ending))


def _remove(file: Path) -> None:
    for ending in BESIDE:
        file.with_name(file.name + ending).unlink(missing_ok=True)


@contextmanager
def _nobody_at_it(settings: Settings) -> Iterator[None]:
    """No part of the program runs meanwhile: some milliseconds."""
    run_dir = settings.state_dir / "run"
    keeper = alive(run_dir / "keeper.pid")
    _signal(keeper, signal.SIGSTOP)
    try:
        parts = [alive(run_dir / f"{name}.pid") for name in line.PARTS if name != "switch"]
        for pid in parts:
            _signal(pid, signal.SIGKILL)
        yield
    finally:
        _signal(keeper, signal.SIGCONT)


def _signal(pid: int | None, number: signal.Signals) -> None:
    if pid:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
