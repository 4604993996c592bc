"""Help in the middle of a call: the counsellor asks silently, a supervisor says that they come. Both are on record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from ivr.errors import Conflict, Refused
from ivr.records import counsellor, help_request
from ivr.records.account import Account
from ivr.records.audit import Deed
from ivr.records.database import Database, Unit
from ivr.records.draft import Of
from ivr.records.help_request import HelpRequest, Why
from ivr.signing import Knock, record
from ivr.wrapup import refuse_nameless

__all__ = ["HelpRequest", "Why"]  # what the faces read from here

SHOWN_FOR = timedelta(hours=12)


async def ask(database: Database, of: Of, extension: str, why: str, now: datetime) -> None:
    """Raises Conflict when it is asked already, and Refused for a reason that is none."""
    refuse_nameless(of.account)
    if why not in list(Why):
        raise Refused("That is no reason that a board knows.")
    async with database.unit_of_work() as unit:
        asked = HelpRequest(of.contact_id, now, of.account, extension, Why(why))
        if not await help_request.ask(unit, asked):
            raise Conflict("Help is asked for already.")


async def take_back(database: Database, contact_id: str, now: datetime) -> None:
    """Raises Conflict when nothing is open: somebody comes already."""
    async with database.unit_of_work() as unit:
        if not await help_request.take_back(unit, contact_id, now):
            raise Conflict("Nothing is asked for now.")


async def answer(database: Database, contact_id: str, who: Account, knock: Knock) -> None:
    """`who` comes, and it is on record. Raises Conflict when somebody else does already, or it was taken back."""
    refuse_nameless(who.shown_name)
    async with database.unit_of_work() as unit:
        if not await help_request.answer(unit, contact_id, who.shown_name, knock.now):
            raise Conflict("Somebody comes already, or it was taken back.")
        await record(unit, who.name, Deed.HELP_ANSWERED, knock, contact_id)


async def read_open(unit: Unit, now: datetime) -> Sequence[HelpRequest]:
    """Nobody comes to these yet; asked in the last hours."""
    return [each for each in await help_request.since(unit, now - SHOWN_FOR) if each.is_open]


async def listed(database: Database, now: datetime) -> tuple[Sequence[HelpRequest], Mapping[str, str]]:
    """Asked in the last hours, the open ones and the newest first; and who has which extension, by name."""
    async with database.reading() as unit:
        found = await help_request.since(unit, now - SHOWN_FOR)
        names = {each.extension: each.name for each in await counsellor.all(unit)}
    return sorted(found, key=lambda each: (each.is_open, each.asked_at), reverse=True), names
