"""The duty-of-care register: that somebody was told of a child, whom, when, on what ground, who decided, and whether
the child was told that they were. A form, its faults, and the entry that it makes. Pure.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

from ivr.desk.catalogue import Disclosures

NOTE_LIMIT = 4_000
EARLIEST = timedelta(days=3650)  # before the entry; what lies further back is a slip of the keys
CLOCKS = timedelta(minutes=5)  # two clocks differ; the future is further off


class ChildTold(StrEnum):
    """Whether the child knew that somebody would be told."""

    BEFORE = "before"
    AFTER = "after"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Form:
    """As it was typed. `when`: local time, as a browser's field gives it (2026-11-22T14:05)."""

    told: str = ""
    ground: str = ""
    when: str = ""
    child_told: str = ""
    not_told: str = ""
    decided_by: str = ""
    note: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Disclosure:
    """`told`, `ground`, `not_told`: codes of the list `lists`. `decided_by`: an account's name."""

    told: str
    ground: str
    at: datetime
    child_told: ChildTold
    not_told: str | None
    decided_by: str
    lists: str
    note: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Known:
    """What an entry is checked by: the lists, the accounts that may have decided, the clock on the wall."""

    version: str
    lists: Disclosures
    deciders: Collection[str]
    zone: tzinfo
    now: datetime


def faults_of(form: Form, known: Known) -> tuple[str, ...]:
    """Names of the fields that are lacking or wrong, in the order of the page."""
    lists = known.lists
    right = {
        "told": form.told in lists.told,
        "ground": form.ground in lists.ground,
        "when": _moment(form.when, known) is not None,
        "child_told": form.child_told in set(ChildTold),
        "not_told": form.child_told != ChildTold.NO or form.not_told in lists.not_told,
        "decided_by": form.decided_by in known.deciders,
        "note": len(form.note) <= NOTE_LIMIT and not _lacks_note(form),
    }
    return tuple(name for name, is_right in right.items() if not is_right)


def made_of(form: Form, known: Known) -> Disclosure:
    """The entry of a form without faults."""
    at = _moment(form.when, known)
    assert at is not None  # noqa: S101  `faults_of` was asked
    told = ChildTold(form.child_told)
    not_told = form.not_told if told is ChildTold.NO else None
    return Disclosure(
        form.told, form.ground, at, told, not_told, form.decided_by, known.version, form.note.strip()
    )  # fmt: skip


def as_form(entry: Disclosure, zone: tzinfo) -> Form:
    """What a correction begins with."""
    when = entry.at.astimezone(zone).strftime("%Y-%m-%dT%H:%M")
    return Form(
        entry.told, entry.ground, when, entry.child_told, entry.not_told or "", entry.decided_by, entry.note
    )  # fmt: skip


def _lacks_note(form: Form) -> bool:
    """What "another" was has to be said."""
    is_other = form.told == "other" or (form.child_told == ChildTold.NO and form.not_told == "other")
    return is_other and not form.note.strip()


def _moment(text: str, known: Known) -> datetime | None:
    """None for what is no time, lies in the future or too far back."""
    try:
        at = datetime.strptime(text[:16], "%Y-%m-%dT%H:%M").replace(tzinfo=known.zone)
        return at if known.now - EARLIEST <= at <= known.now + CLOCKS else None
    except (ValueError, OverflowError):
        return None
