"""Search as you type over labels in three languages, and their order in each. Pure.

Azerbaijani has two letters i: İ/i and I/ı. Nothing in Python's own lower case knows that, so it is done here. A search
does without marks: "siddet" finds "şiddət"; who types the marks finds first what has them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ivr.desk.catalogue import Catalogue, Words

QUERY_LIMIT = 80  # characters; the rest of a longer one is not looked at
FOUND_LIMIT = 20
_ALPHABETS = {
    "az": "abcçdeəfgğhxıijkqlmnoöprsştuüvwyz",
    "ru": "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
    "en": "abcdefghijklmnopqrstuvwxyz",
}
_ORDERS = {name: {letter: n for n, letter in enumerate(letters)} for name, letters in _ALPHABETS.items()}
_BARE = str.maketrans({"ə": "e", "ı": "i", "ё": "е"})
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that can be found, and where it stands: the heading that it is under."""

    code: str
    words: Words
    under: Words | None = None


def lower(text: str, language: str) -> str:
    """Small letters as that language has them."""
    if language == "az":
        text = text.replace("I", "ı").replace("İ", "i")
    return unicodedata.normalize("NFC", text.lower().replace("i̇", "i"))


def bare(text: str) -> str:
    """Small letters without their marks, the same for every language: for comparing, never for showing."""
    parts = unicodedata.normalize("NFKD", text.replace("I", "ı").lower())
    return "".join(letter for letter in parts if not unicodedata.combining(letter)).translate(_BARE)


def entries(catalogue: Catalogue) -> tuple[Entry, ...]:
    """All categories, each under its group."""
    every = catalogue.categories
    return tuple(
        Entry(each.code, each.words, None if each.is_group else every[each.group].words) for each in every.values()
    )


def referrals(catalogue: Catalogue) -> tuple[Entry, ...]:
    """The whole directory."""
    return tuple(Entry(each.code, each.words) for each in catalogue.referrals.values())


def search(among: Iterable[Entry], query: str, language: str) -> tuple[Entry, ...]:
    """What fits, the best first: every word of `query` begins a word of the label, in whichever language.

    `language`: the reader's, which comes first among equals and says the order.
    """
    query = query[:QUERY_LIMIT]
    asked = _WORD.findall(bare(query))
    if not asked:
        return ()
    ranks = [(_rank(each, asked, query, language), each) for each in among]
    fitting = sorted(((rank, each) for rank, each in ranks if rank), key=lambda pair: _order(pair, language))
    return tuple(each for _, each in fitting)[:FOUND_LIMIT]


def sort_key(text: str, language: str) -> tuple[tuple[int, str], ...]:
    """For sorting as that language does; letters that it does not have come after its own."""
    order = _ORDERS.get(language, _ORDERS["az"])
    letters = (letter for letter in lower(text, language) if letter.isalnum() or letter.isspace())
    return tuple((-1, "") if letter.isspace() else (order.get(letter, len(order)), letter) for letter in letters)


def sorted_labels(labels: Mapping[str, Words], language: str) -> tuple[str, ...]:
    """Codes by their label in that language."""
    return tuple(sorted(labels, key=lambda code: sort_key(labels[code].say(language), language)))


Rank = tuple[int, int, int, int]


def _order(pair: tuple[Rank, Entry], language: str) -> tuple[Rank, tuple[tuple[int, str], ...]]:
    return pair[0], sort_key(pair[1].words.say(language), language)


def _rank(entry: Entry, asked: list[str], query: str, language: str) -> Rank | None:
    """Smaller is better: own label before heading, own language before others, first word before later ones, marks."""
    ranks = [
        (place, spoken != language, *fit)
        for place, words in enumerate((entry.words, entry.under))
        if words
        for spoken in ("az", "ru", "en")
        if (fit := _fit(words.say(spoken), asked, query, spoken))
    ]
    return min(ranks, default=None)


def _fit(label: str, asked: list[str], query: str, language: str) -> tuple[int, int] | None:
    words = _WORD.findall(bare(label))
    if not all(any(word.startswith(part) for word in words) for part in asked):
        return None
    with_marks = lower(query, language).strip() in lower(label, language)
    return int(not words[0].startswith(asked[0])), int(not with_marks)
