"""Collects the faults of a TOML file, each with its line and its name."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar

from ivr.errors import Fault, Said, ScriptError
from ivr.flow.toml_faults import fault_of

Kind = TypeVar("Kind", bound=StrEnum)
Otherwise = TypeVar("Otherwise")
TEXT_LIMIT = 200  # characters of one name; anything longer is a slip of the paste buffer
FLOW = Said("the flow")
MISSING = Said("is missing")


class Faults:
    """Readers that note what is wrong and go on with a stand-in, so that one run shows everything.

    Whatever a page shows is added as `Said`; plain text is for files that no page takes.
    """

    def __init__(self, text: str, what: Said | str = FLOW) -> None:
        self._lines, self._what = text.splitlines(), what
        self._found: dict[tuple[int, str], Fault] = {}  # one told twice is one

    def add(self, where: str, key: str, what: Said | str) -> None:
        self._note(Fault(what, ".".join(part for part in (where, key) if part), self._line(where, key)))

    def add_at(self, fragment: str, what: Said | str) -> None:
        """A fault at the first line that has `fragment` in it."""
        self._note(Fault(what, line=next((n for n, text in enumerate(self._lines, 1) if fragment in text), 1)))

    def _note(self, fault: Fault) -> None:
        self._found[fault.line, str(fault)] = fault

    def raise_if_any(self) -> None:
        if self._found:
            faults = tuple(self._found[each] for each in sorted(self._found))
            raise _script_error(f"{self._what} has {len(faults)} fault(s)", *faults)

    def table(self, where: str, told: Any) -> dict[str, Any]:
        if isinstance(told, dict):
            return told
        self.add(where, "", MISSING if told is None else Said("must be a table"))
        return {}

    def unknown(self, where: str, told: Mapping[str, Any], known: set[str], inside: str = "") -> None:
        words = ", ".join(sorted(known))
        for name in sorted(told.keys() - known):
            values = {"name": name, "file": self._what, "known": words}
            self.add(where, inside or name, Said("'%(name)s' is not a word of %(file)s (known: %(known)s)", values))

    def text(self, where: str, key: str, told: Any) -> str:
        if isinstance(told, str) and 0 < len(told) <= TEXT_LIMIT:
            return told
        wrong = Said("must be text of 1 to %(most)s characters", {"most": TEXT_LIMIT})
        self.add(where, key, MISSING if told is None else wrong)
        return ""

    def texts(self, where: str, key: str, told: Any) -> tuple[str, ...]:
        if isinstance(told, list) and told and all(isinstance(item, str) and item for item in told):
            return tuple(told)
        self.add(where, key, MISSING if told is None else Said("must be a list of texts, at least one"))
        return ()

    def number(self, where: str, key: str, told: Any, limits: tuple[float, float]) -> float:
        if isinstance(told, int | float) and not isinstance(told, bool) and limits[0] <= told <= limits[1]:
            return float(told)
        low, high = (f"{limit:g}" for limit in limits)
        self.add(where, key, Said("must be a number from %(low)s to %(high)s", {"low": low, "high": high}))
        return limits[0]

    def one_of(self, where: str, key: str, told: Any, kind: type[Kind], otherwise: Otherwise) -> Kind | Otherwise:
        """The member of `kind`; `otherwise` when nothing is told, and also, with a fault, when it is not a member."""
        if isinstance(told, str) and told in list(kind):
            return kind(told)
        if told is not None:
            self.add(where, key, Said("'%(told)s' is not one of %(known)s", {"told": told, "known": ", ".join(kind)}))
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


def read_toml(text: str, what: Said | str) -> dict[str, Any]:
    """The tables in `text`. Raises ScriptError with the line of the first fault, after which nothing is sure."""
    try:
        data = tomllib.loads(text)
        repr(data)  # a number in hexadecimal is read however long it is, and then no fault can print it
    except (ValueError, RecursionError) as error:
        fault = fault_of(error, text.count("\n") + 1)
        raise _script_error(f"{what} cannot be read as TOML", fault) from error
    return data


def _script_error(message: str, *faults: Fault) -> ScriptError:
    return ScriptError(message, problems=tuple(map(str, faults)), faults=faults)
