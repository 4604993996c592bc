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
from pathlib import Path


class HelplineError(Exception):
    """The base; never raised itself. `remedy` says what to do, in one sentence."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


class ScriptError(HelplineError):
    """What we were given to follow is wrong. `problems` holds every fault at once, one line each."""

    def __init__(self, message: str, *, problems: tuple[str, ...] = (), remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.problems = problems


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
