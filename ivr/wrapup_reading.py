"""What was written down, read again: codes by anybody at the desk, free text by those who may, and on record.

Whether somebody may is decided by their role, elsewhere. Here it is asked for, and who opens what is put on record in
the same transaction that reads it: text that was seen was noted.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ivr.desk.wrapup import as_form
from ivr.errors import NotFound, Refused
from ivr.records import callback, opening, wrapup
from ivr.records.database import Unit
from ivr.records.draft import Draft, Of
from ivr.records.opening import Opening, What
from ivr.records.sealed import unseal
from ivr.records.wrapup import Unfinished, Version
from ivr.wrapup import Desk, refuse_nameless

__all__ = ["Opening", "Unfinished", "Version"]  # what the faces read from here

REASON_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Reader:
    """Who wants to read, whether they may, and why. One's own words need no reason."""

    by: str
    may_read: bool
    reason: str = ""


async def history(desk: Desk, contact_id: str) -> list[Version]:
    """Every version, without its free text."""
    async with desk.database.reading() as unit:
        return await wrapup.versions(unit, contact_id)


async def read_summary(desk: Desk, contact_id: str, reader: Reader, now: datetime, number: int = 0) -> Version:
    """A version with its free text: `number`, or the newest. Raises NotFound, and Refused for who may not."""
    async with desk.database.unit_of_work() as unit:
        found = _one(await wrapup.versions(unit, contact_id), number)
        await _admit(unit, reader, [found], now)
        return wrapup.with_text(found, await wrapup.summary(unit, desk.keys, found))


async def read_correction(desk: Desk, of: Of, reader: Reader, now: datetime) -> Draft:
    """What a correction begins with: the newest version as a form, and as revision its number, which
    `correct_contact` wants to see again. Raises as `read_summary` does: who may not read may not write over it.
    """
    found = await read_summary(desk, of.contact_id, reader, now)
    return Draft(as_form(found.written), found.number, found.at)


async def read_versions(desk: Desk, contact_id: str, reader: Reader, now: datetime) -> list[Version]:
    """Every version with its free text, opened once. Raises as `read_summary` does."""
    async with desk.database.unit_of_work() as unit:
        found = await wrapup.versions(unit, contact_id)
        _one(found, 0)
        await _admit(unit, reader, found, now)
        return [wrapup.with_text(each, await wrapup.summary(unit, desk.keys, each)) for each in found]


async def open_number(desk: Desk, callback_id: str, reader: Reader, now: datetime) -> str:
    """The E.164 number of a caller who was promised a call-back. Raises NotFound when it is forgotten, and Refused."""
    async with desk.database.unit_of_work() as unit:
        await callback.get(unit, callback_id)
        await _note(unit, reader, What.NUMBER, callback_id, now)
        sealed = await callback.sealed_number(unit, callback_id)
        if sealed is None:
            raise NotFound("That number is no longer kept.")
        return unseal(desk.keys, sealed, callback_id)


async def openings(desk: Desk, of: str = "") -> Sequence[Opening]:
    async with desk.database.reading() as unit:
        return await opening.listed(unit, of)


async def unfinished(desk: Desk, since: datetime, counsellor: str = "") -> list[Unfinished]:
    """Contacts since then that nobody has closed; `counsellor`: an extension or account, for theirs alone."""
    async with desk.database.reading() as unit:
        return await wrapup.unfinished(unit, since, counsellor)


def _one(versions: Sequence[Version], number: int) -> Version:
    found = [each for each in versions if number in (0, each.number)]
    if not found:
        raise NotFound("Nothing is written down about this contact.", remedy="`ivr contacts unfinished` lists them.")
    return found[-1]


async def _admit(unit: Unit, reader: Reader, found: Sequence[Version], now: datetime) -> None:
    """One's own words need no reason; who gives one is on record all the same."""
    if reader.reason or any(each.by != reader.by for each in found):
        await _note(unit, reader, What.SUMMARY, found[0].contact_id, now)
    _refuse(reader)


async def _note(unit: Unit, reader: Reader, what: What, of: str, now: datetime) -> None:
    _refuse(reader)
    refuse_nameless(reader.by)
    if not 0 < len(reader.reason.strip()) <= REASON_LIMIT:
        raise Refused("Why it is opened is put on record.", remedy=f"Say a reason in up to {REASON_LIMIT} letters.")
    made = Opening(_new_id(now), now, reader.by.strip(), what, of, reader.reason.strip())
    await opening.note(unit, made)


def _refuse(reader: Reader) -> None:
    if not reader.may_read:
        raise Refused("This is for those who may read it.")


def _new_id(now: datetime) -> str:
    return f"{int(now.timestamp())}-{secrets.token_hex(4)}"
