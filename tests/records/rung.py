"""Calls as rows, where how they came to be does not matter."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from typing import Any

from ivr.records import call
from ivr.records.database import Unit

_NUMBERS = count()


async def rang(unit: Unit, *moments: datetime) -> None:
    """One from outside at each, answered at once."""
    await call.write(unit, [_row(moment) for moment in moments])


def _row(at: datetime) -> dict[str, Any]:
    nothing = dict.fromkeys(("age_band", "counsellor", "talk_s", "door", "topic", "reason", "caller"))
    return nothing | {
        "id": f"{int(at.timestamp())}-{900_000 + next(_NUMBERS):06d}", "started_at": at, "ended_at": at,
        "dialled": "116111",
        "language": "az", "queue": "az", "priority": "normal", "silent": False, "outcome": "answered",
        "wait_s": 0.0, "steps": [], "state": "ended", "revision": 1,
    }  # fmt: skip
