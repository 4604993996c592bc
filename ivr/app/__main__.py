"""One part, until SIGTERM."""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
from contextlib import suppress
from typing import TextIO, cast

import structlog
import uvloop

from ivr.errors import HelplineError
from ivr.settings import Settings

log = structlog.get_logger()


class Log:
    """Where a part says things. What cannot be written, on a full disk say, is not written: it stops nobody."""

    def write(self, words: str) -> int:
        with suppress(OSError):
            os.write(sys.stdout.fileno(), words.encode(errors="replace"))
        return len(words)

    def flush(self) -> None:
        """Nothing is kept back."""


def main(part: str) -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, Log())),
    )
    os.environ["TZ"] = "UTC"
    settings = Settings()
    try:
        run = asyncio.run if part == "keep" else uvloop.run  # uvloop does not see a pidfd become readable
        run(importlib.import_module(f"ivr.app.{part}").run(settings))
    except HelplineError as error:
        log.error("part.refused", part=part, reason=str(error), remedy=error.remedy)
        raise SystemExit(2) from error


if __name__ == "__main__":
    main(sys.argv[1])
