"""The menus that calls follow now, and what callers did in them lately."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ivr.errors import NotFound
from ivr.flow import walk
from ivr.flow.script import Script, parse
from ivr.flow.walk import Place, Step
from ivr.records import call
from ivr.records.call import CALLBACK, Wanted
from ivr.records.database import Database
from ivr.settings import Settings

__all__ = ["Database", "Place", "Seen"]  # what the faces read from here

MOST_CALLS = 20_000  # the newest; more would change no branch by the width of a line


@dataclass(frozen=True, slots=True)
class Seen:
    """`calls`: how many were looked at; `has_more`: whether there were older ones in the span."""

    script: Script
    places: tuple[Place, ...]
    calls: int
    has_more: bool


async def seen(settings: Settings, database: Database, since: datetime) -> Seen:
    """What callers did since then. Raises NotFound before the line was ever opened."""
    if not settings.flow_in_use.exists():
        raise NotFound("No flow is in use yet.", remedy="`ivr up` opens the line.")
    script = parse(settings.flow_in_use.read_text())
    walked = await _steps(database, since)
    places = await asyncio.to_thread(walk.count, script, walked)
    return Seen(script, places, len(walked), len(walked) == MOST_CALLS)


async def _steps(database: Database, since: datetime) -> list[Sequence[Step]]:
    """Of the calls that came in. Read page by page: a busy line's month need not be held in one transaction."""
    wanted, after, found = Wanted(since=since, limit=MOST_CALLS), "", list[Sequence[Step]]()
    while True:
        async with database.reading() as unit:
            page = await call.page(unit, wanted, after)
        if not page:
            return found
        found += [each.steps for each in page if each.dialled != CALLBACK]
        after = page[-1].id
