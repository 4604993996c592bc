"""The duty-of-care register: entered by whoever talked, read by them and by supervisors, corrected by a new version."""

from __future__ import annotations

import csv
import io
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from ivr.call_export import BOM, plain
from ivr.desk.access import Permission, Role, may
from ivr.desk.catalogue import Disclosures
from ivr.desk.disclosure import Disclosure, Form, Known, as_form, faults_of, made_of
from ivr.errors import Conflict, NotFound, Refused
from ivr.records import account, audit, disclosure
from ivr.records.account import Account
from ivr.records.audit import Deed, Entry
from ivr.records.database import Unit
from ivr.records.disclosure import Span, Version
from ivr.routing.hours import BAKU
from ivr.wrapup import Desk

__all__ = ["Disclosure", "Disclosures", "Form", "Version"]  # what the faces read from here

COLUMNS = ("at", "told", "ground", "child_told", "not_told", "decided_by", "lists")
COUNTED_BY = ("ground", "told", "child_told")


@dataclass(frozen=True, slots=True)
class Who:
    """Who asks, at which moment. Supervisors see everybody's entries, others those that they began."""

    name: str
    role: Role
    now: datetime

    @property
    def sees_all(self) -> bool:
        return may(self.role, Permission.READ_CONTACTS)


@dataclass(frozen=True, slots=True)
class Register:
    """A year of it. `counts`: by ground, by whom was told, by whether the child knew."""

    year: int
    versions: list[Version]
    counts: Mapping[str, Mapping[str, int]]


async def register(desk: Desk, who: Who, year: int | None = None) -> Register:
    """Raises NotFound for a year that is none."""
    year = year or who.now.astimezone(BAKU.zone).year
    span = replace(_year(year), owner="" if who.sees_all else who.name)
    async with desk.database.reading() as unit:
        found = await disclosure.listed(unit, span)
        return Register(year, found, {by: await disclosure.counted(unit, span, by) for by in COUNTED_BY})


async def export(desk: Desk, who: Who, year: int | None) -> str:
    """A year of it as CSV (RFC 4180): codes, accounts, times in UTC; no note. On record."""
    found = await register(desk, who, year)
    async with desk.database.unit_of_work() as unit:
        await audit.write(unit, Entry(who.now, who.name, Deed.REGISTER_EXPORTED, str(found.year)))
    out = io.StringIO()
    out.write(BOM)
    writer = csv.writer(out)
    writer.writerow(("id", "contact_id", *COLUMNS, "version"))
    for each in found.versions:
        entry = (plain(getattr(each.entry, name)) for name in COLUMNS)
        writer.writerow((each.id, each.contact_id, *entry, each.number))
    return out.getvalue()


async def counts(desk: Desk, first: date, last: date) -> Mapping[str, Mapping[str, int]]:
    """Of the days from `first` to `last`, both included, by the helpline's clock."""
    span = _span(first, last)
    async with desk.database.reading() as unit:
        return {by: await disclosure.counted(unit, span, by) for by in COUNTED_BY}


async def known(desk: Desk, now: datetime) -> tuple[Known, dict[str, str]]:
    """What an entry is checked by, and the names of those who may have decided."""
    async with desk.database.reading() as unit:
        people = {each.name: each.shown_name for each in await account.all(unit) if _decides(each)}
    newest = desk.newest
    return Known(newest.version, newest.disclosures, people.keys(), BAKU.zone, now), people


def _decides(person: Account) -> bool:
    return person.active and person.role is not Role.ADMINISTRATOR


async def enter(desk: Desk, who: Who, contact_id: str, form: Form) -> str | tuple[str, ...]:
    """The id of a new entry, or the names of the fields that are wrong."""
    checks, _ = await known(desk, who.now)
    if faults := faults_of(form, checks):
        return faults
    entry_id = f"{int(who.now.timestamp())}-{secrets.token_hex(4)}"
    made = Version(entry_id, 1, contact_id, who.name, who.now, who.name, bool(form.note), made_of(form, checks))
    async with desk.database.unit_of_work() as unit:
        await disclosure.add(unit, desk.keys, made)
        await audit.write(unit, Entry(who.now, who.name, Deed.DISCLOSURE_ENTERED, entry_id))
    return entry_id


async def read(desk: Desk, who: Who, entry_id: str) -> list[Version]:
    """Every version with its note. Somebody else's is on record as read. Raises NotFound and Refused."""
    async with desk.database.unit_of_work() as unit:
        found = await _seen_by(unit, who, entry_id)
        if found[0].owner != who.name:
            await audit.write(unit, Entry(who.now, who.name, Deed.DISCLOSURE_READ, entry_id))
        return [await disclosure.with_note(unit, desk.keys, each) for each in found]


async def correct(desk: Desk, who: Who, entry_id: str, seen: int, form: Form) -> tuple[str, ...]:
    """One more version over the one that has the number `seen`; the names of the fields that are wrong. Raises
    Conflict when somebody has corrected it since, NotFound and Refused."""
    checks, people = await known(desk, who.now)
    async with desk.database.unit_of_work() as unit:
        last = (await _seen_by(unit, who, entry_id))[-1]
        checks = replace(checks, deciders={*people, last.entry.decided_by})  # who has left since decided all the same
        if faults := faults_of(form, checks):
            return faults
        made = replace(last, number=seen + 1, written_at=who.now, by=who.name, entry=made_of(form, checks))
        if last.number != seen or not await disclosure.add(unit, desk.keys, made):
            raise Conflict("Somebody has corrected this entry since.", remedy="Load it again; nothing was overwritten.")
        await audit.write(unit, Entry(who.now, who.name, Deed.DISCLOSURE_CORRECTED, entry_id))
    return ()


def form_of(version: Version) -> Form:
    return as_form(version.entry, BAKU.zone)


async def of_contact(desk: Desk, contact_id: str) -> list[Version]:
    """What is in the register about a contact, without its notes."""
    async with desk.database.reading() as unit:
        return await disclosure.of_contact(unit, contact_id)


async def _seen_by(unit: Unit, who: Who, entry_id: str) -> list[Version]:
    found = await disclosure.versions(unit, entry_id)
    if not found:
        raise NotFound("There is no such entry in the register.")
    if not who.sees_all and found[0].owner != who.name:
        raise Refused("This entry is somebody else's.")
    return found


def _year(year: int) -> Span:
    if not 2000 <= year <= 2100:
        raise NotFound("There is no such year in the register.")
    return _span(date(year, 1, 1), date(year, 12, 31))


def _span(first: date, last: date) -> Span:
    return Span(BAKU.moment(first), BAKU.moment(last + timedelta(days=1)))
