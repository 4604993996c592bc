"""How long each of many callers heard nothing: cheap enough for a whole crowd, where `tests/live/ears.py` decodes.

A packet is loud when a tenth of its samples are. A byte of G.711 is one sample, so a table of 256 tells which are.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from ivr.telephony.rtp import ALAW, SAMPLES, ULAW, Packet

LOUD = 100  # of 32,767: G.711's own silence is below 10, a whispering prompt above 300
SHARE = 16  # of the 160 samples of a packet
WORTH_NOTING_S = 0.5
TOO_LONG_S = 5.0
_LOUD_BYTES = {law: bytes(abs(sample) >= LOUD for sample in SAMPLES[law]) for law in (ALAW, ULAW)}


def is_loud(packet: Packet) -> bool:
    table = _LOUD_BYTES.get(packet.payload_type)
    return table is not None and packet.payload.translate(table).count(1) >= SHARE


@dataclass(slots=True)
class Hearing:
    """One caller's. `gaps`: silences that are over, from and till (seconds since 1970)."""

    since: float = field(default_factory=time.time)
    gaps: list[tuple[float, float]] = field(default_factory=list)

    def hear(self, packet: Packet, at: float) -> None:
        if is_loud(packet):
            if at - self.since > WORTH_NOTING_S:
                self.gaps.append((self.since, at))
            self.since = at

    def silent_s(self, now: float) -> float:
        return now - self.since

    def within(self, since: float, till: float, ended: float) -> list[tuple[float, float]]:
        """Each silence that was over in this span, or too long: how long it lasted, from when. The last one lasts
        until the call `ended`. One that began a moment before a fault is that fault's."""
        last = (self.since, max(ended, self.since))
        told = ((start, end, min(end, start + TOO_LONG_S)) for start, end in (*self.gaps, last))
        return [(end - start, start) for start, end, at in told if since <= at < till]
