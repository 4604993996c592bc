"""Silent talk from the program: it presses a counsellor's keys for them, on the switch; the rest is as from the phone.

See `dialplan/silent.conf`. Nothing is kept here: what the keys do, and what is answered, is the switch's to know.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from ivr.errors import NotFound
from ivr.records.keyring import open_keyring
from ivr.settings import Settings
from ivr.telephony.ami import USER, Message, Switch, connected
from ivr.telephony.events import call_id

KEY_MS = 100
PAUSE_S = 0.15  # after each key, or two that are alike would be one
TOLD_S = 5.0  # an answer is told to a counsellor in less; keys pressed meanwhile would be lost
_EXTENSION = re.compile(r"[0-9]{2,8}", re.ASCII)
_VOICE = "Local/voice@silent"


@dataclass(frozen=True, slots=True)
class Channel:
    """One end of a call, as the switch's Status tells it. `bridge` is empty while nobody hears it.

    `doing`: the application that it is in, with its arguments. `told`: words are played to this end alone.
    """

    name: str
    linkedid: str
    uniqueid: str
    bridge: str
    doing: str = field(default="", repr=False)
    told: bool = False

    @property
    def of_caller(self) -> bool:
        return self.uniqueid == self.linkedid


def channels(answer: Iterable[Message]) -> tuple[Channel, ...]:
    """What the switch answered to Status."""
    return tuple(_channel(told) for told in answer if told.name == "Status")


def _channel(told: Message) -> Channel:
    plays = told["Application"] == "Playback"
    return Channel(told["Channel"], told["Linkedid"], told["Uniqueid"], told["BridgeID"], _doing(told), plays)


def _doing(told: Message) -> str:
    """Of the one application that a call is heard by; what others are given may be a number."""
    return f"ChanSpy({told['Data']})" if told["Application"] == "ChanSpy" else ""


def counsellors_channel(known: Iterable[Channel], whom: str) -> str:
    """The channel whose keys are to be pressed. `whom`: a call's id, or the extension of the counsellor in it.

    Raises NotFound when that call, or that counsellor, is in no conversation now.
    """
    talking = [channel for channel in known if channel.bridge and not channel.name.startswith(_VOICE)]
    if _EXTENSION.fullmatch(whom):
        found = [channel for channel in talking if channel.name.startswith(f"PJSIP/{whom}-")]
    else:
        bridges = {one.bridge for one in talking if one.of_caller and call_id(one.linkedid) == whom}
        found = [channel for channel in talking if channel.bridge in bridges and not channel.of_caller]
    if not found:
        raise NotFound(f"{whom} is not talking with anybody", remedy="`ivr calls` shows the calls in progress.")
    return found[0].name


async def _that_listens(switch: Switch, whom: str) -> str:
    """Their channel, once nothing is told to it any more; after `TOLD_S` in any case."""
    deadline = time.monotonic() + TOLD_S
    while True:
        known = channels(await switch.ask("Status"))
        channel = counsellors_channel(known, whom)
        if time.monotonic() > deadline or not any(one.told for one in known if one.name == channel):
            return channel
        await asyncio.sleep(0.1)


async def press(switch: Switch, whom: str, keys: str) -> None:
    """Press `keys` as that counsellor would. Raises NotFound, or TelephonyError when the switch is away."""
    channel = await _that_listens(switch, whom)
    for key in keys:
        await switch.tell("PlayDTMF", Channel=channel, Digit=key, Duration=str(KEY_MS), Receive="true")
        await asyncio.sleep(KEY_MS / 1000 + PAUSE_S)


async def press_on(settings: Settings, whom: str, keys: str) -> None:
    """The same on the line of these settings."""
    secret = open_keyring(settings.secrets_file).ami
    async with connected("127.0.0.1", settings.ami_port, USER, secret) as switch:
        await press(switch, whom, keys)
