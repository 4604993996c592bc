"""A mouth and an ear: one loopback UDP socket that sends sound and keys, and hands on what arrives.

SIPp's own media needs raw sockets, and so root, for keys (`play_dtmf`), and shows nobody what it hears. So SIPp
does the signalling, and its SDP names the port of this socket. One socket serves any number of calls: it
sends to each far end from the one port, which is how Asterisk's strict RTP learns that it is us.
"""

import asyncio
import random
import socket
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Self

from ivr.telephony.rtp import PACKET_MS, PACKET_SAMPLES, Packet, Samples, encode, key_payloads

Address = tuple[str, int]
Listener = Callable[[Packet, float, Address], None]
"""Called with each packet, the time of its arrival (seconds since 1970) and where it came from."""


class Leg:
    """The sound of one call towards its far end: none before `say`. Made by `Voice.to`."""

    def __init__(self, voice: "Voice", remote: Address, law: int, key_type: int) -> None:
        self.remote, self.echoes = remote, False
        self._voice, self._law, self._key_type = voice, law, key_type
        self._sequence, self._clock = random.getrandbits(15), random.getrandbits(31)
        self._source = random.getrandbits(32)
        self._keys: deque[tuple[bytes, bool]] = deque()
        self._key_began, self._at, self._sound = 0, 0, b""

    def say(self, samples: Samples | None) -> None:
        """What is sent from now on, again and again; None sends nothing at all."""
        self._sound, self._at = encode(self._law, samples) if samples else b"", 0

    async def press(self, keys: str, *, held_ms: int = 120, gap_ms: int = 100) -> None:
        """Press keys one after another; returns when the last is let go and its gap is over."""
        for key in keys:
            payloads = tuple(key_payloads(key, held_ms))
            self._keys.extend(payloads)
            await asyncio.sleep((len(payloads) * PACKET_MS + gap_ms) / 1000)

    def tick(self) -> None:
        """The next 20 ms: a key if one is down, else the sound."""
        self._clock += PACKET_SAMPLES
        if self._keys:
            self._send_key(*self._keys.popleft())
        elif self._sound and not self.echoes:
            self._send(self._law, self._next_sound(), self._clock)

    def echo(self, packet: Packet) -> None:
        if self.echoes:
            self._send(packet.payload_type, packet.payload, packet.timestamp, marker=packet.marker)

    def _send_key(self, payload: bytes, first: bool) -> None:
        # All packets of one key carry the time it went down.
        self._key_began = self._clock if first else self._key_began
        self._send(self._key_type, payload, self._key_began, marker=first)

    def _next_sound(self) -> bytes:
        piece = self._sound[self._at : self._at + PACKET_SAMPLES]
        self._at += PACKET_SAMPLES
        if len(piece) < PACKET_SAMPLES:
            self._at = PACKET_SAMPLES - len(piece)
            piece += self._sound[: self._at]
        return piece

    def _send(self, kind: int, payload: bytes, timestamp: int, *, marker: bool = False) -> None:
        self._sequence += 1
        self._voice.send(Packet(kind, self._sequence, timestamp, self._source, payload, marker), self.remote)


class Voice(asyncio.DatagramProtocol):
    """`async with Voice(listener) as voice`: `voice.port` goes into the SDP, `voice.to(…)` starts a leg."""

    def __init__(self, listener: Listener | None = None) -> None:
        self._listener, self._legs = listener, list[Leg]()
        self._transport: asyncio.DatagramTransport | None = None
        self.port = 0

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        sock = even_port_socket()
        self.port = sock.getsockname()[1]
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, sock=sock)
        self._ticker = loop.create_task(self._tick_for_ever())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._ticker.cancel()
        with suppress(asyncio.CancelledError):
            await self._ticker
        if self._transport:
            self._transport.close()

    def to(self, remote: Address, law: int, key_type: int) -> Leg:
        self._legs.append(Leg(self, remote, law, key_type))
        return self._legs[-1]

    def stop(self, leg: Leg) -> None:
        if leg in self._legs:
            self._legs.remove(leg)

    def send(self, packet: Packet, remote: Address) -> None:
        if self._transport and not self._transport.is_closing():
            self._transport.sendto(packet.wire(), remote)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        packet = Packet.parse(data)
        if packet is None:
            return
        if self._listener:
            self._listener(packet, time.time(), addr)
        for leg in self._legs:
            if leg.remote == addr:
                leg.echo(packet)

    def error_received(self, exc: Exception) -> None:
        """The far end has closed its port: the call is over, and the signalling will say so."""

    async def _tick_for_ever(self) -> None:
        due = time.monotonic()
        while True:
            due += PACKET_MS / 1000
            # Late after a busy moment: catch up, as a telephone's own clock would not have stopped.
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            for leg in tuple(self._legs):
                leg.tick()


def even_port_socket() -> socket.socket:
    """A bound loopback socket. Even, because RTCP comes to the port above (RFC 3550 11) and must meet nobody."""
    while True:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("127.0.0.1", 0))
        if sock.getsockname()[1] % 2 == 0:
            return sock
        sock.close()
