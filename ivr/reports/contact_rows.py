"""Contacts of the years before, read from a CSV: every row, or every fault with its line, column and remedy. Pure.

RFC 4180, in UTF-8, with or without the mark that Excel puts first; commas, semicolons or tabs. Values are compared
without case and outer spaces. What is wrong is named, never guessed.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256

from ivr.desk.catalogue import Catalogue
from ivr.flow.steps import Language, Topic
from ivr.routing.hours import BAKU

SUMMARY_LIMIT = 10_000  # characters, as of a wrap-up
ID_LIMIT = 200
SHOWN = 40  # characters of a wrong value
FIRST_YEAR = 2002  # ids sort by time from September 2001 on; the helpline began in 2010
MARK = "\ufeff"
NOT_UTF_8 = "is not in UTF-8"
_ODD = re.compile("[\0\udc80-\udcff]")  # the latter are what `surrogateescape` makes of bytes that are no UTF-8


class Channel(StrEnum):
    """By which a contact came."""

    TELEPHONE = "telephone"
    EMAIL = "email"
    FACEBOOK = "facebook"
    INSTAGRAM = "instagram"
    WEBCHAT = "webchat"
    APP = "app"
    WALK_IN = "walk_in"
    LETTER = "letter"


CHOICES: Mapping[str, tuple[str, ...]] = {
    "channel": tuple(Channel),
    "language": tuple(Language),
    "topic": tuple(Topic),
    "gender": ("girl", "boy", "not_stated"),
    "age_band": ("0-10", "11-14", "15-18", "adult", "unknown"),
    "first_time": ("yes", "no", "unknown"),
    "counselling": ("yes", "no"),
}
COLUMNS = (
    "received_at", "channel", "language", "topic", "chi_category", "gender", "age_band", "first_time", "counselling",
)  # fmt: skip
OPTIONAL = ("id", "summary")


@dataclass(frozen=True, slots=True)
class Row:
    """One contact. `category` is a code, or empty; `lists`: the version of the lists that it is of."""

    line: int
    received_at: datetime
    channel: str
    language: str
    topic: str
    category: str
    lists: str
    gender: str
    age_band: str
    first_time: str
    counselling: str
    content: str  # what it says, as a hash; its id and its free text left out
    id: str = ""
    summary: str = ""

    def key(self, how_many: int) -> str:
        """Which row it is: by their id, or else as the how-many-eth that says the same."""
        name = f"id\x1f{self.id}" if self.id else f"content\x1f{self.content}\x1f{how_many}"
        return sha256(name.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Fault:
    """`column` is empty where the whole line is wrong."""

    line: int
    column: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        where = f"line {self.line}" + (f", {self.column}" if self.column else "")
        return f"{where}: {self.reason}. {self.remedy}"


class Reader:
    """Of one file. `lists`: every version, the newest one last; a category is looked for from the newest on."""

    def __init__(self, lists: Mapping[str, Catalogue], now: datetime) -> None:
        self._now = now
        self._categories = _by_name(lists)
        self._newest = max(lists)

    def read(self, lines: Iterable[bytes]) -> Iterator[Row | Fault]:
        """Every row as it is, or its faults. Nothing follows a fault in the first line."""
        texts = (line.decode("utf-8", "surrogateescape") for line in lines)
        first = next(texts, "").removeprefix(MARK)
        told = _header(first)
        if not isinstance(told, tuple):
            yield from told
            return
        yield from self._rows(told, texts, _delimiter(first))

    def _rows(self, names: tuple[str, ...], texts: Iterator[str], delimiter: str) -> Iterator[Row | Fault]:
        line, found = 2, csv.reader(texts, delimiter=delimiter, strict=True)
        while True:
            try:
                values = next(found)
            except StopIteration:
                return
            except csv.Error as error:
                yield Fault(
                    line, "", f"cannot be read: {error}", 'Write a quotation mark inside quoted text twice: "".'
                )
            else:
                if any(map(str.strip, values)):
                    yield from self._row(line, names, values)
            line = found.line_num + 2  # the header is not among theirs

    def _row(self, line: int, names: tuple[str, ...], values: list[str]) -> Iterator[Row | Fault]:
        if len(values) != len(names):
            reason = f"has {len(values)} values where there are {len(names)} columns"
            yield Fault(line, "", reason, "Put text that holds the separator into quotation marks.")
            return
        told = dict(zip(names, values, strict=True))
        if self._is_plain(told):
            yield self._made(line, told)
            return
        faults = [fault for name in names for fault in self._faults(line, name, told[name])]
        if faults:
            yield from faults
        else:
            yield self._made(line, told)

    def _is_plain(self, told: Mapping[str, str]) -> bool:
        """Nearly every row: right to the letter, and quickly seen to be."""
        if any(told[name] not in choices for name, choices in CHOICES.items()) or _ODD.search("".join(told.values())):
            return False
        return not any(self._wrong(name, value) for name, value in told.items() if name not in CHOICES)

    def _wrong(self, name: str, value: str) -> Wrong:
        return _CHECKS.get(name, self._wrong_category)(value, self._now)

    def _faults(self, line: int, name: str, value: str) -> list[Fault]:
        if wrong := _unreadable(value) or self._wrong(name, value):
            reason, remedy = wrong
            return [Fault(line, name, reason, remedy)]
        if name in CHOICES and value.strip().lower() not in CHOICES[name]:
            remedy = f"Use one of: {', '.join(CHOICES[name])}."
            return [Fault(line, name, f"{_shown(value)} is not known" if value.strip() else "is empty", remedy)]
        return []

    def _wrong_category(self, value: str, _now: datetime) -> tuple[str, str] | None:
        if not value.strip() or _plain(value) in self._categories:
            return None
        remedy = (
            "Use the code of one that is (as violence.bullying; `ivr report categories` lists them), or leave it empty."
        )
        return f"{_shown(value)} is no category of any list in use", remedy

    def _made(self, line: int, told: Mapping[str, str]) -> Row:
        code, lists = self._categories.get(_plain(told["chi_category"]), ("", self._newest))
        at = _moment(told["received_at"])
        chosen = {name: told[name].strip().lower() for name in CHOICES}
        content = sha256("\x1f".join((at.isoformat(), code, *chosen.values())).encode()).hexdigest()
        more = {name: told[name].strip() for name in OPTIONAL if name in told}
        return Row(line, at, category=code, lists=lists, content=content, **chosen, **more)


Wrong = tuple[str, str] | None
"""Why, and what to do."""


def _wrong_moment(value: str, now: datetime) -> Wrong:
    remedy = "Write it as 2025-07-01T14:30:00+04:00; without +04:00 it is Baku time."
    if not value.strip():
        return "is empty", remedy
    try:
        year = datetime.fromisoformat(value.strip()).year
    except ValueError:
        return f"{_shown(value)} is no date and time of ISO 8601", remedy
    if year < FIRST_YEAR:
        return f"{_shown(value)} is before {FIRST_YEAR}", "The helpline began in 2010."
    if year > now.year or _moment(value) > now:
        return f"{_shown(value)} is still to come", "Only what has happened can be brought in."
    return None


def _moment(value: str) -> datetime:
    told = datetime.fromisoformat(value.strip())
    return (told if told.tzinfo else told.replace(tzinfo=BAKU.zone)).astimezone(UTC)


def _too_long(limit: int) -> Callable[[str, datetime], Wrong]:
    def wrong(value: str, _now: datetime) -> Wrong:
        return (f"has {len(value):,} characters", f"{limit:,} at most.") if len(value) > limit else None

    return wrong


def _nothing_more(_value: str, _now: datetime) -> Wrong:
    return None


_CHECKS: Mapping[str, Callable[[str, datetime], Wrong]] = {
    "received_at": _wrong_moment,
    "id": _too_long(ID_LIMIT),
    "summary": _too_long(SUMMARY_LIMIT),
} | dict.fromkeys(CHOICES, _nothing_more)


def _unreadable(value: str) -> Wrong:
    odd = _ODD.search(value)
    if odd is None:
        return None
    if odd[0] == "\0":
        return "holds a NUL byte", "Save the file as CSV anew."
    return NOT_UTF_8, "Save the file as “CSV UTF-8”."


def _header(first: str) -> tuple[str, ...] | list[Fault]:
    if first.startswith("\udcff\udcfe") or first.startswith("\udcfe\udcff") or "\0" in first:
        return [Fault(1, "", "the file is in UTF-16", "Save it as “CSV UTF-8”.")]
    try:
        values = next(csv.reader([first], delimiter=_delimiter(first), strict=True), [])
    except csv.Error as error:
        return [Fault(1, "", f"cannot be read: {error}", "The first line names the columns.")]
    names = tuple(name.strip().lower() for name in values)
    return list(_wrong_names(names)) or names


def _wrong_names(names: tuple[str, ...]) -> Iterator[Fault]:
    for name in COLUMNS:
        if name not in names:
            yield Fault(1, name, "this column is missing", f"The first line names the columns: {','.join(COLUMNS)}.")
    for name in sorted(set(names)):
        if name not in COLUMNS + OPTIONAL:
            yield Fault(
                1, _shown(name), "this column is not known", f"Take it out; {' and '.join(OPTIONAL)} may be there."
            )
        elif names.count(name) > 1:
            yield Fault(1, name, "this column is there twice", "Take one out.")


def _delimiter(first: str) -> str:
    """Spreadsheets write what their country is used to."""
    return max(",;\t", key=first.count)


def _shown(value: str) -> str:
    """A wrong value, as something that a terminal may print."""
    short = value.strip()[:SHOWN] + ("…" if len(value.strip()) > SHOWN else "")
    return "“" + "".join(letter if letter.isprintable() else "·" for letter in short) + "”"


def _by_name(lists: Mapping[str, Catalogue]) -> Mapping[str, tuple[str, str]]:
    """Every name of a category, to its code and version: the code, its words, those with the group's before them."""
    found: dict[str, tuple[str, str]] = {}
    for version in sorted(lists, reverse=True):
        for name, code in _names(lists[version]):
            found.setdefault(name, (code, version))
    return found


def _names(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """A name that several have is nobody's."""
    alone: dict[str, str | None] = {}
    for code, each in catalogue.categories.items():
        group = catalogue.categories[each.group].words
        for language in Language:
            words, whole = each.words.say(language), f"{group.say(language)} {each.words.say(language)}"
            yield _plain(words if each.is_group else whole), code
            if not each.is_group:
                same = alone.get(_plain(words), code)
                alone[_plain(words)] = code if same == code else None
        yield _plain(code), code
    yield from ((name, code) for name, code in alone.items() if code)


@lru_cache(maxsize=4096)
def _plain(text: str) -> str:
    return " ".join("".join(letter if letter.isalnum() else " " for letter in text.casefold()).split())
