"""The nodes of the flow. A menu, and the five ways out of it: matched, invalid, no input, gave up, hung up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ivr.flow.steps import (
    SETTLED,
    AgeBand,
    Fact,
    HeardStatus,
    Language,
    Number,
    Priority,
    Promise,
    Safe,
    Topic,
    Who,
)

ATTEMPTS = 2  # one missing or wrong key is answered once; then the call goes on (DOMAIN: never hang up)
THEN, OTHERWISE = "begin.then", "begin.otherwise"  # targets that depend on how the story began


@dataclass(frozen=True, slots=True)
class Choice:
    """Where a key, or giving up, leads, and what it settles."""

    to: str
    language: Language | None = None
    topic: Topic | None = None
    age_band: AgeBand | None = None
    priority: Priority | None = None
    number: Number | None = None
    safe: Safe | None = None
    who: Who | None = None
    promise: Promise | None = None

    def settles(self) -> tuple[tuple[str, str], ...]:
        return tuple((name, str(value)) for name in SETTLED if (value := getattr(self, name)) is not None)


@dataclass(frozen=True, slots=True)
class Menu:
    """`most_digits`: in place of one key a number is keyed in, of so many digits at most; `typed` is where it leads."""

    name: str
    prompts: tuple[str, ...]
    after_silence: tuple[str, ...]
    after_wrong_key: tuple[str, ...]
    wait_s: float
    give_up: Choice
    silent: str = ""  # where giving up leads when no key was pressed in the whole call
    on: Mapping[str, Choice] = field(default_factory=dict)
    attempts: int = ATTEMPTS
    instead: Mapping[Fact, str] = field(default_factory=dict)
    most_digits: int = 0
    typed: Choice | None = None

    def words(self, attempt: int, last: HeardStatus) -> tuple[str, ...]:
        """Prompt names of this attempt. The second depends on what went wrong with the first."""
        if attempt == 1:
            return self.prompts
        return self.after_silence if last is HeardStatus.NOTHING else self.after_wrong_key

    def exits(self) -> Iterator[tuple[str, Choice]]:
        """Every way out but the keys that mean the same everywhere, by the word of the flow that names it."""
        yield from self.on.items()
        yield "give_up", self.give_up
        if self.typed:
            yield "typed", self.typed
        if self.silent:
            yield "silent", Choice(self.silent)


class End(StrEnum):
    """What becomes of the caller when the menus are over."""

    PERSON = "person"  # into the queue
    WAIT = "wait"  # on in the queue, from which they came
    CALLBACK = "callback"
    MESSAGE = "message"
    GOODBYE = "goodbye"


@dataclass(frozen=True, slots=True)
class Route:
    """A way out of the menus. `say` is the prompt played first."""

    name: str
    say: str
    end: End = End.PERSON


@dataclass(frozen=True, slots=True)
class Beginning:
    """Where a story begins, and what is different about it.

    `prompts`: first words in place of the menu's own. `then`, `otherwise`: what those targets mean in this story.
    """

    at: str
    prompts: tuple[str, ...] = ()
    then: str = ""
    otherwise: str = ""
