"""Silent talk: what can be asked, by which key, and what can be answered. Pure: `questions.toml` comes in as text."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ivr.errors import NotFound, ScriptError

KEYS = "0123456789"
EXPLAIN, STOP, ASK = "*7*", "*7#", "*7"  # asterisk-conf/features.conf
NAME = re.compile(r"[a-z]{2,20}")


class Answer(StrEnum):
    """What a caller can say without speaking; `dialplan/silent.conf` says so to the counsellor."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"  # does not know
    LATER = "later"  # ring me later
    LISTENING = "listening"  # somebody is listening
    DANGER = "danger"
    UNCLEAR = "unclear"  # sounds that are neither one nor two
    NONE = "none"  # nothing within the time


class By(StrEnum):
    KEY = "key"
    SOUND = "sound"


@dataclass(frozen=True, slots=True)
class Questions:
    """The questions by key, in the order of the keys 0 to 9."""

    names: tuple[str, ...]

    def keys(self, name: str) -> str:
        """What a counsellor presses to ask it. Raises NotFound naming what there is."""
        if name not in self.names:
            raise NotFound(f"there is no question '{name}'", remedy=f"There are: {', '.join(self.names)}.")
        return f"{ASK}{self.names.index(name)}"

    @property
    def packed(self) -> str:
        """As the dialplan takes it: HL_QUESTIONS, cut by the key."""
        return "-".join(self.names)

    @property
    def prompts(self) -> frozenset[str]:
        return frozenset(f"ask-{name}" for name in self.names) | {f"heard-{answer}" for answer in Answer}


def parse(text: str, prompts: Collection[str] | None = None) -> Questions:
    """The questions in `text`. Raises ScriptError with every fault; with `prompts` also for words that are missing."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScriptError("questions.toml cannot be read", problems=(str(error),)) from error
    keys = raw.get("keys")
    found = tuple(_faults(raw, keys if isinstance(keys, dict) else {}, prompts))
    if found:
        raise ScriptError(f"questions.toml has {len(found)} faults", problems=found)
    return Questions(tuple(raw["keys"][key] for key in KEYS))


def _faults(raw: Mapping[str, Any], keys: Mapping[str, Any], prompts: Collection[str] | None) -> Iterator[str]:
    yield from (f"'{key}' is not known here" for key in raw if key != "keys")
    yield from (f"key {key} has no question" for key in KEYS if key not in keys)
    names = [name for name in keys.values() if isinstance(name, str)]
    for key, name in keys.items():
        if key not in KEYS:
            yield f"'{key}' is no key"
        if not isinstance(name, str) or not NAME.fullmatch(name):
            yield f"key {key}: a question's name is one word in small letters, not {name!r}"
        elif names.count(name) > 1:
            yield f"key {key}: {name} is asked by another key too"
        elif prompts is not None and f"ask-{name}" not in prompts:
            yield f"key {key}: the prompt ask-{name} has no words"
