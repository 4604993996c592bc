"""Who first. Pure; the reason goes on record with the call."""

from __future__ import annotations

from ivr.flow.steps import Priority, Session, Topic


def decide_priority(session: Session) -> tuple[Priority, str]:
    """The priority of a caller and, in a word, why. A caller who said danger is never asked for more."""
    if session.priority is Priority.DANGER:
        return Priority.DANGER, "danger key"
    if session.topic is Topic.VIOLENCE:
        return Priority.HIGH, "violence"
    if session.silent:
        return Priority.HIGH, "silent"
    return session.priority or Priority.NORMAL, "order of arrival"
