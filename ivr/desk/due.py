"""What of somebody's papers lapses: the training, and the check of who they are. Reminded of in good time. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

REMIND = timedelta(days=30)


class Paper(StrEnum):
    TRAINING = "training"
    CHECK = "check"


@dataclass(frozen=True, slots=True)
class Due:
    """`until`: the last day on which it holds."""

    paper: Paper
    until: date
    lapsed: bool


def due(training_until: date | None, check_until: date | None, today: date) -> tuple[Due, ...]:
    """What has lapsed or will within REMIND. A date that nobody wrote down reminds of nothing."""
    papers = ((Paper.TRAINING, training_until), (Paper.CHECK, check_until))
    return tuple(Due(paper, until, until < today) for paper, until in papers if until and until - today <= REMIND)
