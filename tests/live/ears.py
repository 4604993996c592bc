"""What a side of a call heard: RTP decoded, with the time of every packet, and questions to ask of it.

`Ears().heard` is the listener of a `Voice`, and so of a child or a phone. Times are seconds since 1970, as in the
message traces, so that "within 5 s of the answer" is a subtraction.
"""

import math
from array import array
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from ivr.telephony.rtp import ALAW, EVENT, KEYS, PACKET_SAMPLES, RATE_HZ, ULAW, Packet, Samples, decode

WINDOW = 10
"""Packets in which a tone is looked for: 200 ms."""
PROMPT_FRAMES = 3
"""By which a recording is known again: 60 ms."""
LOUD_ENOUGH = 100.0
"""Root mean square of 16-bit samples. G.711's own silence is below 10, a whispering prompt above 300."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One packet's sound, 20 ms as a rule."""

    at: float
    samples: Samples
    source: int
    loud: bool


@dataclass(frozen=True, slots=True)
class Key:
    """One key heard; `at` when it went down."""

    at: float
    key: str
    held_ms: int


class Ears:
    """Hears everything that reaches one voice, and keeps it."""

    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self.keys: dict[tuple[int, int], Key] = {}
        self._tones: dict[tuple[int, int], bool] = {}

    def heard(self, packet: Packet, at: float, _source: tuple[str, int]) -> None:
        if packet.payload_type in (ULAW, ALAW):
            samples = decode(packet.payload_type, packet.payload)
            self.pieces.append(Piece(at, samples, packet.source, loudness(samples) >= LOUD_ENOUGH))
        elif len(packet.payload) == EVENT.size:
            # All packets of one key carry the same timestamp, and the time it is held so far.
            event, _, held = EVENT.unpack(packet.payload)
            began = self.keys.get((packet.source, packet.timestamp))
            key = Key(began.at if began else at, KEYS[event], held * 1000 // RATE_HZ)
            self.keys[packet.source, packet.timestamp] = key

    @property
    def pressed(self) -> str:
        """The keys heard, in order."""
        return "".join(key.key for key in self.keys.values())

    @property
    def first_at(self) -> float | None:
        """The first packet, silent or not."""
        return self.pieces[0].at if self.pieces else None

    def sound_at(self, since: float = 0) -> float | None:
        """The first audible packet from `since` on."""
        return next((piece.at for piece in self.pieces if piece.at >= since and piece.loud), None)

    def longest_silence(self, since: float, till: float) -> float:
        """Seconds without an audible packet, at most, in this window; no packet is silence too."""
        marks = [since, *(p.at for p in self.pieces if since <= p.at <= till and p.loud), till]
        return max(after - before for before, after in pairwise(marks))

    def hears_prompt(self, alaw: Path, since: float = 0) -> bool:
        """Whether the loudest moment of this recording was heard. A-law travels byte by byte as it lies on disk."""
        wanted = _loudest(alaw.read_bytes())
        starts = range(len(self.pieces) - len(wanted) + 1)
        return any(self._are(start, wanted) for start in starts if self.pieces[start].at >= since)

    def _are(self, start: int, wanted: list[Samples]) -> bool:
        return all(self.pieces[start + place].samples == samples for place, samples in enumerate(wanted))

    def hears(self, hertz: int, since: float = 0, till: float = math.inf) -> bool:
        """Whether a tone of this frequency sounds for 200 ms in this window, louder than all else together."""
        starts = range(0, len(self.pieces) - WINDOW + 1, WINDOW // 2)
        return any(self._has_tone(start, hertz) for start in starts if self._within(start, since, till))

    def _within(self, start: int, since: float, till: float) -> bool:
        return self.pieces[start].at >= since and self.pieces[start + WINDOW - 1].at <= till

    def _has_tone(self, start: int, hertz: int) -> bool:
        # Asked again and again while a test waits, so what was found out once is kept.
        if (start, hertz) not in self._tones:
            samples = array("h")
            for piece in self.pieces[start : start + WINDOW]:
                samples.extend(piece.samples)
            self._tones[start, hertz] = loudness(samples) >= LOUD_ENOUGH and share(samples, hertz) > 0.5
        return self._tones[start, hertz]


def _loudest(recording: bytes) -> list[Samples]:
    packets = [decode(ALAW, recording[at : at + PACKET_SAMPLES]) for at in range(0, len(recording), PACKET_SAMPLES)]
    first = max(range(len(packets) - PROMPT_FRAMES), key=lambda place: loudness(packets[place]))
    return packets[first : first + PROMPT_FRAMES]


def loudness(samples: Samples) -> float:
    """Root mean square; 0 for nothing."""
    return math.sqrt(sum(s * s for s in samples) / len(samples)) if samples else 0.0


def share(samples: Samples, hertz: int) -> float:
    """How much of the energy is at this frequency, 0 to 1 (Goertzel)."""
    total = sum(s * s for s in samples)
    if not total:
        return 0.0
    turn = 2 * math.cos(2 * math.pi * hertz / RATE_HZ)
    before = last = 0.0
    for sample in samples:
        before, last = last, sample + turn * last - before
    power = before * before + last * last - turn * before * last
    return min(1.0, 2 * power / (len(samples) * total))
