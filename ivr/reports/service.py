"""How callers fared: answered, given up and where, how long it took, when they ring, what became of promises. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from math import ceil
from typing import Any

from ivr.records.call import Outcome
from ivr.reports.measures import UNKNOWN
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
    """What the rows say."""

    attempts: Sequence[Attempt]
    left_menus: Sequence[Left] = ()
    repeats: Mapping[int, int] | None = None
    promises: Mapping[str, int] | None = None


def service(asked: Asked) -> Service:
    calls, repeats = asked.attempts, asked.repeats or {}
    waits = [each.wait_s or 0.0 for each in calls if each.outcome in _REACHED]
    talks = [each.talk_s for each in calls if each.outcome in _REACHED and each.talk_s is not None]
    return Service(
        attempts=len(calls),
        by_outcome=_by_outcome(calls),
        answered=len(waits),
        answered_soon=sum(wait <= SOON_S for wait in waits),
        left_at_once=sum(_left_at_once(each) for each in calls),
        to_human=times(waits),
        handling=times(talks),
        by_hour=Counter(_hour(each.started_at) for each in calls),
        by_language=_by_language(calls),
        drop_out=drop_out(asked.left_menus),
        silent=sum(each.silent for each in calls),
        callers=sum(repeats.values()),
        repeat_callers=sum(n for often, n in repeats.items() if often > 1),
        often_callers=sum(n for often, n in repeats.items() if often >= OFTEN),
        promises=_promises(asked.promises or {}),
    )


def times(seconds: Iterable[float]) -> Times:
    """Nearest rank: a figure that was really measured."""
    found = sorted(seconds)
    if not found:
        return Times(None, None)
    return Times(*(round(found[ceil(len(found) * share) - 1], 1) for share in (0.5, 0.9)))


def _by_outcome(calls: Sequence[Attempt]) -> Mapping[str, int]:
    found = Counter(each.outcome.value for each in calls if each.outcome)
    return {outcome.value: found[outcome.value] for outcome in Outcome}


def _by_language(calls: Sequence[Attempt]) -> Mapping[str, Mapping[str, int]]:
    found: dict[str, list[Attempt]] = {}
    for each in calls:
        found.setdefault(each.language or UNKNOWN, []).append(each)
    return {language: _by_outcome(some) for language, some in sorted(found.items())}


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


def drop_out(calls: Iterable[Left]) -> DropOut:
    """Read from the steps of calls that ended in the menus."""
    seconds, menus = Counter[str](), Counter[str]()
    wrong = no_key = 0
    for begun, steps in calls:
        asked = [step for step in steps if step["step"] == "asked"]
        seconds[_heard(begun, steps)] += 1
        menus[str(asked[-1].get("menu", UNKNOWN)) if asked else "start"] += 1
        wrong += _again_with_a_key(asked)
        no_key += bool(asked) and not any(step.get("key") for step in asked)
    order = [*(f"<{step}" for step in HEARD_STEPS_S), f"{HEARD_STEPS_S[-1]}+"]
    return DropOut({name: seconds[name] for name in order}, dict(menus.most_common()), wrong, no_key)


def _heard(begun: datetime, steps: Sequence[Mapping[str, Any]]) -> str:
    took = (datetime.fromisoformat(str(steps[-1]["at"])) - begun).total_seconds() if steps else 0.0
    return next((f"<{step}" for step in HEARD_STEPS_S if took < step), f"{HEARD_STEPS_S[-1]}+")


def _again_with_a_key(asked: Sequence[Mapping[str, Any]]) -> int:
    """A key after which the same menu was heard again was a wrong one."""
    return sum(bool(one.get("key")) and one.get("menu") == other.get("menu") for one, other in pairwise(asked))
