"""Passkeys: what somebody's telephone, key or computer signs with. The private half never leaves it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Column, ForeignKey, LargeBinary, String, Table, delete, insert, select, update

from ivr.records.database import Unit, UtcDateTime, metadata


@dataclass(frozen=True, slots=True)
class Passkey:
    """`id`: the credential's, in base64url. `uses`: as the authenticator counts them; many never do, and say 0."""

    id: str
    account_id: str
    name: str
    public_key: bytes  # COSE (RFC 9052)
    uses: int
    made_at: datetime
    used_at: datetime | None = None


table = Table(
    "passkey",
    metadata,
    Column("id", String(1400), primary_key=True),  # 1,023 bytes at most (WebAuthn, 4)
    Column("account_id", ForeignKey("account.id"), nullable=False, index=True),
    Column("name", String(60), nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("uses", BigInteger, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
)


async def add(unit: Unit, made: Passkey) -> None:
    await unit.execute(insert(table).values(asdict(made)))


async def of(unit: Unit, account_id: str) -> Sequence[Passkey]:
    """Theirs, the oldest first."""
    query = select(table).where(table.c.account_id == account_id).order_by(table.c.made_at, table.c.id)
    return [Passkey(**row._mapping) for row in await unit.execute(query)]


async def exists(unit: Unit, passkey_id: str) -> bool:
    return (await unit.execute(select(table.c.id).where(table.c.id == passkey_id))).first() is not None


async def use(unit: Unit, passkey_id: str, uses: int, now: datetime) -> None:
    await unit.execute(update(table).where(table.c.id == passkey_id).values(uses=uses, used_at=now))


async def remove(unit: Unit, account_id: str, passkey_id: str) -> bool:
    """Whether there was one, of that account."""
    theirs = delete(table).where(table.c.account_id == account_id, table.c.id == passkey_id)
    return (await unit.execute(theirs)).rowcount == 1


async def remove_all(unit: Unit, account_id: str) -> None:
    await unit.execute(delete(table).where(table.c.account_id == account_id))
