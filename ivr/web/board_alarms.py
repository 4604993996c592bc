"""What is wrong with the line, as the board says it: looked at now and then, and nobody is kept waiting by it."""

from __future__ import annotations

import asyncio
from functools import partial

from ivr.alarms import Alarm, raised
from ivr.settings import Settings
from ivr.signing import Database
from ivr.vitals import look_at
from ivr.web.fresh import Fresh

VITALS_S, VITALS_FRESH_S = 1.0, 10.0


class BoardAlarms:
    """That the line is closed the board says by itself."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._vitals = Fresh(partial(look_at, settings, database), VITALS_S, VITALS_FRESH_S)
        self._raised: tuple[Alarm, ...] = ()
        self._looking: asyncio.Task[None] | None = None

    async def look(self) -> None:
        vitals = await self._vitals.get()
        if vitals is not None:
            self._raised = raised(vitals) if vitals.open else ()

    def look_meanwhile(self) -> None:
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self.look())

    def told(self, language: str) -> tuple[tuple[str, str], ...]:
        """What each means, and what to do."""
        return tuple((each.means(language), each.remedy(language)) for each in self._raised)
