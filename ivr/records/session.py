"""Who is signed in: one row per browser. A row stays when its session ends, so that a stolen cookie is known again."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, ForeignKey, LargeBinary, Row, String, Table, delete, insert, select, update

from ivr.records.database import Unit, UtcDateTime, metadata


class Ended(StrEnum):
    """Why a session is over."""

    SIGNED_OUT = "signed_out"
    IDLE = "idle"
    COMMAND = "command"
    RENEWED = "renewed"  # the same browser goes on under a new cookie


@dataclass(frozen=True, slots=True)
class Session:
    """`code_given`: when the second factor was. `refused_at`: when a cookie of an ended one was last on record."""

    id: str
    account_id: str
    made_at: datetime
    seen_at: datetime
    code_given: datetime | None = None
    ended_at: datetime | None = None
    ended: Ended | None = None
    refused_at: datetime | None = None


table = Table(
    "session",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("token", String(64), nullable=False, unique=True),  # SHA-256: who reads the table cannot use it
    Column("account_id", ForeignKey("account.id"), nullable=False, index=True),
    Column("made_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("code_given", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("ended", String(16)),
    Column("refused_at", UtcDateTime),
    Column("offered", LargeBinary),  # a second factor that is being set up, sealed for this session
    Column("challenge", LargeBinary),  # what a passkey has to sign next, once
)
_SHOWN = tuple(table.c[each.name] for each in fields(Session))


def about(session_id: str) -> str:
    """What a factor on offer is sealed for."""
    return f"session {session_id}"


async def begin(unit: Unit, made: Session) -> str:
    """Write it; the token for its cookie, which is kept nowhere else."""
    token = secrets.token_urlsafe(32)
    values = {each.name: getattr(made, each.name) for each in fields(Session)}
    await unit.execute(insert(table).values(token=_digest(token), **values))
    return token


async def by_token(unit: Unit, token: str) -> Session | None:
    row = (await unit.execute(select(*_SHOWN).where(table.c.token == _digest(token)))).one_or_none()
    return _session(row) if row else None


async def see(unit: Unit, session_id: str, now: datetime) -> None:
    await _set(unit, session_id, seen_at=now)


async def refuse(unit: Unit, session_id: str, now: datetime) -> None:
    await _set(unit, session_id, refused_at=now)


async def end(unit: Unit, session_id: str, why: Ended, now: datetime) -> None:
    ours = update(table).where(table.c.id == session_id, table.c.ended_at.is_(None))
    await unit.execute(ours.values(ended_at=now, ended=why, offered=None))


async def end_all(unit: Unit, account_id: str, why: Ended, now: datetime) -> int:
    """Every session of that account; how many there were."""
    theirs = update(table).where(table.c.account_id == account_id, table.c.ended_at.is_(None))
    return (await unit.execute(theirs.values(ended_at=now, ended=why, offered=None))).rowcount


async def offer(unit: Unit, session_id: str, sealed: bytes) -> None:
    await _set(unit, session_id, offered=sealed)


async def offered(unit: Unit, session_id: str) -> bytes | None:
    return (await unit.execute(select(table.c.offered).where(table.c.id == session_id))).scalar_one_or_none()


async def challenge(unit: Unit, session_id: str, told: bytes) -> None:
    await _set(unit, session_id, challenge=told)


async def take_challenge(unit: Unit, session_id: str) -> bytes | None:
    """What was told to be signed; it is not told again."""
    told = (await unit.execute(select(table.c.challenge).where(table.c.id == session_id))).scalar_one_or_none()
    await _set(unit, session_id, challenge=None)
    return told


async def forget(unit: Unit, before: datetime) -> None:
    """Rows last seen before that; what was done in them is in the audit."""
    await unit.execute(delete(table).where(table.c.seen_at < before))


async def _set(unit: Unit, session_id: str, **values: object) -> None:
    await unit.execute(update(table).where(table.c.id == session_id).values(**values))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _session(row: Row[Any]) -> Session:
    told = dict(row._mapping)
    return Session(**told | {"ended": Ended(told["ended"]) if told["ended"] else None})
