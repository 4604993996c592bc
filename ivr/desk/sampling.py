"""Which talks of a week are looked at: as many of everybody's, drawn by nobody's hand. Pure.

The order is that of a keyed digest of the contact's id, so it is the same whoever asks and whenever, nobody can pick
their favourites, and without the key nobody can tell beforehand which talks will be drawn.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

EACH = 2  # of every counsellor a week


@dataclass(frozen=True, slots=True)
class Talk:
    contact_id: str
    counsellor: str


def draw(talks: Iterable[Talk], key: bytes, week: date, each: int = EACH) -> tuple[Talk, ...]:
    """`each` talks of every counsellor, or all of theirs where there are fewer; by counsellor."""
    theirs: dict[str, list[Talk]] = {}
    for talk in talks:
        theirs.setdefault(talk.counsellor, []).append(talk)
    return tuple(
        talk
        for _, many in sorted(theirs.items())
        for talk in sorted(many, key=lambda talk: _order(talk, key, week))[:each]
    )


def last_week(now: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """The last whole week, Monday to Monday, in local time."""
    today = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    monday = today - timedelta(days=today.weekday())
    return monday - timedelta(days=7), monday


def _order(talk: Talk, key: bytes, week: date) -> bytes:
    return hmac.new(key, f"review:{week.isoformat()}:{talk.contact_id}".encode(), hashlib.sha256).digest()
