"""The ledger into rows, what callers said under seal, what is too old away by night, and logs that stay small."""

from __future__ import annotations

from ivr import call_log, messages, retention
from ivr.app.until import until_told
from ivr.keeper import beat
from ivr.settings import Settings
from ivr.tidying import keep_tidy


async def run(settings: Settings) -> None:
    works = (
        call_log.follow(settings),
        messages.keep_sealing(settings),
        retention.keep_daily(settings),
        keep_tidy(settings),
    )
    await until_told(beat(settings.heartbeat_limit_s), *works)
