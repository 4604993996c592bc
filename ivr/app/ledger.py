"""The ledger into rows, what callers said under seal, what is too old away by night, days that are over counted for the
reports, and logs that stay small."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import structlog

from ivr import call_log, messages, retention
from ivr.app.until import until_told
from ivr.keeper import beat
from ivr.records import reserve
from ivr.reports import daily
from ivr.settings import Settings
from ivr.tidying import keep_tidy

ROOM_EVERY_S = 15.0
PUT_AWAY_S = 60.0  # whoever still has it open has written what they had to

log = structlog.get_logger()


def _hold(ledger: Path) -> bool:
    reserve.let_go(ledger.parent.glob(ledger.name + "?*"), time.time() - PUT_AWAY_S)
    return reserve.hold(ledger)


async def keep_room(settings: Settings) -> None:
    """For ever: the ledger can be written on a disk that is full."""
    held = True
    while True:
        was, held = held, await asyncio.to_thread(_hold, settings.ledger_file)
        if was and not held:
            log.warning("ledger.no_room", remedy="Make room on its disk, or calls are not on record.")
        await asyncio.sleep(ROOM_EVERY_S)


async def run(settings: Settings) -> None:
    works = (
        call_log.follow(settings),
        messages.keep_sealing(settings),
        retention.keep_daily(settings),
        daily.keep_counting(settings),
        keep_room(settings),
        keep_tidy(settings),
    )
    await until_told(beat(settings.heartbeat_limit_s), *works)
