"""The `ivr` program: one module per group of verbs. Errors become one sentence and what to do."""

from __future__ import annotations

import sys

import typer
from rich.console import Console

from ivr.cli import (
    accounts,
    audit,
    backups,
    blocks,
    callbacks,
    calls,
    contacts,
    counsellors,
    database,
    erase,
    flow,
    health,
    hours,
    keys,
    line,
    menus,
    messages,
    presence,
    prompts,
    report,
    retention,
    rota,
    silent,
)
from ivr.errors import HelplineError, ScriptError

app = typer.Typer(
    name="ivr",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,  # a local variable may be a caller's number
    help="The line a child calls: open it, look at it, ask it.",
)
for group in (
    line,
    health,
    calls,
    contacts,
    callbacks,
    messages,
    counsellors,
    accounts,
    audit,
    presence,
    silent,
    flow,
    menus,
    prompts,
    rota,
    hours,
    blocks,
    database,
    backups,
    keys,
    retention,
    erase,
    report,
):
    group.register(app)


def main() -> None:
    try:
        app()
    except HelplineError as error:
        say_error(error)
        sys.exit(2 if isinstance(error, ScriptError) else 1)


def say_error(error: HelplineError) -> None:
    """The thing, the reason, the remedy; every fault on a line of its own."""
    console = Console(stderr=True, highlight=False)
    console.print(f"[bold red]✗[/] {error}", soft_wrap=True)
    for problem in getattr(error, "problems", ()):
        console.print(f"  {problem}", markup=False, soft_wrap=True)
    if error.remedy:
        console.print(f"  [bold]→[/] {error.remedy}", soft_wrap=True)
