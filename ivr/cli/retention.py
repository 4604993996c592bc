"""`ivr retention`: what is older than the house keeps it."""

from __future__ import annotations

import asyncio
import getpass
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from ivr import retention as acts
from ivr.cli.call_view import as_json_line, new_table, row_json, screen, started
from ivr.cli.options import AsJson, load_settings, out
from ivr.retention import Due

group = typer.Typer(help="What is older than the house keeps it, see the settings IVR_KEEP_….")
DAY_S, YEAR_S = 86_400, acts.YEAR.total_seconds()


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="retention")


@group.callback(invoke_without_command=True)
def retention(context: typer.Context, as_json: AsJson = False) -> None:
    """What would go now, by kind, and from when the oldest is. It stays: an open line takes it by night, `run` at once.

    Example: [bold]ivr retention[/]
    """
    if context.invoked_subcommand:
        return
    found = asyncio.run(acts.look(load_settings(), datetime.now(UTC)))
    if as_json:
        for each in found:
            typer.echo(row_json(each))
    else:
        screen().print(_shown(found))


def _shown(found: list[Due]) -> Table:
    shown = new_table("kind", "kept for", "would go", "the oldest (UTC)", "setting")
    for each in found:
        count = Text(f"{each.due:,}", "yellow" if each.due else "dim")
        oldest = started(each.oldest) if each.oldest else "–"
        shown.add_row(each.kind.replace("_", " "), _length(each.kept_s), count, oldest, Text(each.setting, "dim"))
    return shown


def _length(seconds: float) -> str:
    """730 days, 3 years, 24 hours."""
    for unit_s, name in ((YEAR_S, "year"), (DAY_S, "day")):
        if seconds >= unit_s and seconds % unit_s == 0 and (name, seconds) != ("day", DAY_S):
            count = int(seconds // unit_s)
            return f"{count} {name}{'' if count == 1 else 's'}"
    return f"{seconds / DAY_S:g} days" if seconds > DAY_S else f"{seconds / 3600:g} hours"


@group.command()
def run(
    as_json: AsJson = False,
    by: Annotated[str, typer.Option(metavar="NAME", help="Who does it; the name of your account unless told.")] = "",
) -> None:
    """Take away what is older than it is kept, now, on record. What is counted stays.

    Example: [bold]ivr retention run --by Leyla[/]
    """
    taken = asyncio.run(acts.run(load_settings(), datetime.now(UTC), by or getpass.getuser()))
    if as_json:
        typer.echo(as_json_line({str(kind): count for kind, count in taken.items()}))
        return
    for kind, count in taken.items():
        if count:
            out.print(f"  {count:>7,}  {kind.replace('_', ' ')}")
    out.print("[bold green]✓[/] Done, and on record." if any(taken.values()) else "Nothing is older than it is kept.")
