"""Verbs about call-backs: who waits to be rung back, what was tried, and stepping in. No number is ever shown."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from ivr import call_log, callback_log
from ivr.callback_log import Callback, Promises
from ivr.cli import callback_view as view
from ivr.cli.call_view import screen
from ivr.cli.options import AsJson, load_settings, out
from ivr.errors import NotFound
from ivr.settings import Settings

NONE_WAITS = (
    "Nobody waits to be called back. When nobody can answer, a caller may agree to it by key; "
    "[bold]ivr callbacks all[/] shows those that are over."
)
NONE_DUE = "No call-back is due. [bold]ivr callbacks[/] shows those to come, and when it is safe to ring."
NONE_EVER = "No call-back was ever promised."
Id = Annotated[str, typer.Argument(metavar="ID", help="As `ivr callbacks` shows it.")]
group = typer.Typer(help="Who waits to be rung back. Numbers are sealed, and shown nowhere.")


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="callbacks")


@group.callback(invoke_without_command=True)
def to_look_at(context: typer.Context, as_json: AsJson = False) -> None:
    """Promises to ring back that are open, and in red those that lapse soon or were not kept since yesterday.

    Example: [bold]ivr callbacks[/]  ·  [bold]ivr callbacks due --json[/]
    """
    if context.invoked_subcommand is None:
        _list(callback_log.to_look_at, NONE_WAITS, as_json)


@group.command()
def due(as_json: AsJson = False) -> None:
    """Those that are rung as soon as a counsellor is free, the most urgent first.

    Example: [bold]ivr callbacks due[/]
    """
    _list(callback_log.due, NONE_DUE, as_json)


@group.command("all")
def every(as_json: AsJson = False) -> None:
    """Every promise that was ever made.

    Example: [bold]ivr callbacks all --json > promises.jsonl[/]
    """

    async def found(promises: Promises, _now: datetime) -> list[Callback]:
        return await callback_log.every(promises)

    _list(found, NONE_EVER, as_json)


@group.command()
def show(callback_id: Id, as_json: AsJson = False) -> None:
    """One promise, and every attempt to keep it.

    Example: [bold]ivr callbacks show 1795281282-0a1b2c3d[/]
    """

    async def work(promises: Promises, now: datetime) -> None:
        found, tried = await callback_log.show(promises, callback_id)
        if as_json:
            typer.echo(view.one_json(found, tried))
        else:
            screen().print(view.one(found, tried, callback_log.is_late(promises, found, now)))

    _run(work)


@group.command()
def withdraw(callback_id: Id) -> None:
    """The caller needs it no more. The sealed number is forgotten; nobody is rung.

    Example: [bold]ivr callbacks withdraw 1795281282-0a1b2c3d[/]
    """

    async def work(promises: Promises, _now: datetime) -> None:
        await callback_log.withdraw(promises, callback_id)
        out.print(f"[bold green]✓[/] Call-back {callback_id} is withdrawn.")

    _run(work)


@group.command("now")
def hurry(callback_id: Id) -> None:
    """Ring as soon as a counsellor is free, without waiting for the time of the next attempt.

    Refused outside the hours in which the caller said that it is safe.

    Example: [bold]ivr callbacks now 1795281282-0a1b2c3d[/]
    """

    async def work(promises: Promises, now: datetime) -> None:
        await callback_log.hurry(promises, callback_id, now)
        out.print(f"[bold green]✓[/] Call-back {callback_id} is due now: the first free counsellor is rung.")

    _run(work)


def _list(which: Callable[[Promises, datetime], Awaitable[list[Callback]]], nothing: str, as_json: bool) -> None:
    async def work(promises: Promises, now: datetime) -> None:
        found = await which(promises, now)
        if as_json:
            for each in found:
                typer.echo(view.as_json(asdict(each)))
        elif found:
            late = {each.id for each in found if callback_log.is_late(promises, each, now)}
            screen().print(view.table(found, late, now))
        else:
            screen().print(nothing, soft_wrap=True)

    settings = load_settings()
    if call_log.is_there(settings):
        asyncio.run(_with(settings, work))
    elif not as_json:
        screen().print(NONE_EVER + " [bold]→[/] make up")


Work = Callable[[Promises, datetime], Awaitable[None]]


def _run(work: Work) -> None:
    settings = load_settings()
    if not call_log.is_there(settings):
        raise NotFound("no call-back was ever promised", remedy="Run `make up`.")
    asyncio.run(_with(settings, work))


async def _with(settings: Settings, work: Work) -> None:
    async with callback_log.open_promises(settings) as promises:
        await work(promises, _now())


def _now() -> datetime:
    return datetime.now(UTC)
