"""What anybody sees who listens on the cable: every packet of sound on loopback, as it is. Root alone may."""

from __future__ import annotations

import os
import socket
import struct
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest

from ivr.telephony.rtp import ALAW, ULAW, Packet
from tests.live.ears import Ears

IP, UDP = 0x0800, 17  # packet(7): asked for by protocol, each packet is seen once, as it comes in
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root sees what is on the cable")


class Wire:
    """Sound by the ports it went between, decoded as if nobody had encrypted it."""

    def __init__(self) -> None:
        self._ears: dict[tuple[int, int], Ears] = defaultdict(Ears)

    def packets(self, port: int) -> int:
        """How many came from or went to that port."""
        return sum(len(ears.pieces) for ears in self._of(port))

    def hears(self, port: int, hertz: int) -> bool:
        return any(ears.hears(hertz) for ears in self._of(port))

    def _of(self, port: int) -> list[Ears]:
        return [ears for ports, ears in tuple(self._ears.items()) if port in ports]

    def take(self, frame: bytes) -> None:
        header = (frame[0] & 0x0F) * 4
        if frame[9] != UDP or len(frame) < header + 8:
            return
        ports = struct.unpack_from("!HH", frame, header)
        packet = Packet.parse(frame[header + 8 :])
        if packet and packet.payload_type in {ULAW, ALAW}:
            self._ears[ports].heard(packet, time.time(), ("", 0))


@contextmanager
def wire() -> Iterator[Wire]:
    """As long as you are in it."""
    heard = Wire()
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(IP)) as cable:
        cable.bind(("lo", IP))
        cable.settimeout(0.2)
        listening = [True]
        thread = Thread(target=_listen, args=(cable, heard, listening))
        thread.start()
        try:
            yield heard
        finally:
            listening.clear()
            thread.join()


def _listen(cable: socket.socket, heard: Wire, listening: list[bool]) -> None:
    while listening:
        try:
            heard.take(cable.recv(4096))
        except TimeoutError:
            continue
