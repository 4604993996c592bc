"""How callers fared: answered, given up and where, how long it took, when they ring, what became of promises. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import accumulate, pairwise
from math import ceil
from typing import Any

from ivr.records.call import Outcome
from ivr.reports.measures import UNKNOWN, Counts
from ivr.reports.queries import Attempt, Left
from ivr.routing.hours import BAKU
from ivr.routing.promise import OPEN, State

SOON_S = 20.0  # the service level: a human within so long
AT_ONCE_S = 5.0  # who hangs up within it has mostly dialled wrongly
HEARD_STEPS_S = (5, 10, 20, 30, 60)
OFTEN = 5
_REACHED = frozenset({Outcome.ANSWERED, Outcome.FORWARDED})
_LEFT = frozenset({Outcome.ABANDONED_IN_MENU, Outcome.ABANDONED_IN_QUEUE})


class Kept(StrEnum):
    """What became of a promise to ring back."""

    KEPT = "kept"
    LAPSED = "lapsed"  # its hours were over, or it was rung as often as the policy allows
    WITHDRAWN = "withdrawn"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds: half were quicker, nine in ten were. None where there was none."""

    median_s: float | None
    p90_s: float | None


@dataclass(frozen=True, slots=True)
class DropOut:
    """Callers who hung up in the menus: how many after how many seconds, at which menu, how many wrong keys before."""

    by_seconds: Mapping[str, int]
    by_menu: Mapping[str, int]
    wrong_keys: int
    no_key: int


@dataclass(frozen=True, slots=True)
class Service:
    """`by_hour`: (weekday 0 to 6 from Monday, hour) by the helpline's clock to calls. `by_language`: to outcomes."""

    attempts: int
    by_outcome: Mapping[str, int]
    answered: int
    answered_soon: int
    left_at_once: int
    to_human: Times
    handling: Times
    by_hour: Mapping[tuple[int, int], int]
    by_language: Mapping[str, Mapping[str, int]]
    drop_out: DropOut
    silent: int
    callers: int
    repeat_callers: int
    often_callers: int
    promises: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the rows say. `counts`: of `fold`, of however many days."""

    counts: Counts
    repeats: Mapping[int, int] | None = None
    promises: Mapping[str, int] | None = None


def fold(attempts: Iterable[Attempt], left_menus: Iterable[Left] = ()) -> Counts:
    """Counts that can be added to those of other days: `calls`, `ended|az|answered`, `hour|0|13`, `wait|12.3`…"""
    found = Counter[str]()
    for each in attempts:
        day, hour = _hour(each.started_at)
        found["calls"] += 1
        found[f"ended|{each.language or UNKNOWN}|{each.outcome or ''}"] += 1
        found[f"hour|{day}|{hour}"] += 1
        found["silent"] += each.silent
        found["at_once"] += _left_at_once(each)
        if each.outcome in _REACHED:
            wait = each.wait_s or 0.0
            found["soon"] += wait <= SOON_S
            found[f"wait|{round(wait, 1)}"] += 1
            if each.talk_s is not None:
                found[f"talk|{round(each.talk_s, 1)}"] += 1
    return found + _fold_left(left_menus)


def service(asked: Asked) -> Service:
    counts, repeats = asked.counts, asked.repeats or {}
    ended = {tuple(key): n for key, n in _of("ended", counts)}
    waits, talks = ({float(key[0]): n for key, n in _of(name, counts)} for name in ("wait", "talk"))
    return Service(
        attempts=counts.get("calls", 0),
        by_outcome=_by_outcome(ended),
        answered=sum(waits.values()),
        answered_soon=counts.get("soon", 0),
        left_at_once=counts.get("at_once", 0),
        to_human=times(waits),
        handling=times(talks),
        by_hour=Counter({(int(day), int(hour)): n for (day, hour), n in _of("hour", counts)}),
        by_language=_by_language(ended),
        drop_out=_drop_out(counts),
        silent=counts.get("silent", 0),
        callers=sum(repeats.values()),
        repeat_callers=sum(n for often, n in repeats.items() if often > 1),
        often_callers=sum(n for often, n in repeats.items() if often >= OFTEN),
        promises=_promises(asked.promises or {}),
    )


def _of(name: str, counts: Counts) -> Iterator[tuple[list[str], int]]:
    """What stands behind that name, and how often."""
    return ((key.split("|")[1:], n) for key, n in counts.items() if key.startswith(f"{name}|"))


def times(seconds: Mapping[float, int]) -> Times:
    """Seconds, and how often. Nearest rank: a figure that was really measured, to a tenth."""
    order, calls = sorted(seconds), sum(seconds.values())
    if not calls:
        return Times(None, None)
    upto = list(accumulate(seconds[each] for each in order))
    return Times(*(order[bisect_left(upto, ceil(calls * share))] for share in (0.5, 0.9)))


def _by_outcome(ended: Mapping[tuple[str, ...], int], language: str = "") -> Mapping[str, int]:
    found = Counter[str]()
    for (spoken, outcome), n in ended.items():
        found[outcome] += n if language in ("", spoken) else 0
    return {outcome.value: found[outcome.value] for outcome in Outcome}


def _by_language(ended: Mapping[tuple[str, ...], int]) -> Mapping[str, Mapping[str, int]]:
    return {language: _by_outcome(ended, language) for language in sorted({key[0] for key in ended})}


def _left_at_once(each: Attempt) -> bool:
    if each.outcome not in _LEFT or each.ended_at is None:
        return False
    return (each.ended_at - each.started_at).total_seconds() < AT_ONCE_S


def _hour(moment: datetime) -> tuple[int, int]:
    day, minute = BAKU.reads(moment)
    return day.weekday(), minute // 60


def _promises(found: Mapping[str, int]) -> Mapping[str, int]:
    now = {State.KEPT: Kept.KEPT, State.LAPSED: Kept.LAPSED, State.GIVEN_UP: Kept.LAPSED}
    now |= dict.fromkeys(OPEN, Kept.OPEN) | {State.WITHDRAWN: Kept.WITHDRAWN}
    counted = Counter[str]()
    for state, n in found.items():
        counted[now.get(State(state), Kept.OPEN)] += n
    return {kept.value: counted[kept.value] for kept in Kept}


# ---- the menus


def _fold_left(calls: Iterable[Left]) -> Counter[str]:
    """Read from the steps of calls that ended in the menus."""
    found = Counter[str]()
    for begun, steps in calls:
        asked = [step for step in steps if step["step"] == "asked"]
        found[f"left after|{_heard(begun, steps)}"] += 1
        found[f"left at|{asked[-1].get('menu', UNKNOWN) if asked else 'start'}"] += 1
        found["wrong"] += _again_with_a_key(asked)
        found["no_key"] += bool(asked) and not any(step.get("key") for step in asked)
    return found


def _drop_out(counts: Counts) -> DropOut:
    seconds = {key[0]: n for key, n in _of("left after", counts)}
    menus = Counter({key[0]: n for key, n in _of("left at", counts)})
    order = [*(f"<{step}" for step in HEARD_STEPS_S), f"{HEARD_STEPS_S[-1]}+"]
    by_seconds = {name: seconds.get(name, 0) for name in order}
    return DropOut(by_seconds, dict(menus.most_common()), counts.get("wrong", 0), counts.get("no_key", 0))


def _heard(begun: datetime, steps: Sequence[Mapping[str, Any]]) -> str:
    took = (datetime.fromisoformat(str(steps[-1]["at"])) - begun).total_seconds() if steps else 0.0
    return next((f"<{step}" for step in HEARD_STEPS_S if took < step), f"{HEARD_STEPS_S[-1]}+")


def _again_with_a_key(asked: Sequence[Mapping[str, Any]]) -> int:
    """A key after which the same menu was heard again was a wrong one."""
    return sum(bool(one.get("key")) and one.get("menu") == other.get("menu") for one, other in pairwise(asked))
