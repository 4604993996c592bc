"""How a talk is looked at afterwards: the questions as data, the marks, what they come to. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ivr.flow.problems import Faults, read_toml
from ivr.flow.steps import Language

CODE = re.compile(r"[a-z][a-z0-9_]{0,31}")
VERSION = re.compile(r"2[0-9]{3}-(0[1-9]|1[0-2])(-[a-z0-9]{1,8})?")
MOST_ITEMS = 20
SIZE_LIMIT = 50_000
Words = Mapping[str, str]


class Mark(StrEnum):
    DONE = "done"
    PARTLY = "partly"
    MISSED = "missed"
    NOT_NEEDED = "not_needed"  # this talk gave no reason for it


WORTH: Mapping[Mark, float | None] = {Mark.DONE: 1.0, Mark.PARTLY: 0.5, Mark.MISSED: 0.0, Mark.NOT_NEEDED: None}


@dataclass(frozen=True, slots=True)
class Item:
    """One question. `words` and `look_for` by language."""

    code: str
    words: Words
    look_for: Words


@dataclass(frozen=True, slots=True)
class Rubric:
    version: str
    items: Mapping[str, Item]


def parse(text: str) -> Rubric:
    """Raises ScriptError whose `problems` are "line N: where: what", every one of them."""
    faults = Faults(text)
    if len(text) > SIZE_LIMIT:
        faults.add("", "", f"the file is longer than {SIZE_LIMIT} characters")
        faults.raise_if_any()
    data = read_toml(text, "the rubric")
    version = data.pop("version", "")
    if not (isinstance(version, str) and VERSION.fullmatch(version)):
        faults.add("", "version", "must be a year and a month, as in 2026-11")
    items = {code: _item(code, told, faults) for code, told in data.items()}
    if not 0 < len(items) <= MOST_ITEMS:
        faults.add("", "", f"has {len(items)} questions: 1 to {MOST_ITEMS} can be answered")
    faults.raise_if_any()
    return Rubric(str(version), items)


def _item(code: str, told: Any, faults: Faults) -> Item:
    if not CODE.fullmatch(code):
        faults.add(code, "", "must be small letters, digits and _, 32 at most")
    table = faults.table(code, told)
    faults.unknown(code, table, {"words", "look_for"})
    return Item(code, *(_words(code, name, table.get(name), faults) for name in ("words", "look_for")))


def _words(code: str, name: str, told: Any, faults: Faults) -> Words:
    table = told if isinstance(told, dict) else {}
    faults.unknown(f"{code}.{name}", table, set(Language))
    return {language: faults.text(code, f"{name}.{language}", table.get(language)) for language in Language}


def share(marks: Mapping[str, Mark]) -> float | None:
    """What the marks come to, 0 to 1; None where nothing was needed. A number to talk about, not to rank by."""
    worth = [each for mark in marks.values() if (each := WORTH[mark]) is not None]
    return sum(worth) / len(worth) if worth else None
