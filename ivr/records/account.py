"""Who may sign in: one row per person. Who leaves is made inactive: what they did is on record under their name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKey,
    Integer,
    LargeBinary,
    Row,
    String,
    Table,
    func,
    insert,
    or_,
    select,
    update,
)

from ivr.desk.access import Role
from ivr.records.database import Unit, UtcDateTime, metadata


@dataclass(frozen=True, slots=True)
class Account:
    """One account as it is shown: never with its password's hash or its second factor."""

    id: str
    name: str  # for signing in
    shown_name: str
    role: Role
    extension: str | None
    must_change: bool  # a one-time password, to be changed at the next sign-in
    has_factor: bool
    active: bool
    created_at: datetime
    signed_in_at: datetime | None = None
    training_until: date | None = None  # when it must have been renewed; a reminder comes before
    check_until: date | None = None  # the same for the check of who they are


table = Table(
    "account",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name", String(32), nullable=False, unique=True),
    Column("shown_name", String(80), nullable=False),
    Column("role", String(16), nullable=False),
    Column("extension", ForeignKey("counsellor.extension")),
    Column("password_hash", String(200), nullable=False),
    Column("totp_secret", LargeBinary),  # sealed; see `about`
    Column("totp_step", Integer),  # of the last code that was accepted: it is not accepted again
    Column("must_change", Boolean, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("signed_in_at", UtcDateTime),
    Column("training_until", Date),
    Column("check_until", Date),
)
_SHOWN = [table.c[each.name] for each in fields(Account) if each.name != "has_factor"]
_SHOWN.append(table.c.totp_secret.is_not(None).label("has_factor"))  # type: ignore[arg-type]


def about(account_id: str) -> str:
    """What its second factor is sealed for."""
    return f"account {account_id}"


async def add(unit: Unit, made: Account, password_hash: str) -> None:
    values = {each.name: getattr(made, each.name) for each in fields(Account) if each.name != "has_factor"}
    await unit.execute(insert(table).values(password_hash=password_hash, **values))


async def all(unit: Unit) -> Sequence[Account]:  # noqa: A001  read as account.all
    """Every account, active or not, by name."""
    return [_account(row) for row in await unit.execute(select(*_SHOWN).order_by(table.c.name))]


async def find(unit: Unit, account_id: str) -> Account | None:
    row = (await unit.execute(select(*_SHOWN).where(table.c.id == account_id))).one_or_none()
    return _account(row) if row else None


async def by_name(unit: Unit, name: str) -> Account | None:
    row = (await unit.execute(select(*_SHOWN).where(table.c.name == name))).one_or_none()
    return _account(row) if row else None


async def password_hash(unit: Unit, account_id: str) -> str | None:
    return (await unit.execute(select(table.c.password_hash).where(table.c.id == account_id))).scalar_one_or_none()


async def set_password(unit: Unit, account_id: str, its_hash: str, *, must_change: bool) -> None:
    await _set(unit, account_id, password_hash=its_hash, must_change=must_change)


async def sealed_factor(unit: Unit, account_id: str) -> bytes | None:
    return (await unit.execute(select(table.c.totp_secret).where(table.c.id == account_id))).scalar_one_or_none()


async def set_factor(unit: Unit, account_id: str, sealed: bytes | None) -> None:
    """None takes it away."""
    await _set(unit, account_id, totp_secret=sealed, totp_step=None)


async def use_step(unit: Unit, account_id: str, step: int) -> bool:
    """Whether that step's code was not used yet, nor a later one; from now on it was."""
    fresh = or_(table.c.totp_step.is_(None), table.c.totp_step < step)
    used = update(table).where(table.c.id == account_id, fresh).values(totp_step=step)
    return (await unit.execute(used)).rowcount == 1


async def set_active(unit: Unit, account_id: str, active: bool) -> None:
    await _set(unit, account_id, active=active)


async def change(unit: Unit, account_id: str, changes: Mapping[str, object]) -> None:
    """By the names of Account's fields."""
    await _set(unit, account_id, **changes)


async def note_entry(unit: Unit, account_id: str, now: datetime) -> None:
    await _set(unit, account_id, signed_in_at=now)


async def count_active(unit: Unit, role: Role) -> int:
    query = select(func.count()).select_from(table).where(table.c.role == role, table.c.active)
    return int((await unit.execute(query)).scalar_one())


async def _set(unit: Unit, account_id: str, **values: object) -> None:
    await unit.execute(update(table).where(table.c.id == account_id).values(**values))


def _account(row: Row[Any]) -> Account:
    told = dict(row._mapping)
    return Account(**told | {"role": Role(told["role"])})
