"""Somebody wants the line to pay for their calls. A carrier that writes everything down sees what the line sends out.

Every story ends with the one call that may leave, so that an empty list is known to mean something.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ivr import handover
from ivr.desk.access import Role
from ivr.errors import NotFound, Refused
from ivr.handover import Ask
from ivr.records.account import Account
from ivr.records.database import opened
from ivr.settings import Settings
from ivr.signing import Knock
from ivr.telephony.sipp import until
from ivr.telephony.sipp_child import Child, Linger, Press, Stay, Until, Wait
from tests.attacks.wire import CARRIER, HERE, SDP, STRANGER, Carrier, Rogue, Wire, request
from tests.live.line import LiveLine
from tests.live.test_stories import keys

pytestmark = pytest.mark.live

PARENT = "0000000055"
PREMIUM, ABROAD, MOBILE = "0900200300", "00882990001234", "0501234567"
WANTED = (PREMIUM, ABROAD, MOBILE, "+994501234567", "0044123456789", "101", "*9", "outside", "trunk", "s", "h", "i")


@dataclass(frozen=True, slots=True)
class Tempted:
    line: LiveLine
    carrier: Carrier

    async def rings_only_the_parent(self) -> None:
        """Nothing has left that may not; and what may leave does, so that we would have seen it."""
        assert [number for number in self.carrier.rung if number != PARENT] == []
        before = len(self.carrier.rung)
        rung = Until(lambda: len(self.carrier.rung) > before, 15, "the parent to ring")
        await self.line.dial("101", "*9", Wait(1.5), Press(PARENT), Press("#"), rung)
        assert set(self.carrier.rung) == {PARENT}


@pytest.fixture(scope="module")
def trunk(switch_there: None) -> Iterator[Tempted]:
    """101 may ring out, to PARENT and, by a pattern that is too wide, to what costs extra."""
    with Carrier() as carrier:
        line = LiveLine(
            trunk_host=HERE, trunk_port=str(carrier.port), trunk_addresses=CARRIER,
            ring_out_numbers="112,000XXXXXXX,0900XXXXXX",
        )  # fmt: skip
        try:
            line.open()
            line.run("counsellors", "set", "101", "--rings-out")
            yield Tempted(line, carrier)
        finally:
            line.close()


async def test_from_outside_no_number_no_name_and_no_header_leads_out(trunk: Tempted) -> None:
    line = trunk.line
    own = f"{HERE}:{line.sip_port}"
    for host in (STRANGER, CARRIER, HERE):
        for wanted in WANTED:
            for sender in ("+994000000001", "101", "trunk", "loopback"):
                with Wire(line.address, host) as wire:
                    claimed = f"<sip:101@{own}>"
                    text = request(
                        "INVITE", f"sip:{wanted}@{own}",
                        f"P-Asserted-Identity: {claimed}", f"Remote-Party-ID: {claimed};party=calling",
                        f"Diversion: {claimed}", f"Referred-By: {claimed}", f"Route: <sip:{wanted}@{own};lr>",
                        sender=f"sip:{sender}@{own}", body=SDP,
                    )  # fmt: skip
                    wire.send(text)
                    await asyncio.sleep(0.03)
                    wire.read()
                    if host == STRANGER:
                        assert [m.status for m in wire.answers if m.status != 401] == [], (wanted, sender)
    await asyncio.sleep(1)
    await trunk.rings_only_the_parent()


@pytest.mark.attack
async def test_a_counsellors_phone_rings_what_the_dialplan_names_and_nothing_else(trunk: Tempted) -> None:
    line, rung = trunk.line, len(trunk.carrier.rung)
    password = line._password("101")
    for wanted in (PREMIUM, ABROAD, PARENT, "child", "person", "112"):
        phone = Child(wanted, (Stay(5),), number="101", password=password, answer_within_s=4)
        assert (await phone.call(line.address, line.folder())).answered_at is None, wanted
    for typed in (PREMIUM, ABROAD, MOBILE, "*" + PARENT):
        await line.dial("101", "*9", Wait(1.5), Press(typed), Press("#"), Linger(3))
    await line.dial("102", "*9", Wait(1.5), Press(PARENT), Press("#"), Linger(3))
    assert trunk.carrier.rung[rung:] == []  # nor the parent: 102 may not, and 101 has to ask for it by *9
    await trunk.rings_only_the_parent()


@pytest.mark.attack
async def test_keys_in_menus_and_in_a_talk_dial_nothing(trunk: Tempted) -> None:
    line = trunk.line
    pressed = [
        step
        for code in ("#", "*9", "##", "*2", "*1#", "0" + PREMIUM)
        for step in (Press(code), Press(PREMIUM), Press("#"))
    ]
    async with line.phone("103", ring_s=0.2).on(line.address, line.folder()) as handset:
        child = asyncio.create_task(line.call(Wait(1), *pressed[:9], *keys("23"), Wait(1), *pressed, Linger(20)))
        # 9 is danger, and may come while it rings: then it rings once more.
        talks = lambda: next((each for each in handset.calls if each.log.answered_at), None)  # noqa: E731
        talk = await until(talks, 60, "the two to talk")
        await talk.press("*9#2##" + PREMIUM)
        await child
    await trunk.rings_only_the_parent()


@pytest.mark.attack
async def test_no_transfer_is_obeyed_from_either_side_of_a_talk(trunk: Tempted) -> None:
    line = trunk.line
    own, trap = f"{HERE}:{line.sip_port}", socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    trap.bind((HERE, 0))
    trap.setblocking(False)
    elsewhere = f"sip:{PREMIUM}@{HERE}:{trap.getsockname()[1]}"
    async with Rogue(line.address) as rogue:
        await line.phone("103").register(line.address, line.folder(), rogue.wire.port)
        child = asyncio.create_task(line.call(*keys("23"), Linger(25)))
        await until(lambda: rogue.invites, 40, "the phone to ring")
        invite = rogue.invites[0]
        await asyncio.sleep(1)
        told = []
        for target in (f"sip:{PREMIUM}@{own}", f"sip:{PREMIUM}@trunk", elsewhere, f"sip:*9@{own}"):
            answer = await rogue.ask_in_call(invite, "REFER", f"Refer-To: <{target}>", f"Referred-By: <sip:103@{own}>")
            told.append(answer.status if answer else 0)
        with Wire(line.address, HERE) as wire:  # a caller takes a talk over
            dialog = f"{invite.call_id};to-tag=rogue;from-tag={invite.header('From').partition('tag=')[2]}"
            taking = request(
                "INVITE", f"sip:116111@{own}", f"Replaces: {dialog}", "Require: replaces", sender="sip:x@x", body=SDP
            )
            taken = await wire.ask(taking)
        await child
        await line.phone("103").register(line.address, line.folder(), rogue.wire.port, 0)
    assert all(status >= 400 or status == 0 for status in told), told
    assert taken is None or taken.status == 420 or taken.status >= 400, taken
    with pytest.raises(BlockingIOError):
        trap.recv(100)
    trap.close()
    await trunk.rings_only_the_parent()


@pytest.mark.attack
@pytest.mark.parametrize("moved_to", [f"sip:{PREMIUM}@127.0.0.1", "sip:116111@127.0.0.1"])
async def test_a_phone_that_has_moved_away_is_passed_over(trunk: Tempted, moved_to: str) -> None:
    """Nor is a child led in a circle, back into the menus, by a phone that is set to forward its calls."""
    line = trunk.line
    await line.all_in()
    before = line.known()
    async with Rogue(line.address, moved_to) as rogue:
        await line.phone("102").register(line.address, line.folder(), rogue.wire.port)
        child = asyncio.create_task(line.call(*keys("23"), Stay(60)))
        await until(lambda: rogue.invites, 40, "the phone that has moved to ring")
        async with line.phone("103", ring_s=0.2, talk_s=1.0).on(line.address, line.folder()):
            await child
        await line.phone("102").register(line.address, line.folder(), rogue.wire.port, 0)
    rows = await line.new_rows(before)
    assert [(row["outcome"], row["counsellor"]) for row in rows] == [("answered", "103")]
    await trunk.rings_only_the_parent()


async def test_a_page_can_hand_a_caller_to_no_number_that_may_not_be_rung(trunk: Tempted) -> None:
    line = trunk.line
    told = Settings(state_dir=line.state, ami_port=int(line.env["IVR_AMI_PORT"]))
    async with line.phone("101", ring_s=0.2).on(line.address, line.folder()) as handset, opened(told.database) as rows:
        child = asyncio.create_task(line.call(*keys("112"), Linger(20)))
        await (await handset.call(0, 60)).answered()
        await asyncio.sleep(1)
        who = Account("1-a", "aynur", "Aynur", Role.COUNSELLOR, "101", False, True, True, datetime.now(UTC))
        crafted = (
            PREMIUM,
            ABROAD,
            MOBILE,
            "112,1",
            "112&PJSIP/0900200300@trunk",
            f"{PARENT}@trunk,40,I(x",
            "١١٢",
            "112\r\nAction: Originate",
        )
        for number in crafted:
            with pytest.raises((Refused, NotFound)):
                await handover.hand_outside(told, rows, Ask(who, number, Knock(datetime.now(UTC), HERE)))
        await child
    await trunk.rings_only_the_parent()


async def test_a_call_file_of_somebody_else_is_not_there_to_be_taken(trunk: Tempted) -> None:
    outgoing = trunk.line.state / "switch/spool/outgoing"
    done = await asyncio.to_thread(write_as_nobody, outgoing / "theirs.call", PREMIUM)
    if os.geteuid() == 0:
        assert "PermissionError" in done.stderr
    assert outgoing.stat().st_mode & 0o022 == 0
    await asyncio.sleep(2)
    await trunk.rings_only_the_parent()


def write_as_nobody(file: Path, number: str) -> subprocess.CompletedProcess[str]:
    """A call file that rings `number`, by another user of this machine, where we may be one."""
    script = "import sys, pathlib; pathlib.Path(sys.argv[1]).write_text(sys.argv[2])"
    nobody = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups") if os.geteuid() == 0 else ("false",)
    text = f"Channel: PJSIP/{number}@trunk\nApplication: Echo\n"
    argv = [*nobody, "/usr/bin/python3", "-c", script, str(file), text]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


@pytest.mark.attack
async def test_the_manager_interface_knows_its_users_and_lets_none_write_a_dialplan(trunk: Tempted) -> None:
    """Whoever has its secret, that is the line's own user, can begin calls: see SECURITY.md."""
    line = trunk.line
    port, secret = int(line.env["IVR_AMI_PORT"]), _secret(line)
    dial = f"Action: Originate\r\nChannel: PJSIP/{PREMIUM}@trunk\r\nApplication: Echo\r\n\r\n"
    for login in ("", _login("helpline", "wrong"), _login("admin", "admin"), _login("helpline", "")):
        assert "Success" not in await _manager(port, login + dial)
    for wanted in (
        f"Action: Command\r\nCommand: channel originate PJSIP/{PREMIUM}@trunk application Echo\r\n\r\n",
        f"Action: DialplanExtensionAdd\r\nContext: counsellor\r\nExtension: {PREMIUM}\r\nPriority: 1\r\n"
        f"Application: Dial\r\nApplicationData: PJSIP/{PREMIUM}@trunk\r\n\r\n",
        "Action: UpdateConfig\r\nSrcFilename: extensions.conf\r\nDstFilename: extensions.conf\r\n\r\n",
        "Action: Originate\r\nChannel: Local/s@ring_out\r\nApplication: System\r\n"
        f"Data: touch {line.state}/owned\r\n\r\n",
        f"Action: Getvar\r\nVariable: SHELL(touch {line.state}/owned)\r\n\r\n",
    ):
        told = await _manager(port, _login("helpline", secret) + wanted)
        assert "Authentication accepted" in told
        assert "Error" in told.split("Authentication accepted", 1)[1], wanted
    assert not (line.state / "owned").exists()
    await trunk.rings_only_the_parent()


def _login(name: str, secret: str) -> str:
    return f"Action: Login\r\nUsername: {name}\r\nSecret: {secret}\r\nEvents: off\r\n\r\n"


def _secret(line: LiveLine) -> str:
    text = (line.state / "switch/etc/manager.conf").read_text()
    return next(row.partition("=")[2].strip() for row in text.splitlines() if row.startswith("secret"))


async def _manager(port: int, text: str) -> str:
    reader, writer = await asyncio.open_connection(HERE, port)
    writer.write(text.encode())
    heard, deadline = b"", time.monotonic() + 2
    while time.monotonic() < deadline:
        try:
            piece = await asyncio.wait_for(reader.read(65536), 0.5)
        except TimeoutError:
            continue
        if not piece:
            break
        heard += piece
    writer.close()
    return heard.decode(errors="replace")
