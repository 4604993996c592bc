"""A menu, and the five ways out of it: matched, invalid, no input, gave up, hung up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ivr.flow.steps import AgeBand, HeardStatus, Language, Priority, Topic

ATTEMPTS = 2  # one missing or wrong key is answered once; then the call goes on (DOMAIN: never hang up)


@dataclass(frozen=True, slots=True)
class Choice:
    """Where a key, or giving up, leads, and what it settles."""

    to: str
    language: Language | None = None
    topic: Topic | None = None
    age_band: AgeBand | None = None
    priority: Priority | None = None

    def settles(self) -> tuple[tuple[str, str], ...]:
        told = {name: getattr(self, name) for name in ("language", "topic", "age_band", "priority")}
        return tuple((name, str(value)) for name, value in told.items() if value is not None)


@dataclass(frozen=True, slots=True)
class Menu:
    name: str
    prompts: tuple[str, ...]
    after_silence: tuple[str, ...]
    after_wrong_key: tuple[str, ...]
    wait_s: float
    give_up: Choice
    silent: str = ""  # where giving up leads when no key was pressed in the whole call
    on: Mapping[str, Choice] = field(default_factory=dict)

    def words(self, attempt: int, last: HeardStatus) -> tuple[str, ...]:
        """Prompt names of this attempt. The second depends on what went wrong with the first."""
        if attempt == 1:
            return self.prompts
        return self.after_silence if last is HeardStatus.NOTHING else self.after_wrong_key
