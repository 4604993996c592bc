"""The ledger into rows, what callers said under seal, and logs that do not grow for ever."""

from __future__ import annotations

from ivr import call_log, messages
from ivr.app.until import until_told
from ivr.keeper import beat
from ivr.settings import Settings
from ivr.tidying import keep_tidy


async def run(settings: Settings) -> None:
    works = (call_log.follow(settings), messages.keep_sealing(settings), keep_tidy(settings))
    await until_told(beat(settings.heartbeat_limit_s), *works)
