"""A fake Asterisk that is quick: rings a server over AGI again and again, always with the same three keys."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import cast

from tests.fake_asterisk import header

KEYS = ("3", "2", "3")
BLOCK = header()
TRYING = b"100 result=0 Trying...\n"
LAST_CALLS_S = 10.0
COMPLETE = b"200 result=0 Gosub complete\n"


@dataclass(slots=True)
class Tally:
    """What happened on the connections of one bench."""

    done: int = 0
    wrong: int = 0
    commands: list[str] = field(default_factory=list)
    """Those of the first call."""


class Caller(asyncio.Protocol):
    """One call after another. `tally.done` counts those that the server led to their end: four GOSUBs, three keys."""

    def __init__(self, tally: Tally, over: asyncio.Future[None]) -> None:
        self._tally, self.over = tally, over
        self._keys: Iterator[bytes] = replies(KEYS)
        self._commands = 0
        self._half = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(BLOCK)

    def data_received(self, data: bytes) -> None:
        *lines, self._half = (self._half + data).split(b"\n")
        for line in lines:
            self._commands += 1
            if not self._tally.done:
                self._tally.commands.append(line.decode())
            self._transport.write(TRYING + COMPLETE if line.startswith(b"GOSUB") else next(self._keys))

    def connection_lost(self, _: Exception | None) -> None:
        whole = self._commands == len(KEYS) * 2 + 1
        self._tally.done += whole
        self._tally.wrong += not whole
        if not self.over.done():
            self.over.set_result(None)


def replies(keys: Iterable[str]) -> Iterator[bytes]:
    return (f"200 result=1 (OK:{key})\n".encode() for key in keys)


async def ring(port: int, at_once: int, seconds: float) -> Tally:
    """`at_once` callers, each ringing again as soon as it is through, for so long."""
    tally, until = Tally(), time.monotonic() + seconds
    async with asyncio.timeout(seconds + LAST_CALLS_S):
        await asyncio.gather(*(_ring_on(port, tally, until) for _ in range(at_once)))
    return tally


async def _ring_on(port: int, tally: Tally, until: float) -> None:
    loop = asyncio.get_running_loop()
    while True:
        caller = Caller(tally, loop.create_future())
        await loop.create_connection(lambda caller=caller: caller, "127.0.0.1", port)  # type: ignore[misc]
        await caller.over
        if time.monotonic() > until:
            return
