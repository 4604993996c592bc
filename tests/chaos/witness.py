"""What the switch wrote down, copied line by line as it was written: so the ledger itself may be broken."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from ivr.telephony.events import Kind, call_id, parse

LOOK_EVERY_S = 0.02


@dataclass(slots=True)
class Witness:
    """`began`: id of each call that the switch saw, and when. Read from `ledger` for as long as `watching` lasts."""

    ledger: Path
    began: dict[str, float] = field(default_factory=dict)
    _inode: int = 0
    _at: int = 0
    _rest: bytes = b""

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[Witness]:
        self.look()
        self.began.clear()
        task = asyncio.create_task(self._watch())
        try:
            yield self
        finally:
            task.cancel()

    async def _watch(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(LOOK_EVERY_S)

    def look(self) -> None:
        """A file that was renamed away, or is shorter than it was, is read from where the new one stands."""
        with suppress(OSError), self.ledger.open("rb") as file:
            stat = os.fstat(file.fileno())
            if stat.st_ino != self._inode:
                self._inode, self._at = stat.st_ino, 0
            elif stat.st_size < self._at:
                self._at = stat.st_size
            file.seek(self._at)
            data = file.read()
            self._at += len(data)
            *lines, self._rest = (self._rest + data).split(b"\n")
            for line in lines:
                self._note(line)

    def _note(self, line: bytes) -> None:
        event = parse(line)
        if event and event.kind is Kind.CHAN_START and event.of_first_channel and event.context == "incoming":
            self.began.setdefault(call_id(event.linkedid), event.at)
