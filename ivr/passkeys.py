"""Passkeys: added and taken away by their owner, and given instead of a code when signing in."""

from __future__ import annotations

from ivr.desk import entry
from ivr.desk.entry import Fault, Refusal
from ivr.errors import Refused
from ivr.records import passkey, passkey_proof, session
from ivr.records.audit import Deed
from ivr.records.passkey import Passkey
from ivr.records.passkey_proof import Asked, Site
from ivr.signing import Knock, Office, Seat, come_in, record, wait

__all__ = ["Passkey", "Site"]  # what the faces read from here

MOST = 10  # for one account


async def listed(office: Office, who: Seat) -> list[Passkey]:
    async with office.database.reading() as unit:
        return list(await passkey.of(unit, who.account.id))


async def offer(office: Office, who: Seat, site: Site) -> str:
    """What the browser is to have a new passkey sign, as JSON."""
    return await _asked(office, who, passkey_proof.to_register(site, who.account, await listed(office, who)))


async def ask(office: Office, who: Seat, site: Site) -> str:
    """What one of theirs is to sign now, as JSON."""
    return await _asked(office, who, passkey_proof.to_sign_in(site, await listed(office, who)))


async def _asked(office: Office, who: Seat, asked: Asked) -> str:
    async with office.database.unit_of_work() as unit:
        await session.challenge(unit, who.session.id, asked.challenge)
    return asked.options


async def add(office: Office, who: Seat, site: Site, told: tuple[str, str], knock: Knock) -> Refusal | None:
    """`told`: what to call it, and what it signed. None: it is added."""
    name, answer = told[0].strip(), told[1]
    if not entry.is_passkey_name(name):
        return Refusal(Fault.PASSKEY_NAME)
    async with office.database.unit_of_work() as unit:
        challenge = await session.take_challenge(unit, who.session.id)
        try:
            made = passkey_proof.registered(site, challenge or b"", answer, who.account, (name, knock.now))
        except Refused:
            return Refusal(Fault.PASSKEY)
        if await passkey.exists(unit, made.id) or len(await passkey.of(unit, who.account.id)) >= MOST:
            return Refusal(Fault.PASSKEY)
        await passkey.add(unit, made)
        await record(unit, who.account.name, Deed.PASSKEY_ADDED, knock, name)
    return None


async def remove(office: Office, who: Seat, passkey_id: str, knock: Knock) -> None:
    """Nothing happens when there is none: it was taken away a moment ago."""
    async with office.database.unit_of_work() as unit:
        name = {each.id: each.name for each in await passkey.of(unit, who.account.id)}.get(passkey_id, "")
        if await passkey.remove(unit, who.account.id, passkey_id):
            await record(unit, who.account.name, Deed.PASSKEY_REMOVED, knock, name)


async def give(office: Office, who: Seat, site: Site, answer: str, knock: Knock) -> str | Refusal:
    """The second factor. A new token for the cookie, or why not. What was to be signed is signed once."""
    async with office.database.unit_of_work() as unit:
        if wait_s := await wait(unit, who.account.name, knock):
            return Refusal(Fault.WAIT, wait_s)
        challenge = await session.take_challenge(unit, who.session.id)
        try:
            used, uses = passkey_proof.signed(site, challenge or b"", answer, await passkey.of(unit, who.account.id))
        except Refused:
            await record(unit, who.account.name, Deed.PASSKEY_FAILED, knock)
            return Refusal(Fault.PASSKEY)
        await passkey.use(unit, used.id, uses, knock.now)
        return await come_in(unit, who, knock)
