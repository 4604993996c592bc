"""Verbs about what is on record: who did what when, and whether anybody has changed it since."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.markup import escape

from ivr import trail
from ivr.cli.call_view import as_json_line, new_table, row_json, screen, started
from ivr.cli.options import AsJson, load_settings, out
from ivr.errors import Refused
from ivr.trail import Chain, Entry, Wanted

group = typer.Typer(help="Who did what when: sign-ins, refusals, changes, what was opened. Never a secret.")


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="audit")


@group.callback(invoke_without_command=True)
def audit(  # noqa: PLR0913, PLR0917  an argument is an option
    context: typer.Context,
    as_json: AsJson = False,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Only the newest so many.")] = 50,
    by: Annotated[str, typer.Option(help="Only what that account did.")] = "",
    deed: Annotated[str, typer.Option(help="Only that deed, as in sign_in_failed.")] = "",
    about: Annotated[str, typer.Option(help="Only what has that in what it was about.")] = "",
) -> None:
    """Who did what when, newest first: sign-ins, refusals, changed accounts, what was opened. Never a secret.

    Example: [bold]ivr audit --by aynur --limit 20[/]
    """
    if context.invoked_subcommand:
        return
    found = asyncio.run(_found(Wanted(by, deed, about), limit))
    if as_json:
        for each in found:
            typer.echo(row_json(each))
        return
    shown = new_table("number", "at (UTC)", "by", "what", "about", "from")
    for each in found:
        row = (started(each.at), escape(each.by), each.deed, escape(each.about), each.address or "here")
        shown.add_row(str(each.number), *row)
    screen().print(shown)


@group.command()
def verify(
    as_json: AsJson = False,
    noted: Annotated[str, typer.Option("--head", help="The head that was printed once; it must still be there.")] = "",
) -> None:
    """Follow the chain from the first row to the newest: nothing was changed, taken away or slipped in.

    Note the head that it prints somewhere else: whoever changes the rows cannot make them end in it.

    Example: [bold]ivr audit verify[/]
    """
    found = asyncio.run(_verified(noted.strip().lower()))
    if as_json:
        typer.echo(as_json_line({"rows": found.rows, "head": found.head, "broken": found.broken, "known": found.known}))
    _refuse_broken(found)
    if not as_json:
        rows = f"{found.rows:,} {'row' if found.rows == 1 else 'rows'}"
        out.print(f"[bold green]✓[/] {rows}, each as it was written. The head is")
        out.print(f"  {found.head or '(nothing is on record)'}", soft_wrap=True)


def _refuse_broken(found: Chain) -> None:
    if found.broken is not None:
        raise Refused(
            f"The trail is broken at number {found.broken}: that row was changed, taken away or slipped in.",
            remedy="Compare it with a backup. What comes before it is as it was written.",
        )
    if not found.known:
        raise Refused(
            "The trail does not hold the head that was noted: rows at its end were taken away or written anew.",
            remedy="Compare it with a backup of that time.",
        )


async def _found(wanted: Wanted, limit: int) -> list[Entry]:
    async with trail.opened(load_settings()) as records:
        return list((await trail.page(records, wanted, limit)).entries)


async def _verified(noted: str) -> Chain:
    async with trail.opened(load_settings()) as records:
        return await trail.verify(records, noted)
