"""Verbs about messages that callers left: list, save (to listen), delete."""

from __future__ import annotations

import asyncio
import getpass
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from ivr import call_log
from ivr import messages as acts
from ivr.cli.call_view import duration, new_table, row_json, screen, started
from ivr.cli.calls import NOTHING_YET
from ivr.cli.options import AsJson, load_settings, out
from ivr.messages import Message
from ivr.settings import Settings

group = typer.Typer(help="What callers said when nobody could answer.")
Id = Annotated[str, typer.Argument(metavar="ID", help="As [bold]ivr messages[/] shows it.")]


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="messages")


@group.callback(invoke_without_command=True)
def messages(context: typer.Context, as_json: AsJson = False) -> None:
    """Messages that were left, oldest first, and who listened first. Times are UTC.

    Example: [bold]ivr messages[/]
    """
    if context.invoked_subcommand:
        return
    told = load_settings()
    if not call_log.is_there(told):
        if not as_json:
            out.print(NOTHING_YET)
        return
    found = asyncio.run(_listed(told))
    if as_json:
        for each in found:
            typer.echo(row_json(each))
    else:
        screen().print(_shown(found) if found else "No messages.")


async def _listed(told: Settings) -> list[Message]:
    async with call_log.open_log(told) as log:
        await call_log.catch_up(log)
        return await acts.listed(log.database)


def _shown(found: list[Message]) -> Table:
    shown = new_table("left (UTC)", "language", "topic", "length", "heard (UTC)", "by", "id")
    for each in found:
        heard = started(each.heard_at) if each.heard_at else Text("○ not yet", "yellow")
        known = (each.language or "–", each.topic or "–", duration(each.seconds))
        shown.add_row(started(each.left_at), *known, heard, escape(each.heard_by or "–"), Text(each.id, "dim"))
    return shown


@group.command()
def save(
    message: Id,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file (.wav); only you may read it.")],
    by: Annotated[str, typer.Option(metavar="NAME", help="Who listens. It is put on record.")],
) -> None:
    """Open a message into a file, to listen to it. Remove the file afterwards: it is a child's voice in the clear.

    Example: [bold]ivr messages save 1795281282-7 /tmp/message.wav --by Aynur[/]
    """
    asyncio.run(_save(load_settings(), message, file, by))
    out.print(f"[bold green]✓[/] {escape(str(file))}, on record as heard by {escape(by)}.", soft_wrap=True)
    out.print("  [bold]→[/] remove it when you have listened")


async def _save(told: Settings, message: str, file: Path, by: str) -> None:
    async with call_log.open_log(told) as log:
        await call_log.catch_up(log)
        await acts.save(acts.open_box(told, log.database), message, file, by)


@group.command()
def delete(
    message: Id,
    by: Annotated[str, typer.Option(metavar="NAME", help="Who deletes it; the name of your account unless told.")] = "",
) -> None:
    """Take a message away for good. That there was one stays on record, and who deleted it.

    Example: [bold]ivr messages delete 1795281282-7[/]
    """
    asyncio.run(_delete(load_settings(), message, by or getpass.getuser()))
    out.print("[bold green]✓[/] Deleted.")


async def _delete(told: Settings, message: str, by: str) -> None:
    async with call_log.open_log(told) as log:
        await call_log.catch_up(log)
        await acts.delete(acts.open_box(told, log.database), message, by)
