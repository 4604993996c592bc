"""An answer that is dear to get, got seldom: the switch's console may take seconds, a page must not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import structlog

from ivr.errors import HelplineError

FRESH_S = 1.0

Answer = TypeVar("Answer")
log = structlog.get_logger()


class Fresh(Generic[Answer]):
    """The answer to one question. It is asked once at a time, and again when the answer is a second old.

    Nobody waits longer than `patience_s`; who asks again meanwhile waits for the question already under way.
    """

    def __init__(self, ask: Callable[[], Awaitable[Answer]], patience_s: float, fresh_s: float = FRESH_S) -> None:
        self._ask = ask
        self._patience_s = patience_s
        self._fresh_s = fresh_s
        self._asking: asyncio.Task[Answer | None] | None = None
        self._stale_at = 0.0

    async def get(self) -> Answer | None:
        """None: not known right now."""
        if self._asking is None or (self._asking.done() and time.monotonic() >= self._stale_at):
            self._asking = asyncio.create_task(self._answer())
        done, _ = await asyncio.wait({self._asking}, timeout=self._patience_s)
        return self._asking.result() if done else None

    async def _answer(self) -> Answer | None:
        try:
            return await self._ask()
        except (HelplineError, OSError) as error:
            log.warning("web.not_known", reason=str(error))
            return None
        finally:
            self._stale_at = time.monotonic() + self._fresh_s
