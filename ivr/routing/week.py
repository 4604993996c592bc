"""Weekdays and times of day as people write them: mon-fri, 09:00-17:00. Pure, both ways."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ivr.errors import ScriptError
from ivr.routing.hours import DAY_MIN

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIMES = re.compile(r"([0-9]{1,2})(?::([0-5][0-9]))?\s*[-–]\s*([0-9]{1,2})(?::([0-5][0-9]))?")


def read_days(text: str) -> tuple[int, ...]:
    """Weekdays, 0 being Monday, in order: from "mon-fri", "sat", "mon,wed,fri-sun". Raises ScriptError."""
    found: set[int] = set()
    for part in text.lower().replace("–", "-").split(","):
        ends = [word.strip() for word in part.split("-")]
        if len(ends) > 2 or not all(word in DAYS for word in ends):
            raise ScriptError(f"'{text}' names no days", remedy="Write mon-fri, or sat, or mon,wed,fri.")
        first, last = DAYS.index(ends[0]), DAYS.index(ends[-1])
        found |= {day % 7 for day in range(first, (last if last >= first else last + 7) + 1)}
    return tuple(sorted(found))


def read_times(text: str) -> tuple[int, int]:
    """Start and end as minutes of the day: from "09:00-17:00", "22-6", "18:00-24:00". An end at or before the start
    is tomorrow; midnight at the end is 1,440. Raises ScriptError."""
    found = _TIMES.fullmatch(text.strip())
    if not found:
        raise ScriptError(
            f"'{text}' is no time of day from and to", remedy="Write 09:00-17:00; 22:00-06:00 ends tomorrow."
        )
    starts, ends = int(found[1]) * 60 + int(found[2] or 0), int(found[3]) * 60 + int(found[4] or 0)
    if starts >= DAY_MIN or ends > DAY_MIN:
        raise ScriptError(f"'{text}' is no time of day", remedy="The day goes from 00:00 to 24:00.")
    return starts, ends or DAY_MIN


def show_days(days: Iterable[int]) -> str:
    """As short as it can be said: mon-fri, or mon,wed."""
    told = sorted(set(days))
    runs: list[list[int]] = []
    for day in told:
        if runs and day == runs[-1][-1] + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    words = [f"{DAYS[run[0]]}-{DAYS[run[-1]]}" if len(run) > 2 else ",".join(DAYS[day] for day in run) for run in runs]
    return ",".join(words)


def show_time(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def show_times(starts: int, ends: int) -> str:
    """As in 09:00-17:00, an end at midnight as 24:00."""
    return f"{show_time(starts)}-{show_time(ends or DAY_MIN)}"
