"""`ivr db`: where rows are kept."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict

import typer
from rich.console import Console
from rich.markup import escape

from ivr import change_database, mending
from ivr.cli.options import AsJson, load_settings

out = Console(highlight=False)


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="Where rows are kept: SQLite in the state folder, or PostgreSQL.")
    group.command("copy")(copy)
    group.command("mend")(mend)
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


def mend(as_json: AsJson = False) -> None:
    """Make a damaged SQLite database whole, while calls go on: keep what can be read, take the calls from the ledger.

    The damaged file is put aside. Where nothing is wrong nothing is done.

    Example: [bold]ivr db mend[/]
    """
    done = asyncio.run(mending.mend(load_settings(), lambda now, total: None))
    if as_json:
        typer.echo(json.dumps(asdict(done) if done else {"why": ""}, default=str))
    elif done is None:
        out.print("[bold green]✓[/] Nothing is wrong with the database.")
    else:
        _show_mended(done)


def _show_mended(done: mending.Mended) -> None:
    out.print(f"[yellow]![/] It was damaged: {escape(done.why)}", soft_wrap=True)
    for table in done.saved:
        if table.rows or not table.whole:
            mark, rest = (
                ("[bold green]✓[/]", "") if table.whole else ("[yellow]![/]", "  what else was in it could not be read")
            )
            out.print(f"{mark} {table.table:<20} {table.rows:>9,}{rest}")
    out.print(f"[bold green]✓[/] {done.rebuilt.lines:,} lines of the ledger read again.")
    out.print(f"The damaged file is {done.aside}", soft_wrap=True)
