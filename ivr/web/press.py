"""Parts of a page on their way to whoever watches it: made once for all who see the same, sent as the same bytes.

One task makes them while anybody watches. A change goes out at once, and those on its heels together, `APART_S` later.
Who is slow is sent the newest of each part, not all in between.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Hashable, Mapping
from contextlib import suppress

import structlog

APART_S = 0.15  # quicker than an eye follows, and a flock of events costs one making

Parts = Mapping[str, str]
Source = Callable[[], AsyncIterator[Parts]]
"""Every part as it is, again and again: it waits until one may have changed."""

log = structlog.get_logger()


class Edition:
    """The newest of each part, ready to be sent. `number`: how often one has changed."""

    def __init__(self) -> None:
        self.number = 0
        self._made: dict[str, str] = {}
        self._frames: dict[str, tuple[int, bytes]] = {}

    def take(self, parts: Parts) -> bool:
        """Whether any is another than before."""
        changed = {name: html for name, html in parts.items() if self._made.get(name) != html}
        if changed:
            self.number += 1
            self._made |= changed
            self._frames |= {name: (self.number, _frame(name, html)) for name, html in changed.items()}
        return bool(changed)

    def after(self, number: int) -> bytes:
        """What has changed since."""
        return b"".join(frame for at, frame in self._frames.values() if at > number)


def _frame(name: str, html: str) -> bytes:
    return f"event: part\ndata: {json.dumps({'name': name, 'html': html})}\n\n".encode()


class Printing:
    """For all who see the same."""

    def __init__(self, source: Source) -> None:
        self.edition, self.watchers = Edition(), 0
        self._fresh = asyncio.Event()
        self.running = asyncio.create_task(self._run(source))
        self.running.add_done_callback(self._over)

    async def newer(self, number: int, ends_at: float) -> bool:
        """Wait for what comes after that number. False: it is time to end, or the source has failed."""
        with suppress(TimeoutError):
            async with asyncio.timeout_at(ends_at):
                while self.edition.number == number and not self.running.done():
                    await self._fresh.wait()
        return self.edition.number > number

    async def _run(self, source: Source) -> None:
        async for parts in source():
            if self.edition.take(parts):
                self._wake()
            await asyncio.sleep(APART_S)

    def _over(self, running: asyncio.Task[None]) -> None:
        if not running.cancelled() and (error := running.exception()):
            log.error("press.failed", kind=type(error).__name__)
        self._wake()

    def _wake(self) -> None:
        self._fresh.set()
        self._fresh = asyncio.Event()


class Press:
    """A printing for each kind of reader, as long as there is one."""

    def __init__(self) -> None:
        self._printings: dict[Hashable, Printing] = {}

    async def follow(self, reader: Hashable, source: Source, for_s: float) -> AsyncGenerator[bytes, None]:
        """Every part, then each that changes. Ends early when the source raises: who asks anew, begins it anew."""
        printing, number = self._printing(reader, source), 0
        ends_at = asyncio.get_running_loop().time() + for_s
        printing.watchers += 1
        try:
            while await printing.newer(number, ends_at):
                sent, number = printing.edition.after(number), printing.edition.number
                yield sent
        finally:
            printing.watchers -= 1
            if not printing.watchers:
                printing.running.cancel()

    def _printing(self, reader: Hashable, source: Source) -> Printing:
        known = self._printings.get(reader)
        if known is None or not known.watchers or known.running.done():
            known = self._printings[reader] = Printing(source)
        return known
