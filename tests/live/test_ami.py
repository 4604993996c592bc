"""The manager interface of the real switch: who may log in, from where, and what it answers."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from contextlib import aclosing
from pathlib import Path

import pytest

from ivr.errors import TelephonyError
from ivr.telephony.ami import USER, connected, connections
from ivr.telephony.sipp_child import Stay
from tests.live.line import LiveLine
from tests.live.test_faults import NewLine
from tests.live.test_stories import keys

pytestmark = pytest.mark.live

LOOPBACK = "127.0.0.1"


def port(line: LiveLine) -> int:
    return int(line.env["IVR_AMI_PORT"])


def secret(line: LiveLine) -> str:
    return str(json.loads((line.state / "secrets.json").read_text())["ami"])


async def test_queues_are_told_to_who_knows_the_secret(line: LiveLine) -> None:
    async with connected(LOOPBACK, port(line), USER, secret(line)) as switch:
        listed = await switch.ask("QueueStatus")
        with pytest.raises(TelephonyError, match="No such queue"):
            await switch.tell("QueueRemove", Queue="nowhere", Interface="PJSIP/101")
    assert {"az", "ru", "en", "everybody"} <= {m["Queue"] for m in listed if m.name == "QueueParams"}


async def test_wrong_secret_and_unknown_user_are_refused(line: LiveLine) -> None:
    for user, told in ((USER, "wrong"), ("admin", secret(line))):
        with pytest.raises(TelephonyError, match="Authentication failed"):
            async with connected(LOOPBACK, port(line), user, told):
                pass


async def test_only_this_machine_is_listened_to(line: LiveLine) -> None:
    """Linux's own account of who listens (proc(5)): one socket on that port, on 127.0.0.1."""
    rows = [row.split() for table in ("tcp", "tcp6") for row in Path("/proc/net", table).read_text().splitlines()]
    listening = [row[1] for row in rows if row[3] == "0A" and row[1].endswith(f":{port(line):04X}")]
    assert listening == [f"0100007F:{port(line):04X}"]


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("Command", {"Command": "core show channels"}),
        ("GetConfig", {"Filename": "manager.conf"}),
        ("CoreShowChannels", {}),
    ],
)
async def test_what_the_program_does_not_need_it_may_not_do(
    line: LiveLine, action: str, fields: dict[str, str]
) -> None:
    async with connected(LOOPBACK, port(line), USER, secret(line)) as switch:
        with pytest.raises(TelephonyError, match="Permission denied"):
            await switch.tell(action, **fields)


async def test_what_it_needs_it_may(line: LiveLine) -> None:
    """In the one queue that the watch leaves alone, with a member that is nobody's phone."""
    member = {"Queue": "everybody", "Interface": "PJSIP/109"}
    async with connected(LOOPBACK, port(line), USER, secret(line)) as switch:
        await switch.tell("QueueAdd", **member, MemberName="Əliyə Ünlü", Penalty="2")
        await switch.tell("QueuePenalty", **member, Penalty="3")
        await switch.tell("QueuePause", **member, Paused="true", Reason="break")
        listed = await switch.ask("QueueStatus", Queue="everybody")
        await switch.tell("QueueRemove", **member)
        await switch.tell("Setvar", Variable="HL_TRIED", Value="1")
        await switch.tell("UserEvent", UserEvent="Presence", Extension="101")
        assert await switch.ask("DeviceStateList")
        heard = []
        async for event in switch.events():
            heard += [event.name] if event["Interface"] == "PJSIP/109" else []
            if event.name == "QueueMemberRemoved":
                break
    (added,) = (m for m in listed if m["Location"] == "PJSIP/109")
    assert (added["Name"], added["Penalty"], added["Paused"]) == ("Əliyə Ünlü", "3", "1")
    assert [name for name in heard if name != "QueueMemberStatus"] == [
        "QueueMemberAdded",
        "QueueMemberPenalty",
        "QueueMemberPause",
        "QueueMemberRemoved",
    ]


async def test_no_event_of_a_call_carries_the_callers_number(line: LiveLine) -> None:
    number, heard = "+994000004321", bytearray()
    reader, writer = await asyncio.open_connection(LOOPBACK, port(line))
    login = f"Action: Login\r\nUsername: {USER}\r\nSecret: {secret(line)}\r\nEvents: on\r\n\r\n"
    writer.write(login.encode())

    async def listen() -> None:
        while read := await reader.read(65536):
            heard.extend(read)

    listening = asyncio.create_task(listen())
    async with line.phone("101", talk_s=0.5).on(line.address, line.folder()):
        await line.call(*keys("10"), Stay(30), number=number)
    await asyncio.sleep(0.5)
    listening.cancel()
    writer.close()
    assert b"Event: QueueCallerJoin" in heard and b"Event: AgentComplete" in heard
    assert number[4:].encode() not in heard


async def test_stopped_switch_is_noticed_within_five_seconds_and_found_again(new_line: NewLine) -> None:
    line = new_line()
    line.send("keeper", signal.SIGSTOP)
    async with aclosing(connections(LOOPBACK, port(line), USER, secret(line))) as fresh:
        switch = await anext(fresh)
        await asyncio.sleep(1)
        line.send("switch", signal.SIGSTOP)
        stopped = time.monotonic()
        try:
            assert [event async for event in switch.events()] == []
            assert time.monotonic() - stopped < 5
            coming = asyncio.ensure_future(anext(fresh))
            await asyncio.sleep(1)
        finally:
            line.send("switch", signal.SIGCONT)
        async with asyncio.timeout(15):
            assert await (await coming).ask("QueueStatus")
