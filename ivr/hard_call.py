"""A call was hard: the counsellor says so, has a pause at once, and the supervisor a talk to hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ivr.desk.presence import Said, Word, advance
from ivr.desk.presence import Seen as SeenPhone
from ivr.errors import Conflict, NotFound, Refused
from ivr.presence import read_rows
from ivr.records import call, counsellor, hard_call, presence
from ivr.records.counsellor import Counsellor
from ivr.records.database import Database, Unit
from ivr.records.draft import Of
from ivr.records.hard_call import HardCall
from ivr.wrapup import refuse_nameless

__all__ = ["HardCall"]  # what the faces read from here


async def mark_hard(database: Database, of: Of, extension: str, now: datetime) -> None:
    """Put it on record, and let them be on a break from now on, in a call from its end. Raises Conflict when they have
    marked it already, and NotFound for somebody who is no active counsellor.
    """
    refuse_nameless(of.account)
    async with database.unit_of_work() as unit:
        marked = HardCall(of.contact_id, of.account.strip(), extension, now)
        if not await hard_call.mark(unit, marked):
            raise Conflict("This call is marked already.")
        await _pause(unit, extension, now)


async def _pause(unit: Unit, extension: str, now: datetime) -> None:
    """Nothing for one whose shift is over, or who is on a break."""
    rows = await read_rows(unit)
    if extension not in rows.people:
        raise NotFound(f"No active counsellor has the extension {extension}.", remedy="`ivr phones` lists them.")
    state = rows.presence(extension, SeenPhone(), timedelta(0), now).state
    if advance(state, Word.PAUSE):
        await presence.write(unit, Said(extension, Word.PAUSE, now))


async def done_debrief(database: Database, contact_id: str, by: str, now: datetime) -> None:
    """The talk was held. Raises Refused when none was open."""
    refuse_nameless(by)
    async with database.unit_of_work() as unit:
        if not await hard_call.debrief(unit, contact_id, by.strip(), now):
            raise Refused("No talk about this contact is open.", remedy="`ivr contacts hard` lists those that are.")


@dataclass(frozen=True, slots=True)
class Load:
    """What one counsellor has carried. `hard`: the calls they called so themselves."""

    extension: str
    name: str
    answered: int
    danger: int
    high: int
    hard: int

    @property
    def severe(self) -> int:
        return self.danger + self.high


async def loads(database: Database, since: datetime) -> list[Load]:
    """Every active counsellor, and who else answered since then: who carried most comes first."""
    async with database.reading() as unit:
        people = {each.extension: each for each in await counsellor.all(unit)}
        answered = await call.severe(unit, since)
        marks = Counter(each.extension for each in await hard_call.listed(unit, only_open=False) if each.at >= since)
    shown = {extension for extension, each in people.items() if each.active} | answered.keys()
    found = (_load(people, extension, answered.get(extension, {}), marks[extension]) for extension in shown)
    return sorted(found, key=lambda load: (-load.severe - load.hard, load.extension))


def _load(people: Mapping[str, Counsellor], extension: str, answered: Mapping[str, int], hard: int) -> Load:
    name = people[extension].name if extension in people else extension
    return Load(extension, name, sum(answered.values()), answered.get("danger", 0), answered.get("high", 0), hard)


async def list_hard(database: Database, *, only_open: bool = True) -> list[HardCall]:
    async with database.reading() as unit:
        return await hard_call.listed(unit, only_open=only_open)
