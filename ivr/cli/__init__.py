"""The `ivr` program: one module per group of verbs. Errors become one sentence and what to do."""

from __future__ import annotations

import sys
from importlib import import_module

import typer
from rich.console import Console

from ivr.errors import HelplineError, ScriptError

# Each module and its verbs, in the order of `ivr --help`.
GROUPS = {
    "line": ("up", "down", "status", "phones", "demo", "settings"),
    "health": ("check", "alarms", "trial"),
    "calls": ("calls", "ledger"),
    "contacts": ("contacts",),
    "callbacks": ("callbacks",),
    "messages": ("messages",),
    "counsellors": ("counsellors", "ring-outs"),
    "accounts": ("accounts",),
    "audit": ("audit",),
    "presence": ("presence",),
    "guesses": ("guesses",),
    "silent": ("silent",),
    "flow": ("call",),
    "menus": ("flow",),
    "prompts": ("prompts",),
    "rota": ("rota",),
    "hours": ("hours",),
    "blocks": ("block",),
    "database": ("db",),
    "backups": ("backup", "restore"),
    "keys": ("keys",),
    "retention": ("retention",),
    "erase": ("erase",),
    "report": ("report",),
}


def program(verb: str = "") -> typer.Typer:
    """The program as far as that verb needs it; whole for any other word. Loading all of it takes a second."""
    app = typer.Typer(
        name="ivr",
        add_completion=False,
        no_args_is_help=True,
        rich_markup_mode="rich",
        pretty_exceptions_show_locals=False,  # a local variable may be a caller's number
        help="The line a child calls: open it, look at it, ask it.",
    )
    app.callback()(lambda: None)  # or a single verb would take the program's place
    for module in [name for name, verbs in GROUPS.items() if verb in verbs] or GROUPS:
        import_module(f"ivr.cli.{module}").register(app)
    return app


def main() -> None:
    try:
        program(*sys.argv[1:2])()
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
