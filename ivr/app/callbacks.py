"""Promises to ring back, and calls of the line to itself: both are begun by call file."""

from __future__ import annotations

from ivr.app.until import until_told
from ivr.callback import keep_promises
from ivr.keeper import beat
from ivr.settings import Settings
from ivr.trial import keep_trying


async def run(settings: Settings) -> None:
    await until_told(beat(settings.heartbeat_limit_s), keep_promises(settings), keep_trying(settings))
