"""Whether a wrap-up is in order: every fault at once, as a field and a code that a page says in the reader's language.

Pure. The form itself is never changed: what is wrong is still there to be put right.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from ivr.desk.catalogue import Catalogue, Choice, Risk, unfolded
from ivr.desk.regions import is_region
from ivr.desk.wrapup import Ended, Form, Gender, WrapUp, band_of
from ivr.flow.steps import AgeBand, Language, Topic

OLDEST = 120
CATEGORIES_LIMIT = 3
LIST_LIMIT = 12  # codes in one of the other lists
SUMMARY_LIMIT = 10_000  # characters: some four pages
FORM_LIMIT = 60_000  # characters of a whole form, as a draft: more is no wrap-up
_YEARS = re.compile(r"[0-9]{1,3}", re.ASCII)


class Code(StrEnum):
    """What is wrong with a field."""

    MISSING = "missing"
    UNKNOWN = "unknown"  # not in the list
    TWICE = "twice"
    TOO_MANY = "too_many"
    TOO_LONG = "too_long"
    NOT_A_NUMBER = "not_a_number"
    OUT_OF_RANGE = "out_of_range"
    CONTRADICTS = "contradicts"  # the age, and the band that was chosen
    NOT_A_TIME = "not_a_time"
    FUTURE = "future"
    FOLDED = "folded"  # an answer to a question about risk that is asked on yes alone


@dataclass(frozen=True, slots=True)
class Fault:
    """`limit`: the number that a page names with it, 0 for none."""

    field: str
    code: Code
    limit: int = 0


LIMITS: Mapping[str, int] = {
    "categories": CATEGORIES_LIMIT,
    "groups": LIST_LIMIT,
    "risk_yes": LIST_LIMIT * 2,
    "actions": LIST_LIMIT,
    "referrals": LIST_LIMIT,
}
REQUIRED = ("topic", "gender")


def check(form: Form, catalogue: Catalogue) -> WrapUp | tuple[Fault, ...]:
    """The wrap-up, or every fault of the form, in the order of its fields."""
    order = list(Form.__slots__)
    faults = sorted(set(_faults(form, catalogue)), key=lambda fault: (order.index(fault.field), fault.code))
    return tuple(faults) or _wrap_up(form, catalogue.version)


def size(form: Form) -> int:
    """Characters in all of it, for FORM_LIMIT."""
    return sum(len(value) if isinstance(value, str) else sum(map(len, value)) for value in _values(form))


def _values(form: Form) -> list[str | tuple[str, ...]]:
    return [getattr(form, name) for name in Form.__slots__]


def _faults(form: Form, catalogue: Catalogue) -> Iterator[Fault]:
    yield from (Fault(name, Code.MISSING) for name in REQUIRED if not getattr(form, name))
    yield from _single(form, catalogue)
    yield from _lists(form, catalogue)
    yield from _age(form)
    if form.region and not is_region(form.region):
        yield Fault("region", Code.UNKNOWN)
    if set(form.risk_yes) & (catalogue.risk_codes - set(unfolded(catalogue, frozenset(form.risk_yes)))):
        yield Fault("risk_yes", Code.FOLDED)
    if len(form.summary) > SUMMARY_LIMIT:
        yield Fault("summary", Code.TOO_LONG, SUMMARY_LIMIT)


def _single(form: Form, catalogue: Catalogue) -> Iterator[Fault]:
    offered: Mapping[str, Collection[str]] = {
        "topic": list(Topic),
        "language": list(Language),
        "age_band": list(AgeBand),
        "gender": list(Gender),
        "caller": catalogue.choices[Choice.CALLER],
        "living": catalogue.choices[Choice.LIVING],
        "risk": list(Risk),
        "call_back": ("yes",),
    }
    for name, known in offered.items():
        if getattr(form, name) and getattr(form, name) not in known:
            yield Fault(name, Code.UNKNOWN)


def _lists(form: Form, catalogue: Catalogue) -> Iterator[Fault]:
    offered: Mapping[str, Collection[str]] = {
        "categories": catalogue.categories,
        "groups": catalogue.choices[Choice.GROUP],
        "risk_yes": catalogue.risk_codes,
        "actions": catalogue.choices[Choice.ACTION],
        "referrals": catalogue.referrals,
    }
    for name, known in offered.items():
        chosen: tuple[str, ...] = getattr(form, name)
        if len(chosen) > LIMITS[name]:
            yield Fault(name, Code.TOO_MANY, LIMITS[name])
        if len(set(chosen)) < len(chosen):
            yield Fault(name, Code.TWICE)
        if any(code not in known for code in chosen):
            yield Fault(name, Code.UNKNOWN)


def _age(form: Form) -> Iterator[Fault]:
    told = form.age.strip()
    if not told:
        if not form.age_band:
            yield Fault("age_band", Code.MISSING)
    elif not _YEARS.fullmatch(told):
        yield Fault("age", Code.NOT_A_NUMBER)
    elif int(told) > OLDEST:
        yield Fault("age", Code.OUT_OF_RANGE, OLDEST)
    elif form.age_band and form.age_band != band_of(int(told)):
        yield Fault("age_band", Code.CONTRADICTS)


def _wrap_up(form: Form, lists: str) -> WrapUp:
    age = int(form.age) if form.age.strip() else None
    return WrapUp(
        Ended.COUNSELLED,
        lists,
        Topic(form.topic),
        form.categories,
        Language(form.language) if form.language else None,
        age,
        AgeBand(form.age_band) if age is None else band_of(age),
        Gender(form.gender),
        form.region,
        form.caller,
        form.living,
        form.groups,
        Risk(form.risk) if form.risk else None,
        form.risk_yes,
        form.actions,
        form.referrals,
        form.call_back == "yes",
        form.summary,
    )
