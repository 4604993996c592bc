"""`ivr flow`: other menus put on trial, tried, taken over, taken back; and the file again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.table import Table

from ivr import new_flow
from ivr.cli.options import AsJson, load_settings, out
from ivr.errors import NotFound, ScriptError
from ivr.flow.difference import Change, Difference, Way
from ivr.flow.steps import Begun
from ivr.menus_call import CODE
from ivr.new_flow import BY_COMMAND, By, Flow, Shelf
from ivr.records.database import Database, opened
from ivr.settings import Settings

group = typer.Typer(no_args_is_help=True, help="The menus: others tried before they take over, and one step back.")
Made = TypeVar("Made")


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="flow")


@group.command("list")
def list_flows(as_json: AsJson = False) -> None:
    """Which menus calls follow, which are on trial, which were in use.

    Example: [bold]ivr flow list[/]
    """
    settings = load_settings()
    shelf = _run(new_flow.shelf)
    if as_json:
        for each in (shelf.trial, *shelf.kept):
            if each:
                typer.echo(json.dumps(_row(shelf, each)))
        return
    followed = "those that took over here" if shelf.of_page else str(settings.helpline_file)
    out.print(f"Calls follow {followed} ({shelf.script.mark}).", soft_wrap=True)
    if shelf.of_page:
        out.print(f"[dim]{settings.helpline_file} is not followed: ivr flow file[/]", soft_wrap=True)
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("id", "brought in", "tried by", "took over", ""):
        table.add_column(heading, no_wrap=True)
    for each in (shelf.trial, *shelf.kept):
        if each:
            who = each.by if each.origin == "page" else "the file"
            table.add_row(each.id, who, _tried(each), _day(each.taken_at), _state(shelf, each))
    if shelf.trial or shelf.kept:
        out.print(table)


def _row(shelf: Shelf, each: Flow) -> dict[str, Any]:
    moments = {name: getattr(each, name) for name in ("at", "keyed_at", "called_at", "taken_at")}
    times = {name: at and at.isoformat() for name, at in moments.items()}
    words = {name: getattr(each, name) for name in ("id", "mark", "by", "keyed_by", "called_by", "taken_by", "went")}
    return {**words, **times, "origin": str(each.origin), "in_use": each == shelf.current}


def _tried(each: Flow) -> str:
    return ", ".join(how for how, at in (("keys", each.keyed_at), ("call", each.called_at)) if at) or "–"


def _state(shelf: Shelf, each: Flow) -> str:
    if each.taken_at is None:
        return "[yellow]○ on trial[/]"
    return "[green]● in use[/]" if each == shelf.current else ""


def _day(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else "–"


@group.command("try")
def put_on_trial(file: Path) -> None:
    """Put the menus in FILE on trial, in place of those that were; say what they change. Exit 2 with every fault.

    Example: [bold]ivr flow try ~/helpline.toml[/]
    """
    try:
        text = file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "is not UTF-8 text"
        raise ScriptError(f"{file}: {reason}", remedy="Name a file of menus, as ivr/flow/helpline.toml is.") from error
    change = _run(lambda settings, database: new_flow.put_on_trial(settings, database, text, _by()))
    out.print("[bold green]✓[/] On trial. Nothing changes for callers yet.")
    for line in _told(change):
        out.print(f"  {line}", soft_wrap=True, markup=False)
    out.print(
        f"  [bold]→[/] ivr flow keys 1 2 3, and {CODE} from a counsellor's phone; then ivr flow take-over",
        soft_wrap=True,
    )


def _told(change: Difference) -> list[str]:
    lines = [_key(each) for each in change.keys]
    named = (("new", change.added), ("gone", change.removed), ("says or waits otherwise", change.words))
    more = (*named, ("begins otherwise", change.begins), ("ends otherwise", change.ends))
    return lines + [f"{what}: {', '.join(names)}" for what, names in more if names]


def _key(each: Change) -> str:
    return f"{each.menu} {each.key or 'no key'}: {_way(each.was)} → {_way(each.will)}"


def _way(way: Way | None) -> str:
    return " ".join((way.to, *(f"{name}={value}" for name, value in way.settles))) if way else "–"


@group.command()
def keys(
    words: Annotated[list[str], typer.Argument(help="What the caller does: keys, timeout, hangup, typed.")],
    begun: Annotated[Begun, typer.Option(help="How the call begins.")] = Begun.USUAL,
) -> None:
    """Play the menus on trial. Heard to an end, they are tried by keyboard.

    Example: [bold]ivr flow keys 1 2 3[/]
    """

    async def play(settings: Settings, database: Database) -> new_flow.Played:
        trial = (await new_flow.shelf(settings, database)).trial
        if trial is None:
            raise NotFound("No menus are on trial.", remedy="ivr flow try FILE")
        return await new_flow.try_keys(database, trial, words, begun, _by())

    played = _run(play)
    typer.echo("\n".join(played.rehearsal.lines))
    if played.refused:
        raise ScriptError(f"'{played.refused}' cannot be pressed there", remedy="Use 0-9 * #, timeout, hangup, typed.")
    out.print("[bold green]✓[/] Tried by keyboard." if played.is_through else "[yellow]Not to an end yet.[/]")


@group.command("take-over")
def take_over(
    identity: Annotated[str, typer.Argument(metavar="[ID]", help="Menus that were in use; none: those on trial.")] = "",
) -> None:
    """New calls begin with the menus on trial, or with those of ID; calls that run end on theirs. Exit 1 when untried.

    Example: [bold]ivr flow take-over[/]
    """

    async def take(settings: Settings, database: Database) -> Flow:
        trial = (await new_flow.shelf(settings, database)).trial
        return await new_flow.take_over(settings, database, identity or (trial.id if trial else ""), _by())

    out.print(f"[bold green]✓[/] New calls follow {_run(take).mark}. One step back: ivr flow back")


@group.command()
def back() -> None:
    """New calls begin with the menus before.

    Example: [bold]ivr flow back[/]
    """
    done = _run(lambda settings, database: new_flow.go_back(settings, database, _by()))
    out.print(f"[bold green]✓[/] New calls follow {done.mark} again.")


@group.command("file")
def follow_file() -> None:
    """The line follows the file of IVR_HELPLINE_FILE again.

    Example: [bold]ivr flow file[/]
    """
    _run(lambda settings, database: new_flow.follow_file(settings, database, _by()))
    out.print(f"[bold green]✓[/] New calls follow {load_settings().helpline_file}.", soft_wrap=True)


def _by() -> By:
    return By(BY_COMMAND, datetime.now(UTC))


def _run(act: Callable[[Settings, Database], Awaitable[Made]]) -> Made:
    async def run() -> Made:
        settings = load_settings()
        async with opened(settings.database) as database:
            return await act(settings, database)

    return asyncio.run(run())
