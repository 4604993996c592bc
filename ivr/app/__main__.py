"""One part, until SIGTERM."""

from __future__ import annotations

import asyncio
import importlib
import os
import sys

import structlog
import uvloop

from ivr.app.log import begin
from ivr.errors import HelplineError, where
from ivr.settings import Settings

log = structlog.get_logger()


def main(part: str) -> None:
    begin()
    os.environ["TZ"] = "UTC"
    settings = Settings()
    try:
        run = asyncio.run if part == "keep" else uvloop.run  # uvloop does not see a pidfd become readable
        run(importlib.import_module(f"ivr.app.{part}").run(settings))
    except HelplineError as error:
        log.error("part.refused", part=part, reason=str(error), remedy=error.remedy)
        raise SystemExit(2) from error
    except Exception as error:
        log.error("part.failed", part=part, kind=type(error).__name__, at=where(error))
        raise SystemExit(1) from None


if __name__ == "__main__":
    main(sys.argv[1])
