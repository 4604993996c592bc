"""Verbs about who may sign in to the pages."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.markup import escape

from ivr import accounts as acts
from ivr.accounts import Account, By, Given, NewAccount, Refusal, Role
from ivr.cli.call_view import new_table, row_json, screen, started
from ivr.cli.options import AsJson, load_settings, out
from ivr.errors import ScriptError

group = typer.Typer(help="Who may sign in to the pages, as what.")
Name = Annotated[str, typer.Argument(metavar="NAME", help="For signing in: small letters, digits, dots, hyphens.")]
WHY = {
    "name": "the name: 2 to 32 small letters, digits, dots or hyphens, beginning with a letter",
    "taken": "somebody has this name already",
    "shown_name": "--shown: 1 to 80 letters",
    "extension": "--extension: no counsellor has it; `ivr counsellors` lists them",
}


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="accounts")


@group.callback(invoke_without_command=True)
def accounts(context: typer.Context, as_json: AsJson = False) -> None:
    """Who may sign in, by name. Never a password.

    Example: [bold]ivr accounts[/]
    """
    if context.invoked_subcommand:
        return
    found = asyncio.run(_listed())
    if as_json:
        for each in found:
            typer.echo(row_json(each))
        return
    shown = new_table("name", "colleague", "role", "extension", "state", "signed in last (UTC)")
    for each in found:
        last = started(each.signed_in_at) if each.signed_in_at else "never"
        shown.add_row(each.name, escape(each.shown_name), each.role, each.extension or "–", _state(each), last)
    screen().print(shown)


@group.command()
def add(
    name: Name,
    role: Annotated[Role, typer.Option(help="What they may do.")],
    extension: Annotated[str, typer.Option(help="Of their phone, for those who take calls.")] = "",
    shown: Annotated[str, typer.Option(help="What colleagues call them; the name when not given.")] = "",
) -> None:
    """A new account. Its one-time password is printed here and nowhere else.

    Example: [bold]ivr accounts add aynur --role counsellor --extension 101[/]
    """
    new = NewAccount(name, shown or name, role, extension)
    given = asyncio.run(_add(new))
    if isinstance(given, Refusal):
        raise ScriptError("no account can be so", problems=(WHY[given.fault],))
    say_given(given)


@group.command()
def reset(name: Name) -> None:
    """A new one-time password; their second factor and their sessions are gone. For a lost password or telephone.

    Example: [bold]ivr accounts reset aynur[/]
    """
    say_given(asyncio.run(_reset(name)))


@group.command()
def end(name: Name) -> None:
    """Sign somebody out of every browser.

    Example: [bold]ivr accounts end aynur[/]
    """
    ended = asyncio.run(_end(name))
    out.print(f"[bold green]✓[/] {escape(name)} is signed out ({ended} {'session' if ended == 1 else 'sessions'}).")


def say_given(given: Given) -> None:
    """The one time that a one-time password is shown."""
    theirs = given.account
    out.print(f"[bold green]✓[/] {theirs.name} ({theirs.role}) signs in with this password, once:")
    out.print(f"  [bold]{given.one_time_password}[/]")


async def _listed() -> list[Account]:
    async with acts.opened(load_settings()) as records:
        return list(await acts.listed(records))


async def _add(new: NewAccount) -> Given | Refusal:
    async with acts.opened(load_settings()) as records:
        return await acts.add(records, new, _by())


async def _reset(name: str) -> Given:
    async with acts.opened(load_settings()) as records:
        return await acts.reset(records, name, _by())


async def _end(name: str) -> int:
    async with acts.opened(load_settings()) as records:
        return await acts.end_sessions(records, name, _by())


def _by() -> By:
    return By(acts.BY_COMMAND, datetime.now(UTC))


def _state(each: Account) -> str:
    if not each.active:
        return "[red]○ closed[/]"
    return "[yellow]● first sign-in to come[/]" if each.must_change or not each.has_factor else "[green]● open[/]"
