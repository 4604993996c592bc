"""What a part says into its log: events of ours. Of what libraries say, who it was and where, never the words: they put
errors into them, and an error may hold a caller's number.
"""

from __future__ import annotations

import logging
import os
import sys
from contextlib import suppress
from typing import TextIO, cast

import structlog

from ivr.errors import where

_log = structlog.get_logger()


class Log:
    """Where a part says things. What cannot be written, on a full disk say, is not written: it stops nobody."""

    def write(self, words: str) -> int:
        with suppress(OSError):
            os.write(sys.stdout.fileno(), words.encode(errors="replace"))
        return len(words)

    def flush(self) -> None:
        """Nothing is kept back."""


class Others(logging.Handler):
    """For all that is said by way of `logging`, asyncio's complaint of a task that failed with nobody looking too."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        at = where(error) if error else f"{record.filename}:{record.lineno}"
        _log.warning("library.said", by=record.name, kind=type(error).__name__ if error else "", at=at)


def begin() -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, Log())),
    )
    logging.basicConfig(handlers=[Others()], level=logging.WARNING, force=True)
