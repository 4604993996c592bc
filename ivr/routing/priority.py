"""Who first. Pure; the reason goes on record with the call.

Every caller has one number, `place`: the second of their arrival, moved back by a bonus for what they said. The switch
serves the highest place first (QUEUE_PRIO), so age counts by itself: nobody waits for ever behind those with a bonus,
and a caller who leaves the queue to hear something and comes back has lost nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ivr.flow.steps import Caller, Priority, Session, Topic

HIGHEST_PLACE = 2**31 - 1  # QUEUE_PRIO is a C int
EPOCH_S = 1_767_225_600  # 2026-01-01 UTC: places stay positive until 2094


class Reason(StrEnum):
    """Why a caller has the priority they have; a word of the ledger."""

    DANGER = "danger-key"
    VIOLENCE = "violence"
    SILENT = "silent"
    RANG_BEFORE = "rang-before"
    ARRIVAL = "order-of-arrival"
    RINGS_OFTEN = "rings-often"


# How much longer than in truth this caller counts as waiting. In danger: before everybody of a whole day.
BONUS_S: dict[Reason, int] = {
    Reason.DANGER: 86_400,
    Reason.VIOLENCE: 600,
    Reason.SILENT: 600,
    Reason.RANG_BEFORE: 300,
    Reason.ARRIVAL: 0,
    Reason.RINGS_OFTEN: -300,
}
PRIORITY: dict[Reason, Priority] = {
    Reason.DANGER: Priority.DANGER,
    Reason.VIOLENCE: Priority.HIGH,
    Reason.SILENT: Priority.HIGH,
}
OFTEN = 3  # calls in the last ten minutes after which one more waits behind first callers; it is never turned away


@dataclass(frozen=True, slots=True)
class Standing:
    """How urgent a caller is, and why."""

    priority: Priority
    reason: Reason

    def place(self, arrived_at: float) -> int:
        """The number that the queue sorts by, higher first. `arrived_at` is in seconds since 1970."""
        return HIGHEST_PLACE - int(arrived_at - EPOCH_S) + BONUS_S[self.reason]


def decide_priority(session: Session, caller: Caller) -> Standing:
    """A caller who said danger is never asked for more. Who rings often may be the one who is hurt."""
    reason = _reason(session, caller)
    return Standing(PRIORITY.get(reason, session.priority or Priority.NORMAL), reason)


def _reason(session: Session, caller: Caller) -> Reason:
    """The first that holds."""
    reasons = (
        (session.priority is Priority.DANGER, Reason.DANGER),
        (session.topic is Topic.VIOLENCE, Reason.VIOLENCE),
        (session.silent, Reason.SILENT),
        (caller.calls_lately >= OFTEN, Reason.RINGS_OFTEN),
        (caller.unanswered, Reason.RANG_BEFORE),
    )
    return next((reason for holds, reason in reasons if holds), Reason.ARRIVAL)
