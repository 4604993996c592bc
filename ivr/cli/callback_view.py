"""How call-backs look: as a table, one with its attempts, and as JSON. Times shown are the helpline's own."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.table import Table
from rich.text import Text

from ivr.callback_log import Callback, State, Tried
from ivr.cli.call_view import screen
from ivr.routing.hours import BAKU

LATE = "bold red"
_COLOURS: Mapping[State, str] = {State.PROMISED: "cyan", State.CALLING: "cyan", State.KEPT: "green"}


def as_json(values: Mapping[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False, default=_time)


def one_json(found: Callback, tried: Sequence[Tried]) -> str:
    return as_json(asdict(found) | {"tried": [asdict(each) for each in tried]})


def _time(value: object) -> str:
    if not isinstance(value, datetime):
        raise TypeError(f"{type(value).__name__} has no JSON form")
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def table(found: Iterable[Callback], late: Collection[str], now: datetime) -> Table:
    """`late`: ids of those that somebody must look at now."""
    shown = _table("safe (Baku time)", "language", "topic", "age", "may answer", "state", "attempts", "next", "id")
    for each in found:
        style = LATE if each.id in late else None
        shown.add_row(
            Text(_hours(each), style or ""),
            each.language or "–",
            Text(each.topic or "–") + Text("" if each.priority == "normal" else f" {each.priority}", LATE),
            each.age_band or "–",
            "only the caller" if each.only_caller else "anybody",
            _state(each, style, now),
            str(each.attempts),
            _clock(each.next_at) if each.next_at else "–",
            Text(each.id, "dim"),
        )
    return shown


def _table(*headings: str) -> Table:
    shown = Table(box=SIMPLE_HEAD if screen().is_terminal else None, pad_edge=False, header_style="dim")
    for heading in headings:
        shown.add_column(heading, no_wrap=True)
    return shown


def _state(each: Callback, style: str | None, now: datetime) -> Text:
    words = each.state.replace("_", " ")
    if style and each.state in (State.PROMISED, State.CALLING):
        left_min = max(0, int((each.safe_until - now).total_seconds() // 60))
        words += f", lapses in {left_min} min"
    return Text(words, style or _COLOURS.get(each.state, "dim"))


def _hours(each: Callback) -> str:
    start, end = (BAKU.shown(moment) for moment in (each.safe_from, each.safe_until))
    return f"{start:%Y-%m-%d %H:%M}–{end:%H:%M}"


def _clock(moment: datetime) -> str:
    return f"{BAKU.shown(moment):%H:%M}"


def one(found: Callback, tried: Sequence[Tried], late: bool) -> Group:
    """Everything about one but its number."""
    grid = Table.grid(padding=(0, 2))
    for name, value in (asdict(found) | {"safe hours": _hours(found)}).items():
        if name not in ("safe_from", "safe_until"):
            grid.add_row(Text(name.replace("_", " "), "dim"), _value(name, value, late))
    return Group(grid, Text(), _attempts(tried))


def _value(name: str, value: object, late: bool) -> Text:
    if isinstance(value, datetime):
        return Text(f"{BAKU.shown(value):%Y-%m-%d %H:%M:%S} (Baku time)")
    shown = {True: "yes", False: "no", None: "–"}.get(value, value) if isinstance(value, bool | None) else value
    return Text(str(shown).replace("_", " "), LATE if late and name == "state" else "")


def _attempts(tried: Sequence[Tried]) -> Table | Text:
    if not tried:
        return Text("Nothing was tried yet.", "dim")
    shown = _table("attempt", "at (Baku time)", "counsellor", "outcome", "talk s", "call")
    for each in tried:
        words = each.outcome.replace("_", " ") if each.outcome else "goes on"
        talk = "–" if each.talk_s is None else f"{each.talk_s:.0f}"
        when = f"{BAKU.shown(each.at):%Y-%m-%d %H:%M:%S}"
        shown.add_row(str(each.number), when, each.counsellor or "–", words, talk, Text(each.call_id or "–", "dim"))
    return shown
