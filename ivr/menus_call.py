"""One real call through the menus on trial, from the phone of whoever looks after them, before those take over.

The same engine, the same turns in the switch; at the end the way is decided as for any caller, told, and not taken.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime

from ivr.attempt import Line, ask
from ivr.errors import Refused, ScriptError
from ivr.flow.menu import End
from ivr.flow.script import Script, parse
from ivr.flow.steps import HUNG_UP, UNKNOWN, Priority
from ivr.flow.turn import begin, resume
from ivr.listening import ring_into
from ivr.records import flow
from ivr.records.database import Database
from ivr.records.keyring import open_keyring
from ivr.routing.route import Way, decide_way
from ivr.settings import Settings
from ivr.telephony.agi import ReplyStatus, gosub
from ivr.telephony.ami import USER, connected
from ivr.telephony.phones import extension_of

CONTEXT, CODE = "menus", "*24"
COUNTRIES = ("+994",)
NONE = "trial-none"
DANGER = "trial-danger"
SAYS = {
    End.PERSON: "trial-person",
    End.WAIT: "trial-wait",
    End.CALLBACK: "trial-callback",
    End.MESSAGE: "trial-message",
    End.GOODBYE: "trial-goodbye",
}


async def take_trial(line: Line, settings: Settings, database: Database) -> None:
    """The AGI story of a test call. It counts once its end was told to a phone that is still there."""
    station, _, _ = line.header.arguments
    script = on_trial(settings)
    if script is None:
        await line.send(gosub(CONTEXT, "over", "az", "", NONE))
        return
    way = await _through(line, script)
    if way and (await line.send(gosub(CONTEXT, "over", way.language, way.say, _says(way)))).status is ReplyStatus.DONE:
        async with database.unit_of_work() as unit:
            await flow.note_called(unit, script.mark, extension_of(station), datetime.now(UTC), _went(way))


def on_trial(settings: Settings) -> Script | None:
    """What a test call plays; None when nothing is on trial."""
    try:
        return parse(settings.flow_on_trial.read_text())
    except (OSError, ScriptError):
        return None


async def _through(line: Line, script: Script) -> Way | None:
    """Where a caller would go; None for one who hung up before."""
    turn = begin(script)
    while turn.ask:
        heard = await ask(line, turn, turn.ask, COUNTRIES)
        if heard is HUNG_UP:
            return None
        turn = resume(script, turn.session, heard)
    return decide_way(script, turn.session, turn.route or "", UNKNOWN, time.time())


def _says(way: Way) -> str:
    in_danger = way.end is End.PERSON and way.priority is Priority.DANGER
    return DANGER if in_danger else SAYS[way.end]


def _went(way: Way) -> str:
    return " ".join((way.end, way.language, way.priority))


async def ring(settings: Settings, extension: str) -> None:
    """Ring that phone, or page; picked up, it hears the menus on trial. Raises Refused, TelephonyError."""
    if on_trial(settings) is None:
        raise Refused("No menus are on trial.")
    async with connected("127.0.0.1", settings.ami_port, USER, open_keyring(settings.secrets_file).ami) as switch:
        await ring_into(switch, extension, CONTEXT, {})
