"""The live board, kept up with the switch: one connection, and as many watchers as there are pages.

After each login, whenever events were dropped, and every minute in case one was never sent, everything is asked anew.
What is missed while the switch is away is missed; the board says that it is away, and how it was last.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, suppress
from dataclasses import replace

from ivr.board.fold import HEARD, fold
from ivr.board.resync import TOLD, rebuild
from ivr.board.state import Board
from ivr.errors import TelephonyError
from ivr.records.keyring import open_keyring
from ivr.settings import Settings
from ivr.telephony.ami import RESYNC, USER, Switch, connections

SETTLE_S = 0.05  # the first of a flock goes out at once, the others together: one for each queue that a phone is in
ANEW_EVERY_S = 60.0

Connections = Callable[[], AsyncGenerator[Switch, None]]


class Feed:
    """`board` is how the line is now. `run` keeps it so; without it the switch is away."""

    def __init__(self) -> None:
        self.board = Board()
        self._latest = self.board
        self._stirred = asyncio.Event()
        self._published = asyncio.Event()

    async def changes(self) -> AsyncIterator[Board]:
        """The board now, and again whenever it has changed. Who is slow is given the newest, not all in between."""
        while True:
            board, published = self.board, self._published
            yield board
            if self.board is board:
                await published.wait()

    async def after(self, board: Board, within_s: float) -> Board:
        """The board once it is another than this, or when the time is over."""
        published = self._published
        if self.board is board:
            with suppress(TimeoutError):
                await asyncio.wait_for(published.wait(), within_s)
        return self.board

    async def run(self, fresh: Connections) -> None:
        """For ever: one connection after another."""
        publishing = asyncio.create_task(self._publish())
        try:
            async with aclosing(fresh()) as connections:
                async for switch in connections:
                    with suppress(TelephonyError):
                        await self._follow(switch)
                    self._see(replace(self._latest, away=True))
        finally:
            publishing.cancel()

    async def _follow(self, switch: Switch) -> None:
        await self._ask(switch)
        anew_at = time.monotonic() + ANEW_EVERY_S
        async for event in switch.events():
            if event.name == RESYNC or time.monotonic() > anew_at:
                await self._ask(switch)
                anew_at = time.monotonic() + ANEW_EVERY_S
            if event.name in HEARD:
                self._see(fold(self._latest, event.name, event.fields))

    async def _ask(self, switch: Switch) -> None:
        """Everything. What happened meanwhile is still to be read as events, and brings the board to now."""
        status, queues = await asyncio.gather(switch.ask("Status", Variables=",".join(TOLD)), switch.ask("QueueStatus"))
        self._see(rebuild(self._latest, [m.fields for m in status], [m.fields for m in queues], time.time()))

    def _see(self, board: Board) -> None:
        if board is not self._latest:
            self._latest = board
            self._stirred.set()

    async def _publish(self) -> None:
        while True:
            await self._stirred.wait()
            self._stirred.clear()
            if self.board != self._latest:
                self.board = self._latest
                self._published.set()
                self._published = asyncio.Event()
            await asyncio.sleep(SETTLE_S)


async def follow_line(feed: Feed, settings: Settings) -> None:
    """`feed.run` on the line of these settings. Raises ScriptError when its secrets cannot be read."""
    secret = open_keyring(settings.secrets_file).ami
    await feed.run(lambda: connections("127.0.0.1", settings.ami_port, USER, secret))
