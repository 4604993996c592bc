"""Counsellors' calls as the switch knows them: who is in one, and what becomes of one whose page is gone.

A page that is gone in mid-call says nothing: the switch is told, so that the child is not left in silence. Hung up
from here the call has no side that ended it, and so the child goes back to the front of the queue, as when a phone
dies (dialplan/queue.conf, talked).
"""

from __future__ import annotations

from ivr.errors import TelephonyError
from ivr.records.account import Account
from ivr.records.keyring import open_keyring
from ivr.settings import Settings
from ivr.silent import channels
from ivr.telephony.ami import USER, Switch, connected


async def let_go(switch: Switch, extension: str, call: str) -> bool:
    """End that extension's side of the call with this SIP Call-ID; False when it has ended already."""
    for channel in channels(await switch.ask("Status")):
        if channel.name.startswith(f"PJSIP/{extension}-") and await _call_id(switch, channel.name) == call:
            await switch.tell("Hangup", Channel=channel.name)
            return True
    return False


async def _call_id(switch: Switch, channel: str) -> str:
    try:
        return (await switch.tell("Getvar", Channel=channel, Variable="CHANNEL(pjsip,call-id)"))["Value"]
    except TelephonyError:  # it has ended meanwhile
        return ""


async def is_talking(settings: Settings, person: Account) -> bool:
    """Whether this counsellor's phone or page is in a call; nobody is while the switch is away."""
    if not person.extension:
        return False
    secret = open_keyring(settings.secrets_file).ami
    try:
        async with connected("127.0.0.1", settings.ami_port, USER, secret) as switch:
            known = channels(await switch.ask("Status"))
    except TelephonyError:
        return False
    return any(channel.name.startswith(f"PJSIP/{person.extension}-") for channel in known)


async def let_go_on(settings: Settings, extension: str, call: str) -> bool:
    """The same on the line of these settings. Raises TelephonyError."""
    secret = open_keyring(settings.secrets_file).ami
    async with connected("127.0.0.1", settings.ami_port, USER, secret) as switch:
        return await let_go(switch, extension, call)
