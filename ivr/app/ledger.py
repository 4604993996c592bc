"""The ledger into rows, what callers said under seal, and by night what is too old away."""

from __future__ import annotations

from ivr import call_log, messages, retention
from ivr.app.until import until_told
from ivr.keeper import beat
from ivr.settings import Settings


async def run(settings: Settings) -> None:
    works = (call_log.follow(settings), messages.keep_sealing(settings), retention.keep_daily(settings))
    await until_told(beat(settings.heartbeat_limit_s), *works)
