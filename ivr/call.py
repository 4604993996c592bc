"""READ THIS FIRST: the life of one call, from the moment the switch asks until the caller may wait for a person.

The menus run inside the switch (`dialplan/ask.conf`): one round trip plays and reads a whole attempt. Between two
attempts the pure engine decides (`flow/turn.py`). The last command says where the caller goes (`routing/route.py`),
and the program lets go: queueing, ringing and talking need no Python at all.

The same story is told at two doors: by the FastAGI server, and by a process on the switch when that server is away. A
second story interrupts the wait when nobody answers (`dialplan/unanswered.conf`); without the program the wait goes on.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ivr.attempt import Line, ask, query, read, understand
from ivr.errors import ScriptError
from ivr.flow.menu import End
from ivr.flow.script import Script, parse
from ivr.flow.soundness import WHILE_WAITING
from ivr.flow.steps import HUNG_UP, UNKNOWN, Begun, Caller, Fact, Language, Number, Session, Turn, unpack
from ivr.flow.turn import Settled, ask_again, begin, give_up, resume, resume_at
from ivr.promise import Promiser, policy_of
from ivr.records.keyring import open_keyring
from ivr.records.ledger_file import is_kept
from ivr.routing.route import Way, decide_way
from ivr.telephony.agi import Reply, ReplyStatus, gosub, read_heard
from ivr.telephony.agiscript import ScriptLine
from ivr.telephony.variables import Variable

if TYPE_CHECKING:
    from ivr.routing.hours import Hours


MARK, WAS = re.compile("[0-9a-f]{12}"), "was-"


def nobody_is_known(caller: str, now: float) -> Caller:
    """Door 2 asks nobody: every caller is greeted as usual."""
    return UNKNOWN


Known = Callable[[str, float], Caller]
"""What is known of who rings now, from the keyed hash, empty when the number is withheld. Must answer at once."""
Promise = Callable[[Session, str, float], Settled | None]
"""The promise that a session agreed on, to ring that number back: words for the ledger, None when it cannot be made."""
Noted = Callable[[Settled], Awaitable[bool]]
"""Whether a promise with these words is on the ledger, and on the disk."""


async def believe(words: Settled) -> bool:
    return True


def none_older(mark: str) -> Script | None:
    return None


@dataclass(frozen=True, slots=True)
class Helpline:
    """What a call needs to know about the line. `key` makes the hash that recognises a caller."""

    script: Script
    key: bytes
    known: Known = nobody_is_known
    promise: Promise | None = None  # none: no call-back can be promised here, and the caller waits on
    noted: Noted = believe
    countries: tuple[str, ...] = ("+994",)  # whose numbers may be keyed in: a call-back costs
    afternoon_over: Callable[[float], bool] = lambda now: False
    is_open: Callable[[float], bool] = lambda now: True
    older: Callable[[str], Script | None] = none_older  # the flow of that mark, in which a call may have begun


async def take_call(line: Line, helpline: Helpline) -> Way | None:
    """Lead one caller through the menus. None when the caller hung up, which is no error."""
    packed, heard, _ = line.header.arguments
    session = unpack(packed) if packed else None
    if session:
        helpline = on_its_flow(helpline, session)
        return await lead(line, helpline, await lost_turn(line, helpline, session, heard))
    who, now = recognise(line.header.caller, helpline.key), time.time()
    caller = helpline.known(who, now)
    caller = caller if helpline.is_open(now) else replace(caller, line_open=False)
    facts = () if caller.line_open else facts_of(helpline, bool(who), now)
    turn = begin(helpline.script, caller, facts)
    if who:
        turn = replace(turn, chose=(("caller", who), *turn.chose))
    return await lead(line, helpline, turn, caller)


def on_its_flow(helpline: Helpline, session: Session) -> Helpline:
    """The line as it was for a call that began before another flow took over; as it is, when that flow is gone."""
    script = helpline.older(session.flow) if session.flow and session.flow != helpline.script.mark else None
    return replace(helpline, script=script) if script else helpline


async def lost_turn(line: Line, helpline: Helpline, session: Session, heard: str) -> Turn:
    """A call that another door lost goes on, with the key that was already pressed, if any."""
    if heard:
        return resume(helpline.script, session, await understand(line, read_heard(heard), helpline.countries))
    return ask_again(helpline.script, session)


async def take_waiting(line: Line, helpline: Helpline) -> Way | None:
    """Ask a caller who waits what they want: agi://…/unanswered,<session>,<reason>,<language>."""
    packed, reason, language = line.header.arguments
    begun = Begun(reason) if reason in WHILE_WAITING else Begun.UNANSWERED
    session = unpack(packed) or Session("", language=Language(language) if language in list(Language) else None)
    helpline, now = on_its_flow(helpline, session), time.time()
    seen = bool(recognise(await read(line, Variable.SEEN), helpline.key))
    turn = resume_at(helpline.script, begun, session, facts_of(helpline, seen, now))
    return await lead(line, helpline, turn)


def facts_of(helpline: Helpline, seen: bool, now: float) -> tuple[Fact, ...]:
    """What makes some of the menus about call-backs pointless."""
    known = ((not seen, Fact.WITHHELD), (helpline.afternoon_over(now), Fact.EVENING))
    return tuple(fact for so, fact in known if so)


def recognise(number: str, key: bytes) -> str:
    """The keyed hash of the caller's number; empty when the number is withheld. The number goes no further."""
    from ivr.telephony.numbers import parse as parse_number  # noqa: PLC0415  its tables cost door 2 time it may not need

    known = parse_number(number)
    return known.caller_hash(key) if known else ""


async def lead(line: Line, helpline: Helpline, turn: Turn, caller: Caller = UNKNOWN) -> Way | None:
    """Through the menus from `turn` on, to where they end."""
    while turn.ask:
        heard = await ask(line, turn, turn.ask, helpline.countries)
        if heard is HUNG_UP:
            return None
        turn = resume(helpline.script, turn.session, heard)
    way = await end(line, helpline, turn, caller)
    told = await tell(line, way, turn.session)
    if way.end is End.CALLBACK and told.status is ReplyStatus.DONE and not await helpline.noted(way.record):
        # A promise that is written nowhere would not be kept; the caller has not heard of it yet.
        way = await end(line, helpline, give_up(helpline.script, turn), caller)
        told = await tell(line, way, turn.session)
    return way if told.status is ReplyStatus.DONE else None


async def end(line: Line, helpline: Helpline, turn: Turn, caller: Caller) -> Way:
    """Where the caller goes. What must be done first is done here; when it cannot be, the story takes its other way."""
    now = time.time()
    way = decide_way(helpline.script, turn.session, turn.route or "", caller, now)
    if way.end is End.PERSON:
        return way
    record: Settled | None = (("told", way.end), *turn.chose)
    if way.end in BEFORE_TOLD:
        record = await BEFORE_TOLD[way.end](line, helpline, turn.session, now)
    if record is None:
        return await end(line, helpline, give_up(helpline.script, turn), caller)
    return replace(way, record=record)


async def agree(line: Line, helpline: Helpline, session: Session, now: float) -> Settled | None:
    """The promise to ring back: the number is read from the channel and handed on, and stands nowhere else here."""
    number = await read(line, Variable.TYPED if session.number is Number.TYPED else Variable.SEEN)
    if helpline.promise is None or not number:
        return None
    return helpline.promise(session, number, now)


# What is done before the switch is told, by how the story ends.
BEFORE_TOLD: dict[End, Callable[[Line, Helpline, Session, float], Awaitable[Settled | None]]] = {End.CALLBACK: agree}


async def tell(line: Line, way: Way, session: Session) -> Reply:
    """The last word: where the caller goes. After it the program is no longer needed; what was said in the menus stays
    on the channel, for a story that interrupts the wait."""
    record, place = query(way.record), str(way.place)
    if way.end is End.PERSON:
        told = (way.queue, way.priority, place, way.language, way.say, way.shown, way.same, record, session.pack())
        return await line.send(gosub("queue", "decide", *told))
    ended = (way.end, way.queue, way.priority, place, way.language, way.say, way.shown, record)
    return await line.send(gosub("queue", "told", *ended))


def run_to_end(story: Coroutine[Any, Any, Way | None]) -> Way | None:
    """Run a story whose line never really waits: door 2 reads and writes plain streams, and needs no event loop."""
    try:
        story.send(None)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
    raise RuntimeError("the line of door 2 waited")


def answer_on_switch() -> None:
    """Door 2: the program `ivr-agi`, started by the switch for one call. Must be quick to start: no settings class."""
    state = Path(os.environ.get("IVR_STATE_DIR") or Path(__file__).resolve().parent.parent / "var")
    script = parse((state / "flow" / "helpline.toml").read_text())
    keyring, hours = open_keyring(state / "secrets.json"), state / "flow" / "hours.toml"
    promiser = Promiser(keyring, policy_of(state / "flow" / "policy.toml"), (script.number, *script.mobile_numbers))

    async def noted(words: Settled) -> bool:
        return is_kept(state / "ledger" / "cel.jsonl", dict(words)["id"])

    helpline = Helpline(
        script,
        keyring.hash_key,
        promise=promiser.promise,
        noted=noted,
        afternoon_over=promiser.afternoon_over,
        is_open=lambda now: hours_by(hours).open_at(datetime.fromtimestamp(now, UTC)),
        older=lambda mark: older_flow(state / "flow", mark),
    )
    run_to_end(take_call(ScriptLine(sys.stdin, sys.stdout), helpline))


@lru_cache(maxsize=8)
def older_flow(folder: Path, mark: str) -> Script | None:
    """The flow of that mark, as prepare.py keeps it for calls that began with it."""
    if not MARK.fullmatch(mark):
        return None
    try:
        return parse((folder / f"{WAS}{mark}.toml").read_text())
    except (OSError, ValueError, ScriptError):
        return None


def hours_by(hours_in_use: Path) -> Hours:
    """The opening hours in use. Where they cannot be read the line is open: nobody is sent away by a fault."""
    from ivr.routing.hours import ALWAYS  # noqa: PLC0415  not for a call that another door lost
    from ivr.routing.hours_file import parse as parse_hours  # noqa: PLC0415

    try:
        return parse_hours(hours_in_use.read_text())
    except (OSError, ValueError, ScriptError):
        return ALWAYS
