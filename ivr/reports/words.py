"""The reports' words in three languages: `words/<language>.toml`, with Babel's numbers, dates and plural forms."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale
from babel.dates import format_date, get_month_names
from babel.numbers import format_decimal, format_percent

from ivr.reports.periods import Span

LANGUAGES = ("az", "ru", "en")
HIDDEN = "*"
_FOLDER = Path(__file__).parent / "words"
_REGION = {"en": "en_GB"}


@dataclass(frozen=True, slots=True)
class Words:
    """One language. Codes that it has no word for are said as they are."""

    language: str
    told: Mapping[str, Any]

    @property
    def locale(self) -> Locale:
        return Locale.parse(_REGION.get(self.language, self.language))

    def name(self, table: str, code: str) -> str:
        found: str = self.told.get(table, {}).get(code, code.replace("_", " "))
        return found

    def say(self, table: str, code: str, **given: object) -> str:
        """A sentence with what it is to be filled with."""
        text: str = self.told[table][code]
        return text.format(**given)

    def say_number(self, table: str, code: str, n: int, **given: object) -> str:
        """A sentence in the plural form of `n`."""
        forms = self.told[table][code]
        form: str = forms.get(self.locale.plural_form(n), forms["other"])
        return form.format(n=self.number(n), **given)

    def number(self, n: int | None) -> str:
        return HIDDEN if n is None else format_decimal(n, locale=self.locale)

    def percent(self, whole: int | None) -> str:
        return HIDDEN if whole is None else format_percent(whole / 100, locale=self.locale)

    def day(self, day: date) -> str:
        return format_date(day, "long", locale=self.locale)

    def span(self, span: Span, table: str = "span") -> str:
        """What the span is called; `in_span`: as the beginning of a sentence."""
        months = get_month_names("wide", "stand-alone", self.locale)
        return self.say(
            table,
            span.kind.value,
            day=self.day(span.first),
            first=self.day(span.first),
            last=self.day(span.last),
            month=months[span.first.month],
            until=months[span.last.month],
            year=self._year(span.first.year),
        )

    def _year(self, year: int) -> str:
        """In Azerbaijani with the ending that its last word asks for: 2025-ci, 2026-cı."""
        endings = self.told.get("ordinal")
        if not endings:
            return str(year)
        last = next(size for size in (1000, 100, 10, 1) if year % size == 0)
        spoken = last if last >= 100 else year % (last * 10)
        return f"{year}-{endings[str(spoken)]}"


@cache
def words(language: str) -> Words:
    """Azerbaijani for a language that is not ours."""
    code = language if language in LANGUAGES else LANGUAGES[0]
    return Words(code, tomllib.loads((_FOLDER / f"{code}.toml").read_text()))
