"""Room on the disk that is the ledger's alone: a full disk takes it from nobody.

Blocks after the end of the file are its own already (fallocate(2), FALLOC_FL_KEEP_SIZE); its size stays as it is, and
whoever appends fills them. So the switch writes on while nothing else can.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

ROOM_BYTES = 16 << 20  # some 1,500 calls
SLACK_BYTES = 1 << 20
KEEP_SIZE = 1
BLOCK = 512  # stat(2): what st_blocks counts, whatever the file system's own are


def hold(file: Path, room: int = ROOM_BYTES) -> bool:
    """Make it so, when less than half of it is left. False: there is no such file, or its disk has no room, or cannot.

    It may block; an event loop needs a thread.
    """
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        found = os.fstat(descriptor)
        is_held = found.st_blocks * BLOCK - found.st_size >= room // 2
        return is_held or _allocate(descriptor, found.st_size, room)
    finally:
        os.close(descriptor)


def let_go(files: Iterable[Path], unchanged_since: float) -> None:
    """Give back what is held for files that were put away: nobody appends to them any more."""
    for file in files:
        with suppress(OSError):
            found = file.stat()
            if found.st_blocks * BLOCK - found.st_size > SLACK_BYTES and found.st_mtime < unchanged_since:
                os.truncate(file, found.st_size)


def _allocate(descriptor: int, at: int, size: int) -> bool:
    allocate = ctypes.CDLL(None, use_errno=True).fallocate
    allocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
    return bool(allocate(descriptor, KEEP_SIZE, at, size) == 0)
