"""The book of guesses on disk, and the switch's list of whom it refuses. Each is written whole or not at all."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ivr.records.ownership import open_own
from ivr.telephony.guesses import Book, as_text, from_text

LONGEST_BYTES = 2**20


def read(file: Path) -> Book:
    """An empty one when there is none, or none that can be read."""
    return from_text(text_of(file))


def text_of(file: Path) -> str:
    with suppress(OSError), file.open(encoding="utf-8", errors="replace") as opened:
        return opened.read(LONGEST_BYTES)
    return ""


@contextmanager
def alone(file: Path) -> Iterator[None]:
    """Nobody else changes the book meanwhile: the guard does, and whoever lifts a refusal."""
    descriptor = open_own(file.with_suffix(".lock"), os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def write(file: Path, book: Book) -> None:
    """Raises OSError."""
    write_text(file, as_text(book))


def write_text(file: Path, text: str) -> None:
    """Raises OSError; then what was there stands."""
    partial = file.with_suffix(".new")
    with os.fdopen(open_own(partial, os.O_WRONLY | os.O_TRUNC), "w", encoding="utf-8") as opened:
        opened.write(text)
    partial.replace(file)
