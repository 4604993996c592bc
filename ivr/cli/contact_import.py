"""`ivr contacts import`: the contacts of the years before, from a CSV."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from ivr import contact_import
from ivr.cli.call_view import as_json_line, screen
from ivr.cli.options import AsJson, load_settings
from ivr.contact_import import Found
from ivr.settings import Settings
from ivr.wrapup import opened_desk

File = Annotated[Path, typer.Argument(metavar="FILE.csv", help="A contact a line; the first line names the columns.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be brought in, and every fault by line.")]


def register(group: typer.Typer) -> None:
    group.command("import")(bring_in)


def bring_in(file: File, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Bring in the contacts of the years before: all of the file, or nothing. What is there already stays as it is.

    Columns: received_at, channel, language, topic, chi_category, gender, age_band, first_time, counselling, and if you
    like id and summary.

    Example: [bold]ivr contacts import 2019.csv --dry-run[/]
    """
    told = load_settings()
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        found = asyncio.run(_run(told, file, dry_run, bar))
    if as_json:
        _print_json(found, dry_run)
    else:
        contact_import.refuse_faulty(file, found)
        _say(found, dry_run)
    if found.faults:
        raise typer.Exit(2)


async def _run(told: Settings, file: Path, dry_run: bool, bar: Progress) -> Found:
    task, doing = bar.add_task(""), contact_import.look_through if dry_run else contact_import.bring_in

    def tell(what: str, done: int, total: int) -> None:
        bar.update(task, description=what, completed=done, total=total)

    async with opened_desk(told) as desk:
        return await doing(desk, file, datetime.now(UTC), tell)


def _print_json(found: Found, dry_run: bool) -> None:
    for fault in found.faults:
        typer.echo(as_json_line(asdict(fault)))
    if not found.faults:
        typer.echo(as_json_line({"rows": found.rows, "new": found.new, "known": found.known, "dry_run": dry_run}))


def _say(found: Found, dry_run: bool) -> None:
    done = "would be brought in" if dry_run else "brought in"
    screen().print(f"[bold green]✓[/] {found.new:,} contacts {done}; {found.known:,} were there already.")
