"""The trail: who did what when, looked through, and followed link by link."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from ivr.records import audit, database
from ivr.records.audit import Chain, Deed, Entry, Wanted
from ivr.records.database import Database
from ivr.settings import Settings

__all__ = ["Chain", "Database", "Deed", "Entry", "Wanted"]  # what the faces read from here

ON_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class Page:
    """`older`: what to ask for to see what comes before; None: there is no more."""

    entries: Sequence[Entry]
    older: Wanted | None


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    async with database.opened(settings.database) as found:
        yield found


async def page(records: Database, wanted: Wanted, size: int = ON_A_PAGE) -> Page:
    """The newest that are wanted, newest first."""
    async with records.reading() as unit:
        found = await audit.newest(unit, size + 1, wanted)
    shown = found[:size]
    return Page(shown, replace(wanted, before=shown[-1].number) if len(found) > size else None)


async def verify(records: Database, noted: str = "") -> Chain:
    """Whether every row is as it was written. `noted`: the newest hash of an earlier time; it must still be there."""
    async with records.reading() as unit:
        return await audit.verify(unit, noted)
