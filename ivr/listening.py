"""A supervisor hears a call while it goes on: listens, whispers to the counsellor, or joins the two. Always on record.

The switch rings the supervisor's own phone, or page; picked up, it is let into that counsellor's call
(`dialplan/listening.conf`), and is out of it when either hangs up. Who listens to whom is the switch's to know: nothing
is kept here, so the counsellor is shown it after a restart too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum

from ivr.desk.access import Permission, may
from ivr.errors import Refused
from ivr.records.account import Account
from ivr.records.audit import Deed
from ivr.records.database import Database
from ivr.records.keyring import open_keyring
from ivr.settings import Settings
from ivr.signing import Knock, record
from ivr.silent import Channel, channels, counsellors_channel
from ivr.telephony import queues
from ivr.telephony.ami import USER, Switch, connected
from ivr.telephony.phones import page_of
from ivr.telephony.statuses import PhoneState
from ivr.telephony.variables import Variable

CONTEXT = "listening"
RING_MS = 20_000
OUTSIDER_MS = 60_000  # 25 s of ringing, then up to two announcements
OUTSIDE = "outside"  # stands for a number, wherever it is shown or on record
_HEARS = re.compile(r"ChanSpy\(PJSIP/(?P<whom>[0-9]{2,8})(?:-page)?-[0-9a-f]+,(?P<how>\w+)\)")
_BY = re.compile(r"PJSIP/([0-9]{2,8})(?:-page)?-[0-9a-f]+")
_OUTSIDE = "Local/s@outsider-"  # dialplan/handover.conf


class Mode(StrEnum):
    LISTEN = "listen"  # heard by nobody
    WHISPER = "whisper"  # heard by the counsellor
    JOIN = "join"  # heard by both


@dataclass(frozen=True, slots=True)
class Wish:
    """`who` wants to hear the call of the counsellor with that extension."""

    who: Account
    counsellor: str
    mode: Mode
    knock: Knock


@dataclass(frozen=True, slots=True)
class Heard:
    """The extension of somebody who is in a counsellor's call, or OUTSIDE; and how."""

    by: str
    mode: Mode


async def listen(settings: Settings, database: Database, wish: Wish) -> None:
    """Ring the supervisor, who is in the call once they pick up.

    Raises Refused: they may not, or their phone is not free; NotFound: that counsellor is in no call; TelephonyError.
    """
    own = wish.who.extension
    if not may(wish.who.role, Permission.LISTEN_IN) or not own or own == wish.counsellor:
        raise Refused(f"{wish.who.name} may not listen to {wish.counsellor}.")
    async with database.unit_of_work() as unit:
        await record(unit, wish.who.name, Deed.LISTENED_IN, wish.knock, f"{wish.counsellor} {wish.mode}")
    async with _switch(settings) as switch:
        await let_in(switch, own, wish.counsellor, wish.mode)


async def let_in(switch: Switch, extension: str, counsellor: str, mode: Mode) -> None:
    """Ring `extension`; picked up, it is in that counsellor's call. One action, never sent again."""
    theirs = counsellors_channel(channels(await switch.ask("Status")), counsellor)
    rings = await free_station(switch, extension)
    told = {Variable.HEARS: theirs, Variable.MODE: mode, Variable.COUNSELLOR: counsellor}
    await _ring(switch, f"PJSIP/{rings}", told, RING_MS)


async def ring_into(switch: Switch, extension: str, context: str, told: Mapping[Variable, str]) -> None:
    """Ring `extension`, page or phone; picked up, it is in that context of the dialplan, with `told` on its channel.
    Raises Refused when it is not free."""
    rings = await free_station(switch, extension)
    await _ring(switch, f"PJSIP/{rings}", {Variable.COUNSELLOR: extension, **told}, RING_MS, context)


async def let_in_outsider(switch: Switch, counsellor: str, number: str, language: str) -> None:
    """The same with a number that may be rung; they are in the call once they press 1. `language`: the caller's."""
    theirs = counsellors_channel(channels(await switch.ask("Status")), counsellor)
    told = {Variable.HEARS: theirs, Variable.MODE: Mode.JOIN, Variable.COUNSELLOR: counsellor}
    told |= {Variable.TYPED: number, Variable.LANGUAGE: language}
    await _ring(switch, "Local/s@outsider/n", told, OUTSIDER_MS)


async def _ring(switch: Switch, whom: str, told: Mapping[Variable, str], ring_ms: int, context: str = CONTEXT) -> None:
    counsellor = told[Variable.COUNSELLOR]
    await switch.tell(
        "Originate",
        Channel=whom,
        Context=context,
        Exten="s",
        Priority="1",
        Timeout=str(ring_ms),
        CallerID=f'"{counsellor}" <{counsellor}>',
        Variable=",".join(f"{name}={value}" for name, value in told.items()),
        Async="true",
    )


async def free_station(switch: Switch, extension: str) -> str:
    """What rings for that extension, its page or its phone. Raises Refused when neither could be answered now."""
    phone = queues.view(await switch.ask("QueueStatus")).phones.get(extension)
    if phone is None or phone.state is not PhoneState.IDLE:
        raise Refused(f"The telephone of {extension} is not free.", remedy="Let it be registered, and hang up.")
    return page_of(extension) if phone.in_page else extension


def heard_by(known: Iterable[Channel], counsellor: str) -> tuple[Heard, ...]:
    """Who is in that counsellor's call beside the two who talk."""
    found = []
    for channel in known:
        hears, by = _HEARS.fullmatch(channel.doing), _by(channel.name)
        if hears and by and hears["whom"] == counsellor:
            found.append(Heard(by, _mode(hears["how"])))
    return tuple(found)


def _by(name: str) -> str:
    if is_outsider(name):
        return OUTSIDE
    found = _BY.fullmatch(name)
    return found[1] if found else ""


def is_outsider(name: str) -> bool:
    """Whether this channel leads to a number outside: our half of it."""
    return name.startswith(_OUTSIDE) and name.endswith(";1")


def _mode(options: str) -> Mode:
    """As dialplan/listening.conf tells the switch."""
    return Mode.JOIN if "B" in options else Mode.WHISPER if "w" in options else Mode.LISTEN


def _switch(settings: Settings) -> AbstractAsyncContextManager[Switch]:
    return connected("127.0.0.1", settings.ami_port, USER, open_keyring(settings.secrets_file).ami)
