"""Sound as it travels: RTP packets (RFC 3550), G.711 (ITU-T), keys (RFC 4733). Values only, no sockets.

The tables are written out here because `audioop` left the standard library with Python 3.13.
"""

import math
import struct
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Samples = array[int]
else:
    # `array[int]` cannot be written at run time before Python 3.12.
    Samples = array

RATE_HZ = 8000
PACKET_MS = 20
PACKET_SAMPLES = RATE_HZ * PACKET_MS // 1000
ULAW, ALAW = 0, 8
KEYS = "0123456789*#ABCD"
HEADER = struct.Struct("!BBHII")
EVENT = struct.Struct("!BBH")
END_OF_EVENT = 0x80
LOUDNESS = 10  # of a key, in -dBm0 (RFC 4733 2.3.4)


@dataclass(frozen=True, slots=True)
class Packet:
    """One RTP packet; `timestamp` in samples."""

    payload_type: int
    sequence: int
    timestamp: int
    source: int
    payload: bytes
    marker: bool = False

    @classmethod
    def parse(cls, wire: bytes) -> "Packet | None":
        """None for what is not plain RTP; contributing sources are skipped, extensions are never sent to us."""
        if len(wire) < HEADER.size or wire[0] >> 6 != 2:
            return None
        first, second, sequence, timestamp, source = HEADER.unpack_from(wire)
        payload = wire[HEADER.size + 4 * (first & 0x0F) :]
        return cls(second & 0x7F, sequence, timestamp, source, payload, bool(second & 0x80))

    def wire(self) -> bytes:
        second = self.payload_type | (0x80 if self.marker else 0)
        head = HEADER.pack(0x80, second, self.sequence & 0xFFFF, self.timestamp & 0xFFFFFFFF, self.source)
        return head + self.payload


def _ulaw_sample(code: int) -> int:
    code = ~code & 0xFF
    step = (((code & 0x0F) << 3) + 0x84) << ((code & 0x70) >> 4)
    return 0x84 - step if code & 0x80 else step - 0x84


def _alaw_sample(code: int) -> int:
    code ^= 0x55
    segment, step = (code & 0x70) >> 4, (code & 0x0F) << 4
    step = step + 8 if segment == 0 else (step + 0x108) << (segment - 1)
    return step if code & 0x80 else -step


SAMPLES = {ULAW: [_ulaw_sample(code) for code in range(256)], ALAW: [_alaw_sample(code) for code in range(256)]}
# For each law its samples in order, and the code of each: encoding is looking up the next one.
_ORDERED = {law: sorted((sample, code) for code, sample in enumerate(table)) for law, table in SAMPLES.items()}


def decode(law: int, payload: bytes) -> Samples:
    """G.711 bytes to 16-bit samples."""
    table = SAMPLES[law]
    return array("h", (table[code] for code in payload))


def encode(law: int, samples: Samples) -> bytes:
    """16-bit samples to G.711 bytes."""
    ordered = _ORDERED[law]
    last = len(ordered) - 1
    return bytes(ordered[min(bisect_left(ordered, (sample, 0)), last)][1] for sample in samples)


def tone(hertz: int, *, level: float = 0.25) -> Samples:
    """One second of a pure tone, to be repeated: a whole number of hertz closes without a click."""
    top, turn = level * 32767, 2 * math.pi * hertz / RATE_HZ
    return array("h", (round(top * math.sin(turn * n)) for n in range(RATE_HZ)))


SILENCE = array("h", bytes(2 * PACKET_SAMPLES))


def key_payloads(key: str, held_ms: int) -> Iterator[tuple[bytes, bool]]:
    """The payloads of one key, one for each 20 ms it is held, and whether it is the first; the end is sent
    three times, because nothing sends a lost packet again (RFC 4733 2.5.1.4).
    """
    event, packets = KEYS.index(key), max(1, held_ms // PACKET_MS)
    for n in range(1, packets + 1):
        yield EVENT.pack(event, LOUDNESS, n * PACKET_SAMPLES), n == 1
    for _ in range(3):
        yield EVENT.pack(event, END_OF_EVENT | LOUDNESS, packets * PACKET_SAMPLES), False
