"""Three languages: every word in each, none outside the catalogues, the right one for each reader."""

from __future__ import annotations

import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from ivr.web.pages import TEMPLATES_DIR
from ivr.web.pulse import Pulse
from ivr.web.speech import LANGUAGES, LOCALE_DIR, choose
from tests.conftest import PROJECT
from tests.web.conftest import Visit

CLOSED = Pulse(open=False)
IN_CODE = "The name of this language"
TEMPLATES = sorted(TEMPLATES_DIR.glob("*.html"))
READ_ALOUD = {"aria-label", "title", "alt", "placeholder"}
NOT_WORDS = {"sip:"}
FIELD = re.compile(r"%\((\w+)\)s")


def _files(language: str) -> list[Path]:
    return sorted((LOCALE_DIR / language / "LC_MESSAGES").glob("*.po"))


def _read(path: Path, language: str) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def _catalogue(language: str) -> Catalog:
    """Every file of it, as one. A message stands in one file only."""
    whole = Catalog(locale=language)
    for message in (each for path in _files(language) for each in _read(path, language) if each.id):
        assert message.id not in whole, message.id
        whole[message.id] = message
    return whole


def test_every_language_has_the_same_files() -> None:
    assert len({tuple(path.name for path in _files(language)) for language in LANGUAGES}) == 1


@cache
def _wanted() -> frozenset[object]:
    """What stands in the templates, and each `Said` of the program that a page may show."""
    found = extract_from_dir(TEMPLATES_DIR, [("**.html", "jinja2")], options_map={"**.html": {"silent": "false"}})
    faults = extract_from_dir(PROJECT / "ivr", [("**.py", "python")], keywords={"Said": None})
    return frozenset(message for _, _, message, _, _ in (*found, *faults)) | {IN_CODE}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_has_exactly_what_the_pages_say(language: str) -> None:
    had = {message.id for message in _catalogue(language) if message.id}
    assert had == _wanted()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_translated_with_its_fields_and_plurals(language: str) -> None:
    catalogue = _catalogue(language)
    for message in catalogue:
        if not message.id:
            continue
        said = message.string if isinstance(message.string, tuple | list) else (message.string,)
        ids = message.id if isinstance(message.id, tuple | list) else (message.id,)
        assert all(said), message.id
        assert not message.fuzzy
        assert len(said) == (catalogue.num_plurals if message.pluralizable else 1), message.id
        assert {tuple(FIELD.findall(text)) for text in (*said, *ids)} == {tuple(FIELD.findall(ids[0]))}
        assert language == "en" or not set(said) & set(ids), message.id


class _Words(HTMLParser):
    """Collects text that a reader sees or hears."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self.found.append(data.strip())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in READ_ALOUD]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_words_stand_outside_the_catalogues(template: Path) -> None:
    text = re.sub(r"{% trans.*?{% endtrans %}", "", template.read_text(), flags=re.DOTALL)
    parser = _Words()
    parser.feed(re.sub(r"{%.*?%}|{{.*?}}|{#.*?#}", "", text, flags=re.DOTALL))
    assert [words for words in parser.found if re.search(r"[^\W\d_]", words) and words not in NOT_WORDS] == []


@pytest.mark.parametrize(
    ("asked", "remembered", "accepted", "language"),
    [
        (None, None, None, "az"),
        (None, None, "tr,de;q=0.9", "az"),
        (None, None, "de, ru-RU;q=0.8, en;q=0.9", "en"),
        (None, None, "en;q=0, ru;q=0.1", "ru"),
        (None, "ru", "en", "ru"),
        ("en", "ru", "az", "en"),
        ("../../etc", "\x00", "en;q=9;;,*,%s" * 1000, "az"),
    ],
)
def test_a_reader_gets_the_language_wanted_most(
    asked: str | None, remembered: str | None, accepted: str | None, language: str
) -> None:
    assert choose(asked, remembered, accepted) == language


async def test_a_language_chosen_by_link_is_remembered(visit: Visit) -> None:
    async with visit(CLOSED) as browser:
        chosen = await browser.get("/?lang=ru")
        again = await browser.get("/")
    assert '<html lang="ru">' in chosen.text
    assert '<html lang="ru">' in again.text
    assert "httponly" in chosen.headers["Set-Cookie"].lower()
    assert "Set-Cookie" not in again.headers


async def test_an_unknown_language_is_not_remembered(visit: Visit) -> None:
    async with visit(CLOSED) as browser:
        answer = await browser.get("/?lang=tlh")
    assert '<html lang="az">' in answer.text
    assert "Set-Cookie" not in answer.headers
