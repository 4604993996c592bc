"""Where a caller goes when the menus are over."""

from __future__ import annotations

from dataclasses import dataclass

from ivr.flow.script import Script
from ivr.flow.steps import Language, Priority, Session
from ivr.routing.priority import decide_priority


@dataclass(frozen=True, slots=True)
class Way:
    """What the dialplan is told, in one command (`dialplan/queue.conf`, decide)."""

    queue: str
    priority: Priority
    language: Language
    say: str  # prompt id played before the wait begins
    shown: str  # what a counsellor's phone shows in place of a number
    record: tuple[tuple[str, str], ...]  # for the ledger


def decide_way(script: Script, session: Session, route: str) -> Way:
    language = session.language or script.default_language
    priority, reason = decide_priority(session)
    queue = script.queues[language]
    return Way(
        queue=queue,
        priority=priority,
        language=language,
        say=script.routes[route].say,
        shown=_shown(language, priority, session),
        record=_record(session, language, priority, queue, reason),
    )


def _shown(language: Language, priority: Priority, session: Session) -> str:
    """Plain letters: many desk phones show nothing else."""
    flags = "DANGER" if priority is Priority.DANGER else "silent" if session.silent else ""
    return " ".join(part for part in (flags, language, session.topic, session.age_band) if part)


def _record(
    session: Session, language: Language, priority: Priority, queue: str, reason: str
) -> tuple[tuple[str, str], ...]:
    told = {
        "language": language,
        "topic": session.topic,
        "age_band": session.age_band,
        "priority": priority,
        "silent": "yes" if session.silent else None,
        "queue": queue,
        "reason": reason.replace(" ", "-"),
    }
    return tuple((name, str(value)) for name, value in told.items() if value)
