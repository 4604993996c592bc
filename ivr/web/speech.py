"""The languages of the pages: which one a reader wants, and the words in it (gettext, read from the .po files)."""

from __future__ import annotations

import re
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

from ivr.errors import Said

LANGUAGES = ("az", "ru", "en")
DEFAULT = LANGUAGES[0]
LOCALE_DIR = Path(__file__).parent / "locale"
RANGES_READ = 20  # of an Accept-Language header; nobody reads more languages

# RFC 9110, 12.5.4: a language range with its weight. What follows the language itself (az-Latn-AZ) tells us nothing.
_RANGE = re.compile(r"([A-Za-z]{2,8})(?:-[A-Za-z0-9-]*)?(?:;q=([01](?:\.[0-9]{0,3})?))?")


@cache
def words(language: str) -> Translations:
    """The words of `language`: messages.po, which every page uses, and one file for each family of pages.

    They are compiled in memory, so there is no .mo that could be older than its .po.
    """
    spoken = Translations(_compiled(LOCALE_DIR / language / "LC_MESSAGES/messages.po", language))
    for path in sorted((LOCALE_DIR / language / "LC_MESSAGES").glob("*.po")):
        spoken.merge(Translations(_compiled(path, language)))
    return spoken


def _compiled(path: Path, language: str) -> BytesIO:
    compiled = BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return compiled


def own_name(language: str) -> str:
    """What its readers call it."""
    return words(language).ugettext("The name of this language")


def said(language: str, what: Said | str) -> str:
    """`what` in that language; plain text as it is."""
    if isinstance(what, str):
        return what
    told = {name: said(language, each) if isinstance(each, Said) else each for name, each in what.values.items()}
    return words(language).ugettext(what.words) % told


def choose(asked: str | None, remembered: str | None, accepted: str | None) -> str:
    """The first that we speak: asked for by a link, remembered in a cookie, accepted by the browser; else ours."""
    wanted = [asked, remembered, *_by_weight(accepted or "")]
    return next((language for language in wanted if language in LANGUAGES), DEFAULT)


def _by_weight(accepted: str) -> list[str]:
    parts = accepted.replace(" ", "").split(",")[:RANGES_READ]
    ranges = [found for part in parts if (found := _RANGE.fullmatch(part))]
    weighed = sorted(((float(found[2] or 1), found[1].lower()) for found in ranges), key=lambda each: -each[0])
    return [language for weight, language in weighed if weight > 0]
