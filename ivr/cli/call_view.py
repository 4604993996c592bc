"""How calls and contacts look: as JSON for programs, as a table for people, step by step as they happen."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ivr.call_log import Call, Contact, Outcome

PIPED_WIDTH = 200  # nobody's terminal: rows stay on one line, so that grep finds them
NARROW = 110
NOT_IN_JSON = frozenset({"state"})
_COLOURS: Mapping[str, str] = {
    Outcome.ANSWERED: "green",
    Outcome.FORWARDED: "green",
    Outcome.CALLBACK_PROMISED: "cyan",
    Outcome.MESSAGE_LEFT: "cyan",
    Outcome.ABANDONED_IN_MENU: "yellow",
    Outcome.ABANDONED_IN_QUEUE: "yellow",
    Outcome.LOST: "bold red",
}
_PRIORITIES = {"danger": "bold red", "high": "yellow"}


def call_json(call: Call) -> str:
    return as_json_line({name: getattr(call, name) for name in _names(Call)})


def contact_json(contact: Contact) -> str:
    return as_json_line({name: getattr(contact, name) for name in _names(Contact)})


def row_json(row: Any) -> str:
    """Any row that is a dataclass, all of its fields."""
    return as_json_line({item.name: getattr(row, item.name) for item in fields(row)})


def _names(of: type[Call] | type[Contact]) -> tuple[str, ...]:
    return tuple(item.name for item in fields(of) if item.name not in NOT_IN_JSON)


def as_json_line(values: Mapping[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False, default=_time)


def _time(value: object) -> str:
    if not isinstance(value, datetime):
        raise TypeError(f"{type(value).__name__} has no JSON form")
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def screen() -> Console:
    """Standard output. In a pipe it is wide and plain."""
    found = Console(highlight=False)
    return found if found.is_terminal else Console(highlight=False, width=PIPED_WIDTH)


def calls_table(calls: Iterable[Call], width: int) -> Table:
    shown = new_table("started (UTC)", "language", "topic", "outcome", "counsellor", "wait", "talk")
    wide = width >= NARROW
    for heading in ("age", "dialled", "id") if wide else ():
        shown.add_column(heading, no_wrap=True)
    for call in calls:
        row: list[str | Text] = [
            started(call.started_at),
            call.language or "–",
            _topic(call),
            _outcome(call),
            call.counsellor or "–",
        ]
        row += [duration(call.wait_s), duration(call.talk_s)]
        shown.add_row(*row, *((call.age_band or "–", call.dialled, Text(call.id, "dim")) if wide else ()))
    return shown


def contacts_table(contacts: Iterable[Contact]) -> Table:
    shown = new_table("received (UTC)", "channel", "language", "topic", "age", "first time", "counsellor", "id")
    for each in contacts:
        known = (each.language, each.topic, each.age_band, each.first_time, each.counsellor)
        shown.add_row(started(each.received_at), each.channel, *(text or "–" for text in known), Text(each.id, "dim"))
    return shown


def new_table(*headings: str) -> Table:
    table = Table(box=SIMPLE_HEAD if screen().is_terminal else None, pad_edge=False, header_style="dim")
    for heading in headings:
        table.add_column(heading, no_wrap=True, justify="right" if heading in ("wait", "talk") else "left")
    return table


def started(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def _topic(call: Call) -> Text:
    text = Text(call.topic or ("silent" if call.silent else "–"))
    if colour := _PRIORITIES.get(call.priority):
        text.append(f" {call.priority}", colour)
    return text


def _outcome(call: Call) -> Text:
    if call.outcome is None:
        return Text(f"● {call.state}", "cyan")
    return Text(call.outcome.replace("_", " "), _COLOURS[call.outcome])


def duration(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


def step_line(call: Call, step: Mapping[str, Any]) -> Text:
    """One step of a call as it happens: when, which call, what, and its details."""
    details = {name: value for name, value in step.items() if name not in ("at", "step")}
    line = Text(f"{str(step['at'])[11:19]}  ", "dim") + Text(f"{call.id}  ") + Text(f"{step['step']:<8}", "bold")
    for name, value in details.items():
        line.append(f" {name}=", "dim").append("none" if value is None else str(value).lower())
    return line
