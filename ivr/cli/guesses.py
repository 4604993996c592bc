"""Verbs about who guesses telephones' passwords: list who is refused, lift a refusal."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer

from ivr import guard
from ivr.cli.call_view import as_json_line, new_table, screen, started
from ivr.cli.options import AsJson, load_settings, out
from ivr.guard import Refused

group = typer.Typer(help="Addresses that are refused for a while, as wrong passwords of telephones came from them.")


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="guesses")


@group.callback(invoke_without_command=True)
def guesses(context: typer.Context, as_json: AsJson = False) -> None:
    """Which addresses are refused now, as wrong passwords of telephones came from them, and until when.

    Example: [bold]ivr guesses[/]
    """
    if context.invoked_subcommand:
        return
    found = guard.book(load_settings(), datetime.now(UTC))
    if as_json:
        for each in found.refused:
            typer.echo(_json(each))
        return
    if found.refused:
        shown = new_table("address", "refused (UTC)", "until (UTC)")
        for each in found.refused:
            shown.add_row(each.address, started(_at(each.since)), started(_at(each.until)))
        screen().print(shown)
    else:
        screen().print("Nobody is refused.")
    screen().print(f"[dim]So far: wrong passwords {found.wrong:,}, refusals {found.times:,}.[/]")


@group.command()
def lift(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="As `ivr guesses` shows it.")],
    as_json: AsJson = False,
) -> None:
    """Let an address in again before its time is over. On record (`ivr audit`).

    Example: [bold]ivr guesses lift 192.0.2.7[/]
    """
    lifted = asyncio.run(guard.lift(load_settings(), address))
    if as_json:
        typer.echo(_json(lifted))
        return
    out.print(f"[bold green]✓[/] {lifted.address} is let in again.")
    out.print("  [bold]→[/] never to be refused: IVR_GUESS_SPARED")


def _json(each: Refused) -> str:
    return as_json_line({"address": each.address, "since": _at(each.since), "until": _at(each.until)})


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
