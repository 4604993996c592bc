"""Who keeps a promise: which counsellor is rung for a call-back. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ivr.flow.steps import Language, Priority
from ivr.routing.plan import Ready, Seat
from ivr.routing.skills import DANGER, GENERAL, SKILLS, Fit, Need, Person, fit


def need_of(language: str | None, topic: str | None, priority: str) -> Need:
    if priority == Priority.DANGER:
        return Need(language or Language.AZ, DANGER)
    return Need(language or Language.AZ, topic if topic in SKILLS else GENERAL)


def taker(seats: Iterable[Seat], need: Need, tried: Collection[str], *, lapses: bool) -> Person | None:
    """Who is free and fits best, the longest idle of them; None when nobody should be rung now.

    Who shares no language with the caller is rung only when the promise would lapse otherwise. `tried`: extensions that
    did not take it.
    """
    free = [seat for seat in seats if seat.ready is Ready.FREE and seat.extension not in tried]
    fits = {seat.extension: fit(seat.person, need) for seat in free}
    fitting = [seat for seat in free if lapses or fits[seat.extension] < Fit.ANYBODY]
    best = min(fitting, key=lambda seat: (fits[seat.extension], -seat.idle_s), default=None)
    return best.person if best else None
