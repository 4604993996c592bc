"""The duty-of-care register. Nothing in it is changed: a correction is one more version, and the newest counts.

Codes lie open, for counting; the note is sealed. No row here points at a contact's by a foreign key: those are made
from the ledger and may be made anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, Row, String, Table, and_, func, select, update

from ivr.desk.disclosure import ChildTold, Disclosure
from ivr.records.database import Unit, UtcDateTime, insert_new, metadata
from ivr.records.sealed import Keys, seal_bytes, unseal_bytes

table = Table(
    "disclosure",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("newest", Boolean, nullable=False),
    Column("contact_id", String(40), nullable=False, index=True),
    Column("owner", String(80), nullable=False, index=True),  # who made the first version
    Column("written_at", UtcDateTime, nullable=False),
    Column("by", String(80), nullable=False),
    Column("told", String(32), nullable=False),
    Column("ground", String(32), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("child_told", String(16), nullable=False),
    Column("not_told", String(32)),
    Column("decided_by", String(80), nullable=False),
    Column("lists", String(16), nullable=False),
    Column("note", LargeBinary),  # sealed; null: nothing was written, or it was kept long enough
    Index(None, "newest", "at"),
)
UTF_8 = ("utf-8", "surrogatepass")
LISTED = 500


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an entry, its note left out unless it was asked for. `number` counts from 1."""

    id: str
    number: int
    contact_id: str
    owner: str
    written_at: datetime
    by: str
    has_note: bool
    entry: Disclosure


@dataclass(frozen=True, slots=True)
class Span:
    """Of whom and of when, by the time at which somebody was told. `owner` empty: everybody's."""

    since: datetime
    until: datetime
    owner: str = ""


_SHOWN = (*(column for column in table.c if column.name != "note"), table.c.note.is_not(None).label("has_note"))


async def add(unit: Unit, keys: Keys, version: Version) -> bool:
    """Write a version. False when there is one with its number already: somebody was faster."""
    entry = version.entry
    sealed = seal_bytes(keys, entry.note.encode(*UTF_8), about(version.id, version.number)) if entry.note else None
    row = {
        "id": version.id, "number": version.number, "newest": True, "contact_id": version.contact_id,
        "owner": version.owner, "written_at": version.written_at, "by": version.by, "told": entry.told,
        "ground": entry.ground, "at": entry.at, "child_told": entry.child_told.value, "not_told": entry.not_told,
        "decided_by": entry.decided_by, "lists": entry.lists, "note": sealed,
    }  # fmt: skip
    if not await insert_new(unit, table, row):
        return False
    older = and_(table.c.id == version.id, table.c.number < version.number)
    await unit.execute(update(table).where(older).values(newest=False))
    return True


async def versions(unit: Unit, entry_id: str) -> list[Version]:
    """Every version, the first first, without its note."""
    rows = await unit.execute(select(*_SHOWN).where(table.c.id == entry_id).order_by(table.c.number))
    return [_version(row) for row in rows]


async def with_note(unit: Unit, keys: Keys, version: Version) -> Version:
    """Who may read it is decided before."""
    this = and_(table.c.id == version.id, table.c.number == version.number)
    sealed = (await unit.execute(select(table.c.note).where(this))).scalar_one_or_none()
    if sealed is None:
        return version
    note = unseal_bytes(keys, sealed, about(version.id, version.number)).decode(*UTF_8)
    return replace(version, entry=replace(version.entry, note=note))


async def listed(unit: Unit, span: Span) -> list[Version]:
    """The newest version of each entry, the latest first."""
    query = select(*_SHOWN).where(*_within(span)).order_by(table.c.at.desc(), table.c.id).limit(LISTED)
    return [_version(row) for row in await unit.execute(query)]


async def of_contact(unit: Unit, contact_id: str) -> list[Version]:
    query = select(*_SHOWN).where(table.c.contact_id == contact_id, table.c.newest).order_by(table.c.id)
    return [_version(row) for row in await unit.execute(query)]


async def counted(unit: Unit, span: Span, by: str) -> Mapping[str, int]:
    """How many entries each code of the column `by` has."""
    column = table.c[by]
    query = select(column, func.count()).where(*_within(span)).group_by(column)
    return {code: count for code, count in await unit.execute(query) if code is not None}


async def count_of(unit: Unit, contact_ids: Sequence[str]) -> int:
    query = select(func.count()).select_from(table).where(table.c.contact_id.in_(contact_ids), table.c.newest)
    return int((await unit.execute(query)).scalar_one())


def _within(span: Span) -> list[Any]:
    mine = [table.c.owner == span.owner] if span.owner else []
    return [table.c.newest, table.c.at >= span.since, table.c.at < span.until, *mine]


def about(entry_id: str, number: int) -> str:
    """What a note is sealed for."""
    return f"disclosure:{entry_id}:{number}"


def _version(row: Row[Any]) -> Version:
    told = ChildTold(row.child_told)
    entry = Disclosure(row.told, row.ground, row.at, told, row.not_told, row.decided_by, row.lists)
    return Version(
        row.id, row.number, row.contact_id, row.owner, row.written_at, row.by, bool(row.has_note), entry
    )  # fmt: skip
