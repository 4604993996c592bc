"""Who answers: add a counsellor, change what they may take, let one go. An open line learns of it at once.

A counsellor who leaves is kept, inactive: calls on record name their extension.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import Any

from ivr.errors import Conflict, NotFound, ScriptError
from ivr.flow.steps import Language, Topic
from ivr.line import states, tell_switch
from ivr.prepare import write_phones
from ivr.privileges import hand_over
from ivr.records import counsellor
from ivr.records.counsellor import Counsellor
from ivr.records.database import opened
from ivr.settings import Settings
from ivr.telephony.conffile import plain

__all__ = ["Counsellor", "Language", "Topic"]  # what the faces read from here

TAKEN = frozenset({"600", "116111"})  # what phones dial, see dialplan/counsellor.conf
_EXTENSION = re.compile(r"[1-9][0-9]{1,7}", re.ASCII)
LONGEST_NAME = 80


async def listed(settings: Settings) -> tuple[Counsellor, ...]:
    """Everybody who ever answered, by extension."""
    async with opened(settings.database) as database, database.reading() as unit:
        return await counsellor.all(unit)


async def add(settings: Settings, person: Counsellor) -> None:
    """Raises Conflict when that extension is somebody's, ScriptError when something in `person` cannot be."""
    _look(person)
    async with opened(settings.database) as database, database.unit_of_work() as unit:
        there = {each.extension: each for each in await counsellor.all(unit)}
        if known := there.get(person.extension):
            raise Conflict(
                f"{person.extension} is {known.name}.",
                remedy=f"Another extension, or `ivr counsellors set {person.extension}` to change theirs.",
            )
        await counsellor.write(unit, person)
    await _take_over(settings)


async def change(settings: Settings, extension: str, changes: dict[str, Any]) -> Counsellor:
    """With `changes`, by field of Counsellor. Raises NotFound, or ScriptError when something cannot be."""
    async with opened(settings.database) as database, database.unit_of_work() as unit:
        there = {each.extension: each for each in await counsellor.all(unit)}
        if extension not in there:
            raise NotFound(f"No counsellor has the extension {extension}.", remedy="`ivr counsellors` lists them.")
        changed = replace(there[extension], **changes)
        _look(changed)
        await counsellor.write(unit, changed)
    await _take_over(settings)
    return changed


def _look(person: Counsellor) -> None:
    faults = tuple(_faults(person))
    if faults:
        raise ScriptError("no counsellor can be so", problems=faults, remedy="`ivr counsellors add --help` tells more.")


def _faults(person: Counsellor) -> list[str]:
    found = []
    if not _EXTENSION.fullmatch(person.extension) or person.extension in TAKEN:
        found.append(f"extension {person.extension[:20]!r}: two to eight digits, not beginning with 0, and not 600")
    if not 0 < len(person.name.strip()) <= LONGEST_NAME or not person.name.isprintable() or '"' in person.name:
        found.append(f"name: one to {LONGEST_NAME} letters, no quotation marks")
    try:
        plain(person.name, "name")
    except ScriptError as error:
        found.append(str(error))
    if not person.languages or not set(person.languages) <= set(Language):
        found.append(f"languages: at least one of {', '.join(Language)}")
    if not set(person.topics) <= set(Topic):
        found.append(f"topics: {', '.join(Topic)}; none named means all")
    return found


async def _take_over(settings: Settings) -> None:
    """New accounts and queues, when the line is open. Who stands in which queue is the watch's: it sees the rows."""
    if not any(part.pid for part in states(settings) if part.name == "switch"):
        return
    await write_phones(settings)
    hand_over(settings.switch_dir, settings.run_uid)
    for module in ("res_pjsip.so", "app_queue.so"):
        await asyncio.to_thread(tell_switch, settings, f"module reload {module}")
