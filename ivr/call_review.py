"""Calls as a supervisor looks at them: the log by page, its summaries searched, one call's life, kept views."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from ivr import wrapup_reading
from ivr.desk.search import bare
from ivr.errors import NotFound
from ivr.records import call, call_page, counsellor, saved_view, wrapup
from ivr.records.call import Call
from ivr.records.call_page import PAGE, Asked, Listed, Page, Sort
from ivr.records.opening import Opening
from ivr.records.saved_view import SavedView
from ivr.records.wrapup import Version
from ivr.signing import Database, Deed, Knock, record
from ivr.wrapup import Desk

__all__ = ["Asked", "Listed", "Page", "SavedView", "Sort"]  # what the faces read from here

LOOKED_THROUGH = 2_000  # summaries that one search opens at most
AT_ONCE = 500
EXPORT_LIMIT = 1_000_000  # rows; a sheet holds 1,048,576


@dataclass(frozen=True, slots=True)
class Found:
    """What a search gave. `opened`: how many summaries were looked through; `after`: where the next search begins."""

    calls: Sequence[Listed]
    opened: int
    after: str = ""


@dataclass(frozen=True, slots=True)
class Life:
    """One call: its row and steps, what was written down about it (without free text), and who opened that."""

    call: Call
    versions: Sequence[Version]
    openings: Sequence[Opening]
    names: dict[str, str]


async def page(database: Database, asked: Asked, sort: Sort, after: str) -> Page:
    async with database.reading() as unit:
        return await call_page.page(unit, asked, sort, after)


async def every(database: Database, asked: Asked, sort: Sort) -> AsyncIterator[Listed]:
    """All that fit, read piece by piece; EXPORT_LIMIT at most."""
    after, given = "", 0
    while given < EXPORT_LIMIT:
        async with database.reading() as unit:
            found = await call_page.page(unit, asked, sort, after, AT_ONCE)
        for each in found.calls:
            yield each
        given += len(found.calls)
        after = found.after
        if not after:
            return


@dataclass(frozen=True, slots=True)
class Question:
    """Words to be found, who asks, and after which call the search goes on."""

    words: str
    by: str
    knock: Knock
    after: str = ""


async def search(desk: Desk, asked: Asked, question: Question) -> Found:
    """Calls whose summary has all the words, newest first. Summaries are sealed, so nothing but opening them tells: the
    newest LOOKED_THROUGH of those asked for are opened here and looked through, and that is on record."""
    wanted, hits, opened, after = bare(question.words).split(), list[Listed](), 0, question.after
    while opened < LOOKED_THROUGH and len(hits) < PAGE:
        async with desk.database.reading() as unit:
            found = await call_page.page(unit, asked, Sort.NEWEST, after, AT_ONCE)
            texts = await wrapup.summaries(unit, desk.keys, [each.id for each in found.calls if each.has_summary])
        opened += len(texts)
        plain = {contact_id: bare(text) for contact_id, text in texts.items()}
        hits += [each for each in found.calls if each.id in plain and all(word in plain[each.id] for word in wanted)]
        after = found.after
        if not after:
            break
    async with desk.database.unit_of_work() as unit:
        await record(unit, question.by, Deed.SUMMARIES_SEARCHED, question.knock, str(opened))
    return Found(hits, opened, after)


async def life(desk: Desk, call_id: str) -> Life:
    """Raises NotFound."""
    async with desk.database.reading() as unit:
        found = await call.find(unit, call_id)
        names = {person.extension: person.name for person in await counsellor.all(unit)}
    if found is None:
        raise NotFound(f"there is no call {call_id}")
    versions = await wrapup_reading.history(desk, call_id)
    return Life(found, versions, await wrapup_reading.openings(desk, call_id), names)


async def names(database: Database) -> dict[str, str]:
    """Extension to name, of everybody who ever took calls."""
    async with database.reading() as unit:
        return {person.extension: person.name for person in await counsellor.all(unit)}


async def views(database: Database, account: str) -> list[SavedView]:
    async with database.reading() as unit:
        return await saved_view.all(unit, account)


async def keep_view(database: Database, view: SavedView) -> None:
    """Raises Refused."""
    async with database.unit_of_work() as unit:
        await saved_view.keep(unit, view)


async def forget_view(database: Database, account: str, name: str) -> None:
    async with database.unit_of_work() as unit:
        await saved_view.forget(unit, account, name)


async def note_export(database: Database, by: str, about: str, knock: Knock) -> None:
    async with database.unit_of_work() as unit:
        await record(unit, by, Deed.CALLS_EXPORTED, knock, about)


def is_within(since: datetime | None, until: datetime | None) -> bool:
    return since is None or until is None or since < until
