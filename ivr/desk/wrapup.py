"""What a counsellor writes down about a contact, and the paperwork's way from open to closed. Pure.

What was typed is a `Form`, text as it came; what was found to be in order is a `WrapUp`. Names have no field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ivr.desk.catalogue import Risk
from ivr.flow.steps import AgeBand, Language, Priority, Topic


class Paper(StrEnum):
    """How far the paperwork of a contact is. Never written down: it follows from what is."""

    OPEN = "open"
    DRAFT = "draft"
    CLOSED = "closed"
    CORRECTED = "corrected"


class Deed(StrEnum):
    SAVE = "save"
    CLOSE = "close"  # with the form, or in one click
    CORRECT = "correct"


# What is closed stays closed: a draft of a correction changes nothing until it is one.
TRANSITIONS: dict[Paper, dict[Deed, Paper]] = {
    Paper.OPEN: {Deed.SAVE: Paper.DRAFT, Deed.CLOSE: Paper.CLOSED},
    Paper.DRAFT: {Deed.SAVE: Paper.DRAFT, Deed.CLOSE: Paper.CLOSED},
    Paper.CLOSED: {Deed.SAVE: Paper.CLOSED, Deed.CORRECT: Paper.CORRECTED},
    Paper.CORRECTED: {Deed.SAVE: Paper.CORRECTED, Deed.CORRECT: Paper.CORRECTED},
}


class Ended(StrEnum):
    """How a contact ended. All but the first and the last close it in one click."""

    COUNSELLED = "counselled"
    SILENT = "silent"
    HUNG_UP = "hung_up"
    TEST = "test"
    WRONG_NUMBER = "wrong_number"
    PRANK = "prank"
    ABUSIVE = "abusive"
    THANKS = "thanks"
    OTHER = "other"  # of the years before: no counselling, and no more is known


ONE_CLICK = tuple(ended for ended in Ended if ended not in (Ended.COUNSELLED, Ended.OTHER))


class Gender(StrEnum):
    GIRL = "girl"
    BOY = "boy"
    OTHER = "other"
    NOT_STATED = "not_stated"


class Channel(StrEnum):
    """By which a contact came that the telephone knows nothing of."""

    WALK_IN = "walk_in"
    LETTER = "letter"
    EMAIL = "email"
    SOCIAL_NETWORK = "social_network"


@dataclass(frozen=True, slots=True)
class Form:
    """As it was typed or chosen: text, and lists of codes. Everything may be empty, or wrong.

    `risk_yes`: the questions about risk that were answered with yes. `call_back`: "yes" or empty.
    """

    topic: str = ""
    categories: tuple[str, ...] = ()
    language: str = ""
    age: str = ""
    age_band: str = ""
    gender: str = ""
    region: str = ""
    caller: str = ""
    living: str = ""
    groups: tuple[str, ...] = ()
    risk: str = ""
    risk_yes: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    referrals: tuple[str, ...] = ()
    call_back: str = ""
    summary: str = ""


@dataclass(frozen=True, slots=True)
class WrapUp:
    """In order. `age` in years. `lists`: the version of the lists that its codes are of."""

    ended: Ended
    lists: str
    topic: Topic | None = None
    categories: tuple[str, ...] = ()
    language: Language | None = None
    age: int | None = None
    age_band: AgeBand | None = None
    gender: Gender = Gender.NOT_STATED
    region: str = ""
    caller: str = ""
    living: str = ""
    groups: tuple[str, ...] = ()
    risk: Risk | None = None
    risk_yes: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    referrals: tuple[str, ...] = ()
    call_back: bool = False
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What the menus have learned of a caller, as the row of the call or contact says it."""

    language: str | None = None
    topic: str | None = None
    age_band: str | None = None
    silent: bool = False
    priority: str = Priority.NORMAL.value


def advance(paper: Paper, deed: Deed) -> Paper | None:
    """Where `deed` leads; None when it may not be done here."""
    return TRANSITIONS[paper].get(deed)


def paper(versions: int, *, has_draft: bool) -> Paper:
    """How far it is, from how often it was written down."""
    if versions:
        return Paper.CLOSED if versions == 1 else Paper.CORRECTED
    return Paper.DRAFT if has_draft else Paper.OPEN


def prefill(known: Known) -> Form:
    """The form as the counsellor finds it. A caller who pressed 9 begins at high risk, and it can be changed."""
    risk = Risk.HIGH.value if known.priority == Priority.DANGER else ""
    return Form(
        topic=_kept(known.topic, Topic),
        language=_kept(known.language, Language),
        age_band=_kept(known.age_band, AgeBand),
        risk=risk,
    )


def likely_end(known: Known) -> Ended | None:
    """The one click that lies nearest: a caller who said nothing in the menus. Never for one in danger."""
    return Ended.SILENT if known.silent and known.priority != Priority.DANGER else None


def in_one_click(ended: Ended, known: Known, lists: str) -> WrapUp:
    """Closed with no more fields; what the menus have learned is kept. `ended` is one of ONE_CLICK."""
    form = prefill(known)
    band = AgeBand(form.age_band) if form.age_band else None
    language = Language(form.language) if form.language else None
    return WrapUp(ended, lists, Topic(form.topic) if form.topic else None, language=language, age_band=band)


def as_form(written: WrapUp) -> Form:
    """For a correction: what was written down, as if it had been typed."""
    values = {name: _typed(getattr(written, name)) for name in Form.__slots__}
    return Form(**values | {"call_back": "yes" if written.call_back else ""})


def band_of(years: int) -> AgeBand:
    limits: Mapping[int, AgeBand] = {10: AgeBand.UP_TO_10, 14: AgeBand.FROM_11_TO_14, 18: AgeBand.FROM_15_TO_18}
    return next((band for limit, band in limits.items() if years <= limit), AgeBand.ADULT)


def _kept(told: str | None, kind: type[StrEnum]) -> str:
    """A row of another version of the flow may say what we do not know."""
    return told if told in list(kind) else ""


def _typed(value: object) -> Any:
    return value if isinstance(value, tuple) else "" if value is None else str(value)
