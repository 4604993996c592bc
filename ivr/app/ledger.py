"""The ledger into rows, what callers said under seal, and days that are over counted for the reports."""

from __future__ import annotations

from ivr import call_log, messages
from ivr.app.until import until_told
from ivr.keeper import beat
from ivr.reports import daily
from ivr.settings import Settings


async def run(settings: Settings) -> None:
    works = (call_log.follow(settings), messages.keep_sealing(settings), daily.keep_counting(settings))
    await until_told(beat(settings.heartbeat_limit_s), *works)
