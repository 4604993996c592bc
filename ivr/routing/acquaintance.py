"""What the calls of the last two hours say of a caller who rings again. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ivr.flow.steps import Caller

REMEMBERED_S = 7_200.0  # how far back we look, and how long the same counsellor is tried first
LATELY_S = 600.0
UNANSWERED_S = 3_600.0


@dataclass(frozen=True, slots=True)
class Past:
    """One call of this caller. `missed`: waited for a person, and nobody came; times in seconds since 1970."""

    started_at: float
    ended: bool
    silent: bool = False
    met: bool = False
    missed: bool = False
    counsellor: str = ""


def acquaintance(past: Iterable[Past], now: float) -> Caller:
    """The caller as these calls show them."""
    calls = sorted((call for call in past if call.started_at >= now - REMEMBERED_S), key=lambda call: call.started_at)
    over = [call for call in reversed(calls) if call.ended]
    return Caller(
        calls_lately=sum(call.started_at >= now - LATELY_S for call in calls),
        silent_before=bool(over) and over[0].silent,
        unanswered=_is_unanswered(over, now),
        same=next((call.counsellor for call in over if call.counsellor), ""),
    )


def _is_unanswered(newest_first: Iterable[Past], now: float) -> bool:
    """Whether the last wait within the hour was in vain. Who hung up in the menus neither waited nor was met."""
    waits = (call for call in newest_first if call.started_at >= now - UNANSWERED_S and (call.met or call.missed))
    return next((call.missed for call in waits), False)
