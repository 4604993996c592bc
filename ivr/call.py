"""READ THIS FIRST: the life of one call, from the moment the switch asks until the caller may wait for a person.

The menus run inside the switch (`dialplan/ask.conf`): one round trip plays and reads a whole attempt. Between two
attempts the pure engine decides (`flow/turn.py`). The last command says where the caller goes (`routing/route.py`),
and the program lets go: queueing, ringing and talking need no Python at all.

The same story is told at two doors: by the FastAGI server, and by a process on the switch when that server is away.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ivr.flow.script import Script, parse
from ivr.flow.steps import HUNG_UP, UNKNOWN, Heard, Turn, unpack
from ivr.flow.turn import ask_again, begin, resume
from ivr.records.keyring import open_keyring
from ivr.routing.route import Way, decide_way
from ivr.telephony.agi import Header, Reply, ReplyStatus, get_variable, gosub, read_heard
from ivr.telephony.agiscript import ScriptLine
from ivr.telephony.variables import Variable


class Line(Protocol):
    """One caller's wire to the switch, whichever door it came through."""

    @property
    def header(self) -> Header: ...

    async def send(self, command: str) -> Reply: ...


@dataclass(frozen=True, slots=True)
class Helpline:
    """What a call needs to know about the line. `key` makes the hash that recognises a caller."""

    script: Script
    key: bytes


async def take_call(line: Line, helpline: Helpline) -> Way | None:
    """Lead one caller through the menus. None when the caller hung up, which is no error."""
    turn, chose = first_turn(line.header, helpline)
    while turn.ask:
        heard = await ask(line, turn, chose + turn.chose)
        if heard is HUNG_UP:
            return None
        turn, chose = resume(helpline.script, turn.session, heard), ()
    way = decide_way(helpline.script, turn.session, turn.route or "", UNKNOWN, time.time())
    return way if (await tell(line, way)).status is ReplyStatus.DONE else None


def first_turn(header: Header, helpline: Helpline) -> tuple[Turn, tuple[tuple[str, str], ...]]:
    """A new call begins. One that another door lost goes on, with the key that was already pressed, if any."""
    packed, heard, _ = header.arguments
    session = unpack(packed) if packed else None
    if session is None:
        caller = recognise(header.caller, helpline.key)
        return begin(helpline.script), (("caller", caller),) if caller else ()
    if heard:
        return resume(helpline.script, session, read_heard(heard)), ()
    return ask_again(helpline.script, session), ()


def recognise(number: str, key: bytes) -> str:
    """The keyed hash of the caller's number; empty when the number is withheld. The number goes no further."""
    from ivr.telephony.numbers import parse as parse_number  # noqa: PLC0415  its tables cost door 2 time it may not need

    known = parse_number(number)
    return known.caller_hash(key) if known else ""


async def ask(line: Line, turn: Turn, chose: tuple[tuple[str, str], ...]) -> Heard:
    """One attempt at one menu, played and read by the switch."""
    if turn.ask is None:
        return HUNG_UP
    reply = await line.send(_ask_command(turn, chose))
    if reply.status is not ReplyStatus.DONE:
        return HUNG_UP
    reply = await line.send(get_variable(Variable.HEARD))
    return read_heard(reply.data) if reply.status is ReplyStatus.DONE else HUNG_UP


def _ask_command(turn: Turn, chose: tuple[tuple[str, str], ...]) -> str:
    told = turn.ask
    assert told is not None  # noqa: S101  the caller of this function has looked
    return gosub(
        "ask",
        "s",
        "&".join(f"helpline/{prompt}" for prompt in told.prompts),
        f"{told.wait_s:g}",
        f"menu={told.menu}&attempt={told.attempt}",
        turn.session.pack(),
        _query(chose),
        turn.session.language or told.prompts[0].split("/")[0],
    )


async def tell(line: Line, way: Way) -> Reply:
    """The last word: where the caller goes. After it the program is no longer needed."""
    record = _query(way.record)
    told = (way.queue, way.priority, str(way.place), way.language, way.say, way.shown, way.same, record)
    return await line.send(gosub("queue", "decide", *told))


def _query(pairs: tuple[tuple[str, str], ...]) -> str:
    return "&".join(f"{name}={value}" for name, value in pairs)


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
    line = ScriptLine(sys.stdin, sys.stdout)
    run_to_end(take_call(line, Helpline(script, open_keyring(state / "secrets.json").hash_key)))
