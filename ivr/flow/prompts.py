"""The prompts: which there are, their words in each language, and what the sound of each is called.

Pure: the text of `recordings/prompts.toml` comes in, values go out. Nothing here opens a file.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ivr.errors import NotFound, ScriptError

PROMPT_ID = re.compile(r"[a-z]+(-[a-z]+)*")
LANGUAGE_CODE = re.compile(r"[a-z]{2}")
LANGUAGE_KEYS = {"name": str, "voice": str, "speed_wpm": int, "pitch": int}
# Lowest and highest that make sense, so that a slip of the keyboard does not reach a child's ear.
LIMITS: Mapping[str, tuple[float, float]] = {
    "speed_wpm": (80, 260),
    "pitch": (0, 99),
    "pace": (0.5, 1.5),
    "breath_ms": (60, 2000),
    "lead_ms": (100, 1000),
    "tail_ms": (100, 1000),
    "longest_s": (1, 60),
}
PROMPT_NUMBERS = ("pace", "breath_ms", "lead_ms", "tail_ms", "longest_s")
END_MS = 300
LONGEST_S = 15


@dataclass(frozen=True, slots=True)
class Language:
    """A language and the voice that is made for it until somebody has been recorded."""

    code: str
    name: str
    voice: str
    speed_wpm: int
    pitch: int


@dataclass(frozen=True, slots=True)
class Words:
    """`text` for whoever reads aloud, `spoken` for the made voice."""

    text: str
    spoken: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """One thing that we say, in every language."""

    id: str
    heard: str
    words: Mapping[str, Words]
    pace: float = 1.0
    breath_ms: int | None = None
    lead_ms: int = END_MS
    tail_ms: int = END_MS
    longest_s: int = LONGEST_S


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything that we say. Languages and prompts are in the order of the file."""

    default_language: str
    languages: Mapping[str, Language]
    prompts: Mapping[str, Prompt] = field(repr=False)

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(self.prompts)

    def spoken(self) -> Iterator[tuple[Language, Prompt]]:
        """Every prompt in every language, language by language."""
        return ((language, prompt) for language in self.languages.values() for prompt in self.prompts.values())


def parse_catalogue(text: str) -> Catalogue:
    """The catalogue in `text`. Raises ScriptError with every fault there is."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScriptError("prompts.toml cannot be read", problems=(str(error),)) from error
    if found := problems(raw):
        raise ScriptError(f"prompts.toml has {len(found)} faults", problems=found)
    return _catalogue(raw)


def sound_name(language: str, prompt: str) -> str:
    """The sound as Asterisk plays it. Always with its language: nothing is left to Asterisk's search order."""
    return f"helpline/{language}/{prompt}"


def missing(catalogue: Catalogue, existing: Collection[str]) -> tuple[str, ...]:
    """Sound names that the catalogue promises and `existing` lacks."""
    names = (sound_name(language.code, prompt.id) for language, prompt in catalogue.spoken())
    return tuple(name for name in names if name not in existing)


def sheet(catalogue: Catalogue, language: str) -> str:
    """What the reader in the studio holds in the hand. Raises NotFound for a language that we do not speak."""
    if language not in catalogue.languages:
        raise NotFound(f"No prompts in '{language}'", remedy=f"There are: {', '.join(catalogue.languages)}")
    head = f"{catalogue.languages[language].name} ({language}) — {len(catalogue.prompts)} prompts"
    return "\n\n".join((head, *(_entry(n, p, language) for n, p in enumerate(catalogue.prompts.values(), 1)))) + "\n"


def problems(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """Every fault of a catalogue, by name."""
    languages, prompts = _table(raw, "language"), _table(raw, "prompt")
    return (
        *(f"'{key}' is not known here" for key in raw if key not in ("default_language", "language", "prompt")),
        *_head_faults(raw, languages, prompts),
        *(fault for code, table in languages.items() for fault in _language_faults(code, table)),
        *(fault for name, table in prompts.items() for fault in _prompt_faults(name, table, languages)),
    )


def _head_faults(raw: Mapping[str, Any], languages: Mapping[str, Any], prompts: Mapping[str, Any]) -> Iterator[str]:
    if not languages:
        yield "no language"
    if not prompts:
        yield "no prompt"
    if raw.get("default_language") not in tuple(languages):
        yield f"default_language: {raw.get('default_language')!r} is not a language of this file"


def _language_faults(code: str, table: object) -> Iterator[str]:
    where = f"language {code}"
    if not LANGUAGE_CODE.fullmatch(code):
        yield f"{where}: a language is two small letters"
    if not isinstance(table, dict):
        yield f"{where}: is not a table"
        return
    yield from (f"{where}: '{key}' is not known here" for key in table if key not in LANGUAGE_KEYS)
    for key, kind in LANGUAGE_KEYS.items():
        yield from _number_faults(where, key, table.get(key)) if kind is int else _text_faults(where, key, table)


def _prompt_faults(name: str, table: object, languages: Mapping[str, Any]) -> Iterator[str]:
    where = f"prompt {name}"
    if not PROMPT_ID.fullmatch(name):
        yield f"{where}: an id is small letters, joined by single hyphens"
    if not isinstance(table, dict):
        yield f"{where}: is not a table"
        return
    known = {*languages, *PROMPT_NUMBERS, "heard", "say"}
    yield from (f"{where}: language '{key}' is unknown" for key in table if key not in known)
    yield from (fault for key in ("heard", *languages) for fault in _text_faults(where, key, table))
    yield from (fault for key in PROMPT_NUMBERS if key in table for fault in _number_faults(where, key, table[key]))
    if not isinstance(table.get("say", {}), dict):
        yield f"{where}: say is not a table of languages"
    say = _table(table, "say")
    yield from (f"{where}: say: language '{key}' is unknown" for key in say if key not in languages)
    yield from (fault for key in say for fault in _text_faults(f"{where}: say", key, say))


def _text_faults(where: str, key: str, table: Mapping[str, Any]) -> Iterator[str]:
    if key not in table:
        yield f"{where}: {key} is missing"
    elif not isinstance(table[key], str):
        yield f"{where}: {key} is not text"
    elif not table[key].strip():
        yield f"{where}: {key} is empty"


def _number_faults(where: str, key: str, value: object) -> Iterator[str]:
    low, high = LIMITS[key]
    kind = "number" if key == "pace" else "whole number"
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not (whole or (key == "pace" and isinstance(value, float))) or not low <= value <= high:  # type: ignore[operator]
        yield f"{where}: {key} must be a {kind} from {low:g} to {high:g}, not {value!r}"


def _table(raw: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = raw.get(key)
    return value if isinstance(value, dict) else {}


def _catalogue(raw: Mapping[str, Any]) -> Catalogue:
    languages = {code: Language(code=code, **table) for code, table in raw["language"].items()}
    prompts = {name: _prompt(name, table, tuple(languages)) for name, table in raw["prompt"].items()}
    return Catalogue(raw["default_language"], languages, prompts)


def _prompt(name: str, table: Mapping[str, Any], languages: tuple[str, ...]) -> Prompt:
    say = table.get("say", {})
    # A dash between a choice and its key is for the eye; the made voice would make a pause of it.
    words = {code: Words(table[code], say.get(code, table[code].replace(" — ", " "))) for code in languages}
    return Prompt(name, table["heard"], words, **{key: table[key] for key in PROMPT_NUMBERS if key in table})


def _entry(number: int, prompt: Prompt, language: str) -> str:
    return f"{number}. {prompt.id}.wav\n   {prompt.heard}\n\n       {prompt.words[language].text}"
