"""Collects the faults of a TOML file, each with its line and its name."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar

from ivr.errors import ScriptError

Kind = TypeVar("Kind", bound=StrEnum)
Otherwise = TypeVar("Otherwise")
TEXT_LIMIT = 200  # characters of one name; anything longer is a slip of the paste buffer


class Faults:
    """Readers that note what is wrong and go on with a stand-in, so that one run shows everything."""

    def __init__(self, text: str, what: str = "the flow") -> None:
        self._lines, self._what = text.splitlines(), what
        self._found: list[tuple[int, str]] = []

    def add(self, where: str, key: str, what: str) -> None:
        name = ".".join(part for part in (where, key) if part)
        self._found.append((self._line(where, key), f"{name}: {what}" if name else what))

    def add_at(self, fragment: str, what: str) -> None:
        """A fault at the first line that has `fragment` in it."""
        line = next((n for n, text in enumerate(self._lines, 1) if fragment in text), 1)
        self._found.append((line, what))

    def raise_if_any(self) -> None:
        if self._found:
            problems = tuple(f"line {line}: {what}" for line, what in sorted(set(self._found)))
            raise ScriptError(f"{self._what} has {len(problems)} fault(s)", problems=problems)

    def table(self, where: str, told: Any) -> dict[str, Any]:
        if isinstance(told, dict):
            return told
        self.add(where, "", "is missing" if told is None else "must be a table")
        return {}

    def unknown(self, where: str, told: Mapping[str, Any], known: set[str], inside: str = "") -> None:
        for name in sorted(told.keys() - known):
            self.add(
                where, inside or name, f"'{name}' is not a word of {self._what} (known: {', '.join(sorted(known))})"
            )

    def text(self, where: str, key: str, told: Any) -> str:
        if isinstance(told, str) and 0 < len(told) <= TEXT_LIMIT:
            return told
        self.add(where, key, "is missing" if told is None else f"must be text of 1 to {TEXT_LIMIT} characters")
        return ""

    def texts(self, where: str, key: str, told: Any) -> tuple[str, ...]:
        if isinstance(told, list) and told and all(isinstance(item, str) and item for item in told):
            return tuple(told)
        self.add(where, key, "is missing" if told is None else "must be a list of texts, at least one")
        return ()

    def number(self, where: str, key: str, told: Any, limits: tuple[float, float]) -> float:
        if isinstance(told, int | float) and not isinstance(told, bool) and limits[0] <= told <= limits[1]:
            return float(told)
        self.add(where, key, f"must be a number from {limits[0]:g} to {limits[1]:g}")
        return limits[0]

    def one_of(self, where: str, key: str, told: Any, kind: type[Kind], otherwise: Otherwise) -> Kind | Otherwise:
        """The member of `kind`; `otherwise` when nothing is told, and also, with a fault, when it is not a member."""
        if isinstance(told, str) and told in list(kind):
            return kind(told)
        if told is not None:
            self.add(where, key, f"'{told}' is not one of {', '.join(kind)}")
        return otherwise

    def _line(self, where: str, key: str) -> int:
        """The line of `key` inside table `where`; the table's own line when the key is not there; else 1.

        "closure 2" is the second [[closure]].
        """
        header = self._header(where)
        if not key or not header:
            return header or 1
        pattern = re.compile(rf"""\s*["']?{re.escape(key)}["']?\s*=""")
        for number, text in enumerate(self._lines[header:], header + 1):
            if text.lstrip().startswith("["):
                break
            if pattern.match(text):
                return number
        return header

    def _header(self, where: str) -> int:
        name, _, nth = where.partition(" ")
        header = f"[[{name}]]" if nth else f"[{name}]"
        lines = [n for n, text in enumerate(self._lines, 1) if text.strip().startswith(header)]
        place = int(nth or 1) - 1
        return lines[place] if place < len(lines) else 0


def read_toml(text: str, what: str) -> dict[str, Any]:
    """The tables in `text`. Raises ScriptError with the line of the first fault, after which nothing is sure."""
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        said = str(error) or "nested too deeply"
        at = re.search(r"at line (\d+)", said)
        line = at[1] if at else str(text.count("\n") + 1)
        raise ScriptError(f"{what} cannot be read as TOML", problems=(f"line {line}: {said}",)) from error
