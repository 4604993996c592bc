"""Promises to ring back."""

from __future__ import annotations

from ivr.app.until import until_told
from ivr.callback import keep_promises
from ivr.keeper import beat
from ivr.settings import Settings


async def run(settings: Settings) -> None:
    await until_told(beat(settings.heartbeat_limit_s), keep_promises(settings))
