"""Who may sign in: accounts added, reset and closed, by an administrator's page or on the command line.

A one-time password is given back once, to be said to its owner, and kept nowhere.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from ivr.desk import entry
from ivr.desk.access import Role
from ivr.desk.entry import Fault, Refusal
from ivr.errors import Conflict, NotFound, Refused
from ivr.records import account, audit, counsellor, database, passkey, password, session
from ivr.records.account import Account
from ivr.records.audit import Deed, Entry
from ivr.records.database import Database, Unit
from ivr.records.session import Ended
from ivr.settings import Settings

__all__ = ["Account", "Refusal", "Role"]  # what the faces read from here

FIRST = "admin"
BY_COMMAND = "ivr"  # on record as who did it: whoever may run the program on this machine


@dataclass(frozen=True, slots=True)
class By:
    """Who does it, when, from which address (empty: on this machine)."""

    name: str
    now: datetime
    address: str = ""


@dataclass(frozen=True, slots=True)
class NewAccount:
    name: str
    shown_name: str
    role: str
    extension: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """An account and the password to be said to its owner, once."""

    account: Account
    one_time_password: str


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    async with database.opened(settings.database) as found:
        yield found


async def listed(records: Database) -> Sequence[Account]:
    """Everybody who may sign in or ever might, by name."""
    async with records.reading() as unit:
        return await account.all(unit)


async def first_administrator(records: Database, now: datetime) -> Given | None:
    """The account to begin with, when there is none at all."""
    if await listed(records):
        return None
    one_time = password.one_time()
    its_hash = await password.new_hash(one_time)
    async with records.unit_of_work() as unit:
        if await account.all(unit):
            return None  # somebody else was quicker
        made = _made(NewAccount(FIRST, "Administrator", Role.ADMINISTRATOR), now)
        return Given(await _add(unit, made, its_hash, By(BY_COMMAND, now)), one_time)


async def add(records: Database, new: NewAccount, by: By) -> Given | Refusal:
    """A new account with a one-time password, or what is wrong with `new`."""
    one_time = password.one_time()
    its_hash = await password.new_hash(one_time)
    async with records.unit_of_work() as unit:
        if fault := await _fault(unit, new):
            return Refusal(fault)
        return Given(await _add(unit, _made(new, by.now), its_hash, by), one_time)


async def _fault(unit: Unit, new: NewAccount) -> Fault | None:
    name = entry.plain_name(new.name)
    if not name:
        return Fault.NAME
    if await account.by_name(unit, name):
        return Fault.TAKEN
    if not entry.is_shown_name(new.shown_name):
        return Fault.SHOWN_NAME
    if new.role not in set(Role):
        return Fault.ROLE
    phones = {each.extension for each in await counsellor.all(unit)} | {""}
    return None if new.extension.strip() in phones else Fault.EXTENSION


def _made(new: NewAccount, now: datetime) -> Account:
    return Account(
        id=f"{int(now.timestamp())}-{secrets.token_hex(4)}",
        name=entry.plain_name(new.name),
        shown_name=new.shown_name.strip(),
        role=Role(new.role),
        extension=new.extension.strip() or None,
        must_change=True,
        has_factor=False,
        active=True,
        created_at=now,
    )


async def _add(unit: Unit, made: Account, its_hash: str, by: By) -> Account:
    await account.add(unit, made, its_hash)
    await _record(unit, by, Deed.ACCOUNT_ADDED, made)
    return made


async def reset(records: Database, name: str, by: By) -> Given:
    """A new one-time password; second factor and sessions are gone. Raises NotFound."""
    one_time = password.one_time()
    its_hash = await password.new_hash(one_time)
    async with records.unit_of_work() as unit:
        theirs = await named(unit, name)
        await account.set_password(unit, theirs.id, its_hash, must_change=True)
        await _forget_factors(unit, theirs)
        await session.end_all(unit, theirs.id, Ended.COMMAND, by.now)
        await _record(unit, by, Deed.ACCOUNT_RESET, theirs)
        return Given(await named(unit, name), one_time)


async def reset_factor(records: Database, name: str, by: By) -> None:
    """A lost telephone: the next sign-in sets up another. Raises NotFound."""
    async with records.unit_of_work() as unit:
        theirs = await named(unit, name)
        await _forget_factors(unit, theirs)
        await session.end_all(unit, theirs.id, Ended.COMMAND, by.now)
        await _record(unit, by, Deed.FACTOR_RESET, theirs)


async def _forget_factors(unit: Unit, theirs: Account) -> None:
    """Passkeys too: whoever has the telephone may have them."""
    await account.set_factor(unit, theirs.id, None)
    await passkey.remove_all(unit, theirs.id)


async def end_sessions(records: Database, name: str, by: By) -> int:
    """Signed out everywhere; how many sessions there were. Raises NotFound."""
    async with records.unit_of_work() as unit:
        theirs = await named(unit, name)
        ended = await session.end_all(unit, theirs.id, Ended.COMMAND, by.now)
        await _record(unit, by, Deed.SESSIONS_ENDED, theirs)
        return ended


async def close(records: Database, name: str, by: By) -> None:
    """May not sign in any more, from this moment. Raises NotFound; Refused for oneself; Conflict for the last one who
    could open it again."""
    async with records.unit_of_work() as unit:
        theirs = await named(unit, name)
        await _refuse_last(unit, theirs, by)
        await account.set_active(unit, theirs.id, False)
        await session.end_all(unit, theirs.id, Ended.COMMAND, by.now)
        await _record(unit, by, Deed.ACCOUNT_CLOSED, theirs)


async def reopen(records: Database, name: str, by: By) -> None:
    """May sign in again. Raises NotFound."""
    async with records.unit_of_work() as unit:
        theirs = await named(unit, name)
        await account.set_active(unit, theirs.id, True)
        await _record(unit, by, Deed.ACCOUNT_OPENED, theirs)


async def _refuse_last(unit: Unit, theirs: Account, by: By) -> None:
    if theirs.name == by.name:
        raise Refused("Nobody closes their own account.")
    is_admin = theirs.role is Role.ADMINISTRATOR and theirs.active
    if is_admin and await account.count_active(unit, Role.ADMINISTRATOR) == 1:
        raise Conflict("The last administrator stays.", remedy="Add another one first.")


async def named(unit: Unit, name: str) -> Account:
    plain = entry.plain_name(name)
    found = await account.by_name(unit, plain) if plain else None
    if found is None:
        raise NotFound(f"There is no account {name[:40]!r}.", remedy="`ivr accounts` lists them.")
    return found


async def _record(unit: Unit, by: By, deed: Deed, theirs: Account) -> None:
    await audit.write(unit, Entry(by.now, by.name, deed, theirs.name, by.address))
