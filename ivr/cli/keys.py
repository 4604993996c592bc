"""`ivr keys`: the keys that seal what identifies a child."""

from __future__ import annotations

import asyncio

import typer
from rich.console import Console

from ivr import keys
from ivr.cli.options import load_settings
from ivr.errors import Conflict

out = Console(highlight=False)


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="The keys that seal what identifies a child.")
    group.command("rotate")(rotate)
    app.add_typer(group, name="keys")


def rotate() -> None:
    """Make a new key and seal everything again with it; the old one goes when nothing needs it any more.

    It may be cut off, and is then run again. Calls go on meanwhile. Back secrets.json up afterwards.

    Example: [bold]ivr keys rotate[/]
    """
    done = asyncio.run(keys.rotate(load_settings()))
    out.print(f"[bold green]✓[/] {done.resealed:,} sealed again with key {done.key}.")
    if done.shut:
        remedy = "If they are of no use, erase them; then run this again."
        raise Conflict(f"The old key stays: these cannot be opened: {', '.join(done.shut[:5])}.", remedy=remedy)
    if done.holding:
        remedy = "make down && make up, then run this again."
        raise Conflict(f"The old key stays: {', '.join(done.holding)} may still seal with it.", remedy=remedy)
    out.print("  The old key is gone. [bold]→[/] ivr backup")
