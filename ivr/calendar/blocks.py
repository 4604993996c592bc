"""The events of an iCalendar file as blocks of lines, each with its number; and the faults that are found in them.

Only what makes a rota is kept (RFC 5545, 3.6.1); alarms, to-dos and other people's extensions are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ivr.errors import ScriptError

SIZE_LIMIT = 5_000_000  # bytes; a year of single shifts for twenty people is a third of it
EVENTS_LIMIT = 5_000
LINE_LIMIT = 100_000  # characters of one line, its continuations joined
SHOWN_FAULTS = 200
PROPERTIES = {
    *("UID", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"),
    *("SUMMARY", "ATTENDEE", "STATUS", "CATEGORIES"),
}
_LINE = re.compile(r"([A-Za-z0-9-]+)[;:]")
_SHOWN = 40


class Faulty(Exception):
    """An event is wrong. Its arguments: in which property, and what. It never leaves this package."""


class Faults:
    """What is wrong, each with its line. Reading goes on, so that one run shows everything."""

    def __init__(self) -> None:
        self._found: set[tuple[int, str]] = set()

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, line: int, what: str) -> None:
        self._found.add((line, what))

    def raise_if_any(self) -> None:
        if self._found:
            raise self.error()

    def error(self) -> ScriptError:
        told = [f"line {line}: {what}" for line, what in sorted(self._found)]
        more = [f"and {len(told) - SHOWN_FAULTS:,} more"] if len(told) > SHOWN_FAULTS else []
        return ScriptError(
            f"the calendar has {len(told):,} fault(s), and the rota stays as it was",
            problems=(*told[:SHOWN_FAULTS], *more),
            remedy="Put these lines right, then import it again.",
        )

    def note(self, block: Block, error: Faulty) -> None:
        where, what = error.args
        self.add(block.line_of(where), what)


@dataclass(frozen=True, slots=True)
class Line:
    """One logical line, `number` being that of its first physical one. `name` is in capitals."""

    number: int
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Block:
    """One VEVENT; `number` is the line on which it begins."""

    number: int
    lines: tuple[Line, ...]

    def line_of(self, name: str) -> int:
        return next((line.number for line in self.lines if line.name == name), self.number)

    @property
    def text(self) -> str:
        return "\r\n".join(("BEGIN:VEVENT", *(line.text for line in self.lines), "END:VEVENT", ""))


def decoded(data: bytes) -> str:
    """The text of a file. Raises ScriptError when it is too large or no text."""
    faults = Faults()
    if len(data) > SIZE_LIMIT:
        faults.add(1, f"the file is larger than {SIZE_LIMIT // 1_000_000} MB; that is no rota")
        raise faults.error()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        faults.add(data.count(b"\n", 0, error.start) + 1, "is not UTF-8 text")
        raise faults.error() from error


def blocks(text: str, faults: Faults) -> list[Block]:
    """Every event in `text`. Nothing but the first fault is told of a file that is no calendar at all."""
    lines = [*_unfolded(text)]
    if not lines or lines[0][1].strip().upper() != "BEGIN:VCALENDAR":
        faults.add(1, "this is no iCalendar file: it does not begin with BEGIN:VCALENDAR")
        return []
    found = [*_events(lines, faults)]
    if len(found) > EVENTS_LIMIT:
        faults.add(found[EVENTS_LIMIT].number, f"more than {EVENTS_LIMIT:,} events; that is no rota")
        return []
    return found


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    """Logical lines: one that begins with a space or a tab goes on with the one before (RFC 5545, 3.1)."""
    first, parts = 0, list[str]()
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        if line[:1] in (" ", "\t") and parts:
            parts.append(line[1:])
            continue
        if parts:
            yield first, "".join(parts)
        first, parts = number, [line] if line.strip() else []
    if parts:
        yield first, "".join(parts)


def _events(lines: list[tuple[int, str]], faults: Faults) -> Iterator[Block]:
    open_now: list[tuple[int, str]] = []  # components that have begun and not ended
    kept: list[Line] = []
    for number, text in lines:
        word, _, what = (part.strip().upper() for part in text[:_SHOWN].partition(":"))
        if word == "BEGIN":
            kept = [] if what == "VEVENT" else kept
            open_now.append((number, what))
        elif word == "END":
            begun, expected = open_now.pop() if open_now else (0, "")
            if what != expected:
                inside = f"{expected} of line {begun} has not ended" if begun else "nothing has begun"
                faults.add(number, f"END:{what} comes where {inside}")
                return
            if what == "VEVENT":
                yield Block(begun, tuple(kept))
        elif open_now and open_now[-1][1] == "VEVENT":
            kept += _property(number, text, faults)
    for number, what in open_now:
        faults.add(number, f"BEGIN:{what} is never ended: the file is cut off")


def _property(number: int, text: str, faults: Faults) -> Iterator[Line]:
    found = _LINE.match(text)
    if not found or len(text) > LINE_LIMIT:
        why = "is no line of a calendar" if not found else f"is longer than {LINE_LIMIT:,} characters"
        faults.add(number, f"{shown(text)} {why}")
    elif found[1].upper() in PROPERTIES:
        yield Line(number, found[1].upper(), text)


def shown(text: str) -> str:
    """`text` fit for one line of a message: short, and nothing in it that a terminal would obey."""
    plain = "".join(letter if letter.isprintable() else "·" for letter in text[: _SHOWN + 1])
    return f"'{plain[:_SHOWN]}…'" if len(plain) > _SHOWN else f"'{plain}'"
