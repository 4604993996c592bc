"""What is wrong with a running line, the most urgent first, in words for whoever is on at night. Pure.

The words are in `alarms.toml`; `ivr check --live`, the board and the rules for Prometheus all say the same.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType

from ivr.telephony.guesses import Book
from ivr.telephony.trial import Came, Trial


class Language(StrEnum):
    AZ = "az"
    RU = "ru"
    EN = "en"


LANGUAGES, EN = tuple(Language), Language.EN
WORDS_FILE = Path(__file__).with_name("alarms.toml")
LITTLE_SPACE = 10**9
NIGHTLY = timedelta(days=2)  # what is done every night and was not for so long was not done
MUCH_UNREAD = 10**6  # some 3,500 events
_NOTHING: Mapping[str, bool] = MappingProxyType({})
CAME_WORDS = {
    Came.NOWHERE: ("salamlama eşidildi, sonrası yox", "приветствие слышно, дальше нет", "the greeting and no further"),
    Came.UNHEARD: ("heç bir səs yoxdur", "ни звука", "not a sound"),
    Came.UNANSWERED: ("cavab yoxdur", "нет ответа", "no answer"),
}


@dataclass(frozen=True, slots=True)
class Vitals:
    """How a line is. None is what is not known now; `trunk` is None where there is none.

    `parts`: whether each runs. `answers`: SIP and, with the parts, the line is open. `oldest`: since when calls are on
    record. `backed_up`, `aged`: when everything was last backed up, and what is too old last taken away.
    `guesses`: at telephones' passwords.
    """

    now: datetime
    parts: Mapping[str, bool] = field(default_factory=lambda: _NOTHING)
    answers: bool = False
    phones: int | None = None
    trunk: bool | None = None
    has_trunk: bool = False
    database: bool = True
    promises_open: int = 0
    promises_late: int = 0
    promises_due: int = 0
    unread_bytes: int = 0
    free_bytes: int = 0
    trial: Trial | None = None
    overdue: bool = False
    guesses: Book = field(default_factory=Book)
    oldest: datetime | None = None
    backed_up: datetime | None = None
    aged: datetime | None = None

    @property
    def backup_overdue(self) -> bool:
        return self._not_done(self.backed_up)

    @property
    def aging_overdue(self) -> bool:
        return self._not_done(self.aged)

    def _not_done(self, last: datetime | None) -> bool:
        """A line that opened today owes nothing yet."""
        return self.oldest is not None and max(self.oldest, last or self.oldest) < self.now - NIGHTLY

    @property
    def open(self) -> bool:
        return self.answers and self.parts.get("switch", False)


@dataclass(frozen=True, slots=True)
class Alarm:
    """`what`: what is filled into its words, in each language."""

    name: str
    what: tuple[str, str, str] = ("", "", "")

    def means(self, language: str) -> str:
        return self._said(language, 0)

    def remedy(self, language: str) -> str:
        return self._said(language, 1)

    def _said(self, language: str, place: int) -> str:
        return words()[self.name][str(language)][place].replace(
            "{what}", self.what[LANGUAGES.index(Language(language))]
        )


@cache
def words() -> Mapping[str, Mapping[str, list[str]]]:
    """All alarms by name, the most urgent first: words by language, and `when` and `for` as Prometheus asks."""
    return tomllib.loads(WORDS_FILE.read_text())


def raised(vitals: Vitals) -> tuple[Alarm, ...]:
    """The most urgent first. Of a closed line nothing else is told: everything else follows from it."""
    found = tuple(_closed(vitals)) or (*_calls(vitals), *_rest(vitals))
    order = list(words())
    return tuple(sorted(found, key=lambda alarm: order.index(alarm.name)))


def _closed(vitals: Vitals) -> Iterator[Alarm]:
    if not vitals.open:
        yield Alarm("closed")


def _calls(vitals: Vitals) -> Iterator[Alarm]:
    """What keeps a child from a person, or from the menus."""
    trial = vitals.trial
    if trial and trial.came in CAME_WORDS:
        yield Alarm("trial", CAME_WORDS[trial.came])
    if vitals.trunk is False:
        yield Alarm("carrier")
    if vitals.phones == 0:
        yield Alarm("phones")
    if not vitals.parts.get("answer", False) or (trial and trial.came is Came.ROUND_ABOUT):
        yield Alarm("program")


def _rest(vitals: Vitals) -> Iterator[Alarm]:
    away = [name for name, runs in vitals.parts.items() if not runs and name != "answer"]
    if away:
        yield Alarm("part", _same(", ".join(away)))
    if not vitals.database:
        yield Alarm("database")
    if vitals.promises_late:
        late = vitals.promises_late
        yield Alarm("promises", (str(late), str(late), f"{late} lapse soon or were not kept"))
    if vitals.promises_open and not vitals.has_trunk:
        yield Alarm("unkeepable", _same(str(vitals.promises_open)))
    if vitals.free_bytes < LITTLE_SPACE:
        yield Alarm("disk", _same(f"{vitals.free_bytes / 10**6:,.0f} MB"))
    if vitals.unread_bytes > MUCH_UNREAD:
        yield Alarm("ledger", _same(f"{vitals.unread_bytes / 10**6:,.0f} MB"))
    if vitals.overdue:
        yield Alarm("overdue")
    if vitals.backup_overdue:
        yield Alarm("backup")
    if vitals.aging_overdue:
        yield Alarm("aging")


def _same(text: str) -> tuple[str, str, str]:
    return (text, text, text)


def verdict(faults: int, language: str) -> str:
    """The first line of all."""
    well = (
        "Hər şey qaydasındadır: indi zəng edən uşağa cavab verilir.",
        "Всё в порядке: ребёнку, который позвонит, ответят.",
    )
    wrong = ("Diqqət: görüləsi {n} iş var. Ən vacibi birincidir.", "Внимание, дел: {n}. Самое срочное первым.")
    both = (
        (*well, "All is well: a child who rings now is answered."),
        (*wrong, "To do: {n}. The most urgent comes first."),
    )
    return both[faults > 0][LANGUAGES.index(Language(language))].format(n=faults)


def rules() -> str:
    """operation/alerts.yml: the same alarms for Prometheus."""
    told = ["# Made by `ivr alarms --rules` from ivr/alarms.toml.", "groups:", "  - name: helpline", "    rules:"]
    for name, alarm in words().items():
        told += [
            f"      - alert: Helpline{name.capitalize()}",
            f"        expr: {_text(alarm['when'])}",
            f"        for: {alarm['for']}",
            "        labels:",
            f"          severity: {'page' if name in PAGES else 'ticket'}",
            "        annotations:",
            *(line for language in ("az", "en") for line in _annotations(language, alarm[language])),
        ]
    return "\n".join((*told, ""))


PAGES = frozenset({"closed", "trial", "carrier", "phones", "promises"})  # somebody is woken for these


def _annotations(language: str, said: list[str]) -> Iterator[str]:
    for name, text in zip(("means", "remedy"), said, strict=True):
        yield f"          {name}_{language}: {_text(text.replace('{what}', '{{ $value }}'))}"


def _text(text: object) -> str:
    """A string of JSON is one of YAML too."""
    return json.dumps(text, ensure_ascii=False)
