"""What another flow would change, key by key. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain

from ivr.flow.menu import Choice, Menu
from ivr.flow.script import Script
from ivr.flow.steps import Begun
from ivr.flow.walk import NO_KEY, TYPED, leads


class Kind(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    REDIRECTED = "redirected"  # leads elsewhere, or settles something else


@dataclass(frozen=True, slots=True)
class Way:
    """Where a key leads, and what it settles."""

    to: str
    settles: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """One key of one menu; NO_KEY is giving up, TYPED a number that was keyed in."""

    kind: Kind
    menu: str
    key: str
    was: Way | None
    will: Way | None


@dataclass(frozen=True, slots=True)
class Difference:
    """`added`, `removed`: menus. `words`: menus that say something else, or wait otherwise. `begins`: stories that
    begin otherwise. `ends`: routes that end otherwise, or say something else."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    keys: tuple[Change, ...] = ()
    words: tuple[str, ...] = ()
    begins: tuple[Begun, ...] = ()
    ends: tuple[str, ...] = ()

    @property
    def is_none(self) -> bool:
        return not (self.added or self.removed or self.keys or self.words or self.begins or self.ends)

    def of(self, menu: str, key: str) -> Change | None:
        return next((each for each in self.keys if (each.menu, each.key) == (menu, key)), None)


NONE = Difference()


def compare(was: Script, will: Script) -> Difference:
    both = [name for name in was.menus if name in will.menus]
    return Difference(
        added=tuple(name for name in will.menus if name not in was.menus),
        removed=tuple(name for name in was.menus if name not in will.menus),
        keys=tuple(chain.from_iterable(_keys(name, was, will) for name in both)),
        words=tuple(name for name in both if _manner(was.menus[name]) != _manner(will.menus[name])),
        begins=tuple(begun for begun in Begun if was.begins.get(begun) != will.begins.get(begun)),
        ends=tuple(name for name in will.routes if will.routes[name] != was.routes.get(name)),
    )


def _keys(name: str, was: Script, will: Script) -> Iterator[Change]:
    before, after = _ways(was, was.menus[name]), _ways(will, will.menus[name])
    for key in sorted({*before, *after}, key=lambda key: (len(key) != 1, key)):
        old, new = before.get(key), after.get(key)
        if old != new:
            kind = Kind.ADDED if old is None else Kind.REMOVED if new is None else Kind.REDIRECTED
            yield Change(kind, name, key, old, new)


def _ways(script: Script, menu: Menu) -> Mapping[str, Way]:
    ways: dict[str, Choice] = {**script.everywhere, **menu.on, NO_KEY: menu.give_up}
    if menu.typed:
        ways[TYPED] = menu.typed
    return {key: Way(leads(script, choice), choice.settles()) for key, choice in ways.items()}


def _manner(menu: Menu) -> tuple[object, ...]:
    """How it is asked, whatever is answered."""
    said = (menu.prompts, menu.after_silence, menu.after_wrong_key)
    return (*said, menu.wait_s, menu.attempts, menu.instead, menu.most_digits, menu.silent)
