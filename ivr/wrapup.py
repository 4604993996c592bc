"""After a contact: what the counsellor writes down is kept while they type, closed, and corrected. Each act is one
transaction, and nothing that was typed is ever lost to a fault.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from ivr.catalogues import load_catalogues, newest
from ivr.desk.catalogue import Catalogue
from ivr.desk.wrapup import ONE_CLICK, Channel, Deed, Ended, Form, Known, WrapUp, advance, in_one_click, paper, prefill
from ivr.desk.wrapup_form import FORM_LIMIT, Fault, check, size
from ivr.errors import Conflict, NotFound, Refused
from ivr.records import call, contact, draft, wrapup
from ivr.records.contact import Contact, FirstTime
from ivr.records.database import Database, Unit, opened
from ivr.records.draft import Draft, Of
from ivr.records.keyring import open_keyring
from ivr.records.sealed import Keys
from ivr.records.wrapup import Version
from ivr.settings import Settings

__all__ = ["Channel", "Contact", "Draft", "Ended", "Fault", "Form", "Of", "Version"]  # what the faces read from here

NAME_LIMIT, ID_LIMIT = 80, 40
COUNSELLOR_LIMIT = 32  # of a contact's row; the whole name is with what was written down


@dataclass(frozen=True, slots=True)
class Desk:
    """The rows, the keys of what is sealed, and the lists by version. Get one from `open_desk`."""

    database: Database
    keys: Keys
    lists: Mapping[str, Catalogue]

    @property
    def newest(self) -> Catalogue:
        return newest(self.lists)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A form as it was sent: whose, about which contact, and what they had seen. `seen`: the draft's revision, or for
    a correction the number of the version that is corrected.
    """

    contact_id: str
    account: str
    form: Form
    seen: int = 0

    @property
    def of(self) -> Of:
        return Of(self.contact_id, self.account)

    def refuse_odd(self) -> None:
        """Raises Refused for what no page of ours sends."""
        refuse_nameless(self.account)
        if not 0 < len(self.contact_id) <= ID_LIMIT:
            raise Refused("That is no contact.")
        if size(self.form) > FORM_LIMIT:
            raise Refused("This is too long to be kept.", remedy=f"{FORM_LIMIT:,} characters at most, all in all.")


@dataclass(frozen=True, slots=True)
class Entered:
    """A contact that did not come by telephone. `contact_id` is None when the form has faults, and nothing is kept."""

    contact_id: str | None
    faults: tuple[Fault, ...] = ()


def open_desk(settings: Settings, database: Database) -> Desk:
    """Raises Refused for somebody who may not read the line's secrets."""
    try:
        keys = open_keyring(settings.secrets_file).sealing_keys
    except PermissionError as error:
        remedy = "Run this as root, or as the user who opened the line."
        raise Refused("what is written down is for the line's own people", remedy=remedy) from error
    return Desk(database, keys, load_catalogues())


@asynccontextmanager
async def opened_desk(settings: Settings) -> AsyncIterator[Desk]:
    """A desk with a database of its own; both are made where the line was never opened."""
    async with opened(settings.database) as database:
        yield open_desk(settings, database)


def refuse_nameless(name: str) -> None:
    if not 0 < len(name.strip()) <= NAME_LIMIT:
        raise Refused("Everything that is written down has a name to it.", remedy=f"{NAME_LIMIT} letters at most.")


def local_key(desk: Desk, account_id: str) -> str:
    """What a page seals an account's drafts with, in hexadecimal, while nothing here can be reached: theirs alone, the
    same after they have signed in again, and of no use to whoever finds the sealed text in the browser.
    """
    newest_key = desk.keys[max(desk.keys)]
    return hmac.new(newest_key, f"local draft:{account_id}".encode(), hashlib.sha256).hexdigest()


async def find_contact(desk: Desk, contact_id: str) -> Contact:
    """Raises NotFound."""
    async with desk.database.reading() as unit:
        for found in await contact.some(unit, [contact_id]):
            return found
    raise NotFound("There is no such contact.", remedy="`ivr contacts` lists them.")


async def read_draft(desk: Desk, of: Of) -> Draft:
    """What this account has typed; at first what the menus know, with revision 0."""
    async with desk.database.reading() as unit:
        return await draft.read(unit, desk.keys, of) or Draft(prefill(await known(unit, of.contact_id)))


async def save_draft(desk: Desk, sheet: Sheet, now: datetime) -> int:
    """Keep what is typed; the new revision. Raises Conflict when another window has saved since, and Refused."""
    sheet.refuse_odd()
    async with desk.database.unit_of_work() as unit:
        return await _keep(unit, desk, sheet, now)


async def close_contact(desk: Desk, sheet: Sheet, now: datetime) -> tuple[Fault, ...]:
    """Close it: no faults, and it is. With faults the form is kept as a draft, whose revision is one more.

    Raises Conflict when it is closed already or another window has saved, NotFound, and Refused.
    """
    sheet.refuse_odd()
    async with desk.database.unit_of_work() as unit:
        await _refuse_unknown(unit, sheet.contact_id)
        await _refuse_illegal(unit, sheet.contact_id, Deed.CLOSE)
        found = check(sheet.form, desk.newest)
        await _keep(unit, desk, sheet, now)
        if not isinstance(found, WrapUp):
            return found
        await _write(unit, desk, sheet.of, found, now)
        return ()


async def close_in_one_click(desk: Desk, of: Of, ended: Ended, now: datetime, seen: int = 0) -> None:
    """Close what was no counselling. What was typed so far goes with it. Raises Conflict, NotFound, Refused.

    `seen`: the version that a wrong click made, which another click corrects; its text stays.
    """
    refuse_nameless(of.account)
    if ended not in ONE_CLICK:
        raise Refused("A contact in which somebody was helped is written down.")
    async with desk.database.unit_of_work() as unit:
        await _refuse_unknown(unit, of.contact_id)
        await _refuse_illegal(unit, of.contact_id, Deed.CORRECT if seen else Deed.CLOSE)
        await _refuse_stale(unit, of.contact_id, seen)
        written = in_one_click(ended, await known(unit, of.contact_id), desk.newest.version)
        await _write(unit, desk, of, replace(written, summary=await _text_so_far(unit, desk, of)), now)


async def correct_contact(desk: Desk, sheet: Sheet, now: datetime) -> tuple[Fault, ...]:
    """A new version of what is closed; the old ones stay. Faults change nothing.

    Raises Conflict when somebody else has corrected the version that was seen, and Refused when it is not closed.
    """
    sheet.refuse_odd()
    async with desk.database.unit_of_work() as unit:
        await _refuse_illegal(unit, sheet.contact_id, Deed.CORRECT)
        await _refuse_stale(unit, sheet.contact_id, sheet.seen)
        found = check(sheet.form, desk.newest)
        if not isinstance(found, WrapUp):
            return found
        await _write(unit, desk, sheet.of, found, now)
        return ()


async def enter_contact(desk: Desk, sheet: Sheet, channel: Channel, at: datetime, now: datetime) -> Entered:
    """A walk-in, a letter, an e-mail or a social network: the contact and what is written about it, at once.

    `sheet.contact_id` is the id that its draft was kept under; the contact has one of its own. `at`: when it came.
    Raises Refused for a moment to come.
    """
    sheet.refuse_odd()
    if at > now:
        raise Refused("A contact cannot have come in the future.")
    found = check(sheet.form, desk.newest)
    if not isinstance(found, WrapUp):
        return Entered(None, found)
    came = Contact(
        f"{int(at.timestamp())}-{secrets.token_hex(4)}",
        at,
        channel.value,
        found.language,
        found.topic,
        found.age_band,
        FirstTime.UNKNOWN,
        sheet.account[:COUNSELLOR_LIMIT],
        None,
    )
    async with desk.database.unit_of_work() as unit:
        await contact.enter(unit, came)
        await _write(unit, desk, Of(came.id, sheet.account), found, now)
        await draft.remove(unit, sheet.of)
    return Entered(came.id)


async def known(unit: Unit, contact_id: str) -> Known:
    """What the menus have learned, from the call's row or the contact's."""
    row = await call.find(unit, contact_id)
    if row:
        return Known(row.language, row.topic, row.age_band, row.silent, row.priority)
    for each in await contact.some(unit, [contact_id]):
        return Known(each.language, each.topic, each.age_band)
    return Known()


async def _keep(unit: Unit, desk: Desk, sheet: Sheet, now: datetime) -> int:
    return await draft.save(unit, desk.keys, sheet.of, Draft(sheet.form, sheet.seen, now))


async def _write(unit: Unit, desk: Desk, of: Of, written: WrapUp, now: datetime) -> None:
    number = await wrapup.count(unit, of.contact_id) + 1
    made = Version(of.contact_id, number, now, of.account.strip(), bool(written.summary), written)
    if not await wrapup.add(unit, desk.keys, made):
        raise Conflict("Somebody else has written this down this moment.", remedy="Load it again.")
    await draft.remove(unit, of)


async def _text_so_far(unit: Unit, desk: Desk, of: Of) -> str:
    """What this account is typing, or else what the newest version says."""
    if typed := await draft.read(unit, desk.keys, of):
        return typed.form.summary
    before = await wrapup.versions(unit, of.contact_id)
    return await wrapup.summary(unit, desk.keys, before[-1]) if before else ""


async def _refuse_stale(unit: Unit, contact_id: str, seen: int) -> None:
    if await wrapup.count(unit, contact_id) != seen:
        raise Conflict("Somebody has corrected this meanwhile.", remedy="Load it again; nothing was overwritten.")


async def _refuse_unknown(unit: Unit, contact_id: str) -> None:
    if not await contact.some(unit, [contact_id]) and await call.find(unit, contact_id) is None:
        raise NotFound(f"There is no contact {contact_id}.", remedy="`ivr contacts` lists them.")


async def _refuse_illegal(unit: Unit, contact_id: str, deed: Deed) -> None:
    now = paper(await wrapup.count(unit, contact_id), has_draft=False)
    if advance(now, deed) is not None:
        return
    if deed is Deed.CLOSE:
        raise Conflict("This contact is closed already.", remedy="Correct it; both versions stay.")
    raise Refused("Only what is closed can be corrected.", remedy="Close it first.")
