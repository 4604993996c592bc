"""Logs do not grow for ever: one that is big is put aside, in place of the one that was put aside before.

Whoever writes them keeps them open and appends, so they are copied and emptied. The ledger is `retention.py`'s.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

import structlog

from ivr.records import ownership
from ivr.settings import Settings

LONGEST_BYTES = 5 * 2**20
LOOK_EVERY_S = 600.0

log = structlog.get_logger()


async def keep_tidy(settings: Settings) -> None:
    """For ever: a look every ten minutes."""
    while True:
        try:
            await asyncio.to_thread(put_aside, settings.logs_dir)
        except OSError as error:
            log.warning("logs.not_tidied", reason=error.strerror)
        await asyncio.sleep(LOOK_EVERY_S)


def put_aside(folder: Path, longest: int = LONGEST_BYTES) -> list[str]:
    """Which logs were. What is written between the copy and the emptying is lost: a line, if any."""
    big = [file for file in sorted(folder.glob("*.log")) if file.stat().st_size > longest]
    for file in big:
        aside = file.with_suffix(".log.1")
        aside.unlink(missing_ok=True)
        with file.open("rb") as full, os.fdopen(ownership.open_own(aside, os.O_WRONLY), "wb") as kept:
            shutil.copyfileobj(full, kept)
        os.truncate(file, 0)
    return [file.name for file in big]
