"""Who is there: `ivr presence`."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer
from rich.table import Table

from ivr import presence as act
from ivr.cli.call_view import as_json_line, screen
from ivr.cli.options import AsJson, load_settings
from ivr.presence import Shown, State, Word

CLOSED = "The line is closed: this is what was said and what the rota says. What the phones do is not known."
_MARKS = {
    State.AVAILABLE: "[green]● available[/]",
    State.RINGING: "[yellow]◍ ringing[/]",
    State.ON_CALL: "[cyan]◉ on a call[/]",
    State.WRAP_UP: "[blue]◒ wrap-up[/]",
    State.BREAK: "[magenta]◌ break[/]",
    State.SIGNED_OUT: "[dim]○ signed out[/]",
}


class Told(StrEnum):
    """What can be said on the command line."""

    IN = "in"
    OUT = "out"
    BREAK = "break"
    BACK = "back"
    DONE = "done"


_WORDS = {
    Told.IN: Word.SIGN_IN,
    Told.OUT: Word.SIGN_OUT,
    Told.BREAK: Word.PAUSE,
    Told.BACK: Word.RESUME,
    Told.DONE: Word.DONE,
}


def register(app: typer.Typer) -> None:
    app.command()(presence)


def presence(
    extension: Annotated[str, typer.Argument(help="Whose: the extension of a counsellor's phone.")] = "",
    word: Annotated[Told | None, typer.Argument(help="What they say; done ends a wrap-up.")] = None,
    as_json: AsJson = False,
) -> None:
    """Who is there and since when; or say it for a counsellor. Theirs to say: *21, *22, *23 on their phone.

    Example: [bold]ivr presence 101 break[/]
    """
    settings = load_settings()
    if word and extension:
        people, asked = [asyncio.run(act.say(settings, extension, _WORDS[word]))], True
    else:
        people, asked = asyncio.run(act.everybody(settings, extension))
    if as_json:
        for person in people:
            typer.echo(as_json_line(asdict(person)))
    else:
        screen().print(_table(people))
    if not asked:
        typer.echo(CLOSED, err=True)


def _table(people: list[Shown]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("extension", "counsellor", "state", "for", "on rota", "phone"):
        table.add_column(heading)
    for person in people:
        table.add_row(
            person.extension,
            person.counsellor,
            _MARKS[person.state],
            _for(person.since, datetime.now(UTC)),
            "yes" if person.on_rota else "[dim]no[/]",
            {True: "[green]registered[/]", False: "[red]not registered[/]", None: "[dim]?[/]"}[person.registered],
        )
    return table


def _for(since: datetime | None, now: datetime) -> str:
    """How long, in the largest unit that says something."""
    if since is None:
        return ""
    seconds = max(0, int((now - since).total_seconds()))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
