"""Each row of the audit carries the hash of itself and of the one before: who changes one must change all that follow.

The newest hash, noted somewhere else, is a seal on everything before it: even who rewrites the whole chain cannot make
it end in that one. Pure; the form of what is hashed is for ever.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Link:
    """What of a row is hashed, in this order."""

    number: int
    at: datetime
    by: str
    deed: str
    about: str
    address: str


def digest(before: str, link: Link) -> str:
    """SHA-256 in hex, over the hash before and the row; `before` is empty for the first row."""
    at = link.at if link.at.tzinfo else link.at.replace(tzinfo=UTC)
    said = [before, link.number, at.astimezone(UTC).isoformat(timespec="microseconds")]
    said += [link.by, str(link.deed), link.about, link.address]
    return hashlib.sha256(json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
