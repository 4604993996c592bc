"""Wrong words at the door, by account and by address. However many knock, there are at most BUCKETS rows of a kind."""

from __future__ import annotations

import hashlib
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Column, Integer, String, Table, delete, select, update

from ivr.desk.entry import FORGOTTEN
from ivr.records.database import Unit, UtcDateTime, metadata, upsert

BUCKETS = 2**16  # two names that share one wait for each other; that is all that happens


class By(StrEnum):
    ACCOUNT = "account"
    ADDRESS = "address"


table = Table(
    "attempt",
    metadata,
    Column("bucket", String(20), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", UtcDateTime, nullable=False),
)


def bucket(by: By, text: str) -> str:
    """Where it is counted. The row does not tell the name or the address."""
    number = int.from_bytes(hashlib.sha256(text.encode(errors="replace")).digest()[:8]) % BUCKETS
    return f"{by}.{number}"


async def failures(unit: Unit, where: str, now: datetime) -> tuple[int, datetime]:
    """How many there were, the last one when; earlier ones that are forgotten are none."""
    row = (await unit.execute(select(table).where(table.c.bucket == where))).one_or_none()
    return (row.failures, row.last_at) if row and now - row.last_at < FORGOTTEN else (0, now)


async def count(unit: Unit, where: str, now: datetime) -> None:
    before, _ = await failures(unit, where, now)
    await upsert(unit, table, [{"bucket": where, "failures": before + 1, "last_at": now}])


async def take_back(unit: Unit, where: str) -> None:
    """The last one was none."""
    some = update(table).where(table.c.bucket == where, table.c.failures > 0)
    await unit.execute(some.values(failures=table.c.failures - 1))


async def forget(unit: Unit, where: str) -> None:
    await unit.execute(delete(table).where(table.c.bucket == where))
