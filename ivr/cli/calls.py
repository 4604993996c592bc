"""Verbs about what is on record: calls, and the ledger they come from."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated

import structlog
import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from ivr import call_log
from ivr.call_log import Outcome, Rebuilt, Status, Wanted
from ivr.cli.call_view import call_json, calls_table, screen, step_line
from ivr.cli.options import AsJson, load_settings, out
from ivr.settings import Settings

SHOWN_UNLESS_TOLD = 20
NOTHING_YET = "Nothing is on record yet: the line was never opened. [bold]→[/] make up"
_AGO = re.compile(r"([0-9]{1,5})([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
ledger = typer.Typer(no_args_is_help=True, help="The switch's own event log, from which every row about calls is made.")


def _since(text: str) -> datetime:
    """A moment: 30m, 2h or 7d ago, or a date and time (UTC unless it says otherwise)."""
    if ago := _AGO.fullmatch(text.strip()):
        return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise typer.BadParameter("say 30m, 2h, 7d, or a date as in 2026-11-21 or 2026-11-21T18:00+04:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


Since = Annotated[
    datetime | None,
    typer.Option(parser=_since, metavar="WHEN", help="Only from then on: 30m, 2h, 7d, or a date (UTC)."),
]
Limit = Annotated[int | None, typer.Option(min=1, help="Only the newest so many. A table shows 20 unless told.")]
OfOutcome = Annotated[Outcome | None, typer.Option(help="Only those that ended so.")]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Go on, and show calls as they happen. Ctrl-C ends it.")]


def register(app: typer.Typer) -> None:
    app.command()(calls)
    app.add_typer(ledger, name="ledger")


def calls(
    as_json: AsJson = False,
    follow: Follow = False,
    since: Since = None,
    limit: Limit = None,
    outcome: OfOutcome = None,
) -> None:
    """Calls on record, newest first; with --json oldest first.

    Times are UTC. No caller's number is on record, so none is shown.

    Example: [bold]ivr calls --since 24h --outcome abandoned_in_queue[/]
    """
    told, wanted = load_settings(), Wanted(since, outcome, limit)
    if not call_log.is_there(told):
        say_nothing_yet(as_json)
    elif follow:
        _log_aside()
        with suppress(KeyboardInterrupt):
            asyncio.run(_follow_calls(told, wanted, as_json))
    else:
        asyncio.run(_json_calls(told, wanted) if as_json else _show_calls(told, wanted))


async def _json_calls(told: Settings, wanted: Wanted) -> None:
    async with call_log.open_log(told) as log:
        await call_log.catch_up(log)
        async for call in call_log.calls(log, wanted):
            typer.echo(call_json(call))


async def _show_calls(told: Settings, wanted: Wanted) -> None:
    async with call_log.open_log(told) as log:
        await call_log.catch_up(log)
        some = replace(wanted, limit=wanted.limit or SHOWN_UNLESS_TOLD)
        newest = [call async for call in call_log.calls(log, some)]
        total = await call_log.count_calls(log, wanted)
    show = screen()
    print_rows(calls_table(reversed(newest), show.width), len(newest), total, "calls")


async def _follow_calls(told: Settings, wanted: Wanted, as_json: bool) -> None:
    shown: dict[str, int] = {}
    show = screen()
    async with call_log.open_log(told) as log:
        async for call in call_log.changed_calls(log, wanted.since or datetime.now(UTC)):
            if wanted.outcome not in (None, call.outcome):
                continue
            if as_json:
                print(call_json(call), flush=True)  # whoever reads this waits for each line
                continue
            for step in call.steps[shown.get(call.id, 0) :]:
                show.print(step_line(call, step), soft_wrap=True)
            shown[call.id] = len(call.steps)


def _log_aside() -> None:
    """Warnings go where they are not taken for rows."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))


def say_nothing_yet(as_json: bool) -> None:
    """No rows are no error; a program that reads JSON gets no lines."""
    if not as_json:
        out.print(NOTHING_YET)


def print_rows(table: Table, shown: int, total: int, what: str) -> None:
    show = screen()
    if not total:
        show.print(f"No {what}.")
        return
    show.print(table)
    if shown < total:
        show.print(f"[dim]The newest {shown} of {total:,} {what}; --limit {total} shows all.[/]")


@ledger.command()
def status(as_json: AsJson = False) -> None:
    """How far the rows are behind the ledger, and what in it could not be read.

    Example: [bold]ivr ledger status[/]
    """
    told = load_settings()
    if not call_log.is_there(told):
        say_nothing_yet(as_json)
        return
    values = asdict(asyncio.run(_status(told)))
    if as_json:
        typer.echo(json.dumps(values))
        return
    grid = Table.grid(padding=(0, 2))
    for name, value in values.items():
        grid.add_row(Text(name.replace("_", " "), "dim"), Text(f"{value:,}" if isinstance(value, int) else value))
    screen().print(grid)


async def _status(told: Settings) -> Status:
    async with call_log.open_log(told) as log:
        return await call_log.status(log)


@ledger.command()
def rebuild() -> None:
    """Make all rows anew from the ledger. The line may be open; nobody sees an empty table meanwhile.

    Example: [bold]ivr ledger rebuild[/]
    """
    told = load_settings()
    if not call_log.is_there(told):
        out.print(NOTHING_YET)
        return
    columns = (TextColumn("reading the ledger"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        built = asyncio.run(_rebuild(told, bar))
    out.print(f"[bold green]✓[/] {built.lines:,} lines read, {built.removed:,} rows without a line removed.")
    if built.rubbish or built.refused:
        out.print(f"[yellow]![/] {built.rubbish:,} lines were rubbish, {built.refused:,} events could not be.")


async def _rebuild(told: Settings, bar: Progress) -> Rebuilt:
    task = bar.add_task("")
    async with call_log.open_log(told) as log:
        return await call_log.rebuild(log, lambda done, total: bar.update(task, completed=done, total=total))


@ledger.command("follow")
def follow_ledger() -> None:
    """Keep the rows up with the ledger until Ctrl-C. An open line does this by itself.

    Example: [bold]ivr ledger follow[/]
    """
    told = load_settings()
    if not call_log.is_there(told):
        out.print(NOTHING_YET)
        return
    _log_aside()
    with suppress(KeyboardInterrupt):
        asyncio.run(_keep(told))


async def _keep(told: Settings) -> None:
    async with call_log.open_log(told) as log:
        out.print(f"Keeping the rows up with {told.ledger_file}. Ctrl-C ends it.", soft_wrap=True)
        async for lines in call_log.new_lines(log):
            out.print(f"[dim]{datetime.now(UTC):%H:%M:%S}[/] {lines:,} lines")
