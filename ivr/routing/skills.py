"""Who fits: what a caller needs, what a counsellor may take, and after how long a wait the next-best may.

Each need has a queue of its own (`az-legal`), in which every counsellor on duty stands with a penalty: their fit. The
switch opens the penalties one after another (`queuerules.conf`, compared with OPENS_AT_S by a test).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import IntEnum

from ivr.flow.steps import Language, Priority, Session, Topic

DANGER, SILENT, GENERAL = "danger", "silent", ""
ANYBODY_QUEUE = "anybody"  # for who has waited long: all who are on duty ring together
SKILLS = (GENERAL, DANGER, SILENT, *(topic.value for topic in Topic if topic is not Topic.OTHER))


class Fit(IntEnum):
    """How well a counsellor fits a caller: the penalty of a queue member, best first."""

    BEST = 1  # the language and the skill
    NEXT = 2  # the language, and the experience that comes nearest
    LANGUAGE = 3
    ANYBODY = 4


STEPS_BACK = 2  # for each ring in a row that was not answered
OPENS_AT_S: dict[Fit, int] = {Fit.BEST: 0, Fit.NEXT: 20, Fit.LANGUAGE: 40, Fit.ANYBODY: 60}


@dataclass(frozen=True, slots=True)
class Person:
    """A counsellor, as far as routing is concerned. `topics` empty: all of them. `danger`: trained for it."""

    extension: str
    languages: tuple[str, ...]
    topics: tuple[str, ...] = ()
    danger: bool = True

    def takes(self, topic: str) -> bool:
        return not self.topics or topic in self.topics


@dataclass(frozen=True, slots=True)
class Need:
    """What a caller asks of a counsellor. `language` empty: any. `skill`: a topic, danger, silent, or nothing."""

    language: str = ""
    skill: str = GENERAL


def needs(queues: Mapping[str, str]) -> dict[str, Need]:
    """Every queue with a need, by name. `queues`: language to queue (`helpline.toml`)."""
    found = {queue_name(queues[lang], skill): Need(lang, skill) for lang in Language for skill in SKILLS}
    return found | {ANYBODY_QUEUE: Need()}


def queue_name(queue: str, skill: str) -> str:
    return f"{queue}-{skill}" if skill else queue


def skill_for(session: Session, priority: Priority) -> str:
    if priority is Priority.DANGER:
        return DANGER
    if session.silent:
        return SILENT
    return session.topic if session.topic in SKILLS else GENERAL


def fit(person: Person, need: Need) -> Fit:
    if need.language and need.language not in person.languages:
        return Fit.ANYBODY
    if _skilled(person, need.skill):
        return Fit.BEST
    return Fit.NEXT if _near(person, need.skill) else Fit.LANGUAGE


def _skilled(person: Person, skill: str) -> bool:
    if skill == DANGER:
        return person.danger
    return skill in (GENERAL, SILENT) or person.takes(skill)


def _near(person: Person, skill: str) -> bool:
    """Without the skill, yet nearest to it: for danger whoever takes violence, for a topic the trained in danger."""
    return person.takes(Topic.VIOLENCE) if skill == DANGER else person.danger


def penalties(people: Mapping[Person, int], need: Need, spared: Collection[str] = ()) -> dict[str, Fit]:
    """Extension to penalty among those on duty. `people`: each with the rings in a row that they did not answer.

    Who fits best of them counts as best: nobody waits for a counsellor who is at home. Who lets the phone ring twice
    comes after all others, and is still rung when there is no other. Those in `spared` come last of all.
    """
    steps = {person.extension: fit(person, need) + STEPS_BACK * missed for person, missed in people.items()}
    usual = {extension: step for extension, step in steps.items() if extension not in spared}
    first = min(usual.values(), default=Fit.BEST)
    ranked = {extension: Fit(min(step - first + Fit.BEST, Fit.ANYBODY)) for extension, step in usual.items()}
    return ranked | dict.fromkeys(steps.keys() - usual.keys(), Fit.ANYBODY)


def is_open(penalty: Fit, waited_s: float, *, danger: bool = False) -> bool:
    """Whether a member with this penalty may be rung for a caller who has waited so long.

    A caller in danger is not kept waiting for training: whoever speaks the language may be rung at once.
    """
    return (danger and penalty < Fit.ANYBODY) or waited_s >= OPENS_AT_S[penalty]


def is_for_danger(queue: str) -> bool:
    return queue.endswith(f"-{DANGER}")
