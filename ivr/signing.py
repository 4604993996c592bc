"""Signing in, step by step: name and password, second factor, and whose cookie this is. Everything is on record."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ivr.desk import entry
from ivr.desk.entry import Fault, Refusal, Standing, Step, next_step
from ivr.records import account, attempt, audit, password, session
from ivr.records.account import Account
from ivr.records.attempt import By
from ivr.records.audit import Deed, Entry
from ivr.records.database import Database, Unit
from ivr.records.keyring import open_keyring
from ivr.records.sealed import Keys
from ivr.records.session import Ended, Session
from ivr.settings import Settings

__all__ = ["Account", "Database", "Deed", "Entry", "Session", "Unit", "record"]  # what the faces read from here

KEPT = timedelta(days=30)  # an ended session's row, so that its cookie is known again
ON_RECORD_EVERY = timedelta(minutes=10)  # for a cookie of an ended session that comes again and again

IsOn = Callable[[Account], Awaitable[bool]]


async def nobody(_: Account) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Office:
    """Where accounts are kept, what opens their second factors, who is in a call, and whom the next one may ring."""

    database: Database
    keys: Callable[[], Keys]
    in_call: IsOn = nobody
    on_duty: IsOn = nobody


def office(settings: Settings, database: Database, in_call: IsOn = nobody, on_duty: IsOn = nobody) -> Office:
    return Office(database, lambda: open_keyring(settings.secrets_file).sealing_keys, in_call, on_duty)


@dataclass(frozen=True, slots=True)
class Knock:
    """When, and from which address."""

    now: datetime
    address: str


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody who has given a right password, and what they have still to do. `locked`: give it again."""

    account: Account
    session: Session
    locked: bool = False

    @property
    def step(self) -> Step:
        given = self.session.code_given is not None
        return next_step(has_factor=self.account.has_factor, code_given=given, must_change=self.account.must_change)


async def record(unit: Unit, by: str, deed: Deed, knock: Knock, about: str = "") -> None:
    """Put a deed on record, in the transaction in which it is done. `about`: an id, a name, a path; never a secret."""
    await audit.write(unit, Entry(knock.now, by, deed, about, knock.address))


async def sign_in(office: Office, name: str, told: str, knock: Knock) -> str | Refusal:
    """The token for the cookie, or why not. Wrong names and wrong passwords look the same and take the same time."""
    name, told = entry.plain_name(name), entry.plain_password(told)
    async with office.database.unit_of_work() as unit:
        if wait_s := await wait(unit, name, knock):
            return Refusal(Fault.WAIT, wait_s)
        person = await account.by_name(unit, name) if name else None
        kept = await account.password_hash(unit, person.id) if person else None
    is_right = await password.fits(told, kept)
    async with office.database.unit_of_work() as unit:
        known = await account.by_name(unit, name) if person else None
        if not (is_right and known and known.active):
            await record(unit, known.name if known else audit.NOBODY, Deed.SIGN_IN_FAILED, knock)
            return Refusal(Fault.WRONG)
        await forgive(unit, known, knock)
        await session.forget(unit, knock.now - KEPT)
        return await session.begin(unit, _new(known, knock.now))


async def wait(unit: Unit, name: str, knock: Knock) -> int:
    """Seconds to wait; 0: heard, and counted as wrong until it proves right, so that many at once are no way round."""
    places = _places(name, knock)
    waits = [await _wait_at(unit, where, free, knock.now) for where, free in places]
    if not max(waits):
        for where, _ in places:
            await attempt.count(unit, where, knock.now)
    return max(waits)


def _places(name: str, knock: Knock) -> tuple[tuple[str, int], tuple[str, int]]:
    return (
        (attempt.bucket(By.ACCOUNT, name), entry.FREE_BY_ACCOUNT),
        (attempt.bucket(By.ADDRESS, knock.address), entry.FREE_BY_ADDRESS),
    )


async def _wait_at(unit: Unit, where: str, free: int, now: datetime) -> int:
    failures, last_at = await attempt.failures(unit, where, now)
    return entry.wait_s(failures, free, now - last_at)


async def forgive(unit: Unit, person: Account, knock: Knock) -> None:
    for where, _ in _places(person.name, knock):
        await attempt.take_back(unit, where)


def _new(person: Account, now: datetime, code_given: datetime | None = None) -> Session:
    return Session(f"{int(now.timestamp())}-{secrets.token_hex(8)}", person.id, now, now, code_given)


async def seat(office: Office, token: str, knock: Knock, *, counts: bool = True) -> Seat | None:
    """Whose cookie this is; None: nobody's, or no longer. `counts`: somebody did something, so they are not idle."""
    async with office.database.reading() as unit:
        found = await session.by_token(unit, token)
        person = await account.find(unit, found.account_id) if found else None
    if found is None or person is None:
        return None
    if found.ended_at is not None:
        await _refuse_ended(office, found, person, knock)
        return None
    half_way = person.has_factor and found.code_given is None
    is_idle = entry.is_over(found.seen_at, knock.now, half_way=half_way)
    standing = await _standing(office, found, person, knock, half_way=half_way) if is_idle else Standing.OPEN
    if standing is Standing.OVER or not person.active:
        await _end_idle(office, found, person, knock)
        return None
    if standing is Standing.LOCKED:
        return Seat(person, found, locked=True)
    if (counts or is_idle) and knock.now - found.seen_at >= entry.NOTED:
        async with office.database.unit_of_work() as unit:
            await session.see(unit, found.id, knock.now)
    return Seat(person, found)


async def _standing(office: Office, found: Session, person: Account, knock: Knock, *, half_way: bool) -> Standing:
    if half_way or not person.active:
        return Standing.OVER
    idle = knock.now - found.seen_at
    on_duty = await office.on_duty(person)
    talks = (not on_duty or entry.may_just_talk(idle)) and await office.in_call(person)  # a locked page asks all night
    return entry.standing(idle, talks=talks, on_duty=on_duty)


async def unlock(office: Office, who: Seat, told: str, knock: Knock) -> Refusal | None:
    """Their own password opens a locked session again; None: it did. Wrong ones count as in signing in."""
    async with office.database.unit_of_work() as unit:
        if wait_s := await wait(unit, who.account.name, knock):
            return Refusal(Fault.WAIT, wait_s)
        kept = await account.password_hash(unit, who.account.id)
    is_right = await password.fits(entry.plain_password(told), kept)
    async with office.database.unit_of_work() as unit:
        if not is_right:
            await record(unit, who.account.name, Deed.SIGN_IN_FAILED, knock)
            return Refusal(Fault.OLD)
        await forgive(unit, who.account, knock)
        await session.see(unit, who.session.id, knock.now)
        await record(unit, who.account.name, Deed.UNLOCKED, knock)
    return None


async def _end_idle(office: Office, found: Session, person: Account, knock: Knock) -> None:
    async with office.database.unit_of_work() as unit:
        await session.end(unit, found.id, Ended.IDLE, knock.now)
        await record(unit, person.name, Deed.IDLED_OUT, knock)


async def _refuse_ended(office: Office, found: Session, person: Account, knock: Knock) -> None:
    """On record, as whoever holds this cookie may have stolen it; an idle one is most likely its owner's."""
    last = found.refused_at
    if found.ended is Ended.IDLE or (last and knock.now - last < ON_RECORD_EVERY):
        return
    async with office.database.unit_of_work() as unit:
        await session.refuse(unit, found.id, knock.now)
        await record(unit, person.name, Deed.ENDED_SESSION_USED, knock, found.ended or "")


async def sign_out(office: Office, who: Seat, knock: Knock) -> None:
    async with office.database.unit_of_work() as unit:
        await session.end(unit, who.session.id, Ended.SIGNED_OUT, knock.now)
        await record(unit, who.account.name, Deed.SIGNED_OUT, knock)


async def sign_out_everywhere(office: Office, who: Seat, knock: Knock) -> None:
    async with office.database.unit_of_work() as unit:
        await session.end_all(unit, who.account.id, Ended.SIGNED_OUT, knock.now)
        await record(unit, who.account.name, Deed.SESSIONS_ENDED, knock, who.account.name)


async def come_in(unit: Unit, who: Seat, knock: Knock) -> str:
    """Signed in altogether: earlier wrong words are forgotten, and the cookie is a new one."""
    await attempt.forget(unit, attempt.bucket(By.ACCOUNT, who.account.name))
    await attempt.take_back(unit, attempt.bucket(By.ADDRESS, knock.address))
    await account.note_entry(unit, who.account.id, knock.now)
    await record(unit, who.account.name, Deed.SIGNED_IN, knock)
    return await renew(unit, who, knock.now, knock.now)


async def renew(unit: Unit, who: Seat, now: datetime, code_given: datetime | None) -> str:
    """The same browser under another cookie: one that was planted or seen before is worth nothing."""
    await session.end(unit, who.session.id, Ended.RENEWED, now)
    return await session.begin(unit, _new(who.account, now, code_given))
