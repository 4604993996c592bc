"""The catalogue of prompts: reading it, its faults, the names of its sounds, the reading sheet."""

from __future__ import annotations

from typing import Any

import pytest

from ivr.errors import NotFound, ScriptError
from ivr.flow.prompts import Prompt, Words, missing, parse_catalogue, problems, sheet, sound_name

TWO_LANGUAGES = """
default_language = "az"
[language.az]
name = "azərbaycanca"
voice = "az+f3"
speed_wpm = 165
pitch = 46
[language.en]
name = "English"
voice = "en-gb"
speed_wpm = 150
pitch = 50
[prompt.welcome]
heard = "First of all."
az = "Salam! Hisslər — 1."
en = "Hello! Feelings: 1."
say = { en = "Hello. Feelings 1." }
pace = 1.1
breath_ms = 200
lead_ms = 250
tail_ms = 150
[prompt.moment]
heard = "When a part fails."
az = "Bir an."
en = "One moment."
"""


def raw(**changes: object) -> dict[str, Any]:
    language = {"name": "azərbaycanca", "voice": "az", "speed_wpm": 165, "pitch": 46}
    prompt = {"heard": "First.", "az": "Salam."}
    return {"default_language": "az", "language": {"az": language}, "prompt": {"welcome": prompt}} | changes


def with_language(**changes: object) -> tuple[str, ...]:
    return problems(raw(language={"az": raw()["language"]["az"] | changes}))


def with_prompt(**changes: object) -> tuple[str, ...]:
    return problems(raw(prompt={"welcome": {"heard": "First.", "az": "Salam."} | changes}))


def test_a_prompt_has_its_words_and_how_they_are_spoken() -> None:
    welcome = parse_catalogue(TWO_LANGUAGES).prompts["welcome"]
    words = {
        "az": Words("Salam! Hisslər — 1.", "Salam! Hisslər 1."),
        "en": Words("Hello! Feelings: 1.", "Hello. Feelings 1."),
    }
    assert welcome == Prompt("welcome", "First of all.", words, 1.1, 200, 250, 150)


def test_what_is_not_said_about_a_prompt_is_as_face_wants_it() -> None:
    moment = parse_catalogue(TWO_LANGUAGES).prompts["moment"]
    assert (moment.pace, moment.breath_ms, moment.lead_ms, moment.tail_ms) == (1.0, None, 300, 300)


def test_languages_and_prompts_keep_the_order_of_the_file() -> None:
    found = parse_catalogue(TWO_LANGUAGES)
    assert found.default_language == "az"
    assert found.ids == {"welcome", "moment"}
    assert [(language.code, prompt.id) for language, prompt in found.spoken()] == [
        ("az", "welcome"),
        ("az", "moment"),
        ("en", "welcome"),
        ("en", "moment"),
    ]


def test_a_sound_is_named_with_its_language() -> None:
    assert sound_name("ru", "topic-wrong") == "helpline/ru/topic-wrong"


def test_missing_sounds_are_named() -> None:
    there = {"helpline/az/welcome", "helpline/en/moment"}
    assert missing(parse_catalogue(TWO_LANGUAGES), there) == ("helpline/az/moment", "helpline/en/welcome")


def test_the_reading_sheet_has_the_words_and_not_the_respelling() -> None:
    assert sheet(parse_catalogue(TWO_LANGUAGES), "en") == (
        "English (en) — 2 prompts\n"
        "\n"
        "1. welcome.wav\n   First of all.\n\n       Hello! Feelings: 1.\n"
        "\n"
        "2. moment.wav\n   When a part fails.\n\n       One moment.\n"
    )


def test_a_sheet_in_an_unknown_language_names_the_known_ones() -> None:
    with pytest.raises(NotFound) as caught:
        sheet(parse_catalogue(TWO_LANGUAGES), "fr")
    assert "az, en" in caught.value.remedy


def test_a_sound_catalogue_has_no_problems() -> None:
    assert problems(raw()) == ()


def test_all_faults_are_named_at_once() -> None:
    text = TWO_LANGUAGES.replace('en = "One moment."', "").replace('az = "Bir an."', 'az = " "\nfr = "Un moment."')
    with pytest.raises(ScriptError) as caught:
        parse_catalogue(text.replace("[prompt.welcome]", "[prompt.Wel_come]"))
    assert caught.value.problems == (
        "prompt Wel_come: an id is small letters, joined by single hyphens",
        "prompt moment: language 'fr' is unknown",
        "prompt moment: az is empty",
        "prompt moment: en is missing",
    )


def test_text_that_is_not_toml_names_the_line() -> None:
    with pytest.raises(ScriptError) as caught:
        parse_catalogue("[prompt\n")
    assert "line 1" in caught.value.problems[0]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"language": {}}, "no language"),
        ({"language": "az"}, "no language"),
        ({"prompt": {}}, "no prompt"),
        ({"default_language": "ru"}, "default_language: 'ru' is not a language of this file"),
        ({"default_language": ["az"]}, "default_language: ['az'] is not a language of this file"),
        ({"volume": 3}, "'volume' is not known here"),
        ({"language": {"az": 3}}, "language az: is not a table"),
        ({"prompt": {"welcome": "Salam."}}, "prompt welcome: is not a table"),
        ({"prompt": {"welcome-": {}}}, "prompt welcome-: an id is small letters, joined by single hyphens"),
    ],
)
def test_a_fault_of_the_file_is_named(changes: dict[str, object], fault: str) -> None:
    assert fault in problems(raw(**changes))


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"speed_wpm": 900}, "language az: speed_wpm must be a whole number from 80 to 260, not 900"),
        ({"speed_wpm": 160.5}, "language az: speed_wpm must be a whole number from 80 to 260, not 160.5"),
        ({"pitch": True}, "language az: pitch must be a whole number from 0 to 99, not True"),
        ({"voice": ""}, "language az: voice is empty"),
        ({"name": 3}, "language az: name is not text"),
        ({"accent": "f3"}, "language az: 'accent' is not known here"),
    ],
)
def test_a_fault_of_a_language_is_named(changes: dict[str, object], fault: str) -> None:
    assert with_language(**changes) == (fault,)


def test_a_language_is_two_small_letters() -> None:
    assert "language Aze: a language is two small letters" in problems(raw(language={"Aze": {}}))


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"ru": "Привет."}, "prompt welcome: language 'ru' is unknown"),
        ({"az": ""}, "prompt welcome: az is empty"),
        ({"az": 3}, "prompt welcome: az is not text"),
        ({"heard": ""}, "prompt welcome: heard is empty"),
        ({"pace": "fast"}, "prompt welcome: pace must be a number from 0.5 to 1.5, not 'fast'"),
        ({"pace": 15}, "prompt welcome: pace must be a number from 0.5 to 1.5, not 15"),
        ({"lead_ms": 20}, "prompt welcome: lead_ms must be a whole number from 100 to 1000, not 20"),
        ({"say": "Salam."}, "prompt welcome: say is not a table of languages"),
        ({"say": {"ru": "Привет."}}, "prompt welcome: say: language 'ru' is unknown"),
        ({"say": {"az": " "}}, "prompt welcome: say: az is empty"),
    ],
)
def test_a_fault_of_a_prompt_is_named(changes: dict[str, object], fault: str) -> None:
    assert with_prompt(**changes) == (fault,)
