"""Erlang's formula for a queue that nobody leaves (A. K. Erlang, 1917): the planner's figure beside the simulation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

LONGEST_S = 86_400.0
EXACT_S = 0.01


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour in which calls come, and counsellors are on, as on average. `handling_s` includes wrap-up."""

    calls: float
    counsellors: int
    handling_s: float

    @property
    def load(self) -> float:
        """In Erlang: how many counsellors would be busy on average."""
        return self.calls * self.handling_s / 3600

    @property
    def share_who_wait(self) -> float:
        """Erlang C. 1 where the load is more than all counsellors together can bear."""
        if self.load >= self.counsellors:
            return 1.0
        lost = 1.0  # Erlang B, by its recursion
        for n in range(1, self.counsellors + 1):
            lost = self.load * lost / (n + self.load * lost)
        return lost / (1 - self.load / self.counsellors * (1 - lost))

    def share_within(self, seconds: float) -> float:
        """Callers who wait no longer than that; in the end nobody at all, where the load is too much."""
        spare = self.counsellors - self.load
        if spare <= 0:
            return 0.0
        return 1 - self.share_who_wait * math.exp(-spare * seconds / self.handling_s)


def counsellors_needed(calls: float, handling_s: float, share: float, within_s: float) -> int:
    """The fewest with whom that share of callers waits no longer than that."""
    fewest = 1
    while Hour(calls, fewest, handling_s).share_within(within_s) < share:
        fewest += 1
    return fewest


def percentile_s(hours: Sequence[Hour], share: float) -> float:
    """The wait that this share of all callers does not exceed; infinite where even a day is not enough."""
    calls = sum(hour.calls for hour in hours)

    def reached(seconds: float) -> bool:
        return sum(hour.calls * hour.share_within(seconds) for hour in hours) >= share * calls

    if not reached(LONGEST_S):
        return math.inf
    low, high = 0.0, LONGEST_S
    if reached(low):
        return low
    while high - low > EXACT_S:
        middle = (low + high) / 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high
