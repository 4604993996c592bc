"""What somebody signs in with: their code, their password, their second factor, given, changed, set up."""

from __future__ import annotations

from dataclasses import dataclass

from ivr.desk import entry
from ivr.desk.entry import Fault, Refusal
from ivr.records import account, password, second_factor, session
from ivr.records.audit import Deed
from ivr.records.sealed import seal, unseal
from ivr.records.session import Ended
from ivr.signing import Knock, Office, Seat, come_in, forgive, record, renew, wait


async def give_code(office: Office, who: Seat, code: str, knock: Knock) -> str | Refusal:
    """The second factor. A new token for the cookie, or why not."""
    async with office.database.unit_of_work() as unit:
        if wait_s := await wait(unit, who.account.name, knock):
            return Refusal(Fault.WAIT, wait_s)
        sealed = await account.sealed_factor(unit, who.account.id)
        secret = unseal(office.keys(), sealed, account.about(who.account.id)) if sealed else ""
        step = second_factor.step_of(secret, entry.plain_code(code), knock.now)
        if not sealed or step is None or not await account.use_step(unit, who.account.id, step):
            await record(unit, who.account.name, Deed.CODE_FAILED, knock)
            return Refusal(Fault.CODE)
        return await come_in(unit, who, knock)


@dataclass(frozen=True, slots=True)
class NewPassword:
    """What was typed: the present one, the new one, and the new one again."""

    old: str
    new: str
    again: str


async def change_password(office: Office, who: Seat, typed: NewPassword, knock: Knock) -> str | Refusal:
    """A new token for the cookie, or why not. Every other session of theirs is over."""
    old, new = entry.plain_password(typed.old), entry.plain_password(typed.new)
    async with office.database.unit_of_work() as unit:
        if wait_s := await wait(unit, who.account.name, knock):
            return Refusal(Fault.WAIT, wait_s)
        kept = await account.password_hash(unit, who.account.id)
    if not await password.fits(old, kept):
        return Refusal(Fault.OLD)
    fault = _new_password_fault(new, old, entry.plain_password(typed.again), who.account.name)
    its_hash = "" if fault else await password.new_hash(new)
    async with office.database.unit_of_work() as unit:
        await forgive(unit, who.account, knock)
        if fault:
            return Refusal(fault)
        await account.set_password(unit, who.account.id, its_hash, must_change=False)
        await session.end_all(unit, who.account.id, Ended.RENEWED, knock.now)
        await record(unit, who.account.name, Deed.PASSWORD_CHANGED, knock)
        return await renew(unit, who, knock.now, who.session.code_given)


def _new_password_fault(new: str, old: str, again: str, name: str) -> Fault | None:
    if new == old:
        return Fault.SAME
    return entry.password_fault(new, name) or (None if new == again else Fault.DIFFERENT)


async def offer_factor(office: Office, who: Seat) -> str:
    """The secret to be set up in this session, the same until it is; sealed in the row."""
    about = session.about(who.session.id)
    async with office.database.unit_of_work() as unit:
        sealed = await session.offered(unit, who.session.id)
        if sealed is not None:
            return unseal(office.keys(), sealed, about)
        secret = second_factor.new_secret()
        await session.offer(unit, who.session.id, seal(office.keys(), secret, about))
    return secret


async def set_up_factor(office: Office, who: Seat, code: str, knock: Knock) -> str | Refusal:
    """With a first code as proof that the telephone has it. A new token for the cookie, or why not."""
    secret = await offer_factor(office, who)
    step = second_factor.step_of(secret, entry.plain_code(code), knock.now)
    async with office.database.unit_of_work() as unit:
        if wait_s := await wait(unit, who.account.name, knock):
            return Refusal(Fault.WAIT, wait_s)
        if step is None:
            return Refusal(Fault.CODE)
        await account.set_factor(unit, who.account.id, seal(office.keys(), secret, account.about(who.account.id)))
        await account.use_step(unit, who.account.id, step)
        await record(unit, who.account.name, Deed.FACTOR_SET_UP, knock)
        return await come_in(unit, who, knock)


def factor_address(secret: str, who: Seat) -> str:
    """What the camera of a telephone reads."""
    return second_factor.address(secret, who.account.name)
