"""Door 1 on a real socket; the ugly ones first."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
import structlog

from ivr.attempt import Line
from ivr.call import Helpline, take_call
from ivr.flow.script import Script
from ivr.telephony import fastagi
from ivr.telephony.fastagi import FastAgiServer
from tests.fake_asterisk import CALLER, dialplan, header, ring

KEY = b"k" * 32
MANY = 1000


@asynccontextmanager
async def door(script: Script) -> AsyncIterator[FastAgiServer]:
    async def story(line: Line) -> None:
        await take_call(line, Helpline(script, KEY))

    async with FastAgiServer(0, story) as server:
        yield server


async def send_and_close(port: int, sent: bytes) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


async def settled(server: FastAgiServer) -> None:
    async with asyncio.timeout(10):
        while server.sessions:
            await asyncio.sleep(0.01)


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


UGLY = {
    "connects and closes": b"",
    "half a header": header()[:60],
    "header without its end": header()[:-1],
    "no AGI": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "binary rubbish": os.urandom(3000),
    "endless header": b"agi_x: y\n" * 5000,
    "two thousand digits": header(caller="9" * 2000),
    "hangs up after the header": header(),
}


@pytest.mark.parametrize("sent", UGLY.values(), ids=UGLY.keys())
async def test_what_strangers_send_is_no_fault_of_ours(script: Script, sent: bytes) -> None:
    with structlog.testing.capture_logs() as logs:
        async with door(script) as server:
            await send_and_close(server.port, sent)
            await asyncio.sleep(0.05)
            await settled(server)
    assert [entry for entry in logs if entry["log_level"] == "error"] == []


@pytest.mark.parametrize("sent", UGLY.values(), ids=UGLY.keys())
async def test_a_thousand_of_each_leave_nothing_behind(script: Script, sent: bytes) -> None:
    async with door(script) as server:
        await ring(server.port, dialplan("13"))
        descriptors_before, tasks_before = descriptors(), len(asyncio.all_tasks())
        for _ in range(MANY // 50):
            await asyncio.gather(*(send_and_close(server.port, sent) for _ in range(50)))
        await settled(server)
        await asyncio.sleep(0.05)
        assert descriptors() <= descriptors_before
        assert len(asyncio.all_tasks()) <= tasks_before
        assert (await ring(server.port, dialplan("13")))[-1].startswith("GOSUB queue decide")


async def test_silent_connection_is_let_go(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fastagi, "HEADER_DEADLINE_S", 0.05)
    async with door(script) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        async with asyncio.timeout(2):
            assert await reader.read() == b""
        writer.close()


async def test_switch_that_owes_a_reply_for_too_long_is_let_go(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fastagi, "REPLY_DEADLINE_S", 0.2)
    with structlog.testing.capture_logs() as logs:
        async with door(script) as server, asyncio.timeout(2):
            commands = await ring(server.port, lambda _: "100 result=0 Trying...\n")
            await settled(server)
    assert len(commands) == 1
    assert [entry["event"] for entry in logs] == ["fastagi.cut"]


async def test_the_deadline_is_of_one_reply_and_not_of_the_whole_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fastagi, "REPLY_DEADLINE_S", 0.2)

    async def story(line: Line) -> None:
        for _ in range(8):
            await line.send("GET VARIABLE HL_HEARD\n")
            await asyncio.sleep(0.05)

    async with FastAgiServer(0, story) as server:
        assert len(await ring(server.port, dialplan("11111111"))) == 8


async def test_hang_up_between_any_two_lines_ends_the_session(script: Script) -> None:
    async with door(script) as server:
        for answers in range(8):
            left = iter(range(answers))

            def replies(command: str, left: object = left) -> str:
                if next(left, None) is None:  # type: ignore[call-overload]
                    raise ConnectionError
                return dialplan("11")(command)

            await ring(server.port, replies)
        await settled(server)


async def test_a_call_is_two_commands_a_menu_and_one_at_the_end(script: Script) -> None:
    async with door(script) as server:
        commands = await ring(server.port, dialplan("253"))
    assert [command.split()[1] for command in commands] == ["ask", "VARIABLE"] * 3 + ["queue"]
    assert "language=ru&topic=education&age_band=15-18" in commands[-1]


async def test_no_command_carries_the_callers_number(script: Script) -> None:
    async with door(script) as server:
        commands = await ring(server.port, dialplan("253"))
    assert CALLER.lstrip("+") not in "".join(commands)
    assert "caller=" in commands[0]


async def test_same_caller_has_the_same_hash_however_the_carrier_writes_the_number(script: Script) -> None:
    async with door(script) as server:
        forms = ["+994500000001", "994500000001", "0500000001", "00994500000001"]
        first = {(await ring(server.port, dialplan(()), header(caller=form)))[0].split(",")[4] for form in forms}
        other = (await ring(server.port, dialplan(()), header(caller="+994500000002")))[0].split(",")[4]
    assert len(first) == 1
    assert other not in first


@pytest.mark.parametrize("caller", ["", "anonymous", "unknown"])
async def test_withheld_number_has_no_hash(script: Script, caller: str) -> None:
    async with door(script) as server:
        assert "caller=" not in (await ring(server.port, dialplan(()), header(caller=caller)))[0]


async def test_refused_command_ends_the_session_and_leaves_the_caller_to_the_next_door(script: Script) -> None:
    async with door(script) as server:
        commands = await ring(server.port, lambda _: "520-Invalid\nusage\n520 End of proper usage.\n")
    assert len(commands) == 1


async def test_fault_of_ours_is_logged_by_its_place_alone() -> None:
    async def story(line: Line) -> None:
        raise RuntimeError(f"a message with {line.header.caller} in it")

    with structlog.testing.capture_logs() as logs:
        async with FastAgiServer(0, story) as server:
            await ring(server.port, dialplan(()))
            await settled(server)
    assert logs[0]["error"] == "RuntimeError"
    assert CALLER not in str(logs)


async def test_leaving_the_server_ends_calls_that_are_in_it(script: Script) -> None:
    async with door(script) as server:
        call = asyncio.create_task(ring(server.port, lambda _: "100 result=0 Trying...\n"))
        while not server.sessions:
            await asyncio.sleep(0.01)
    async with asyncio.timeout(2):
        await call
