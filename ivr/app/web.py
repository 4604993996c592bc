"""The web pages."""

from __future__ import annotations

from ivr.app.until import until_told
from ivr.keeper import beat
from ivr.settings import Settings
from ivr.web.site import serve


async def run(settings: Settings) -> None:
    await until_told(beat(settings.heartbeat_limit_s), serve(settings))
