"""Verbs about when the line is open, and what a caller hears then."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.table import Table
from rich.text import Text

from ivr import hours as acts
from ivr.cli.call_view import screen
from ivr.cli.options import AsJson, load_settings
from ivr.cli.rota_view import length
from ivr.prepare import load_hours
from ivr.routing.hours import Because, Clock

group = typer.Typer()


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="hours")


@group.callback(invoke_without_command=True)
def hours_now(context: typer.Context, as_json: AsJson = False) -> None:
    """Open or closed: whether the line is open now, why, when that changes, and what a caller hears.

    Example: [bold]ivr hours[/]
    """
    if not context.invoked_subcommand:
        _show(acts.preview(load_settings(), _now()), as_json)


@group.command()
def preview(
    when: Annotated[str, typer.Argument(metavar="WHEN", help="2027-03-21T09:00, in Baku unless it names an offset.")],
    as_json: AsJson = False,
) -> None:
    """The same for another moment. It reads the file as it is, not what the line took over.

    Example: [bold]ivr hours preview 2027-03-21T09:00[/]
    """
    told = load_settings()
    _show(acts.preview(told, acts.read_moment(when, load_hours(told)[0])), as_json)


@group.command("list")
def list_days(
    as_json: AsJson = False,
    days: Annotated[int, typer.Option(min=1, max=800, help="How far to look ahead.")] = 365,
) -> None:
    """Public holidays, own closures and own openings to come.

    Example: [bold]ivr hours list --days 60[/]
    """
    hours, _ = load_hours(load_settings())
    found = acts.listed(hours, hours.clock.day(_now()), days)
    if as_json:
        for each in found:
            typer.echo(_listed_json(each))
        return
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for heading in ("when", "what", "name", "the line is"):
        table.add_column(heading, no_wrap=True)
    for each in found:
        table.add_row(_stretch(each, hours.clock), each.kind, each.name, _state(each))
    screen().print(table if found else f"Nothing is listed for the next {days} days.")


def _stretch(each: acts.Listed, clock: Clock) -> str:
    starts, ends = clock.shown(each.starts), clock.shown(each.ends)
    if each.kind == "holiday":
        return f"{starts:%a %-d %b %Y}"
    return f"{starts:%a %-d %b %Y %H:%M} – {ends:%a %-d %b %H:%M}"


def _state(each: acts.Listed) -> Text:
    if not each.open_s:
        return Text("closed", "red")
    whole = each.open_s == (each.ends - each.starts).total_seconds()
    return Text("open", "green") if whole else Text(f"open for {length(timedelta(seconds=each.open_s))}", "yellow")


def _listed_json(each: acts.Listed) -> str:
    times = {"starts_at": _utc(each.starts), "ends_at": _utc(each.ends)}
    seconds = (each.ends - each.starts).total_seconds()
    told = {"kind": each.kind, "name": each.name, **times, "duration_s": seconds, "open_s": each.open_s}
    return json.dumps(told, ensure_ascii=False)


def _show(found: acts.Preview, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(_as_json(found), ensure_ascii=False))
        return
    clock = found.hours.clock
    grid = Table.grid(padding=(0, 2))
    mark = ("● open", "bold green") if found.why.open else ("○ closed", "bold red")
    grid.add_row(Text(*mark), reason(found))
    grid.add_row(Text("next", "dim"), _next(found))
    title = Text.assemble((f"{clock.shown(found.at):%a %-d %b %Y %H:%M}", "bold"), (f" · {clock.name} time\n", "dim"))
    screen().print(Group(title, grid, Text("\nWhat a caller hears", "bold"), _hears(found)))


def reason(found: acts.Preview) -> str:
    """Why it is open or closed, in words."""
    words = {
        Because.OPENING: f"own opening: {found.why.name}",
        Because.CLOSURE: f"own closure: {found.why.name}",
        Because.HOLIDAY: f"public holiday: {found.why.name}",
        Because.WEEK: "open at every hour of the week" if found.hours.is_always else "by the hours of the week",
    }[found.why.because]
    if found.why.holiday and found.why.because is not Because.HOLIDAY:
        words += f"; it is a public holiday ({found.why.holiday})"
        words += "" if found.hours.closed_on_holidays else ", which does not close the line"
    return words


def _next(found: acts.Preview) -> str:
    moment, word = (found.closes_at, "closes") if found.why.open else (found.opens_at, "opens")
    if moment is None:
        return "it stays open" if found.why.open else "it does not open again in two years"
    return f"{word} {found.hours.clock.shown(moment):%a %-d %b %Y %H:%M}"


def _hears(found: acts.Preview) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim")
    grid.add_column(style="dim")
    grid.add_column(overflow="fold")
    before = None
    for said in found.hears:
        when = "at once" if not said.key else f"after {said.key}"
        grid.add_row("" if when == before else when, said.language, f"“{said.words}”")
        before = when
    return grid


def _as_json(found: acts.Preview) -> dict[str, Any]:
    return {
        "at": _utc(found.at),
        "open": found.why.open,
        "because": found.why.because,
        "name": found.why.name or None,
        "holiday": found.why.holiday or None,
        "opens_at": _utc(found.opens_at),
        "closes_at": _utc(found.closes_at),
        "hears": [
            {"key": said.key or None, "language": said.language, "prompt": said.prompt, "words": said.words}
            for said in found.hears
        ],
    }


def _utc(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if moment else None


def _now() -> datetime:
    return datetime.now(UTC)
