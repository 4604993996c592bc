"""`ivr db`: where rows are kept."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict

import typer
from rich.console import Console

from ivr import change_database
from ivr.cli.line import AsJson, load_settings

out = Console(highlight=False)


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="Where rows are kept: SQLite in the state folder, or PostgreSQL.")
    group.command("copy")(copy)
    app.add_typer(group, name="db")


def copy(as_json: AsJson = False) -> None:
    """Copy every row from SQLite in the state folder to the PostgreSQL that IVR_DATABASE_URL names.

    All or nothing: counts and hashes are compared before it is made to stay. The line is closed meanwhile, and the old
    file stays as it is.

    Example: [bold]IVR_DATABASE_URL=postgresql://ivr:…@localhost/helpline ivr db copy[/]
    """
    for done in asyncio.run(change_database.copy_to_postgresql(load_settings(), lambda table, rows: None)):
        if as_json:
            typer.echo(json.dumps(asdict(done)))
        elif done.rows:
            out.print(f"[bold green]✓[/] {done.table:<20} {done.rows:>9,}  [dim]{done.hash[:16]}[/]")
