"""Wrap-ups as they are being typed: one per account and contact, sealed whole, gone when the contact is closed.

No row here points at a contact's by a foreign key: those are made from the ledger, and may be made anew.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Integer, LargeBinary, String, Table, and_, delete, select, update

from ivr.desk.wrapup import Form
from ivr.errors import Conflict, Refused
from ivr.records.database import Unit, UtcDateTime, insert_new, metadata
from ivr.records.sealed import Keys, seal, unseal

table = Table(
    "wrapup_draft",
    metadata,
    Column("contact_id", String(40), primary_key=True),
    Column("account", String(80), primary_key=True, index=True),
    Column("revision", Integer, nullable=False),
    Column("saved_at", UtcDateTime, nullable=False),
    Column("form", LargeBinary, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Draft:
    """`revision` counts the times it was saved; 0: never."""

    form: Form
    revision: int = 0
    saved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Of:
    """Whose draft, and of which contact."""

    contact_id: str
    account: str

    @property
    def about(self) -> str:
        """The row, for the seal."""
        return f"draft:{self.contact_id}:{self.account}"


async def save(unit: Unit, keys: Keys, of: Of, draft: Draft) -> int:
    """`draft` over the one that has its revision; the new revision. Raises Conflict, and writes nothing, when another
    browser has saved since: what is there is newer than what this one has seen.
    """
    sealed = seal(keys, json.dumps(asdict(draft.form)), of.about)
    now = {"revision": draft.revision + 1, "saved_at": draft.saved_at, "form": sealed}
    if draft.revision == 0:
        written = await insert_new(unit, table, {"contact_id": of.contact_id, "account": of.account} | now)
    else:
        seen = update(table).where(_is(of), table.c.revision == draft.revision)
        written = bool((await unit.execute(seen.values(now))).rowcount)
    if not written:
        raise Conflict("This draft was changed in another window.", remedy="Load it again; nothing was overwritten.")
    return draft.revision + 1


async def read(unit: Unit, keys: Keys, of: Of) -> Draft | None:
    row = (await unit.execute(select(table).where(_is(of)))).one_or_none()
    return Draft(_form(unseal(keys, row.form, of.about)), row.revision, row.saved_at) if row else None


async def remove(unit: Unit, of: Of) -> None:
    await unit.execute(delete(table).where(_is(of)))


async def accounts(unit: Unit, contact_id: str) -> tuple[str, ...]:
    """Who has a draft of this contact."""
    rows = await unit.execute(select(table.c.account).where(table.c.contact_id == contact_id))
    return tuple(sorted(row.account for row in rows))


def _is(of: Of) -> Any:
    return and_(table.c.contact_id == of.contact_id, table.c.account == of.account)


def _form(text: str) -> Form:
    """A draft of an older version of the program: fields that are no more are left out. Raises Refused."""
    try:
        told = {name: value for name, value in json.loads(text).items() if name in Form.__slots__}
    except (ValueError, AttributeError) as error:
        raise Refused("a draft cannot be read") from error
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in told.items()}
    return Form(**values)
