"""Every error of this package, in one tree.

HelplineError
├── ScriptError      a flow, a prompt list or a setting is wrong; stops the start, exit 2
├── TelephonyError   the switch refused, is away, or spoke nonsense
├── NotFound         there is no such call, contact, prompt
├── Refused          a rule said no: not permitted, wrong state, a limit passed
└── Conflict         someone else changed it first

A caller who hangs up, does not answer or presses nothing is an outcome, not an error.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence of ours in English, which the catalogues of the pages have in every language.

    `words` is a template as in gettext, "%(to)s"; `values` is what is filled in: a `Said` is told in the reader's
    language, anything else as it is.
    """

    words: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.words % self.values


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong in a file. `what` as plain text is in English only. `where`: "menu.age.wait_s";
    empty: the file as a whole. `line` 0: no line of it."""

    what: Said | str
    where: str = ""
    line: int = 0

    def __str__(self) -> str:
        return "".join(
            (f"line {self.line}: " if self.line else "", f"{self.where}: " if self.where else "", str(self.what))
        )


class HelplineError(Exception):
    """The base; never raised itself. `remedy` says what to do, in one sentence."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


class ScriptError(HelplineError):
    """What we were given to follow is wrong. `problems` holds every fault at once, one line each, in English; `faults`
    the same for who tells them in another language, where they are known so."""

    def __init__(
        self, message: str, *, problems: tuple[str, ...] = (), faults: tuple[Fault, ...] = (), remedy: str = ""
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.problems = problems
        self.faults = faults


class TelephonyError(HelplineError):
    """The switch refused, is away, or what came over the wire was not what the protocol says."""


class NotFound(HelplineError):
    """There is no such thing."""


class Refused(HelplineError):
    """A rule said no."""


class Conflict(HelplineError):
    """Someone else changed it first."""


def where(error: BaseException) -> str:
    """File and line in which it came up, for a log: its message, or a local variable, could hold a caller's number."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
