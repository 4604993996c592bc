"""What the ledger's older files need not tell any more is taken out of them, line by line.

A sealed number stands there only as long as the rows have it, sealed with the same key; who was erased stands there no
more. The lines keep their form: a rebuild makes the same rows of them, without what is gone.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path

from ivr.records import ledger_file
from ivr.records.ledger_file import Place
from ivr.records.promised import GONE
from ivr.records.sealed import to_text
from ivr.telephony.events import call_id

_LINKED = re.compile(rb'"linkedid": ?"((?:[\w.-]{1,64}-)?[0-9]{10,11}\.[0-9]{1,12})"')
_PROMISE = re.compile(rb"\bid=([0-9]{10}-[0-9a-f]{8})\b")
_NUMBER = re.compile(rb"\bnumber=[A-Za-z0-9_-]{40,400}")
_CALLER = re.compile(rb"\bcaller=([0-9a-f]{32})\b")


def pruned(line: bytes, numbers: Mapping[str, bytes], erased: Collection[str], callers: Collection[str] = ()) -> bytes:
    """`numbers`: those still needed, by call-back. `erased`: ids of calls and call-backs. `callers`: hashes.

    Whole lines only as far as they can be read: a torn one may tell less, and goes with its file.
    """
    promise = _text(_PROMISE, line)
    linked = _text(_LINKED, line)
    is_erased = promise in erased or bool(linked and call_id(linked) in erased)
    number = None if is_erased else numbers.get(promise)
    line = _NUMBER.sub(b"number=" + (to_text(number) if number else GONE).encode(), line)
    return _CALLER.sub(lambda found: _caller(found, is_erased, callers), line)


def _text(form: re.Pattern[bytes], line: bytes) -> str:
    found = form.search(line)
    return found[1].decode() if found else ""


def _caller(found: re.Match[bytes], is_erased: bool, callers: Collection[str]) -> bytes:
    gone = is_erased or found[1].decode() in callers
    return b"caller=" + GONE.encode() if gone else found[0]


def prune(
    ledger: Path, place: Place, numbers: Mapping[str, bytes], erased: Collection[str], callers: Collection[str] = ()
) -> int:
    """Of all files that the rows have taken in: how many lines were changed. Hold the ledger meanwhile."""
    change = lambda line: pruned(line, numbers, erased, callers)  # noqa: E731
    return sum(ledger_file.rewrite(file, change) for file in ledger_file.read_through(ledger, place))


def older(ledger: Path, place: Place, before: datetime) -> list[tuple[Path, float]]:
    """Files that the rows have taken in and of which every event is older, with the time of the last, oldest first."""
    files = ((file, ledger_file.ended(file)) for file in ledger_file.read_through(ledger, place))
    return sorted((each for each in files if each[1] < before.timestamp()), key=lambda each: each[1])


def lines_with(ledger: Path, caller: str) -> int:
    """How many lines on file tell of that caller's hash."""
    files = (file for file in ledger.parent.glob(ledger.name + "*") if file.is_file())
    return sum(_count(file, caller.encode()) for file in files)


def _count(file: Path, what: bytes) -> int:
    with file.open("rb") as lines:
        return sum(what in line for line in lines)
