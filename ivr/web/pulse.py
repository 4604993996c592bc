"""How the line is at this moment, as far as anybody may know it: counts, and nothing about a caller."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import StrEnum

from ivr import call_log, line
from ivr.settings import Settings
from ivr.web.fresh import Fresh

OPEN_PATIENCE_S = 2.5  # a switch that hangs is asked for 1 s by SIP, door 1 for another
COUNT_PATIENCE_S = 1.0


class Mood(StrEnum):
    OPEN = "open"
    UNATTENDED = "unattended"  # a caller is greeted and then waits: no counsellor's phone is registered
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Pulse:
    """`phones`: counsellors' phones registered. `calls`: calls in progress. None: not known right now."""

    open: bool
    phones: int | None = None
    calls: int | None = None

    @property
    def mood(self) -> Mood:
        if not self.open:
            return Mood.CLOSED
        return Mood.UNATTENDED if self.phones == 0 else Mood.OPEN


class LinePulse:
    """Asks the line, never more than once a second however many readers there are."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._open = Fresh(self._ask_open, OPEN_PATIENCE_S)
        self._phones = Fresh(self._ask_phones, COUNT_PATIENCE_S)
        self._calls = Fresh(self._ask_calls, COUNT_PATIENCE_S)

    async def is_open(self) -> bool:
        """A line that does not say so in time is not open."""
        return bool(await self._open.get())

    async def read(self) -> Pulse:
        """Of a closed line nothing is counted: a look must not make a database where none was."""
        if not await self.is_open():
            return Pulse(open=False)
        phones, calls = await asyncio.gather(self._phones.get(), self._calls.get())
        return Pulse(open=True, phones=phones, calls=calls)

    async def _ask_open(self) -> bool:
        return await asyncio.to_thread(line.is_open, self._settings)

    async def _ask_phones(self) -> int:
        return await asyncio.to_thread(line.count_registered, self._settings)

    async def _ask_calls(self) -> int:
        async with call_log.open_log(self._settings) as log:
            return (await call_log.status(log)).open_calls
