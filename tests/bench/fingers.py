"""Thousands of fingers on one socket: hear which menu speaks, press its key at once, note how long the next one took.

SIPp does the signalling and names this socket in its SDP. The switch plays A-law files as they lie on the disk, so a
packet is known by its bytes, and a child can press as soon as it hears a menu: as early as a key counts, never in the
gap between two menus, however busy the switch. The arrival times are the kernel's (SO_TIMESTAMPNS), so that our own
slowness is not measured.
"""

from __future__ import annotations

import socket
import struct
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Self

from ivr.telephony.rtp import END_OF_EVENT, EVENT, HEADER, KEYS, LOUDNESS, PACKET_MS, PACKET_SAMPLES
from ivr.telephony.voice import even_port_socket

SO_TIMESTAMPNS = 35  # socket(7); this Python has no name for it
STAMP = struct.Struct("qq")  # struct timespec
KEY_TYPE = 101
HELD = 100 * 8  # samples; the switch lengthens keys under 80 ms
RECEIVE_BUFFER = 4 * 2**20
Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Menu:
    """One menu: the A-law file by which it is known, and the key that is pressed in it."""

    speaks: Path
    key: str


@dataclass(slots=True)
class Hand:
    """One call: how many menus were heard and keys pressed, when the last one ended, and its stream's numbering."""

    heard: int = 0
    pressed: int = 0
    let_go_ns: int = 0
    sequence: int = 0


@dataclass(slots=True)
class Heard:
    """What the fingers did since `take`: calls that pressed every key, and key to next prompt in seconds."""

    finished: int = 0
    waits_s: list[float] = field(default_factory=list)


class Fingers:
    """Use as `with Fingers(menus) as fingers`; `fingers.port` goes into the SDP. `listens_s`: to each menu."""

    def __init__(self, menus: Sequence[Menu], listens_s: float = 0.0) -> None:
        self._menus = menus
        self._listens_ns = int(listens_s * 1e9)
        self._known = recognisable([menu.speaks.read_bytes() for menu in menus])
        self._hands: dict[tuple[Address, bytes], Hand] = {}
        self._heard = Heard()
        self._open = True

    def __enter__(self) -> Self:
        self._sock = even_port_socket()
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        self._sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._sock.settimeout(0.2)
        self.port: int = self._sock.getsockname()[1]
        self._thread = Thread(target=self._listen, name="fingers")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._open = False
        self._thread.join()
        self._sock.close()

    def take(self) -> Heard:
        """What was done since the last time; calls that are going on are forgotten."""
        heard, self._heard, self._hands = self._heard, Heard(), {}
        return heard

    def _listen(self) -> None:
        receive, known = self._sock.recvmsg, self._known
        while self._open:
            try:
                wire, extra, _, source = receive(512, 64)
            except TimeoutError:
                continue
            place = known.get(wire[HEADER.size :])
            if place is not None:
                self._hears(*place, (source, wire[8:12]), extra[0][2])

    def _hears(self, menu: int, at_ns: int, call: tuple[Address, bytes], stamp: bytes) -> None:
        hand = self._hands.get(call)
        if hand is None:
            if menu:
                return  # the rest of a prompt whose call is over
            hand = self._hands[call] = Hand()
        if menu == hand.heard:
            hand.heard += 1
            if menu:
                self._heard.waits_s.append((nanoseconds(stamp) - at_ns - hand.let_go_ns) / 1e9)
        if menu == hand.pressed and at_ns >= self._listens_ns:
            self._press(self._menus[menu].key, hand, call[0])

    def _press(self, key: str, hand: Hand, remote: Address) -> None:
        """Down, and up three times (RFC 4733 2.5.1.4), in one go."""
        event = KEYS.index(key)
        clock = (hand.pressed + 1) * 8000
        for marker, flags, held in ((0x80, 0, PACKET_SAMPLES), *((0, END_OF_EVENT, HELD),) * 3):
            hand.sequence += 1
            head = HEADER.pack(0x80, marker | KEY_TYPE, hand.sequence, clock, 1)
            self._sock.sendto(head + EVENT.pack(event, flags | LOUDNESS, held), remote)
        hand.let_go_ns = time.time_ns()
        hand.pressed += 1
        self._heard.finished += hand.pressed == len(self._menus)


def recognisable(sounds: Sequence[bytes]) -> dict[bytes, tuple[int, int]]:
    """The pieces of 20 ms that occur once in all the sounds: in which, and how many nanoseconds after its beginning.

    Silence, which a recording may begin with, occurs often and tells nothing.
    """
    pieces = [
        (sound[at : at + PACKET_SAMPLES], (menu, at // PACKET_SAMPLES * PACKET_MS * 1_000_000))
        for menu, sound in enumerate(sounds)
        for at in range(0, len(sound), PACKET_SAMPLES)
    ]
    seen = Counter(piece for piece, _ in pieces)
    return {piece: place for piece, place in pieces if seen[piece] == 1}


def nanoseconds(stamp: bytes) -> int:
    """A kernel's arrival time, since 1970."""
    seconds, rest = STAMP.unpack(stamp)
    return int(seconds) * 1_000_000_000 + int(rest)
