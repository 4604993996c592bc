"""What was written down about contacts. Every version stays: who, when, what; the newest counts.

The codes lie open, for counting; the free text is sealed. No row here points at a contact's by a foreign key: those
are made from the ledger and may be made anew, and nothing that a person wrote goes with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    and_,
    delete,
    exists,
    false,
    func,
    insert,
    literal_column,
    or_,
    select,
    true,
    update,
)

from ivr.desk.catalogue import Risk
from ivr.desk.wrapup import Ended, Gender, WrapUp
from ivr.flow.steps import AgeBand, Language, Topic
from ivr.records import contact, counted, draft
from ivr.records.contact import Contact
from ivr.records.database import Unit, UtcDateTime, insert_new, metadata
from ivr.records.sealed import Keys, seal_bytes, unseal_bytes

table = Table(
    "wrapup",
    metadata,
    Column("contact_id", String(40), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("by", String(80), nullable=False),
    Column("newest", Boolean, nullable=False),
    Column("ended", String(16), nullable=False),
    Column("lists", String(16), nullable=False),
    Column("topic", String(32)),
    Column("categories", JSON, nullable=False),
    Column("language", String(8)),
    Column("age", Integer),
    Column("age_band", String(16)),
    Column("gender", String(16), nullable=False),
    Column("region", String(16), nullable=False),
    Column("caller", String(32), nullable=False),
    Column("living", String(32), nullable=False),
    Column("groups", JSON, nullable=False),
    Column("risk", String(16)),
    Column("risk_yes", JSON, nullable=False),
    Column("actions", JSON, nullable=False),
    Column("referrals", JSON, nullable=False),
    Column("call_back", Boolean, nullable=False),
    Column("summary", LargeBinary),  # sealed; null: nothing was written
)
categories = Table(  # of the newest version, for asking by one
    "wrapup_category",
    metadata,
    Column("code", String(80), primary_key=True),
    Column("contact_id", String(40), primary_key=True, index=True),
)
Index("ix_wrapup_risk", table.c.risk, table.c.contact_id)
UNFINISHED_LIMIT = 200
UTF_8 = ("utf-8", "surrogatepass")  # half a pair of UTF-16, from a broken browser, is text too
_KINDS: dict[str, Any] = {
    "ended": Ended, "topic": Topic, "language": Language, "age_band": AgeBand, "gender": Gender, "risk": Risk,
    "categories": tuple, "groups": tuple, "risk_yes": tuple, "actions": tuple, "referrals": tuple,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Version:
    """One version, its free text left out: `has_summary` says whether there is any. `number` counts from 1."""

    contact_id: str
    number: int
    at: datetime
    by: str
    has_summary: bool
    written: WrapUp


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A contact that nobody has written down yet, and who has begun to."""

    contact: Contact
    drafts: tuple[str, ...]


_SHOWN = tuple(column for column in table.c if column.name != "summary")


async def add(unit: Unit, keys: Keys, version: Version) -> bool:
    """Write a version. False when there is one with its number already: somebody was faster."""
    written = version.written
    sealed = seal_bytes(keys, written.summary.encode(*UTF_8), _about(version)) if written.summary else None
    values = asdict(written) | {"summary": sealed}
    head = {"contact_id": version.contact_id, "number": version.number, "at": version.at, "by": version.by}
    if not await insert_new(unit, table, head | values | {"newest": True}):
        return False
    older = and_(table.c.contact_id == version.contact_id, table.c.number < version.number)
    await unit.execute(update(table).where(older).values(newest=False))
    await unit.execute(delete(categories).where(categories.c.contact_id == version.contact_id))
    if written.categories:
        codes = dict.fromkeys(written.categories)
        await unit.execute(insert(categories), [{"code": code, "contact_id": version.contact_id} for code in codes])
    await counted.refresh(unit, [version.contact_id])
    return True


# What a first version of the years before says of all that was not asked then: written into the statement, so that many
# rows are quickly sent.
_NOT_ASKED: dict[str, Any] = {
    **dict.fromkeys(("groups", "risk_yes", "actions", "referrals"), literal_column("'[]'")),
    **dict.fromkeys(("region", "caller", "living"), literal_column("''")),
    "number": literal_column("1"), "newest": true(), "call_back": false(),
}  # fmt: skip


async def write_new(unit: Unit, keys: Keys, rows: Sequence[dict[str, Any]]) -> None:
    """First versions of the years before, as rows without what was not asked then, and with their free text in clear;
    it is sealed here."""
    for row in rows:
        text = row["summary"]
        row["summary"] = seal_bytes(keys, text.encode(*UTF_8), about(row["contact_id"], 1)) if text else None
    await unit.execute(insert(table).values(_NOT_ASKED), list(rows))


async def versions(unit: Unit, contact_id: str) -> list[Version]:
    """Every version, the first first, without its free text."""
    has = table.c.summary.is_not(None).label("has_summary")
    rows = await unit.execute(select(*_SHOWN, has).where(table.c.contact_id == contact_id).order_by(table.c.number))
    return [_version(row) for row in rows]


async def count(unit: Unit, contact_id: str) -> int:
    query = select(func.count()).select_from(table).where(table.c.contact_id == contact_id)
    return int((await unit.execute(query)).scalar_one())


async def summary(unit: Unit, keys: Keys, version: Version) -> str:
    """The free text of a version; empty when there is none. Who may read it is decided before."""
    this = and_(table.c.contact_id == version.contact_id, table.c.number == version.number)
    sealed = (await unit.execute(select(table.c.summary).where(this))).scalar_one_or_none()
    return unseal_bytes(keys, sealed, _about(version)).decode(*UTF_8) if sealed else ""


async def summaries(unit: Unit, keys: Keys, contact_ids: Sequence[str]) -> dict[str, str]:
    """The free text of the newest version of each, where there is any. Who may read it is decided before."""
    these = and_(table.c.contact_id.in_(contact_ids), table.c.newest, table.c.summary.is_not(None))
    rows = await unit.execute(select(table.c.contact_id, table.c.number, table.c.summary).where(these))
    return {
        each.contact_id: unseal_bytes(keys, each.summary, about(each.contact_id, each.number)).decode(*UTF_8)
        for each in rows
    }


async def unfinished(unit: Unit, since: datetime, counsellor: str = "") -> list[Unfinished]:
    """Contacts since then that nobody has closed, the oldest first; `counsellor`: theirs alone, or with their draft."""
    closed = exists().where(table.c.contact_id == contact.table.c.id)
    query = select(contact.table.c.id).where(contact.table.c.received_at >= since, ~closed)
    if counsellor:
        begun = exists().where(draft.table.c.contact_id == contact.table.c.id, draft.table.c.account == counsellor)
        query = query.where(or_(contact.table.c.counsellor == counsellor, begun))
    ids = [row.id for row in await unit.execute(query.order_by(contact.table.c.id).limit(UNFINISHED_LIMIT))]
    found = await contact.some(unit, ids)
    return [Unfinished(each, await draft.accounts(unit, each.id)) for each in found]


def _about(version: Version) -> str:
    return about(version.contact_id, version.number)


def about(contact_id: str, number: int) -> str:
    """What a version's free text is sealed for."""
    return f"wrapup:{contact_id}:{number}"


def _version(row: Any) -> Version:
    told = dict(row._mapping)
    names = {field.name for field in fields(WrapUp)} & told.keys()
    kinds = {name: kind(told[name]) for name, kind in _KINDS.items() if told[name] is not None}
    written = WrapUp(**{name: told[name] for name in names} | kinds)
    return Version(row.contact_id, row.number, row.at, row.by, row.has_summary, written)


def with_text(version: Version, text: str) -> Version:
    """For somebody who may read it."""
    return replace(version, written=replace(version.written, summary=text))
