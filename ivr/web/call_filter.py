"""What of the call log is asked for, as it stands in the address bar: read, checked, and written back.

No number of a caller is ever among it, and no word of a summary: those are sent in a form.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from ivr.call_review import Asked, Sort
from ivr.routing.hours import BAKU

PLAIN = ("language", "topic", "category", "outcome", "counsellor", "risk", "dialled")
YES_NO = ("silent", "repeat")
COLUMNS = (
    "language", "topic", "age_band", "outcome", "counsellor", "wait", "talk", "dialled", "priority", "repeat", "risk",
    "ended", "categories",
)  # fmt: skip
USUAL = ("language", "topic", "outcome", "counsellor", "wait", "talk", "risk")
COOKIE = "calls_columns"
_CODE = re.compile(r"[\w.+*-]{1,80}", re.ASCII)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Filter:
    """`days`: from and until, as typed, both included, on the helpline's clock. `faults`: fields that are wrong."""

    asked: Asked
    sort: Sort
    days: tuple[str, str]
    faults: frozenset[str]

    def query(self, **more: str) -> str:
        """As it goes behind the question mark."""
        told = {
            "from": self.days[0],
            "until": self.days[1],
            "sort": "" if self.sort is Sort.NEWEST else self.sort.value,
        }
        told |= {name: getattr(self.asked, name) for name in PLAIN}
        told |= {name: _yes_no(getattr(self.asked, name)) for name in YES_NO} | more
        return urlencode({name: value for name, value in told.items() if value})


def read(sent: Mapping[str, str]) -> Filter:
    faults = {name for name in PLAIN if sent.get(name) and not _CODE.fullmatch(sent[name])}
    plain = {name: sent.get(name, "") for name in PLAIN if name not in faults}
    since, until = (_moment(sent.get(name, ""), name, faults) for name in ("from", "until"))
    until = until + _DAY if until else None
    if since and until and since >= until:
        faults.add("span")
    flags = {name: {"yes": True, "no": False}.get(sent.get(name, "")) for name in YES_NO}
    sort = Sort(sent["sort"]) if sent.get("sort") in list(Sort) else Sort.NEWEST
    days = sent.get("from", "")[:10], sent.get("until", "")[:10]
    return Filter(Asked(since, until, **plain, **flags), sort, days, frozenset(faults))  # type: ignore[arg-type]


def _moment(text: str, name: str, faults: set[str]) -> datetime | None:
    if not text:
        return None
    try:
        return BAKU.moment(date.fromisoformat(text))
    except (ValueError, OverflowError):
        faults.add(name)
        return None


def _yes_no(value: bool | None) -> str:
    return "" if value is None else "yes" if value else "no"


def columns(asked: Sequence[str], remembered: str) -> tuple[str, ...]:
    """Those asked for now, else those that were last, else the usual ones; in the order of COLUMNS."""
    known = [name for name in COLUMNS if name in asked] or [name for name in COLUMNS if name in remembered.split(".")]
    return tuple(known) or USUAL
