"""Encrypted phones on desks, and those that are not: a real one (baresip), by TLS and SRTP, and a real child."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

import pytest

from ivr import desk_tls
from ivr.settings import Settings
from ivr.telephony.rtp import tone
from ivr.telephony.sipp import until
from ivr.telephony.sipp_child import Press, Stay, Until, Wait
from ivr.telephony.switch import answers_sip
from tests.live.ears import Ears
from tests.live.line import LiveLine
from tests.live.softphone import How, Softphone, softphone
from tests.live.wire import needs_root, wire

pytestmark = pytest.mark.live

CHILD_HZ, COUNSELLOR_HZ = 440, 700
TO_A_PERSON = (Wait(1.5), Press("1"), Wait(1.0), Press("0"))
TRANSPORT = re.compile(r"m=audio (\d+) (\S+)")
PLAIN, ENCRYPTED = "RTP/AVP", "RTP/SAVP"


@pytest.fixture(scope="module")
def desks(switch_there: None) -> Iterator[LiveLine]:
    """101 must be encrypted, the others may."""
    own = LiveLine(tls="yes", encrypted_phones="101")
    own.open()
    yield own
    own.close()


async def talk(line: LiveLine, phone: Softphone, child: Ears) -> None:
    """A child rings, and each hears the other's tone."""
    hears = Until(lambda: child.hears(COUNSELLOR_HZ), 30, "the counsellor's tone")
    heard = Until(lambda: phone.hears(CHILD_HZ), 15, "the child's tone, on the phone")
    await line.call(*TO_A_PERSON, hears, heard, Wait(2), ears=child, says=tone(CHILD_HZ))


async def registered(phone: Softphone) -> None:
    await until(lambda: phone.registered, 10, "the phone to register")


def row_of(line: LiveLine, extension: str) -> dict[str, object]:
    return next(row for row in line.rows("phones") if row["extension"] == extension)


def sdp(phone: Softphone) -> list[tuple[int, str]]:
    """Ports and transports of sound, the switch's offer first."""
    return [(int(port), transport) for port, transport in TRANSPORT.findall(phone.said)]


@needs_root
async def test_a_phone_by_tls_talks_and_nobody_on_the_cable_hears_it(desks: LiveLine) -> None:
    await desks.all_in()
    before, child = desks.known(), Ears()
    trusted = How(hertz=COUNSELLOR_HZ, trusts=desks.state / "tls/phones.crt")
    with wire() as cable:
        async with softphone(desks, "101", desks.tls_port, trusted) as phone:
            await registered(phone)
            assert (row_of(desks, "101")["registered"], row_of(desks, "101")["encrypted"]) == (True, True)
            await talk(desks, phone, child)
            offer, answer = sdp(phone)[:2]
    assert (offer[1], answer[1]) == (ENCRYPTED, ENCRYPTED)
    assert "a=crypto:" in phone.said
    for port in (offer[0], answer[0]):
        assert cable.packets(port) > 50
        assert not cable.hears(port, COUNSELLOR_HZ)
        assert not cable.hears(port, CHILD_HZ)
    # The same ears hear the child's own leg, which comes over the trunk in the clear.
    own = int(desks.env["IVR_RTP_FIRST_PORT"])
    assert any(cable.hears(port, COUNSELLOR_HZ) for port in set(range(own, own + 1000)) - {offer[0]})
    (row,) = await desks.new_rows(before)
    assert (row["outcome"], row["counsellor"]) == ("answered", "101")


async def test_a_phone_that_must_be_encrypted_is_refused_in_the_clear(desks: LiveLine) -> None:
    async with softphone(desks, "101", desks.sip_port, How("udp", "")) as phone:
        await until(lambda: "401 Unauthorized (helpline)" in phone.said, 10, "the phone to be refused")
    assert not phone.registered
    assert not row_of(desks, "101")["registered"]


async def test_a_phone_by_tls_that_sends_no_srtp_is_given_no_talk_where_it_must(desks: LiveLine) -> None:
    """It is asked for SRTP, says no, and the child goes on to whoever can."""
    before, child = desks.known(), Ears()
    await desks.all_in()
    async with (
        softphone(desks, "101", desks.tls_port, How(media="")) as without,
        desks.phone("102", talk_s=1).on(desks.address, desks.folder()),
    ):
        await registered(without)
        await desks.call(*TO_A_PERSON, Stay(60), ears=child)
        assert all(transport == ENCRYPTED for _, transport in sdp(without))
    (row,) = await desks.new_rows(before)
    assert (row["outcome"], row["counsellor"]) == ("answered", "102")


@pytest.mark.parametrize(("media", "is_encrypted"), [("", False), ("srtp", True)], ids=["which cannot", "which can"])
async def test_a_phone_in_the_clear_that_may_talks_as_it_can(desks: LiveLine, media: str, is_encrypted: bool) -> None:
    await desks.all_in()
    child = Ears()
    async with softphone(desks, "102", desks.sip_port, How("udp", media, COUNSELLOR_HZ)) as phone:
        await registered(phone)
        row = row_of(desks, "102")
        assert (row["registered"], row["encrypted"], row["must_encrypt"]) == (True, False, False)
        await talk(desks, phone, child)
    assert [transport for _, transport in sdp(phone)[:2]] == [PLAIN, PLAIN]
    assert ("SRTP is Enabled" in phone.said) == is_encrypted


async def test_a_renewed_certificate_is_shown_and_a_talk_goes_on(desks: LiveLine) -> None:
    await desks.all_in()
    was, child, renewed = desk_tls.served(told(desks)), Ears(), asyncio.Event()
    async with softphone(desks, "101", desks.tls_port, How(hertz=COUNSELLOR_HZ)) as phone:
        await registered(phone)
        hears = Until(lambda: child.hears(COUNSELLOR_HZ), 30, "the counsellor's tone")
        steps = (*TO_A_PERSON, hears, Until(renewed.is_set, 90, "the certificate to be renewed"), Wait(2))
        ringing = asyncio.create_task(desks.call(*steps, ears=child))
        await until(lambda: child.hears(COUNSELLOR_HZ), 40, "the talk")
        (desks.state / "tls/phones.crt").unlink()
        await asyncio.to_thread(desks.run, "up", "--renew")
        since = time.time()
        renewed.set()
        await ringing
    now = desk_tls.served(told(desks))
    assert was
    assert now
    assert now.fingerprint != was.fingerprint
    assert child.hears(COUNSELLOR_HZ, since)


async def test_whatever_becomes_of_the_certificate_a_child_is_answered(new_line: Callable[..., LiveLine]) -> None:
    line = new_line(tls="yes")
    assert desk_tls.served(told(line))
    for spoilt in (_rubbish, _missing, _unreadable):
        await _is_answered(line, spoilt)
    line.run("up", "--renew")
    await until(lambda: desk_tls.served(told(line)), 10, "phones by TLS to be let in again")
    await _is_answered(line, _taken)


def told(line: LiveLine) -> Settings:
    return Settings(state_dir=line.state, sip_port=line.sip_port, sip_tls_port=line.tls_port)


async def _is_answered(line: LiveLine, spoilt: Callable[[LiveLine], AbstractContextManager[None]]) -> None:
    """By a switch that was started again with the certificate or the port spoilt, which `ivr check --live` tells."""
    line.send("keeper", signal.SIGSTOP)
    line.send("switch", signal.SIGKILL)
    with spoilt(line):
        line.send("keeper", signal.SIGCONT)
        await until(lambda: answers_sip(*line.address), 30, "the switch to answer again")
        await until(lambda: "fully booted" in line.console("core waitfullybooted"), 30, "the switch to be there")
        call = await line.call(Wait(2), answer_within_s=20)
        assert call.answered_at, spoilt.__name__
        assert desk_tls.served(told(line)) is None, spoilt.__name__
        assert "encryption" in {row["what"] for row in _live(line) if not row["well"]}, spoilt.__name__


def _live(line: LiveLine) -> list[dict[str, object]]:
    return [json.loads(row) for row in line.run("check", "--live", "--json", code=None).splitlines() if row[:1] == "{"]


@contextmanager
def _rubbish(line: LiveLine) -> Iterator[None]:
    (line.state / "tls/phones.crt").write_text("rubbish")
    yield


@contextmanager
def _missing(line: LiveLine) -> Iterator[None]:
    (line.state / "tls/phones.crt").unlink()
    yield


@contextmanager
def _unreadable(line: LiveLine) -> Iterator[None]:
    """Nor may it be read: a folder in its place, which no right of root's reads either."""
    (line.state / "tls/phones.crt").mkdir()
    yield
    (line.state / "tls/phones.crt").rmdir()


@contextmanager
def _taken(line: LiveLine) -> Iterator[None]:
    """The certificate is well, another program has the port."""
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _bind(other, line.tls_port)
        other.listen()
        yield


def _bind(other: socket.socket, port: int) -> None:
    """As soon as whoever was killed has let go of it."""
    for _ in range(100):
        with suppress(OSError):
            return other.bind(("127.0.0.1", port))
        time.sleep(0.05)
    raise AssertionError("the port is not free")
