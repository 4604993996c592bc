"""For whom an event is: by the extension its title begins with, by a name in it, or by who is invited."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ivr.calendar.blocks import Faulty, shown
from ivr.calendar.event import Event

_WORD = re.compile(r"[^\W_]+")
_I = str.maketrans("İIı", "iii")  # so that no name depends on whose alphabet folds it


def who(event: Event, people: Mapping[str, str]) -> tuple[str, ...]:
    """Extensions. `people`: extension to name. Raises Faulty when it is nobody, or when it is not clear who."""
    words = _WORD.findall(event.title)
    if words and words[0] in people:
        return (words[0],)
    if words and words[0].isdigit():
        raise Faulty("SUMMARY", f"{shown(event.title)}: {words[0]} is no counsellor's extension")
    named = {word for word in words if word in people} or {e for e, name in people.items() if _has(words, name)}
    if len(named) > 1:
        meant = " and ".join(sorted(named))
        raise Faulty("SUMMARY", f"{shown(event.title)} names {meant}: begin it with the one who is meant")
    if found := tuple(sorted(named)) or tuple(extension for extension in people if extension in event.invited):
        return found
    raise Faulty("SUMMARY", f"{shown(event.title)} names no counsellor: begin it with an extension, as in '101 Aynur'")


def _has(words: list[str], name: str) -> bool:
    """Whether the whole of `name` is among `words`, in one piece."""
    folded = [*map(_fold, _WORD.findall(name))]
    told = [*map(_fold, words)]
    return bool(folded) and any(told[n : n + len(folded)] == folded for n in range(len(told)))


def _fold(text: str) -> str:
    return text.translate(_I).casefold()
