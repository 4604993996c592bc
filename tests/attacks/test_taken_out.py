"""Each protection of the line's money taken out, one by one: then the carrier is rung, so it is they that hold."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

import pytest

from ivr.telephony.sipp import until
from ivr.telephony.sipp_child import Child, Linger, Press, Stay, Until, Wait
from tests.attacks.test_toll_fraud import Tempted, trunk, write_as_nobody
from tests.attacks.wire import HERE, SDP, Rogue, Wire, request
from tests.live.line import LiveLine
from tests.live.test_stories import keys

__all__ = ["trunk"]
pytestmark = [pytest.mark.live, pytest.mark.attack]

COSTS_EXTRA, FROM_PHONE, FROM_OUTSIDE, BY_TRANSFER, BY_FILE = (f"09002003{n:02}" for n in range(1, 6))
DIAL = "dialplan add extension _0900.,1,Dial,PJSIP/${EXTEN}@trunk into"


def rung(trunk: Tempted, number: str) -> Callable[[], bool]:
    return lambda: number in trunk.carrier.rung


async def test_with_each_protection_taken_out_the_carrier_is_rung(trunk: Tempted) -> None:
    line = trunk.line
    line.console("dialplan remove context dear")
    ringing = Until(rung(trunk, COSTS_EXTRA), 15, "what costs extra to be rung")
    await line.dial("101", "*9", Wait(1.5), Press(COSTS_EXTRA), Press("#"), ringing)

    line.console(f"{DIAL} counsellor")
    phone = Child(FROM_PHONE, (Stay(5),), number="102", password=line._password("102"), answer_within_s=4)
    await phone.call(line.address, line.folder())
    assert rung(trunk, FROM_PHONE)()

    line.console(f"{DIAL} incoming")
    with Wire(line.address, HERE) as wire:
        own = f"{HERE}:{line.sip_port}"
        await wire.ask(request("INVITE", f"sip:{FROM_OUTSIDE}@{own}", sender=f"sip:x@{own}", body=SDP))
    assert rung(trunk, FROM_OUTSIDE)()

    await _transfer(line)
    await until(rung(trunk, BY_TRANSFER), 10, "the number of the transfer to be rung")

    if os.geteuid() == 0:
        outgoing = line.state / "switch/spool/outgoing"
        for folder in (outgoing, *outgoing.parents[:3]):
            folder.chmod(0o777)
        done = await asyncio.to_thread(write_as_nobody, outgoing / "theirs.call", BY_FILE)
        assert done.returncode == 0, done.stderr
        await until(rung(trunk, BY_FILE), 10, "the number of the call file to be rung")


async def _transfer(line: LiveLine) -> None:
    """From a counsellor's phone, in a talk, once phones may."""
    for file in (line.state / "switch/etc").glob("pjsip*.conf"):
        file.write_text(file.read_text().replace("allow_transfer = no", "allow_transfer = yes"))
    line.console("module load res_pjsip_refer.so")
    line.console("module reload res_pjsip.so")
    await asyncio.sleep(1)
    async with Rogue(line.address) as rogue:
        await line.phone("103").register(line.address, line.folder(), rogue.wire.port)
        child = asyncio.create_task(line.call(*keys("23"), Linger(25)))
        await until(lambda: rogue.invites, 40, "the phone to ring")
        await asyncio.sleep(1)
        await rogue.ask_in_call(rogue.invites[0], "REFER", f"Refer-To: <sip:{BY_TRANSFER}@{HERE}:{line.sip_port}>")
        await child
        await line.phone("103").register(line.address, line.folder(), rogue.wire.port, 0)
