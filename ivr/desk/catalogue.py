"""What a counsellor chooses from after a contact, in three languages: values only, see `lists_file.py`. Pure.

All lists of one time have one version, which is kept with every contact written down with them: its words stay.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from ivr.flow.steps import Topic


class Choice(StrEnum):
    """The plain lists, as `choices.toml` names them."""

    CALLER = "caller"  # who is calling
    GROUP = "group"  # vulnerable groups
    LIVING = "living"
    ACTION = "action"  # what was done


class Risk(StrEnum):
    """From least to most. What the counsellor says, never what the program works out."""

    NONE = "none"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    IMMEDIATE = "immediate"


@dataclass(frozen=True, slots=True)
class Words:
    """One label. The fields are the languages' codes."""

    az: str
    ru: str
    en: str

    def say(self, language: str) -> str:
        """In Azerbaijani for a language that is not ours."""
        return {"ru": self.ru, "en": self.en}.get(language, self.az)


@dataclass(frozen=True, slots=True)
class Category:
    """`code` is `group.sub`, or the group alone. `topic`: where it counts in the helpline's own list."""

    code: str
    words: Words
    topic: Topic
    counselling: bool = True

    @property
    def group(self) -> str:
        return self.code.partition(".")[0]

    @property
    def is_group(self) -> bool:
        return "." not in self.code


@dataclass(frozen=True, slots=True)
class Referral:
    """`number` is empty until the helpline has filled it in. `verified`: when somebody last rang it to see."""

    code: str
    words: Words
    number: str = ""
    verified: date | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A question about risk. `more` is asked on yes alone; `level` is the least that a yes suggests."""

    code: str
    words: Words
    level: Risk
    more: Mapping[str, Words]


@dataclass(frozen=True, slots=True)
class Card:
    """The emergency card: whom to tell, what to record, each in its order."""

    tell: tuple[Words, ...]
    record: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class Disclosures:
    """Of the duty-of-care register, by code: who may be told of a child, on what ground, why the child was not told."""

    told: Mapping[str, Words]
    ground: Mapping[str, Words]
    not_told: Mapping[str, Words]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All lists of one version, by code, in the order in which they are shown."""

    version: str
    categories: Mapping[str, Category]
    choices: Mapping[Choice, Mapping[str, Words]]
    referrals: Mapping[str, Referral]
    risk: Mapping[str, Question]
    card: Card
    disclosures: Disclosures

    def subs(self, group: str) -> tuple[Category, ...]:
        return tuple(each for each in self.categories.values() if each.group == group and not each.is_group)

    @property
    def to_fill(self) -> tuple[str, ...]:
        """Referrals without a number."""
        return tuple(code for code, each in self.referrals.items() if not each.number)

    @property
    def risk_codes(self) -> frozenset[str]:
        return frozenset(self._risk_codes())

    def _risk_codes(self) -> Iterator[str]:
        for question in self.risk.values():
            yield question.code
            yield from (f"{question.code}.{more}" for more in question.more)


def unfolded(catalogue: Catalogue, yes: frozenset[str]) -> tuple[str, ...]:
    """Codes of the risk questions to be shown, in order: the first ones always, the others where yes was said."""
    shown: list[str] = []
    for question in catalogue.risk.values():
        shown.append(question.code)
        if question.code in yes:
            shown += [f"{question.code}.{more}" for more in question.more]
    return tuple(shown)


def suggested(catalogue: Catalogue, yes: frozenset[str]) -> Risk:
    """The least level that these answers suggest. The counsellor may say another."""
    order = list(Risk)
    levels = [question.level for question in catalogue.risk.values() if question.code in yes]
    return max(levels, key=order.index, default=Risk.NONE)
