"""Who did what when. Rows are added and never changed, each chained to the one before (`audit_chain.py`); there is no
secret in one, and no caller's number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Column, ColumnElement, Index, Integer, String, Table, insert, select

from ivr.records.audit_chain import Link, digest
from ivr.records.database import Unit, UtcDateTime, metadata, one_at_a_time

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
    BACKED_UP = "backed_up"
    RESTORED = "restored"
    KEYS_ROTATED = "keys_rotated"
    AGED_FOUND = "aged_found"  # about: what would go tomorrow, the first time; nothing did
    AGED_TAKEN = "aged_taken"  # about: kinds and how many of each
    DISCLOSURE_ENTERED = "disclosure_entered"
    DISCLOSURE_CORRECTED = "disclosure_corrected"
    REGISTER_EXPORTED = "register_exported"
    DISCLOSURE_READ = "disclosure_read"  # by somebody else than who entered it
    ERASED = "erased"  # about: the erasure, never who
    REPORT_TAKEN = "report_taken"
    PROMPT_RECORDED = "prompt_recorded"
    PROMPT_TAKEN_BACK = "prompt_taken_back"
    FLOW_ON_TRIAL = "flow_on_trial"  # about: the mark of the flow
    FLOW_TAKEN_OVER = "flow_taken_over"
    FLOW_TAKEN_BACK = "flow_taken_back"
    FLOW_OF_FILE = "flow_of_file"  # back to the file of IVR_HELPLINE_FILE
    CALLS_EXPORTED = "calls_exported"
    SUMMARIES_SEARCHED = "summaries_searched"  # about: how many were opened and looked through
    CALLER_MOVED = "caller_moved"
    PRESENCE_SAID = "presence_said"  # in the name of another
    ACCOUNT_CHANGED = "account_changed"
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REMOVED = "passkey_removed"
    PASSKEY_FAILED = "passkey_failed"
    SEALED_OPENED = "sealed_opened"  # a number or what somebody wrote; why is in the table of openings
    ROTA_CHANGED = "rota_changed"
    HELP_ANSWERED = "help_answered"  # a counsellor asked for help in a call, and this one comes
    LISTENED_IN = "listened_in"
    HANDED_OVER = "handed_over"
    ASKED_IN = "asked_in"
    PUT_OUT = "put_out"
    UNLOCKED = "unlocked"
    REFUSAL_LIFTED = "refusal_lifted"  # about: the address; somebody had guessed passwords from there


@dataclass(frozen=True, slots=True)
class Entry:
    """`by`: the account's name. `about`: whom or what it was done to, an id, a name, a path. `number`: once written."""

    at: datetime
    by: str
    deed: Deed | str  # text: a deed of another version of the program
    about: str = ""
    address: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows: empty and None stand for any. `before`: older than that row's number. `about`: a part of it."""

    by: str = ""
    deed: str = ""
    about: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None


ANY = Wanted()


@dataclass(frozen=True, slots=True)
class Chain:
    """What was found of it. `broken`: the number of the first row that does not fit; None when all do. `head`: the
    newest hash. `known`: whether the hash that was noted earlier is still one of it."""

    rows: int
    head: str
    broken: int | None = None
    known: bool = True


table = Table(
    "audit",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),  # 1, 2, 3 …; one that is missing was taken away
    Column("at", UtcDateTime, nullable=False),
    Column("by", String(80), nullable=False),
    Column("deed", String(40), nullable=False),
    Column("about", String(120), nullable=False),
    Column("address", String(64), nullable=False),
    Column("hash", String(64), nullable=False, server_default=""),
    Index(None, "at"),
)
_SHOWN = tuple(table.c[each.name] for each in fields(Entry))


async def write(unit: Unit, entry: Entry) -> None:
    """In the transaction of the deed: one is not on record without the other."""
    await one_at_a_time(unit, table)
    last = (await unit.execute(select(table.c.number, table.c.hash).order_by(table.c.number.desc()).limit(1))).first()
    number, before = (last.number + 1, last.hash) if last else (1, "")
    link = Link(number, entry.at, _text(entry.by, 80), entry.deed, _text(entry.about, 120), _text(entry.address, 64))
    await unit.execute(insert(table).values(asdict(link) | {"hash": digest(before, link)}))


def _text(told: str, limit: int) -> str:
    """What every database keeps as it is: no NUL, no half of a character."""
    return told[:limit].encode(errors="replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


async def newest(unit: Unit, limit: int, wanted: Wanted = ANY) -> Sequence[Entry]:
    """The last so many that are wanted, newest first."""
    query = select(*_SHOWN).where(*_conditions(wanted)).order_by(table.c.number.desc()).limit(limit)
    return [Entry(**dict(row._mapping) | {"deed": _deed(row.deed)}) for row in await unit.execute(query)]


def _conditions(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    if wanted.by:
        yield table.c.by == wanted.by
    if wanted.deed:
        yield table.c.deed == wanted.deed
    if wanted.about:
        yield table.c.about.contains(wanted.about, autoescape=True)
    if wanted.since:
        yield table.c.at >= wanted.since
    if wanted.until:
        yield table.c.at < wanted.until
    if wanted.before is not None:
        yield table.c.number < wanted.before


async def verify(unit: Unit, noted: str = "") -> Chain:
    """Follow the chain from the first row to the last, or to the first that does not fit. `noted`: a hash that was its
    newest once."""
    before, rows, known = "", 0, not noted
    async for row in await unit.stream(select(table).order_by(table.c.number)):
        link = Link(row.number, row.at, row.by, row.deed, row.about, row.address)
        if row.number != rows + 1 or row.hash != digest(before, link):
            return Chain(rows, before, rows + 1, known)
        before, rows = row.hash, rows + 1
        known = known or before == noted
    return Chain(rows, before, known=known)


def _deed(text: str) -> Deed | str:
    return Deed(text) if text in set(Deed) else text
