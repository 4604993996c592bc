"""The manager interface on a real socket: what a switch says, and what one says that hangs, lies or is cut off."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from itertools import pairwise
from pathlib import Path

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.errors import TelephonyError
from ivr.telephony import ami
from ivr.telephony.ami import RESPONSE, RESYNC, Message, Switch, compose, connected, connections, parse
from tests.fake_ami import SECRET, USER, FakeAmi, captured

NAME = "Əliyə Ünlü-Şıxəli"
BLOCKS = [block for name in ("queue-status", "answered-call", "queue-add") for block in captured(name).split("\n\n")]
JOINED = "Event: QueueCallerJoin\nQueue: az\nUniqueid: hl-1.{n}\nCallerIDNum: +994000000001\n\n"


@asynccontextmanager
async def logged_in(**how: int) -> AsyncIterator[tuple[FakeAmi, Switch]]:
    async with FakeAmi(**how) as fake, connected("127.0.0.1", fake.port, USER, SECRET) as switch:
        yield fake, switch


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0.002)


async def names(switch: Switch) -> list[str]:
    """Every event until the connection is lost."""
    async with asyncio.timeout(10):
        return [event.name async for event in switch.events()]


async def test_list_comes_without_its_head_and_its_end() -> None:
    async with logged_in() as (_, switch):
        listed = await switch.ask("QueueStatus")
    assert {message.name for message in listed} == {"QueueParams", "QueueMember", "QueueEntry"}
    members = [m["Location"] for m in listed if m.name == "QueueMember" and m["Queue"] == "ru"]
    assert members == ["PJSIP/103", "PJSIP/102", "PJSIP/101"]


async def test_what_is_told_reaches_the_switch_and_its_reply_comes_back() -> None:
    async with logged_in() as (fake, switch):
        reply = await switch.tell("QueueAdd", Queue="ru", Interface="PJSIP/101", MemberName=NAME)
    assert (reply.name, reply["Message"]) == (RESPONSE, "Added interface to queue")
    told = fake.actions[-1]
    assert (told["Action"], told["Queue"], told["MemberName"]) == ("QueueAdd", "ru", NAME)


async def test_refusal_has_the_words_of_the_switch() -> None:
    async with logged_in() as (fake, switch):
        fake.answers["QueueAdd"] = captured("queue-add-again")
        with pytest.raises(TelephonyError, match="refused QueueAdd: Unable to add interface: Already there"):
            await switch.tell("QueueAdd", Queue="ru", Interface="PJSIP/101")
        assert (await switch.tell("Ping"))["Ping"] == "Pong"


@pytest.mark.parametrize("pieces", [0, 1, 2, 7])
async def test_letter_split_over_two_reads_is_whole(pieces: int) -> None:
    async with logged_in(pieces=pieces) as (_, switch):
        listed = await switch.ask("QueueStatus")
        assert NAME in {message["Name"] for message in listed}


async def test_answers_find_their_questions_whatever_their_order() -> None:
    async with logged_in() as (_, switch):
        members, states, pong = await asyncio.gather(
            switch.ask("QueueStatus"), switch.ask("DeviceStateList"), switch.tell("Ping")
        )
    assert ({m.name for m in states}, pong["Ping"]) == ({"DeviceStateChange"}, "Pong")
    assert "DeviceStateChange" not in {m.name for m in members}


async def test_events_come_in_order_and_end_with_the_connection() -> None:
    async with logged_in() as (fake, switch):
        await fake.send(captured("answered-call"))
        await switch.tell("Ping")
        fake.drop()
        heard = await names(switch)
    assert [name for name in heard if not name.startswith(("Device", "QueueMember"))] == [
        "QueueCallerJoin",
        "AgentCalled",
        "QueueCallerLeave",
        "AgentConnect",
        "AgentComplete",
    ]


async def test_nothing_of_a_caller_is_kept() -> None:
    async with logged_in() as (fake, switch):
        listed = await switch.ask("QueueStatus")
        await fake.send(captured("answered-call") + JOINED.format(n=1))
        await switch.tell("Ping")
        fake.drop()
        kept = [*listed, *[event async for event in switch.events()]]
    assert not [name for message in kept for name in message if "CallerID" in name or "ConnectedLine" in name]
    assert "+994000000001" not in str([dict(message.fields) for message in kept])
    assert [message["Uniqueid"] for message in kept][-1] == "hl-1.1"


async def test_no_event_is_in_a_log_or_a_repr() -> None:
    with structlog.testing.capture_logs() as logs:
        async with logged_in() as (fake, switch):
            await fake.send("Event: UserEvent\nExtension: +994000000001\n\n" + "Event: Half\r\nQueue: +994000000001")
            fake.drop()
            events = [event async for event in switch.events()]
    assert [event["Extension"] for event in events] == ["+994000000001"]
    assert "994" not in repr(events) + str(logs)


@pytest.mark.parametrize("value", ["az\r\nAction: Originate", "a\nb", "a\0b", "x" * 2000])
async def test_value_that_would_be_more_than_a_value_is_refused_and_nothing_is_sent(value: str) -> None:
    async with logged_in() as (fake, switch):
        with pytest.raises(TelephonyError, match="no line"):
            await switch.tell("QueueAdd", Queue="az", Interface=value)
        with pytest.raises(TelephonyError, match="no line"):
            await switch.tell("QueueAdd", **{f"Queue{value}": "az"})
        assert fake.done == []


async def test_wrong_secret_is_refused() -> None:
    async with FakeAmi() as fake:
        with pytest.raises(TelephonyError, match="Authentication failed"):
            async with connected("127.0.0.1", fake.port, USER, "wrong"):
                pass


async def test_nobody_there() -> None:
    async with FakeAmi() as fake:
        port = fake.port
    with pytest.raises(TelephonyError, match="is away"):
        async with connected("127.0.0.1", port, USER, SECRET):
            pass


async def test_another_server_is_told_at_once() -> None:
    async with FakeAmi() as fake:
        fake.banner = "SSH-2.0-OpenSSH_9.2"
        with pytest.raises(TelephonyError, match="not the switch's manager"):
            async with connected("127.0.0.1", fake.port, USER, SECRET):
                pass


async def test_switch_that_is_not_booted_is_not_waited_for_longer_than_the_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ami, "LOGIN_DEADLINE_S", 0.1)
    async with FakeAmi() as fake:
        fake.login = fake.login.split("\n\n")[0] + "\n\n"
        with pytest.raises(TelephonyError, match="did not finish the login"):
            async with connected("127.0.0.1", fake.port, USER, SECRET):
                pass


async def test_login_is_over_when_every_module_is_there_and_not_before() -> None:
    async with FakeAmi() as fake:
        accepted, booted, _ = fake.login.split("\n\n")
        fake.login = f"{accepted}\n\n{JOINED.format(n=1)}"
        coming = asyncio.ensure_future(anext(connections("127.0.0.1", fake.port, USER, SECRET)))
        await until(lambda: bool(fake.actions))
        await asyncio.sleep(0.1)
        assert not coming.done()
        await fake.send(f"{booted}\n\n")
        assert isinstance(await coming, Switch)


async def test_switch_that_takes_the_connection_and_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ami, "LOGIN_DEADLINE_S", 0.1)
    async with FakeAmi() as fake:
        fake.hangs = True
        with pytest.raises(TelephonyError, match="in time"):
            async with connected("127.0.0.1", fake.port, USER, SECRET):
                pass


async def test_dead_peer_is_noticed_by_the_ping_though_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ami, "PING_EVERY_S", 0.05)
    async with logged_in() as (fake, switch):
        fake.hangs = True
        assert await names(switch) == []
        with pytest.raises(TelephonyError, match="does not answer"):
            await switch.tell("Ping")


def test_dead_peer_is_noticed_within_five_seconds() -> None:
    assert 2 * ami.PING_EVERY_S < 5


async def test_unanswered_action_ends_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    async with logged_in() as (fake, switch):
        monkeypatch.setattr(ami, "ACTION_DEADLINE_S", 0.05)
        fake.answers["QueueAdd"] = ""
        with pytest.raises(TelephonyError, match="did not answer QueueAdd"):
            await switch.tell("QueueAdd", Queue="az", Interface="PJSIP/101")
        assert await names(switch) == []


async def test_half_a_message_is_no_message() -> None:
    async with logged_in() as (fake, switch):
        fake.answers["Ping"] = ""
        await fake.send(JOINED.format(n=1) + JOINED.format(n=2)[:-2])
        await asyncio.sleep(0.05)
        fake.drop()
        assert await names(switch) == ["QueueCallerJoin"]


async def test_action_in_flight_when_the_connection_drops_fails_and_is_never_sent_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ami, "BACK_OFF_S", (0.0,))
    async with FakeAmi() as fake, aclosing(connections("127.0.0.1", fake.port, USER, SECRET)) as fresh:
        fake.answers["QueueAdd"] = ""
        switch = await anext(fresh)
        adding = asyncio.create_task(switch.tell("QueueAdd", Queue="az", Interface="PJSIP/101"))
        while not fake.done:
            await asyncio.sleep(0.01)
        fake.drop()
        with pytest.raises(TelephonyError, match="closed its manager connection"):
            await adding
        other = await anext(fresh)
        await other.tell("Ping")
        with pytest.raises(TelephonyError, match="closed"):
            await switch.tell("QueueAdd", Queue="az", Interface="PJSIP/102")
        assert (fake.done, len(fake.connected_at)) == (["QueueAdd"], 2)


async def test_connections_back_off_and_begin_again_with_the_first_wait_after_a_steady_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert ami.BACK_OFF_S == (0.1, 0.3, 1.0, 3.0)
    monkeypatch.setattr(ami, "BACK_OFF_S", (0.0, 0.1, 0.2, 0.3))
    async with FakeAmi() as fake:
        fake.banner = "no switch"
        async with aclosing(connections("127.0.0.1", fake.port, USER, SECRET)) as fresh:
            coming = asyncio.ensure_future(anext(fresh))
            await until(lambda: len(fake.connected_at) >= 5)
            fake.banner = captured("login").split("\n", 1)[0]
            await coming
            monkeypatch.setattr(ami, "STEADY_S", 0.0)
            monkeypatch.setattr(ami, "BACK_OFF_S", (0.0, 60.0))
            async with asyncio.timeout(10):
                await anext(fresh)
    waits = [after - before for before, after in pairwise(fake.connected_at[:5])]
    assert all(wait > least for wait, least in zip(waits, (0.0, 0.09, 0.19, 0.29), strict=True))


async def test_events_of_others_actions_are_heard_and_what_comes_late_to_ours_is_not() -> None:
    async with logged_in() as (fake, switch):
        await fake.send("Event: UserEvent\nUserEvent: Presence\nActionID: 3\nExtension: 101\n\n")
        fake.answers["QueueStatus"] = ""
        with suppress(TimeoutError):
            async with asyncio.timeout(0.05):
                await switch.ask("QueueStatus")
        late = fake.actions[-1]["ActionID"]
        await fake.send(captured("queue-status").replace("@ID@", late))
        await asyncio.sleep(0.05)
        fake.drop()
        heard = [(event.name, event["Extension"]) async for event in switch.events()]
    assert heard == [("UserEvent", "101")]


LIES = {
    "list without an end that is broken off": "Response: Success\nActionID: @ID@\nEventList: start\n\n"
    "Event: QueueStatusComplete\nActionID: @ID@\nEventList: cancelled\n\n",
    "an answer twice": captured("ping") * 2,
    "an end without a beginning": "Event: QueueStatusComplete\nActionID: @ID@\nEventList: Complete\n\n",
    "an answer to nobody": "Response: Success\nActionID: 17\n\nResponse: Success\n\n" + captured("ping"),
    "no answer but an event": "Event: Nothing\nActionID: @ID@\n\n" + captured("ping"),
    "empty messages": "\n\n\n\n\n\n" + captured("ping"),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
async def test_lies_do_no_harm_to_the_next_question(lie: str) -> None:
    async with logged_in() as (fake, switch):
        fake.answers["QueueStatus"] = lie
        for asking in (switch.ask, switch.tell):
            with suppress(TelephonyError):
                await asking("QueueStatus")
        assert (await switch.tell("Ping"))["Ping"] == "Pong"


async def test_endless_message_ends_the_connection() -> None:
    async with logged_in() as (fake, switch):
        await fake.send_bytes(b"Event: Endless\r\n" + b"x" * 300_000)
        assert await names(switch) == []
        with pytest.raises(TelephonyError, match="a message longer than"):
            await switch.tell("Ping")


async def test_endless_list_is_refused_before_the_memory_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ami, "LIST_LIMIT", 100)
    async with logged_in() as (fake, switch):
        head, member = captured("queue-status").split("\n\n")[:2]
        fake.answers["QueueStatus"] = head + "\n\n" + (member + "\n\n") * 200
        with pytest.raises(TelephonyError, match="did not finish"):
            await switch.ask("QueueStatus")


def resident_mb() -> float:
    """proc(5), statm: the second number is of pages."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


async def test_flood_is_bounded_and_says_that_some_are_missing() -> None:
    flood = "".join(JOINED.format(n=n) for n in range(1000))
    async with logged_in() as (fake, switch):
        before = resident_mb()
        for _ in range(100):
            await fake.send(flood)
        await switch.tell("Ping")
        grown = resident_mb() - before
        fake.drop()
        heard = await names(switch)
    assert heard == [RESYNC] + ["QueueCallerJoin"] * ami.EVENTS_LIMIT
    assert grown < 30  # kept, they would take 100


async def test_reader_lets_others_work_during_a_flood() -> None:
    flood = "".join(JOINED.format(n=n) for n in range(5000))
    longest, before = 0.0, time.monotonic()
    async with logged_in() as (fake, _):
        sending = asyncio.create_task(fake.send(flood))
        while not sending.done():
            await asyncio.sleep(0)
            longest, before = max(longest, time.monotonic() - before), time.monotonic()
    assert longest < 0.5


@given(st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
def test_no_bytes_break_the_parser(block: bytes) -> None:
    assert isinstance(parse(block), Message | None)
    found = parse(b"Event: X\r\n" + block)
    assert found is not None
    assert all(isinstance(value, str) for value in found.fields.values())


FIELDS = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=60)


@given(FIELDS, FIELDS)
def test_what_is_composed_is_read_as_it_was(queue: str, member: str) -> None:
    sent = compose({"Event": "QueueMemberAdded", "Queue": queue, "MemberName": member})
    found = parse(sent.removesuffix(b"\r\n\r\n"))
    assert found is not None
    assert (found["Queue"], found["MemberName"], found["Other"]) == (queue, member, "")


def test_repeated_field_has_a_line_for_each() -> None:
    found = parse(b"Event: X\r\nVariable: a\r\nVariable: b\r\nVariable: c")
    assert found and found["Variable"] == "a\nb\nc"


STREAM = "".join(f"{block}\n\n" for block in BLOCKS).replace("\n", "\r\n").encode()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, len(STREAM) - 1), max_size=6).map(sorted))
async def test_stream_cut_anywhere_gives_the_same_events(cuts: list[int]) -> None:
    async with logged_in() as (fake, switch):
        fake.answers["Ping"] = ""  # an answer between two pieces would be a lie
        for start, end in zip([0, *cuts], [*cuts, len(STREAM)], strict=True):
            await fake.send_bytes(STREAM[start:end])
            await asyncio.sleep(0)
        fake.answers["Ping"] = captured("ping")
        await switch.tell("Ping")
        fake.drop()
        heard = await names(switch)
    assert heard == [found.name for block in BLOCKS if (found := parse(block.replace("\n", "\r\n").encode()))
                     and found.name != RESPONSE]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
async def test_rubbish_on_the_wire_never_breaks_the_reader(rubbish: bytes) -> None:
    async with logged_in() as (fake, switch):
        await fake.send_bytes(rubbish + b"\r\n\r\n" + JOINED.format(n=7).replace("\n", "\r\n").encode())
        await switch.tell("Ping")
        fake.drop()
        assert (await names(switch))[-1] == "QueueCallerJoin"
