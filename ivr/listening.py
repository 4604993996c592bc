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
NOTHING: Mapping[Variable, str] = {}
_HEARS = re.compile(r"ChanSpy\(PJSIP/(?P<whom>[0-9]{2,8})(?:-page)?-[0-9a-f]+,(?P<how>\w+)\)")
_BY = re.compile(r"PJSIP/([0-9]{2,8})(?:-page)?-[0-9a-f]+")


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
    """The extension of somebody who is in a counsellor's call, and how."""

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
    told = {Variable.HEARS: theirs, Variable.MODE: mode, Variable.COUNSELLOR: counsellor}
    await ring_into(switch, extension, CONTEXT, counsellor, told)


async def ring_into(
    switch: Switch, extension: str, context: str, shown: str, told: Mapping[Variable, str] = NOTHING
) -> None:
    """Ring `extension`, page or phone; picked up, it is in that context of the dialplan, with `told` on its channel.
    `shown`: what it sees as the caller. Raises Refused when it is not free."""
    rings = await free_station(switch, extension)
    await switch.tell(
        "Originate",
        Channel=f"PJSIP/{rings}",
        Context=context,
        Exten="s",
        Priority="1",
        Timeout=str(RING_MS),
        CallerID=f'"{shown}" <{shown}>',
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
        hears, by = _HEARS.fullmatch(channel.doing), _BY.fullmatch(channel.name)
        if hears and by and hears["whom"] == counsellor:
            found.append(Heard(by[1], _mode(hears["how"])))
    return tuple(found)


def _mode(options: str) -> Mode:
    """As dialplan/listening.conf tells the switch."""
    return Mode.JOIN if "B" in options else Mode.WHISPER if "w" in options else Mode.LISTEN


def _switch(settings: Settings) -> AbstractAsyncContextManager[Switch]:
    return connected("127.0.0.1", settings.ami_port, USER, open_keyring(settings.secrets_file).ami)
