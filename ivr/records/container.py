"""A file that only a passphrase opens, and only whole: what was changed, cut off or put together anew opens not at all.

Magic, 16 bytes of salt, then frames: a byte (1: the last), four of length, and so much AES-256-GCM cipher text with its
tag. The key is the passphrase's by Argon2id (RFC 9106); a frame's nonce is its number, for no key is used twice; its
place and whether it is the last are authenticated with it.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ivr.errors import Refused
from ivr.records.password import SALT_BYTES, key_of

MAGIC = b"IVR-BACKUP-1\n"
FRAME_BYTES = 1 << 20
TAG_BYTES = 16


class Sealing(io.RawIOBase):
    """A stream to write into; `close` writes the last frame, without which nobody opens it."""

    def __init__(self, target: BinaryIO, passphrase: str) -> None:
        salt = os.urandom(SALT_BYTES)
        self._target, self._header, self._buffer, self._number = target, MAGIC + salt, bytearray(), 0
        self._key = AESGCM(key_of(passphrase, salt))
        target.write(self._header)

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._buffer += data
        while len(self._buffer) > FRAME_BYTES:
            self._frame(bytes(self._buffer[:FRAME_BYTES]), last=False)
            del self._buffer[:FRAME_BYTES]
        return memoryview(data).nbytes

    def close(self) -> None:
        if not self.closed:
            self._frame(bytes(self._buffer), last=True)
            super().close()

    def _frame(self, data: bytes, *, last: bool) -> None:
        sealed = self._key.encrypt(_nonce(self._number), data, _place(self._header, self._number, last=last))
        self._target.write(bytes((last,)) + len(sealed).to_bytes(4) + sealed)
        self._number += 1


class Opening(io.RawIOBase):
    """The stream again. Reading raises Refused at the first frame that is not as it was written."""

    def __init__(self, source: BinaryIO, passphrase: str) -> None:
        header = source.read(len(MAGIC) + SALT_BYTES)
        if len(header) != len(MAGIC) + SALT_BYTES or not header.startswith(MAGIC):
            raise Refused("This is no backup of this program.", remedy="Nothing was changed.")
        key = AESGCM(key_of(passphrase, header[len(MAGIC) :]))
        self._frames, self._rest = _frames(source, header, key), b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        while not self._rest:
            frame = next(self._frames, None)
            if frame is None:
                return 0
            self._rest = frame
        taken = min(len(view), len(self._rest))
        view[:taken], self._rest = self._rest[:taken], self._rest[taken:]
        return taken

    def finish(self) -> None:
        """Read on to the end, so that all of it was looked at."""
        for _ in self._frames:
            pass


def _frames(source: BinaryIO, header: bytes, key: AESGCM) -> Iterator[bytes]:
    number, last = 0, False
    while not last:
        head = source.read(5)
        length = int.from_bytes(head[1:]) if len(head) == 5 else 0
        if head[:1] not in {b"\0", b"\1"} or not TAG_BYTES <= length <= FRAME_BYTES + TAG_BYTES:
            raise _damaged()
        last = head[0] == 1
        try:
            frame = key.decrypt(_nonce(number), source.read(length), _place(header, number, last=last))
        except InvalidTag:
            raise _damaged() from None
        number += 1
        if last and source.read(1):
            raise _damaged()
        yield frame


def _damaged() -> Refused:
    why = "The passphrase is wrong, or this backup is damaged; it is refused whole."
    return Refused(why, remedy="Try the passphrase again, then an older backup. Nothing was changed.")


def _nonce(number: int) -> bytes:
    return number.to_bytes(12)


def _place(header: bytes, number: int, *, last: bool) -> bytes:
    return header + number.to_bytes(8) + bytes((last,))
