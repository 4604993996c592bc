"""One call so far, as a value: what the fold (`records/fold.py`) makes of the switch's events.

A story that is not over goes to JSON and back, so that a reader which is killed goes on where its last transaction
ended; at every step it gives the row of its call.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

from ivr.records.call import CALLBACK, Outcome, State


@dataclass(frozen=True, slots=True)
class Story:
    """One call so far; times in seconds since 1970. `places`: channel → (bridge, who or Local pair it is)."""

    id: str
    linkedid: str
    started_at: float
    dialled: str
    state: State = State.MENU
    chosen: Mapping[str, str] = field(default_factory=dict)
    steps: tuple[Mapping[str, Any], ...] = ()
    places: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    decided_at: float | None = None
    met_at: float | None = None
    talking_since: float | None = None
    talking_with: str | None = None
    talked_s: float | None = None
    counsellor: str | None = None
    promised: bool = False
    messages: tuple[Mapping[str, Any], ...] = ()  # left by the caller: id, at, seconds
    ended_at: float | None = None
    outcome: Outcome | None = None
    refused: int = 0

    @property
    def is_callback(self) -> bool:
        """Whether it was we who rang, to keep a promise."""
        return self.dialled == CALLBACK

    @property
    def is_call(self) -> bool:
        """Whether it gets a row: every call to the line, and of our own those in which child and counsellor met."""
        return not self.is_callback or self.met_at is not None


def moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def row(story: Story) -> dict[str, Any]:
    """The story as the row of a call."""
    chosen = story.chosen
    waited_until = story.met_at if story.met_at is not None else story.ended_at
    return {
        "id": story.id,
        "started_at": datetime.fromtimestamp(story.started_at, UTC),
        "ended_at": None if story.ended_at is None else datetime.fromtimestamp(story.ended_at, UTC),
        "dialled": story.dialled,
        "language": chosen.get("language"),
        "topic": chosen.get("topic"),
        "age_band": chosen.get("age_band"),
        "priority": chosen.get("priority", "normal"),
        "silent": chosen.get("silent") == "yes",
        "queue": chosen.get("queue"),
        "outcome": story.outcome,
        "counsellor": story.counsellor,
        "wait_s": _between(story.decided_at, waited_until),
        "talk_s": None if story.talked_s is None else round(story.talked_s, 3),
        "steps": story.steps,
        "state": story.state,
        "door": int(chosen["door"]) if "door" in chosen else None,
        "reason": chosen.get("reason"),
        "caller": chosen.get("caller"),
    }


def _between(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else round(max(0.0, end - start), 3)


def to_json(story: Story, heard: Collection[int] = ()) -> str:
    """`heard`: the lines that told it, each as a number."""
    told = {name: getattr(story, name) for name in _FIELDS} | {"heard": sorted(heard)}
    return json.dumps(told, separators=(",", ":"))


def heard_of(text: str) -> set[int]:
    """The lines that told it; none where an older version of the program wrote it."""
    found = json.loads(text).get("heard", ())
    return {each for each in found if type(each) is int} if isinstance(found, list) else set()


def from_json(text: str) -> Story | None:
    """The story again; None when it cannot be read. Another version of the program may know more fields, or fewer."""
    try:
        return _from_fields(json.loads(text))
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _from_fields(fields_told: Mapping[str, Any]) -> Story:
    told = {name: fields_told[name] for name in _FIELDS if name in fields_told}
    told["state"] = State(told["state"])
    told["outcome"] = Outcome(told["outcome"]) if told["outcome"] else None
    told["steps"] = tuple(told["steps"])
    told["messages"] = tuple(told.get("messages", ()))
    told["places"] = {channel: (bridge, who) for channel, (bridge, who) in told["places"].items()}
    return Story(**told)


_FIELDS = tuple(item.name for item in fields(Story))
