"""The ledger as a file: reading on from where one was, over copies, restores and rotations; and our own marks in it.

A place in a file is known by what is written there, not by the inode: the hash of the first line tells the file, the
hash of the bytes just before the offset tells that nothing before it was changed. So a restored or copied state folder
is read on, a rotated file is first finished under its new name (anything beside the ledger whose name begins as its own
does), and a file that matches nothing is read from its start: events that were seen before give the same rows again.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from ivr.errors import Conflict, Refused
from ivr.records import ownership
from ivr.telephony.events import LATEST, MARKS, Kind, parse

HEAD_BYTES, TAIL_BYTES = 4_096, 256
FIRST_EVENT_WITHIN = 65_536
LAST_BYTES = 262_144  # a busy switch writes some 50 KB a second
KEPT_WITHIN_S = 1.0
QUIET_S = 1.0
JUST_NOW_S = 60.0
WHOSE = "Run this as root, or as the user who opened the line."
CHUNK_BYTES = 1 << 20  # some 3,500 events


@dataclass(frozen=True, slots=True)
class Place:
    """How far a file has been read. `began` is the time of its first event: files follow each other by it."""

    head: str = ""
    tail: str = ""
    offset: int = 0
    began: float = 0.0


NOWHERE = Place()


@dataclass(frozen=True, slots=True)
class Chunk:
    """Whole lines, and the place after them. A line too long for a chunk comes in pieces, each of them rubbish."""

    lines: list[bytes]
    place: Place


def read_on(ledger: Path, place: Place, size: int = CHUNK_BYTES) -> Chunk | None:
    """The next whole lines after `place`, at most `size` bytes; None when there are none yet."""
    for file, start in _candidates(ledger, place):
        if chunk := _read(file, start, size):
            return chunk
    return None


def _candidates(ledger: Path, place: Place) -> Iterator[tuple[Path, Place]]:
    if _continues(ledger, place) and place.offset:
        yield ledger, place
        return
    files = in_order(ledger)
    yield from ((file, place) for file in files if place.offset and _continues(file, place))
    later = [file for file in files if _began(file) > place.began]
    yield from ((file, NOWHERE) for file in later or [ledger])


def in_order(ledger: Path) -> list[Path]:
    """The ledger and what was rotated away beside it, oldest first; of two copies of a file only one."""
    beside = (file for file in ledger.parent.glob(ledger.name + "?*") if file.is_file() and _began(file) < LATEST)
    files = {_head_of(file): file for file in (*beside, ledger)}
    return sorted(files.values(), key=lambda file: (file == ledger, _began(file)))


def began(ledger: Path) -> float:
    """The time of the first event that is still on file."""
    return min((_began(file) for file in in_order(ledger)), default=LATEST)


def size(ledger: Path) -> int:
    return sum(file.stat().st_size for file in in_order(ledger) if file.exists())


def unread(ledger: Path, place: Place) -> int:
    """Bytes on file after `place`."""
    files = in_order(ledger)
    here = next((file for file in reversed(files) if place.offset and _continues(file, place)), None)
    later = [file for file in files if _began(file) > place.began] if place.offset else files
    rest = sum(file.stat().st_size for file in later if file != here and file.exists())
    return rest + (here.stat().st_size - place.offset if here else 0)


def mark(ledger: Path, kind: str, at: datetime | float) -> None:
    """Append our own line: SWITCH_START, the switch is about to start, or SWITCH_END, it was seen to die.

    `at`: an aware time, or seconds since 1970. One write to the end of the file, as the switch itself does.
    """
    if Kind(kind) not in MARKS:
        raise ValueError(f"{kind} is no mark of ours")
    _append(ledger, kind, at.timestamp() if isinstance(at, datetime) else at)


def put_away(ledger: Path, now: datetime) -> bool:
    """Let the switch begin a new file; the old one lies beside it, with the day in its name. False when nothing has
    happened since the last time, or when it is busy just now: the switch opens the file anew for every event, and an
    event whose file was renamed between opening and writing might be missed by a reader that has gone on.

    The new file begins with a line of ours, later than all before it, so that a reader leaves the old one.
    """
    beside = ledger.with_name(f"{ledger.name}.{now.strftime('%Y%m%dT%H%M%S')}")
    last = _last_event(ledger)
    if last is None or beside.exists() or is_busy(ledger):
        return False
    ledger.rename(beside)
    _append(ledger, Kind.PUT_AWAY, max(now.timestamp(), last + 0.001))
    return True


def is_busy(ledger: Path) -> bool:
    """Whether the switch has written to it within the last second."""
    return ledger.exists() and time.time() - ledger.stat().st_mtime < QUIET_S


def read_through(ledger: Path, place: Place) -> list[Path]:
    """Files beside the ledger that a reader at `place` has left behind for good, copies among them."""
    beside = sorted(file for file in ledger.parent.glob(ledger.name + "?*") if file.is_file())
    return [file for file in beside if _began(file) < place.began and not _continues(file, place)]


def ended(file: Path) -> float:
    """The time of the last event in a file; of one without any, when it was last written."""
    return _last_event(file) or file.stat().st_mtime


def rewrite(file: Path, change: Callable[[bytes], bytes]) -> int:
    """`change` for every line; how many it changed. The file is replaced as a whole, by one of the same owner and
    times, or not at all. Only for files that nobody reads on in, see `read_through` and `held`."""
    partial, changed = file.with_name(f".{file.name}.new"), 0
    partial.unlink(missing_ok=True)
    with file.open("rb") as old, os.fdopen(ownership.open_own(partial, os.O_WRONLY), "wb") as new:
        for line in old:
            now = change(line)
            changed += now != line
            new.write(now)
        new.flush()
        os.fsync(new.fileno())
    if changed:
        was = file.stat()
        os.utime(partial, ns=(was.st_atime_ns, was.st_mtime_ns))
        partial.replace(file)
    partial.unlink(missing_ok=True)
    return changed


@contextmanager
def held(ledger: Path, *, alone: bool) -> Iterator[None]:
    """Nobody reads all of the ledger's files while somebody rewrites them, who must be `alone`. Raises Conflict."""
    ownership.make_folder(ledger.parent)
    handle = os.open(ledger.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise Conflict("Somebody else works on the ledger's files.", remedy="Try again in a minute.") from error
    try:
        yield
    finally:
        os.close(handle)


def _last_event(ledger: Path) -> float | None:
    """None when it holds nothing but our own line at its beginning."""
    with _opened(ledger) as file:
        if file is None:
            return None
        file.seek(max(0, os.fstat(file.fileno()).st_size - LAST_BYTES))
        events = [event for line in file.read().splitlines() if (event := parse(line))]
    told = [event.at for event in events if event.kind is not Kind.PUT_AWAY]
    return max(told, default=None)


def _append(ledger: Path, kind: str, seconds: float) -> None:
    ownership.make_folder(ledger.parent)
    line = json.dumps({"eventtype": kind, "eventtime": seconds}, separators=(",", ":")).encode() + b"\n"
    descriptor = ownership.open_own(ledger, os.O_RDWR | os.O_APPEND)
    try:
        os.write(descriptor, line if _ends_whole(descriptor) else b"\n" + line)
    finally:
        os.close(descriptor)


def is_kept(ledger: Path, fragment: str) -> bool:
    """Whether a line with `fragment` in it is among the last, and on the disk itself (fsync(2)): waits for it a moment,
    because the switch writes its events a few milliseconds after they happen. It blocks; an event loop needs a thread.
    """
    deadline = time.monotonic() + KEPT_WITHIN_S
    while not any(_found_and_synced(file, fragment.encode()) for file in (ledger, *_put_away_just_now(ledger))):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _put_away_just_now(ledger: Path) -> list[Path]:
    """The line that is looked for may have been the last of its file."""
    since = time.time() - JUST_NOW_S
    return [file for file in ledger.parent.glob(ledger.name + ".*") if file.stat().st_mtime > since]


def _found_and_synced(ledger: Path, fragment: bytes) -> bool:
    try:
        with ledger.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - LAST_BYTES))
            if fragment not in file.read():
                return False
            os.fsync(file.fileno())
            return True
    except OSError:
        return False


def _ends_whole(descriptor: int) -> bool:
    """Whether the last line is whole; a switch that died on a full disk may have left half of one."""
    length = os.fstat(descriptor).st_size
    return length == 0 or os.pread(descriptor, 1, length - 1) == b"\n"


def _read(path: Path, place: Place, size: int) -> Chunk | None:
    with _opened(path) as file:
        if file is None or not _matches(file, place):
            return None
        file.seek(place.offset)
        data = file.read(size)
        end = data.rfind(b"\n") + 1 or (len(data) if len(data) == size else 0)
        if not end:
            return None
        return Chunk(data[:end].splitlines(), _after(file, place, place.offset + end))


def _after(file: BinaryIO, place: Place, offset: int) -> Place:
    if place.offset:
        return replace(place, tail=_tail(file, offset), offset=offset)
    return Place(_head(file), _tail(file, offset), offset, _first_event(file))


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO | None]:
    try:
        file = path.open("rb")
    except FileNotFoundError:
        yield None
        return
    except OSError as error:
        raise Refused(f"The ledger {path} cannot be read: {error.strerror}.", remedy=WHOSE) from error
    with file:
        yield file


def _continues(path: Path, place: Place) -> bool:
    with _opened(path) as file:
        return file is not None and _matches(file, place)


def _matches(file: BinaryIO, place: Place) -> bool:
    return not place.offset or (_head(file) == place.head and _tail(file, place.offset) == place.tail)


def _head(file: BinaryIO) -> str:
    file.seek(0)
    return _hash(file.readline(HEAD_BYTES))


def _head_of(path: Path) -> str:
    with _opened(path) as file:
        return _head(file) if file else ""


def _tail(file: BinaryIO, offset: int) -> str:
    """Of the bytes before `offset`; empty, which is no hash, when the file does not reach so far."""
    start = max(0, offset - TAIL_BYTES)
    file.seek(start)
    data = file.read(offset - start)
    return _hash(data) if len(data) == offset - start else ""


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]


def _began(path: Path) -> float:
    with _opened(path) as file:
        return _first_event(file) if file else LATEST


def _first_event(file: BinaryIO) -> float:
    file.seek(0)
    events = (parse(line) for line in file.read(FIRST_EVENT_WITHIN).splitlines())
    return next((event.at for event in events if event), LATEST)
