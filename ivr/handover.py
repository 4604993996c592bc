"""A counsellor hands a caller to somebody else: at once, or after asking them; or asks somebody to join the two.

Done by the switch (`dialplan/handover.conf`, `dialplan/listening.conf`), which goes where it names and nowhere else:
to another counsellor (a supervisor is one), or to a number that may be rung out to, where somebody has to press 1
first. No phone and no page can transfer by itself. Each is on record, a number only as `outside`, and changes only the
call of whoever asks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass

from ivr.errors import NotFound, Refused, TelephonyError
from ivr.listening import OUTSIDE, Heard, Mode, free_station, heard_by, is_outsider, let_in, let_in_outsider
from ivr.records.account import Account
from ivr.records.audit import Deed
from ivr.records.database import Database
from ivr.records.keyring import open_keyring
from ivr.settings import Settings
from ivr.signing import Knock, record
from ivr.silent import Channel, channels, counsellors_channel
from ivr.telephony.ami import USER, Switch, connected
from ivr.telephony.variables import Variable

CONTEXT = "handover"
DEAR = "dear"
_EXTENSION = re.compile(r"[0-9]{2,8}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{2,15}", re.ASCII)
_INHERITED = f"_{Variable.TYPED}"  # by what that channel dials next


@dataclass(frozen=True, slots=True)
class Ask:
    """`who` is in a call; `to`: the extension of somebody else."""

    who: Account
    to: str
    knock: Knock

    @property
    def own(self) -> str:
        """Their extension. Raises Refused for an account without a telephone."""
        if not self.who.extension:
            raise Refused(f"{self.who.name} has no telephone.")
        return self.who.extension


@dataclass(frozen=True, slots=True)
class Talk:
    """The two ends of a counsellor's call."""

    counsellor: str
    caller: str


def talk_of(known: Iterable[Channel], extension: str) -> Talk:
    """Raises NotFound: that counsellor is in no call of a caller's."""
    known = tuple(known)
    own = counsellors_channel(known, extension)
    (mine,) = (channel for channel in known if channel.name == own)
    theirs = [c for c in known if c.bridge == mine.bridge and c.of_caller and c.linkedid == mine.linkedid and c != mine]
    if not theirs:
        raise NotFound(f"{extension} is in no call with a caller.")
    return Talk(own, theirs[0].name)


async def hand_over(settings: Settings, database: Database, ask: Ask) -> None:
    """At once. Raises Refused (they are not free), NotFound (no call), TelephonyError."""
    async with _switch(settings) as switch:
        await free_station(switch, _other(ask))
        talk = talk_of(channels(await switch.ask("Status")), ask.own)
        await _write(database, ask, Deed.HANDED_OVER, ask.to)
        await _tell(switch, talk.caller, Variable.TO, ask.to)
        await switch.tell("Redirect", Channel=talk.caller, Context=CONTEXT, Exten="person", Priority="1")


async def hand_outside(settings: Settings, database: Database, ask: Ask) -> None:
    """At once, to a number: one that may be rung out to, by somebody who may. Raises as `hand_over`."""
    async with _switch(settings) as switch:
        talk = await _talk_of_who_rings_out(switch, ask)
        await _write(database, ask, Deed.HANDED_OVER, OUTSIDE)
        await _tell(switch, talk.caller, _INHERITED, ask.to)
        await switch.tell("Redirect", Channel=talk.caller, Context=CONTEXT, Exten="outside", Priority="1")


async def ask_first(settings: Settings, database: Database, ask: Ask) -> None:
    """The caller hears music while the two talk. Raises as `hand_over`."""
    async with _switch(settings) as switch:
        await free_station(switch, _other(ask))
        talk = talk_of(channels(await switch.ask("Status")), ask.own)
        await _write(database, ask, Deed.ASKED_IN, ask.to)
        await _part(switch, talk, ask.to, "ask")


async def ask_outside(settings: Settings, database: Database, ask: Ask) -> None:
    """The same with a number. Raises as `hand_over`."""
    async with _switch(settings) as switch:
        talk = await _talk_of_who_rings_out(switch, ask)
        await _write(database, ask, Deed.ASKED_IN, OUTSIDE)
        await _tell(switch, talk.counsellor, _INHERITED, ask.to)
        await _part(switch, talk, OUTSIDE, "ask-outside")


async def _part(switch: Switch, talk: Talk, to: str, place: str) -> None:
    """The caller to the music, the counsellor to `place`, in one action."""
    await _tell(switch, talk.counsellor, Variable.CALLER, talk.caller)
    await _tell(switch, talk.counsellor, Variable.HANDED, "")  # of an asking before this one
    await _tell(switch, talk.counsellor, Variable.TO, to)
    await _tell(switch, talk.caller, Variable.TO, to)
    await _tell(switch, talk.caller, Variable.WITH, talk.counsellor)
    await switch.tell(
        "Redirect",
        Channel=talk.caller, Context=CONTEXT, Exten="held", Priority="1",
        ExtraChannel=talk.counsellor, ExtraContext=CONTEXT, ExtraExten=place, ExtraPriority="1",
    )  # fmt: skip


async def _talk_of_who_rings_out(switch: Switch, ask: Ask) -> Talk:
    """Raises Refused: they may not, or that number may not be rung; NotFound: they are in no call."""
    if not _NUMBER.fullmatch(ask.to):
        raise Refused("That is no number that can be rung.")
    talk = talk_of(channels(await switch.ask("Status")), ask.own)
    if await _told(switch, talk.counsellor, Variable.RINGS_OUT) != "yes":
        raise Refused(f"{ask.who.name} may not ring out.")
    told = [await _told(switch, talk.caller, f"DIALPLAN_EXISTS({where},{ask.to},1)") for where in (OUTSIDE, DEAR)]
    if told != ["1", "0"]:
        raise Refused("This number may not be rung.", remedy="IVR_RING_OUT_NUMBERS says which may.")
    return talk


async def settle(settings: Settings, database: Database, ask: Ask) -> None:
    """After asking: the caller goes to whoever was asked. Raises NotFound: nobody was; Refused: they do not answer."""
    async with _switch(settings) as switch:
        asking = await _asking(switch, ask.own)
        if not asking.other:
            raise Refused("Whoever was asked has not picked up.")
        await _write(database, ask, Deed.HANDED_OVER, asking.to)
        await _tell(switch, asking.caller, Variable.WITH, asking.other)
        await _tell(switch, asking.own, Variable.HANDED, "yes")
        await switch.tell("Redirect", Channel=asking.caller, Context=CONTEXT, Exten="taken", Priority="1")


async def take_back(settings: Settings, _: Database, ask: Ask) -> None:
    """After asking: the caller comes back. Raises NotFound: nobody was asked."""
    async with _switch(settings) as switch:
        asking = await _asking(switch, ask.own)
        await _tell(switch, asking.own, Variable.HANDED, "yes")
        await switch.tell("Redirect", Channel=asking.caller, Context=CONTEXT, Exten="back", Priority="1")


@dataclass(frozen=True, slots=True)
class _Asking:
    """The counsellor's channel, the caller's, that of whoever was asked (empty until they answer), their extension."""

    own: str
    caller: str
    other: str
    to: str


async def _asking(switch: Switch, extension: str) -> _Asking:
    known = channels(await switch.ask("Status"))
    mine = next((one for one in known if one.name.startswith(f"PJSIP/{extension}-")), None)
    caller = await _told(switch, mine.name, Variable.CALLER) if mine else ""
    if mine is None or not caller or await _told(switch, mine.name, Variable.HANDED) == "yes":
        raise NotFound("Nobody is asked.")
    others = [one.name for one in known if mine.bridge and one.bridge == mine.bridge and one.name != mine.name]
    return _Asking(mine.name, caller, next(iter(others), ""), await _told(switch, mine.name, Variable.TO))


@dataclass(frozen=True, slots=True)
class Looked:
    """Who hears a counsellor's call beside the two; whom the counsellor asks meanwhile (an extension, OUTSIDE, empty:
    nobody); whether a number outside is rung to join."""

    heard: tuple[Heard, ...] = ()
    asking: str = ""
    rings: bool = False


async def look(settings: Settings, extension: str) -> Looked:
    """How that counsellor's call is now. Raises TelephonyError."""
    async with _switch(settings) as switch:
        known = channels(await switch.ask("Status"))
        heard = heard_by(known, extension)
        rings = len(await _outsiders(switch, known, extension)) > len([one for one in heard if one.by == OUTSIDE])
        try:
            return Looked(heard, (await _asking(switch, extension)).to, rings)
        except NotFound:
            return Looked(heard, rings=rings)


async def ask_in(settings: Settings, database: Database, ask: Ask) -> None:
    """Three in the call: a supervisor, a colleague who interprets. Raises as `hand_over`."""
    async with _switch(settings) as switch:
        counsellors_channel(channels(await switch.ask("Status")), ask.own)
        await _write(database, ask, Deed.ASKED_IN, _other(ask))
        await let_in(switch, ask.to, ask.own, Mode.JOIN)


async def ask_in_outside(settings: Settings, database: Database, ask: Ask) -> None:
    """Three in the call: an interpreter on a number outside. Raises as `hand_over`; Refused: one is in already."""
    async with _switch(settings) as switch:
        talk = await _talk_of_who_rings_out(switch, ask)
        if await _outsiders(switch, channels(await switch.ask("Status")), ask.own):
            raise Refused("Somebody outside is asked in already.")
        await _write(database, ask, Deed.ASKED_IN, OUTSIDE)
        await let_in_outsider(switch, ask.own, ask.to, await _told(switch, talk.caller, Variable.LANGUAGE))


async def put_out(settings: Settings, database: Database, ask: Ask) -> None:
    """Whoever was asked in from outside leaves, or is rung no longer. Raises NotFound: nobody was."""
    async with _switch(settings) as switch:
        found = await _outsiders(switch, channels(await switch.ask("Status")), ask.own)
        if not found:
            raise NotFound("Nobody outside is asked in.")
        await _write(database, ask, Deed.PUT_OUT, OUTSIDE)
        for channel in found:
            await switch.tell("Hangup", Channel=channel)


async def _outsiders(switch: Switch, known: Iterable[Channel], extension: str) -> list[str]:
    """Our half of each number outside that this counsellor asked in."""
    found = []
    for channel in known:
        with suppress(TelephonyError):  # it has ended meanwhile
            if is_outsider(channel.name) and await _told(switch, channel.name, Variable.COUNSELLOR) == extension:
                found.append(channel.name)
    return found


def _other(ask: Ask) -> str:
    if not _EXTENSION.fullmatch(ask.to) or ask.to == ask.own:
        raise Refused("That is nobody else's telephone.")
    return ask.to


async def _write(database: Database, ask: Ask, deed: Deed, about: str) -> None:
    async with database.unit_of_work() as unit:
        await record(unit, ask.who.name, deed, ask.knock, about)


async def _tell(switch: Switch, channel: str, name: str, value: str) -> None:
    await switch.tell("Setvar", Channel=channel, Variable=name, Value=value)


async def _told(switch: Switch, channel: str, name: str) -> str:
    return (await switch.tell("Getvar", Channel=channel, Variable=name))["Value"]


def _switch(settings: Settings) -> AbstractAsyncContextManager[Switch]:
    return connected("127.0.0.1", settings.ami_port, USER, open_keyring(settings.secrets_file).ami)
