"""The files of `ivr/desk/lists/<version>/` as one value. Each parser names every fault of its file, with its line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from ivr.desk.catalogue import Card, Catalogue, Category, Choice, Disclosures, Question, Referral, Risk, Words
from ivr.errors import ScriptError
from ivr.flow.problems import Faults, read_toml
from ivr.flow.steps import Topic

VERSION = re.compile(r"2[0-9]{3}-(0[1-9]|1[0-2])(-[a-z0-9]{1,8})?")
CODE = re.compile(r"[a-z][a-z0-9_]{0,31}")
NUMBER = re.compile(r"[0-9+ ()-]{2,24}")
LANGUAGES = {"az", "ru", "en"}
SIZE_LIMIT = 200_000
Parts = Mapping[str, Mapping[str, Words]]


def parse(version: str, texts: Mapping[str, str]) -> Catalogue:
    """`texts`: file name to its content. Raises ScriptError with every fault of every file."""
    found: dict[str, Any] = {}
    problems = [] if VERSION.fullmatch(version) else [f"{version}: a version is a year and a month, as in 2026-05"]
    for name, read in READERS.items():
        try:
            found[name] = read(texts.get(name, ""))
        except ScriptError as error:
            problems += [f"{name}: {problem}" for problem in error.problems]
    if problems:
        raise ScriptError(f"the lists of {version} have {len(problems)} fault(s)", problems=tuple(problems))
    return Catalogue(version, *(found[name] for name in READERS))


def parse_categories(text: str) -> dict[str, Category]:
    raw, faults = _read(text, "the list of categories")
    found: dict[str, Category] = {}
    for code, told in _tables(raw, faults, {"topic", "words", "sub", "counselling"}):
        topic = faults.one_of(code, "topic", told.get("topic"), Topic, None)
        if topic is None:
            faults.add(code, "topic", "says where it counts in the helpline's own list")
        counselling = told.get("counselling", True)
        if not isinstance(counselling, bool):
            faults.add(code, "counselling", "must be true or false")
        subs = faults.table(code, told.get("sub"))
        labels = {code: _words(faults, code, "words", told.get("words"))}
        labels |= {f"{code}.{sub}": _words(faults, code, f"sub.{sub}", words) for sub, words in subs.items()}
        where = topic or Topic.OTHER
        found |= {key: Category(key, words, where, bool(counselling)) for key, words in labels.items()}
    faults.raise_if_any()
    return found


def parse_choices(text: str) -> dict[Choice, Mapping[str, Words]]:
    parts = _parts(text, "the list of choices", [choice.value for choice in Choice])
    return {choice: parts[choice.value] for choice in Choice}


def parse_card(text: str) -> Card:
    parts = _parts(text, "the emergency card", ["tell", "record"])
    return Card(tuple(parts["tell"].values()), tuple(parts["record"].values()))


def parse_referrals(text: str) -> dict[str, Referral]:
    raw, faults = _read(text, "the directory")
    found: dict[str, Referral] = {}
    for code, told in _tables(raw, faults, {"words", "number", "to_fill", "verified"}):
        number = told.get("number", "")
        if ("number" in told) == (told.get("to_fill") is True):
            faults.add(code, "", "has either a number or to_fill = true")
        elif "number" in told and not (isinstance(number, str) and NUMBER.fullmatch(number)):
            faults.add(code, "number", "must be digits in quotes, as people read them")
        verified = told.get("verified")
        if verified is not None and type(verified) is not date:
            faults.add(code, "verified", "must be a day without quotes, as in 2026-11-22")
            verified = None
        found[code] = Referral(code, _words(faults, code, "words", told.get("words")), str(number), verified)
    faults.raise_if_any()
    return found


def parse_risk(text: str) -> dict[str, Question]:
    raw, faults = _read(text, "the list of risk questions")
    found: dict[str, Question] = {}
    for code, told in _tables(raw, faults, {"words", "level", "more"}):
        level = faults.one_of(code, "level", told.get("level"), Risk, None)
        if level is None:
            faults.add(code, "level", "says what a yes suggests at least")
        more = faults.table(code, told.get("more", {}))
        unfold = {name: _words(faults, code, f"more.{name}", words) for name, words in more.items()}
        words = _words(faults, code, "words", told.get("words"))
        found[code] = Question(code, words, level or Risk.NONE, unfold)
    faults.raise_if_any()
    return found


def parse_disclosures(text: str) -> Disclosures:
    parts = _parts(text, "the list of the duty-of-care register", ["told", "ground", "not_told"])
    return Disclosures(parts["told"], parts["ground"], parts["not_told"])


READERS: Mapping[str, Callable[[str], Any]] = {
    "categories.toml": parse_categories,
    "choices.toml": parse_choices,
    "referrals.toml": parse_referrals,
    "risk.toml": parse_risk,
    "card.toml": parse_card,
    "duty_of_care.toml": parse_disclosures,
}


def _read(text: str, what: str) -> tuple[dict[str, Any], Faults]:
    if len(text) > SIZE_LIMIT:
        raise ScriptError(f"{what} is too long", problems=(f"line 1: more than {SIZE_LIMIT:,} characters",))
    raw, faults = read_toml(text, what), Faults(text, what)
    if not raw:
        faults.add("", "", "there is nothing in it")
    return raw, faults


def _tables(raw: Mapping[str, Any], faults: Faults, known: set[str]) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for code, told in raw.items():
        _check_code(faults, code, code)
        table = faults.table(code, told)
        faults.unknown(code, table, known)
        found.append((code, table))
    return found


def _parts(text: str, what: str, names: list[str]) -> Parts:
    """Tables of labels, in which order counts: those of `names` and no other."""
    raw, faults = _read(text, what)
    faults.unknown("", raw, set(names))
    parts = {name: faults.table(name, raw.get(name)) for name in names}
    found = {
        name: {code: _words(faults, name, code, words) for code, words in part.items()} for name, part in parts.items()
    }
    faults.raise_if_any()
    return found


def _check_code(faults: Faults, where: str, code: str) -> None:
    if not CODE.fullmatch(code):
        faults.add(where, "", f"'{code[:40]}' is no code: small letters, digits and _ only")


def _words(faults: Faults, where: str, key: str, told: Any) -> Words:
    """The label of `key`, whose last part is a code of its own."""
    _check_code(faults, where, key.rpartition(".")[2])
    if not isinstance(told, dict):
        faults.add(where, key, "needs its words in az, ru and en")
        return Words("", "", "")
    faults.unknown(where, told, LANGUAGES, key)
    for language in sorted(LANGUAGES):
        if not isinstance(told.get(language), str) or not 0 < len(told[language].strip()) <= 200:
            faults.add(where, key, f"{language} must be text of 1 to 200 characters")
    return Words(*(str(told.get(language, "")) for language in ("az", "ru", "en")))
