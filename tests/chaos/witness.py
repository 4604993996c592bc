"""What the switch wrote down, copied line by line as it was written: so the ledger itself may be broken."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from ivr.telephony.events import Kind, call_id, parse

LOOK_EVERY_S = 0.02


@dataclass(slots=True)
class Witness:
    """`began`: id of each call that the switch saw, and when. Read from `ledger` for as long as `watching` lasts."""

    ledger: Path
    began: dict[str, float] = field(default_factory=dict)
    _file: BinaryIO | None = None
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
            self.close()

    def close(self) -> None:
        if self._file:
            self._file.close()

    async def _watch(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(LOOK_EVERY_S)

    def look(self) -> None:
        """A file that was renamed away is first read to its end; one that was cut is read on from where it was cut."""
        self._read_on()
        with suppress(OSError):
            if self._file is None or not os.path.samestat(self.ledger.stat(), os.fstat(self._file.fileno())):
                fresh = self.ledger.open("rb")
                self._read_on()
                self.close()
                self._file, self._rest = fresh, b""
                self._read_on()

    def _read_on(self) -> None:
        if self._file is None:
            return
        size = os.fstat(self._file.fileno()).st_size
        if size < self._file.tell():
            self._file.seek(size)
            self._rest = b""
        *lines, self._rest = (self._rest + self._file.read()).split(b"\n")
        for line in lines:
            self._note(line)

    def _note(self, line: bytes) -> None:
        event = parse(line)
        if event and event.kind is Kind.CHAN_START and event.of_first_channel and event.context == "incoming":
            self.began.setdefault(call_id(event.linkedid), event.at)
