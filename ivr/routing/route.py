"""Where a caller goes when the menus are over."""

from __future__ import annotations

from dataclasses import dataclass

from ivr.flow.menu import End
from ivr.flow.script import Script
from ivr.flow.steps import Caller, Language, Priority, Session
from ivr.routing.priority import Standing, decide_priority
from ivr.routing.skills import queue_name, skill_for


@dataclass(frozen=True, slots=True)
class Way:
    """What the dialplan is told, in one command (`dialplan/queue.conf`, decide)."""

    queue: str
    priority: Priority
    place: int  # QUEUE_PRIO, see routing/priority.py
    language: Language
    say: str  # prompt id played before the wait begins
    shown: str  # what a counsellor's phone shows in place of a number
    same: str  # extension of the counsellor who is tried first; or empty
    record: tuple[tuple[str, str], ...]  # for the ledger
    end: End = End.PERSON


def decide_way(script: Script, session: Session, route: str, caller: Caller, now: float) -> Way:
    """`now` in seconds since 1970."""
    language = session.language or script.default_language
    standing = decide_priority(session, caller)
    queue = queue_name(script.queues[language], skill_for(session, standing.priority))
    return Way(
        queue=queue,
        priority=standing.priority,
        place=standing.place(now),
        language=language,
        say=script.routes[route].say,
        shown=_shown(language, standing.priority, session),
        same=caller.same,
        record=_record(session, language, queue, standing),
        end=script.routes[route].end,
    )


def _shown(language: Language, priority: Priority, session: Session) -> str:
    """Plain letters: many desk phones show nothing else."""
    flags = "DANGER" if priority is Priority.DANGER else "silent" if session.silent else ""
    return " ".join(part for part in (flags, language, session.topic, session.age_band) if part)


def _record(session: Session, language: Language, queue: str, standing: Standing) -> tuple[tuple[str, str], ...]:
    told = {
        "language": language,
        "topic": session.topic,
        "age_band": session.age_band,
        "priority": standing.priority,
        "silent": "yes" if session.silent else None,
        "queue": queue,
        "reason": standing.reason,
    }
    return tuple((name, str(value)) for name, value in told.items() if value)
