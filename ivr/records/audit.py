"""Who did what when. Rows are added and never changed; there is no secret in one, and no caller's number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Column, Index, Integer, String, Table, insert, select

from ivr.records.database import Unit, UtcDateTime, metadata

NOBODY = "?"


class Deed(StrEnum):
    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    CODE_FAILED = "code_failed"
    SIGNED_OUT = "signed_out"
    IDLED_OUT = "idled_out"
    ENDED_SESSION_USED = "ended_session_used"  # a stolen cookie, or a page left open
    NOT_PERMITTED = "not_permitted"
    FORGED_FORM = "forged_form"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  a deed's name
    FACTOR_SET_UP = "factor_set_up"
    ACCOUNT_ADDED = "account_added"
    ACCOUNT_RESET = "account_reset"
    FACTOR_RESET = "factor_reset"
    ACCOUNT_CLOSED = "account_closed"
    ACCOUNT_OPENED = "account_opened"
    SESSIONS_ENDED = "sessions_ended"
    REVIEWED = "reviewed"
    REVIEW_ANSWERED = "review_answered"
    DEBRIEFED = "debriefed"
    REPORT_TAKEN = "report_taken"
    PROMPT_RECORDED = "prompt_recorded"
    PROMPT_TAKEN_BACK = "prompt_taken_back"
    CALLER_MOVED = "caller_moved"
    PRESENCE_SAID = "presence_said"  # in the name of another


@dataclass(frozen=True, slots=True)
class Entry:
    """`by`: the account's name. `about`: whom or what it was done to, an id, a name, a path."""

    at: datetime
    by: str
    deed: Deed
    about: str = ""
    address: str = ""


table = Table(
    "audit",
    metadata,
    Column("number", Integer, primary_key=True),  # in their order; one that is missing was taken away
    Column("at", UtcDateTime, nullable=False),
    Column("by", String(80), nullable=False),
    Column("deed", String(40), nullable=False),
    Column("about", String(120), nullable=False),
    Column("address", String(64), nullable=False),
    Index(None, "at"),
)
_SHOWN = tuple(table.c[each.name] for each in fields(Entry))


async def write(unit: Unit, entry: Entry) -> None:
    """In the transaction of the deed: one is not on record without the other."""
    short = {"by": entry.by[:80], "about": entry.about[:120], "address": entry.address[:64]}
    await unit.execute(insert(table).values(asdict(entry) | short))


async def newest(unit: Unit, limit: int) -> Sequence[Entry]:
    """The last so many, newest first."""
    rows = await unit.execute(select(*_SHOWN).order_by(table.c.number.desc()).limit(limit))
    return [Entry(**dict(row._mapping) | {"deed": Deed(row.deed)}) for row in rows]
