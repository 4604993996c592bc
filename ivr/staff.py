"""One person as the line knows them: their account, their telephone, what they may take, and when their papers lapse.

Telephone and account are two rows, since a telephone outlives accounts: calls on record name its extension.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from ivr import accounts, counsellors
from ivr.accounts import By
from ivr.counsellors import Counsellor
from ivr.desk import entry
from ivr.desk.access import Role
from ivr.desk.due import Due, due
from ivr.desk.entry import Fault, Refusal
from ivr.errors import NotFound, ScriptError
from ivr.flow.steps import Language, Topic
from ivr.records import account, audit, counsellor
from ivr.records.account import Account
from ivr.records.audit import Deed, Entry
from ivr.records.database import Database, Unit
from ivr.routing.hours import BAKU
from ivr.settings import Settings

__all__ = ["Account", "Counsellor", "Language", "Role", "Topic"]  # what the faces read from here

# What `counsellors` finds wrong, by the word it begins with.
PHONE_FAULTS = {"extension": Fault.NO_EXTENSION, "languages": Fault.LANGUAGES, "topics": Fault.LANGUAGES}


@dataclass(frozen=True, slots=True)
class Person:
    """`phone`: None for who has none."""

    account: Account
    phone: Counsellor | None
    due: tuple[Due, ...] = ()


@dataclass(frozen=True, slots=True)
class Typed:
    """The form as it was sent."""

    shown_name: str = ""
    role: str = ""
    extension: str = ""
    languages: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    danger: str = ""
    rings_out: str = ""
    training_until: str = ""
    check_until: str = ""


async def everybody(records: Database, by: By) -> list[Person]:
    """Who may sign in or ever might, by name."""
    async with records.reading() as unit:
        phones = {each.extension: each for each in await counsellor.all(unit)}
        return [_person(each, phones, by) for each in await account.all(unit)]


async def find(records: Database, name: str, by: By) -> Person:
    """Raises NotFound."""
    found = {each.account.name: each for each in await everybody(records, by)}.get(entry.plain_name(name))
    if found is None:
        raise NotFound("There is no such account.")
    return found


def _person(theirs: Account, phones: dict[str, Counsellor], by: By) -> Person:
    papers = reminders(theirs, by.now) if theirs.active else ()
    return Person(theirs, phones.get(theirs.extension or ""), papers)


def reminders(theirs: Account, now: datetime) -> tuple[Due, ...]:
    """What of theirs lapses soon, or has, by the day in Baku."""
    return due(theirs.training_until, theirs.check_until, BAKU.day(now))


def typed(person: Person) -> Typed:
    """What the form begins with."""
    theirs, phone = person.account, person.phone
    days = [day.isoformat() if day else "" for day in (theirs.training_until, theirs.check_until)]
    told = Typed(theirs.shown_name, theirs.role, theirs.extension or "", (Language.AZ,), (), "yes", "", *days)
    if phone is None:
        return told
    may = ("yes" if phone.danger else "", "yes" if phone.rings_out else "")
    return Typed(told.shown_name, told.role, told.extension, phone.languages, phone.topics, *may, *days)


async def change(settings: Settings, records: Database, name: str, wanted: Typed, by: By) -> Refusal | None:
    """None: it is so from now on, the telephone too, on an open line at once. Raises NotFound."""
    async with records.reading() as unit:
        theirs = await accounts.named(unit, name)
        fault = await _fault(unit, theirs, wanted, by)
    if fault is None and wanted.extension:
        fault = await _set_phone(settings, wanted, active=theirs.active)
    if fault:
        return Refusal(fault)
    async with records.unit_of_work() as unit:
        if fault := await _fault(unit, theirs, wanted, by):  # somebody else was quicker
            return Refusal(fault)
        changes = {
            "shown_name": wanted.shown_name.strip(),
            "role": Role(wanted.role),
            "extension": wanted.extension or None,
            "training_until": day_of(wanted.training_until),
            "check_until": day_of(wanted.check_until),
        }
        await account.change(unit, theirs.id, changes)
        await audit.write(unit, Entry(by.now, by.name, Deed.ACCOUNT_CHANGED, theirs.name, by.address))
    return None


async def _fault(unit: Unit, theirs: Account, wanted: Typed, by: By) -> Fault | None:
    everybodys = [each for each in await account.all(unit) if each.id != theirs.id]
    looked_at = (
        (not entry.is_shown_name(wanted.shown_name), Fault.SHOWN_NAME),
        (wanted.role not in set(Role), Fault.ROLE),
        (wanted.role != theirs.role and theirs.name == by.name, Fault.OWN_ROLE),
        (wanted.role != theirs.role and not _stays_open(everybodys, theirs), Fault.LAST),
        (any(wanted.extension and each.extension == wanted.extension for each in everybodys), Fault.EXTENSION_TAKEN),
        (not wanted.languages and bool(wanted.extension), Fault.LANGUAGES),
        (not _is_day(wanted.training_until), Fault.TRAINING_UNTIL),
        (not _is_day(wanted.check_until), Fault.CHECK_UNTIL),
    )
    return next((fault for is_so, fault in looked_at if is_so), None)


def _stays_open(others: list[Account], theirs: Account) -> bool:
    """Whether an administrator is left when they are one no more."""
    if theirs.role is not Role.ADMINISTRATOR or not theirs.active:
        return True
    return any(each.role is Role.ADMINISTRATOR and each.active for each in others)


async def _set_phone(settings: Settings, wanted: Typed, *, active: bool) -> Fault | None:
    """A new telephone, or what its owner may take, changed."""
    told: dict[str, object] = {
        "name": wanted.shown_name.strip(),
        "languages": wanted.languages,
        "topics": wanted.topics,
        "danger": bool(wanted.danger),
        "rings_out": bool(wanted.rings_out),
        "active": active,
    }
    try:
        if wanted.extension in {each.extension for each in await counsellors.listed(settings)}:
            await counsellors.change(settings, wanted.extension, told)
        else:
            await counsellors.add(settings, Counsellor(wanted.extension, **told))  # type: ignore[arg-type]
    except ScriptError as error:
        what = next(iter(error.problems), "").partition(":")[0].partition(" ")[0]
        return PHONE_FAULTS.get(what, Fault.PHONE_NAME)
    return None


async def close(settings: Settings, records: Database, name: str, by: By) -> None:
    """Neither signs in nor is rung any more. Raises as `accounts.close`."""
    await accounts.close(records, name, by)
    await _answers(settings, records, name, by, active=False)


async def reopen(settings: Settings, records: Database, name: str, by: By) -> None:
    """Signs in and is rung again. Raises NotFound."""
    await accounts.reopen(records, name, by)
    await _answers(settings, records, name, by, active=True)


async def _answers(settings: Settings, records: Database, name: str, by: By, *, active: bool) -> None:
    person = await find(records, name, by)
    if person.phone is not None and person.phone.active != active:
        await counsellors.change(settings, person.phone.extension, {"active": active})


def day_of(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _is_day(text: str) -> bool:
    try:
        day = day_of(text)
    except ValueError:
        return False
    return day is None or 2000 <= day.year < 2200
