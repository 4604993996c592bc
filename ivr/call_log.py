"""The record of calls and contacts: kept up with the ledger, listed, followed, rebuilt."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog

from ivr.errors import HelplineError, Refused
from ivr.records import call, contact, ledger, ledger_file, ring_out
from ivr.records.call import Call, Outcome, Wanted
from ivr.records.contact import Contact
from ivr.records.database import Database, opened
from ivr.records.rebuild import Progress, Rebuild, Rebuilt
from ivr.records.ring_out import RingOut
from ivr.settings import Settings

__all__ = ["Call", "Contact", "Outcome", "Rebuilt", "RingOut", "Wanted"]  # what the faces read from here

POLL_S = 0.15
AFTER_TROUBLE_S = 1.0
REMEMBERED = 2_000
FOLLOW_BYTES = 128 * 1024  # some 450 events: a batch takes the processor for a few milliseconds only

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class CallLog:
    """The record, and the ledger it comes from. Get one from `open_log`."""

    database: Database
    file: Path


@dataclass(frozen=True, slots=True)
class Status:
    """How far the rows are behind the ledger. `behind_bytes` 0: not at all."""

    file: str
    bytes: int
    behind_bytes: int
    lines: int
    rubbish: int
    refused: int
    calls: int
    open_calls: int


def is_there(settings: Settings) -> bool:
    """Whether anything was ever written down. Looking must not make folders for a line that was never opened."""
    try:
        if settings.database_url or settings.ledger_file.parent.exists():
            return True
        return Path(settings.database.partition(":///")[2]).exists()  # the years before were brought in already
    except PermissionError as error:
        raise Refused(f"{settings.state_dir} is closed to this user.", remedy=ledger_file.WHOSE) from error


@asynccontextmanager
async def open_log(settings: Settings) -> AsyncIterator[CallLog]:
    async with opened(settings.database) as database:
        yield CallLog(database, settings.ledger_file)


async def catch_up(log: CallLog) -> int:
    """Bring the rows up to the ledger's end; how many lines were new. Any number of processes may do it at once."""
    return await ledger.Reader(log.database, log.file).catch_up()


async def calls(log: CallLog, wanted: Wanted) -> AsyncIterator[Call]:
    """Calls as they are in the rows, oldest first. Read page by page: whoever stops half way leaves nothing open."""
    after = ""
    while page := await _page_of_calls(log, wanted, after):
        for each in page:
            yield each
        after = page[-1].id


async def _page_of_calls(log: CallLog, wanted: Wanted, after: str) -> list[Call]:
    async with log.database.reading() as unit:
        return await call.page(unit, wanted, after)


async def count_calls(log: CallLog, wanted: Wanted) -> int:
    async with log.database.reading() as unit:
        return await call.count(unit, wanted)


async def contacts(log: CallLog, since: datetime | None = None, limit: int | None = None) -> AsyncIterator[Contact]:
    """Contacts, oldest first; `limit` keeps the newest."""
    after = ""
    while page := await _page_of_contacts(log, since, limit, after):
        for each in page:
            yield each
        after = page[-1].id


async def _page_of_contacts(log: CallLog, since: datetime | None, limit: int | None, after: str) -> list[Contact]:
    async with log.database.reading() as unit:
        return await contact.page(unit, since, limit, after)


async def count_contacts(log: CallLog, since: datetime | None = None) -> int:
    async with log.database.reading() as unit:
        return await contact.count(unit, since)


async def status(log: CallLog) -> Status:
    async with log.database.reading() as unit:
        now = await ledger.where(unit)
        still = await call.count_open(unit)
        every = await call.count(unit, Wanted())
    size = ledger_file.size(log.file)
    behind = ledger_file.unread(log.file, now.place)
    return Status(str(log.file), size, behind, now.lines, now.rubbish, now.refused, every, still)


async def rebuild(log: CallLog, progress: Progress) -> Rebuilt:
    """All rows anew from the ledger. Safe while the line is open and others read and write."""
    return await Rebuild(log.database, log.file).run(progress)


class Follower:
    """Keeps the rows up with the ledger. While nobody calls, a look costs one stat of the file.

    A database that is busy or a full disk is waited for: nothing is lost by it, the ledger is on file.
    """

    def __init__(self, log: CallLog) -> None:
        self._file = log.file
        self._reader = ledger.Reader(log.database, log.file, batch_bytes=FOLLOW_BYTES)
        self._seen: tuple[int, int, int] | None = None

    async def look(self) -> int:
        """Fold what is new, at most one batch; how many lines that was."""
        now = _signature(self._file)
        if now == self._seen:
            return 0
        try:
            lines = await self._reader.read_batch()
        except HelplineError as error:
            _log.warning("ledger_not_read", why=str(error))
            await asyncio.sleep(AFTER_TROUBLE_S)
            return 0
        if not lines:
            self._seen = now
        return lines


def _signature(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


async def follow(settings: Settings) -> None:
    """Keep the rows up with the ledger for ever: what the line's own process for it runs."""
    async with open_log(settings) as log:
        async for _ in new_lines(log):
            pass


async def new_lines(log: CallLog, *, poll_s: float = POLL_S) -> AsyncIterator[int]:
    """Keep the rows up with the ledger for ever; gives the number of lines each time there were some."""
    follower = Follower(log)
    while True:
        if lines := await follower.look():
            yield lines
        else:
            await asyncio.sleep(poll_s)


async def changed_calls(log: CallLog, since: datetime, *, poll_s: float = POLL_S) -> AsyncIterator[Call]:
    """Calls that are open or ended after `since`, each time they change, for ever. It needs no other follower.

    A rebuild writes rows again that say the same; they are not given again.
    """
    follower, after = Follower(log), 0
    given: OrderedDict[str, Call] = OrderedDict()
    while True:
        busy = await follower.look()
        async with log.database.reading() as unit:
            until = (await ledger.where(unit)).revision
            changed = await call.changed(unit, after, until, since) if until > after else []
        for each in changed:
            if given.get(each.id) != each:
                given[each.id] = each
                yield each
        while len(given) > REMEMBERED:
            given.popitem(last=False)
        after = until
        if not busy:
            await asyncio.sleep(poll_s)


async def ring_outs(log: CallLog, limit: int) -> list[RingOut]:
    """Calls that counsellors made to the outside: the newest `limit`, oldest first."""
    async with log.database.reading() as unit:
        return await ring_out.all(unit, limit)
