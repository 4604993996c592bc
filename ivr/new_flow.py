"""Other menus: brought in, tried by keyboard and by one real call, taken over for new calls, and one step back.

What the line follows is a file (`prepare.flow_file`): the one of IVR_HELPLINE_FILE until menus take over here; from
then on those, in the state folder, after a restart too, until somebody goes back to the file. The rows say who and
when. A running line sees the file within a second; calls that run end on the menus they began with.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ivr.errors import Conflict, Fault, NotFound, Refused, ScriptError
from ivr.flow.difference import Difference, compare
from ivr.flow.script import Script, parse
from ivr.flow.steps import Begun
from ivr.line import states
from ivr.prepare import flow_file, keep_flow, load_flow, prompt_ids, write_whole
from ivr.privileges import hand_over
from ivr.records import audit, flow
from ivr.records.audit import Deed, Entry
from ivr.records.database import Database, Unit
from ivr.records.flow import Flow, Origin
from ivr.rehearsal import Played, play
from ivr.settings import Settings

__all__ = ["Flow", "Origin", "Played"]  # what the faces read from here

BY_COMMAND = "ivr"


@dataclass(frozen=True, slots=True)
class By:
    """Who does it, when, from which address. `seen`: the version they looked at; empty: whatever it is now."""

    name: str
    at: datetime
    address: str = ""
    seen: str = ""


@dataclass(frozen=True, slots=True)
class Shelf:
    """`kept`: the flows that were in use, the last first, that in use among them. `before`: where one step back leads.
    `of_page`: the line follows menus that took over here, and not the file."""

    script: Script
    text: str
    of_page: bool
    trial: Flow | None
    kept: tuple[Flow, ...]

    @property
    def version(self) -> str:
        """Changes when somebody changes something."""
        return f"{self.script.mark}:{self.trial.id if self.trial else ''}"

    @property
    def current(self) -> Flow | None:
        return next((each for each in self.kept if each.mark == self.script.mark), None)

    @property
    def before(self) -> Flow | None:
        now = self.current
        return next((each for each in self.kept if now and each.id == now.before), None)

    def find(self, identity: str) -> Flow:
        found = next((each for each in (self.trial, *self.kept) if each and each.id == identity), None)
        if found is None:
            raise NotFound("There are no such menus.", remedy="`ivr flow list` shows them.")
        return found


async def shelf(settings: Settings, database: Database) -> Shelf:
    """What there is. Raises NotFound before the line was ever opened."""
    async with database.reading() as unit:
        return await _shelf(settings, unit)


async def _shelf(settings: Settings, unit: Unit) -> Shelf:
    if not settings.flow_in_use.exists():
        raise NotFound("No flow is in use yet.", remedy="`ivr up` opens the line.")
    rows = await flow.all(unit)
    text = settings.flow_in_use.read_text()
    return Shelf(
        script=parse(text),
        text=text,
        of_page=flow_file(settings) == settings.flow_of_page,
        trial=next((each for each in rows if each.taken_at is None), None),
        kept=tuple(each for each in rows if each.taken_at),
    )


def _file_text(settings: Settings) -> str | None:
    try:
        return settings.helpline_file.read_text()
    except (OSError, UnicodeDecodeError):
        return None


async def put_on_trial(settings: Settings, database: Database, text: str, by: By) -> Difference:
    """Keep other menus on trial, in place of those that were. What they change.

    Raises ScriptError with every fault, Refused when they are those in use, Conflict; then nothing has changed.
    """
    text = plain(text)
    async with database.unit_of_work() as unit:
        known = await _seen(settings, unit, by)
        script = await asyncio.to_thread(parse, text, prompt_ids(settings), known.script)
        if script.mark == known.script.mark:
            raise Refused("These are the menus in use.", remedy="Change something first.")
        fresh = Flow(_identity(by.at), script.mark, text, Origin.PAGE, by.name, by.at)
        await flow.put_on_trial(unit, fresh)
        await _record(unit, by, Deed.FLOW_ON_TRIAL, script.mark)
        _put(settings, settings.flow_on_trial.name, text)
    return compare(known.script, script)


def plain(text: str) -> str:
    """As a file has it: a browser ends lines otherwise."""
    return text.replace("\r\n", "\n").removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")


async def drop_trial(settings: Settings, database: Database, by: By) -> None:
    async with database.unit_of_work() as unit:
        await _seen(settings, unit, by)
        await flow.drop_trial(unit)
        settings.flow_on_trial.unlink(missing_ok=True)


async def try_keys(database: Database, trial: Flow, words: Sequence[str], begun: Begun, by: By) -> Played:
    """The menus on trial on the keyboard; on record once they were heard to an end."""
    found = play(parse(trial.text), words, begun)
    if found.is_through:
        async with database.unit_of_work() as unit:
            await flow.note_keyed(unit, trial.id, by.name, by.at)
    return found


async def take_over(settings: Settings, database: Database, identity: str, by: By) -> Flow:
    """New calls begin with those menus. Raises Refused unless they were tried, ScriptError, Conflict, NotFound."""
    async with database.unit_of_work() as unit:
        known = await _seen(settings, unit, by)
        wanted = known.find(identity)
        if not wanted.is_tried:
            raise Refused("These menus were not tried yet.", remedy="Try them by keyboard, and by one call, to an end.")
        now = await _current(unit, known, by)
        await flow.take(unit, wanted.id, by.name, by.at, now.id)
        await _record(unit, by, Deed.FLOW_TAKEN_OVER, wanted.mark)
        _put_in_place(settings, known, wanted)
    return wanted


async def go_back(settings: Settings, database: Database, by: By) -> Flow:
    """New calls begin with the menus before. Raises Refused when there are none."""
    async with database.unit_of_work() as unit:
        known = await _seen(settings, unit, by)
        if known.before is None:
            raise Refused("There are no menus before these.")
        await flow.take(unit, known.before.id, by.name, by.at)
        await _record(unit, by, Deed.FLOW_TAKEN_BACK, known.before.mark)
        _put_in_place(settings, known, known.before)
    return known.before


async def follow_file(settings: Settings, database: Database, by: By) -> Script:
    """The line follows the file of IVR_HELPLINE_FILE again, whatever is changed in it. Raises ScriptError; another
    number and other queues need a line that is closed."""
    script, text = load_flow(settings, settings.helpline_file), settings.helpline_file.read_text()
    async with database.unit_of_work() as unit:
        known = await _seen(settings, unit, by)
        await _record(unit, by, Deed.FLOW_OF_FILE, script.mark)
        if script.mark != known.script.mark:
            wanted = next((each for each in known.kept if each.mark == script.mark), None)
            if wanted is None:
                wanted = Flow(_identity(by.at), script.mark, text, Origin.FILE, by.name, by.at)
                await flow.write(unit, wanted)
            now = await _current(unit, known, by)
            await flow.take(unit, wanted.id, by.name, by.at, now.id)
            _put_in_place(settings, known, wanted)
        settings.flow_of_page.unlink(missing_ok=True)
    return script


async def _current(unit: Unit, known: Shelf, by: By) -> Flow:
    """The row of the menus in use. Those of the file get theirs when others take their place."""
    if known.current:
        return known.current
    of_file = Flow(_identity(by.at), known.script.mark, known.text, Origin.FILE, by.name, by.at, taken_at=by.at)
    await flow.write(unit, of_file)
    return of_file


def _put_in_place(settings: Settings, known: Shelf, wanted: Flow) -> None:
    """After the rows: what cannot be written takes them back with it."""
    like = known.script if _switch_runs(settings) else None
    parse(wanted.text, prompt_ids(settings), like)  # what was sound then may name a prompt that is gone
    if wanted.mark == known.script.mark:
        raise Refused("These menus are in use.")
    if wanted.text == _file_text(settings):
        settings.flow_of_page.unlink(missing_ok=True)
    else:
        _put(settings, settings.flow_of_page.name, wanted.text)
    keep_flow(settings, wanted.text)
    hand_over(settings.flow_in_use.parent, settings.run_uid)
    if wanted.taken_at is None:
        settings.flow_on_trial.unlink(missing_ok=True)


def _switch_runs(settings: Settings) -> bool:
    return any(part.pid for part in states(settings) if part.name == "switch")


async def _seen(settings: Settings, unit: Unit, by: By) -> Shelf:
    known = await _shelf(settings, unit)
    if by.seen and by.seen != known.version:
        raise Conflict("Somebody else has changed the menus meanwhile.", remedy="Look again.")
    return known


def faults(error: ScriptError) -> tuple[Fault, ...]:
    """In the order of the file. What is wrong with the list of prompts is known in English only."""
    return error.faults or tuple(map(Fault, error.problems or (str(error),)))


def _put(settings: Settings, name: str, text: str) -> None:
    write_whole(settings.flow_in_use.with_name(name), text)
    hand_over(settings.flow_in_use.parent, settings.run_uid)


def _identity(now: datetime) -> str:
    return f"{int(now.timestamp() * 1000)}-{secrets.token_hex(4)}"


async def _record(unit: Unit, by: By, deed: Deed, mark: str) -> None:
    await audit.write(unit, Entry(by.at, by.name, deed, mark, by.address))
