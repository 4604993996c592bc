"""Sound and keys as RTP, and the socket that sends and hears them."""

import asyncio
from array import array

import pytest

from ivr.telephony.rtp import ALAW, KEYS, SAMPLES, ULAW, Packet, Samples, decode, encode, key_payloads, tone
from ivr.telephony.sipp import until
from ivr.telephony.voice import Address, Voice


@pytest.mark.parametrize("law", [ULAW, ALAW])
def test_every_code_survives_decoding_and_encoding(law: int) -> None:
    again = encode(law, decode(law, bytes(range(256))))
    assert decode(law, again) == array("h", SAMPLES[law])


# ITU-T G.711, tables 1a and 2a: the ends and the middle of the scales, in 16-bit steps.
@pytest.mark.parametrize(
    ("law", "code", "sample"),
    [
        (ULAW, 0x80, 32124),
        (ULAW, 0x00, -32124),
        (ULAW, 0xFF, 0),
        (ULAW, 0xCE, 988),
        (ALAW, 0xAA, 32256),
        (ALAW, 0x2A, -32256),
        (ALAW, 0xD5, 8),
        (ALAW, 0x55, -8),
    ],
)
def test_g711_says_so(law: int, code: int, sample: int) -> None:
    assert decode(law, bytes([code]))[0] == sample


@pytest.mark.parametrize("law", [ULAW, ALAW])
def test_a_tone_comes_through_nearly_as_it_was(law: int) -> None:
    before = tone(440)
    after: Samples = decode(law, encode(law, before))
    assert all(abs(a - b) <= max(16, abs(a) // 16) for a, b in zip(before, after, strict=True))


def test_a_packet_survives_the_wire() -> None:
    packet = Packet(101, 65535, 2**32 - 1, 7, b"sound", marker=True)
    assert Packet.parse(packet.wire()) == packet
    assert Packet.parse(b"") is None
    assert Packet.parse(b"\x00" * 40) is None


def test_a_key_grows_while_it_is_held_and_ends_three_times() -> None:
    payloads = list(key_payloads("9", 60))
    assert [first for _, first in payloads] == [True, False, False, False, False, False]
    assert [int.from_bytes(payload[2:]) for payload, _ in payloads] == [160, 320, 480, 480, 480, 480]
    assert [payload[1] >> 7 for payload, _ in payloads] == [0, 0, 0, 1, 1, 1]
    assert {payload[0] for payload, _ in payloads} == {KEYS.index("9")}


async def test_two_voices_talk_and_press() -> None:
    heard: list[Packet] = []

    def listen(packet: Packet, _at: float, _source: Address) -> None:
        heard.append(packet)

    async with Voice(listen) as ear, Voice() as mouth:
        leg = mouth.to(("127.0.0.1", ear.port), ALAW, 96)
        leg.say(tone(440))
        await asyncio.wait_for(leg.press("5", held_ms=60, gap_ms=20), 2)
    assert {packet.payload_type for packet in heard} <= {ALAW, 96}
    keys = [packet for packet in heard if packet.payload_type == 96]
    assert len(keys) == 6
    assert len({packet.timestamp for packet in keys}) == 1
    assert keys[0].marker and not keys[1].marker


async def test_a_leg_that_says_nothing_sends_nothing() -> None:
    heard: list[Packet] = []
    async with Voice(lambda packet, _at, _source: heard.append(packet)) as ear, Voice() as mouth:
        mouth.to(("127.0.0.1", ear.port), ULAW, 96).say(None)
        await asyncio.sleep(0.1)
    assert heard == []


async def test_an_echo_returns_what_came() -> None:
    heard: list[Packet] = []
    async with Voice(lambda packet, _at, _source: heard.append(packet)) as near, Voice() as far:
        far.to(("127.0.0.1", near.port), ULAW, 96).echoes = True
        near.send(Packet(ULAW, 1, 160, 5, b"hello"), ("127.0.0.1", far.port))
        await until(lambda: heard, 2, "the echo")
    assert heard[0].payload == b"hello"


async def test_ports_are_even_because_the_odd_one_above_is_for_rtcp() -> None:
    async with Voice() as one, Voice() as other:
        assert one.port % 2 == other.port % 2 == 0
        assert one.port != other.port
