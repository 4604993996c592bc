"""Files that a running line follows: a changed one takes over when it has no fault; until then the old one stays."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

import structlog

from ivr.errors import ScriptError

LOOK_EVERY_S = 1.0
Value = TypeVar("Value")

log = structlog.get_logger()


class InUse(Generic[Value]):
    """`value` is what the file that `where` names says, or said when it was last without fault.

    `text` is what `value` was read from. `take` makes a value of a new text and keeps that where other doors read it;
    it raises ScriptError with every fault.
    """

    def __init__(self, where: Callable[[], Path], text: str, value: Value, take: Callable[[str], Value]) -> None:
        self._where, self._seen, self._take = where, text, take
        self.value = value

    async def follow(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await self.look()

    async def look(self) -> None:
        """Take the file over if it has changed. Reading it may take long, and others must be answered meanwhile."""
        file = self._where()
        try:
            text = file.read_text()
        except (OSError, UnicodeDecodeError) as error:
            log.warning("file.unreadable", file=file.name, reason=getattr(error, "strerror", "is not UTF-8 text"))
            return
        if text == self._seen:
            return
        self._seen = text
        try:
            self.value = await asyncio.to_thread(self._take, text)
            log.info("file.taken_over", file=file.name)
        except ScriptError as error:
            log.error("file.refused", file=file.name, problems=error.problems)
        except OSError as error:
            self._seen = ""  # a full disk, perhaps: the file is tried again
            log.warning("file.not_kept", file=file.name, reason=error.strerror)
