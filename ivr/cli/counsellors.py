"""Verbs about who answers: counsellors, and the calls they made to the outside."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from ivr import call_log
from ivr import counsellors as acts
from ivr.call_log import RingOut
from ivr.cli.call_view import as_json_line, duration, new_table, row_json, screen, started
from ivr.cli.options import AsJson, load_settings, out
from ivr.counsellors import Counsellor, Language, Topic
from ivr.settings import Settings

group = typer.Typer(help="Who answers: languages, topics, training, and whether they may ring out.")
Extension = Annotated[str, typer.Argument(metavar="EXTENSION", help="Of their phone: two to eight digits.")]
Languages = Annotated[
    list[Language] | None, typer.Option("--language", "-l", help="One they speak, best first; once for each.")
]
Topics = Annotated[
    list[Topic] | None, typer.Option("--topic", "-t", help="One they may take, once for each; none named: all.")
]
Danger = Annotated[bool | None, typer.Option("--danger/--no-danger", help="Trained for callers in danger.")]
RingsOut = Annotated[bool | None, typer.Option("--rings-out/--no-rings-out", help="May ring out with *9.")]
Active = Annotated[bool | None, typer.Option("--active/--inactive", help="Whether they answer at all.")]


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="counsellors")
    app.command("ring-outs")(ring_outs)


@group.callback(invoke_without_command=True)
def counsellors(context: typer.Context, as_json: AsJson = False) -> None:
    """Who answers, by extension.

    Example: [bold]ivr counsellors[/]
    """
    if context.invoked_subcommand:
        return
    found = asyncio.run(acts.listed(load_settings()))
    if as_json:
        for each in found:
            typer.echo(as_json_line(asdict(each)))
    else:
        screen().print(_shown(found))


@group.command()
def add(  # noqa: PLR0913, PLR0917  an argument is an option
    extension: Extension,
    name: Annotated[str, typer.Argument(help="What colleagues call them.")],
    languages: Languages = None,
    topics: Topics = None,
    danger: Danger = True,
    rings_out: RingsOut = False,
) -> None:
    """A new counsellor. An open line knows the phone at once; `ivr phones` shows its password.

    Example: [bold]ivr counsellors add 104 "Aynur" -l az -l ru -t violence -t legal --rings-out[/]
    """
    speaks = tuple(languages or (Language.AZ,))
    person = Counsellor(extension, name, speaks, True, tuple(topics or ()), bool(danger), bool(rings_out))
    asyncio.run(acts.add(load_settings(), person))
    out.print(f"[bold green]✓[/] {escape(name)} has extension {extension}.")
    out.print("  [bold]→[/] ivr phones: the password of their phone")


@group.command("set")
def change(  # noqa: PLR0913, PLR0917  an argument is an option
    extension: Extension,
    name: Annotated[str | None, typer.Option(help="What colleagues call them.")] = None,
    languages: Languages = None,
    topics: Topics = None,
    all_topics: Annotated[bool, typer.Option("--all-topics", help="Any topic.")] = False,
    danger: Danger = None,
    rings_out: RingsOut = None,
    active: Active = None,
) -> None:
    """Change a counsellor; what is not named stays. Who leaves is made inactive: calls on record name them.

    Example: [bold]ivr counsellors set 104 --rings-out --inactive[/]
    """
    told: dict[str, object] = {
        "name": name,
        "languages": tuple(languages or ()) or None,
        "topics": () if all_topics else tuple(topics or ()) or None,
        "danger": danger,
        "rings_out": rings_out,
        "active": active,
    }
    changes = {field: value for field, value in told.items() if value is not None}
    if not changes:
        raise typer.BadParameter("say what is to change, as in --rings-out")
    changed = asyncio.run(acts.change(load_settings(), extension, changes))
    screen().print(_shown((changed,)))


def _shown(people: tuple[Counsellor, ...]) -> Table:
    shown = new_table("extension", "counsellor", "languages", "topics", "danger", "rings out", "answers")
    for each in people:
        name, languages, topics = escape(each.name), " ".join(each.languages), " ".join(each.topics) or "all"
        marks = (_mark(each.danger), _mark(each.rings_out), _mark(each.active))
        shown.add_row(each.extension, name, languages, topics, *marks)
    return shown


def _mark(is_so: bool) -> str:
    return "[green]● yes[/]" if is_so else "[dim]○ no[/]"


def ring_outs(
    as_json: AsJson = False,
    limit: Annotated[int, typer.Option(min=1, help="Only the newest so many.")] = 50,
) -> None:
    """Calls that counsellors made to the outside (*9), oldest first, each with its contact. Never to which number.

    Example: [bold]ivr ring-outs --json[/]
    """
    found = asyncio.run(_ring_outs(load_settings(), limit))
    if as_json:
        for each in found:
            typer.echo(row_json(each))
    elif not found:
        out.print("Nobody has rung out. [bold]→[/] ivr counsellors set EXTENSION --rings-out, then *9 on their phone")
    else:
        shown = new_table("started (UTC)", "counsellor", "outcome", "talk", "contact", "id")
        for each in found:
            outcome = each.outcome or "going on"
            row = (each.counsellor, outcome, duration(each.talk_s), each.contact_id or "–", f"[dim]{each.id}[/]")
            shown.add_row(started(each.started_at), *row)
        screen().print(shown)


async def _ring_outs(told: Settings, limit: int) -> list[RingOut]:
    if not call_log.is_there(told):
        return []
    async with call_log.open_log(told) as log:
        await call_log.catch_up(log)
        return await call_log.ring_outs(log, limit)
