"""`ivr erase`: a caller wishes that nothing tells of them any more."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from typing import Annotated

import typer

from ivr import erasure
from ivr.cli.call_view import as_json_line
from ivr.cli.options import AsJson, load_settings, out
from ivr.errors import Refused

LONGEST = 64


def register(app: typer.Typer) -> None:
    app.command()(erase)


def erase(  # noqa: PLR0913, PLR0917  an argument is an option
    told: Annotated[str, typer.Argument(metavar="[ID]", help="Of one of their calls, contacts or call-backs.")] = "",
    number: Annotated[bool, typer.Option("--number", help="Their number instead: asked for, or from a pipe.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it. Without, it is only counted.")] = False,
    by: Annotated[str, typer.Option(metavar="NAME", help="Who does it. It is put on record.")] = "",
    reason: Annotated[str, typer.Option(metavar="WHY", help="Why, without a name or a number.")] = "",
    as_json: AsJson = False,
) -> None:
    """Erase everything that tells of one caller: numbers, texts, drafts, messages, the hash by which they are known.

    What is counted stays, and so does the duty-of-care register. Backups made before still have it: see the README.

    Example: [bold]ivr erase 1795281282-000007 --yes --by Leyla --reason "she asked for it"[/]
    """
    if bool(told) == number:
        raise Refused("Whom?", remedy="Name one of their calls, or --number; a number is never an argument.")
    whom, settings = _number() if number else told, load_settings()
    if not yes:
        found = asyncio.run(erasure.look(settings, whom, is_number=number))
        _show(found.counts, as_json, {"erased": False, "stays_in_register": found.in_register})
        if not as_json:
            if found.in_register:
                out.print(f"  {found.in_register:>6,}  entries of the duty-of-care register [bold]stay[/]")
            out.print("Nothing was changed. [bold]→[/] --yes --by NAME --reason WHY")
        return
    done = asyncio.run(erasure.erase(settings, whom, by, reason, is_number=number))
    _show(done.counts, as_json, {"erased": True, "id": done.id, "ledger_lines_left": done.left})
    if not as_json:
        out.print(f"[bold green]✓[/] Erased, on record as {done.id}.")
        if done.left:
            out.print(f"  {done.left:,} lines of the ledger are still being written beside; the next night takes them.")
        out.print("  [bold]→[/] backups made before today still have it: see the README, Privacy")


def _number() -> str:
    return (typer.prompt("Number", hide_input=True) if sys.stdin.isatty() else sys.stdin.readline(LONGEST)).strip()


def _show(counts: Mapping[str, int], as_json: bool, more: Mapping[str, object]) -> None:
    if as_json:
        typer.echo(
            as_json_line({**more, **{name.replace(" ", "_").replace("-", "_"): n for name, n in counts.items()}})
        )
        return
    for name, count in counts.items():
        out.print(f"  {count:>6,}  {name}", style="" if count else "dim")
