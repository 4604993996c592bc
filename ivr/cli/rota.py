"""Verbs about who is on: look at the rota, change it, take a change back, calendars in and out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from ivr import rota as acts
from ivr.cli import rota_view as view
from ivr.cli.call_view import screen
from ivr.cli.options import AsJson, load_settings
from ivr.errors import ScriptError
from ivr.routing.rota import ExceptionKind, Shift, ShiftException, spans
from ivr.routing.rota import gaps as gaps_of
from ivr.routing.rota_words import Rows, describe, groups
from ivr.routing.week import read_days, read_times

LONGEST_DAYS = 366
WHOLE_DAY = "00:00-24:00"
_DAY = timedelta(days=1)

group = typer.Typer()


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise typer.BadParameter("say a day as in 2026-12-31") from None


Extension = Annotated[str, typer.Argument(metavar="EXTENSION", help="The counsellor's phone, as in 101.")]
Day = typer.Option(parser=_day, metavar="DAY")


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="rota")


@group.callback(invoke_without_command=True)
def week(
    context: typer.Context,
    as_json: AsJson = False,
    of: Annotated[
        date | None, typer.Option("--week", parser=_day, metavar="DAY", help="The week this day is in.")
    ] = None,
) -> None:
    """Who is on: the week, with a row for each counsellor, a column for each day, and gaps in red.

    Times are the helpline's (Asia/Baku). ● is on now. Every change can be undone.

    Example: [bold]ivr rota[/]  ·  [bold]ivr rota --week 2027-03-22[/]
    """
    if context.invoked_subcommand:
        return
    kept, now = _look(), _now()
    days = view.week_of(of or kept.rota.clock.day(now))
    if as_json:
        _json_spans(kept, view.window(kept.rota, days), now)
    elif not kept.rota.is_kept and not kept.rota.exceptions:
        screen().print(view.no_rota(kept))
    else:
        show = screen()
        show.print(view.week(kept, days, now, show.width))


@group.command()
def today(as_json: AsJson = False) -> None:
    """Who is on today and now, and what changes next.

    Example: [bold]ivr rota today[/]
    """
    kept, now = _look(), _now()
    if as_json:
        _json_spans(kept, view.window(kept.rota, (kept.rota.clock.day(now),)), now)
    elif not kept.rota.is_kept and not kept.rota.exceptions:
        screen().print(view.no_rota(kept))
    else:
        screen().print(view.today(kept, now))


def _json_spans(kept: acts.Kept, window: tuple[datetime, datetime], now: datetime) -> None:
    for span in spans(kept.rota, *window):
        typer.echo(view.span_json(kept, span, now))


@group.command()
def gaps(
    as_json: AsJson = False,
    days: Annotated[int, typer.Option(min=1, max=LONGEST_DAYS, help="How far to look ahead.")] = 28,
) -> None:
    """When nobody is on, from now on. No rota at all is no gap: then everybody may answer.

    Example: [bold]ivr rota gaps --days 28[/]
    """
    kept = _look()
    found = gaps_of(kept.rota, _now().replace(second=0, microsecond=0), days)
    if as_json:
        for gap in found:
            typer.echo(view.gap_json(gap))
        return
    screen().print(view.gaps_table(kept, found, days))
    if not kept.rota.is_kept:
        screen().print(view.no_rota(kept))


@group.command("list")
def list_rows(as_json: AsJson = False) -> None:
    """The rows that were written, each with the name that [bold]ivr rota remove[/] takes.

    Example: [bold]ivr rota list[/]
    """
    kept = _look()
    if as_json:
        for row in kept.rows:
            typer.echo(view.row_json(kept, row))
    else:
        screen().print(view.rows_table(kept) if kept.rows else view.no_rota(kept))


@group.command()
def add(
    extension: Extension,
    days: Annotated[str, typer.Argument(metavar="DAYS", help="mon-fri, sat, or mon,wed,fri.")],
    times: Annotated[str, typer.Argument(metavar="TIMES", help="09:00-17:00; 22:00-06:00 ends the day after.")],
    since: Annotated[
        date | None, typer.Option("--from", parser=_day, metavar="DAY", help="Not before this day.")
    ] = None,
    until: Annotated[date | None, typer.Option(parser=_day, metavar="DAY", help="The last day it begins on.")] = None,
) -> None:
    """Add a weekly shift.

    Example: [bold]ivr rota add 101 mon-fri 09:00-17:00 --from 2026-12-01[/]
    """
    if since and until and until < since:
        raise ScriptError(f"{until} is before {since}", remedy="--from is the first day, --until the last.")
    starts, ends = read_times(times)
    rows = tuple(Shift(extension, weekday, starts, ends, since, until) for weekday in read_days(days))
    _say_change("added", asyncio.run(acts.add(load_settings(), rows, _now())))


@group.command("except")
def except_day(
    extension: Extension,
    day: Annotated[str, typer.Argument(metavar="DAY", help="2026-12-31, or 2026-12-20..2027-01-03.")],
    kind: Annotated[ExceptionKind, typer.Argument(help="absent: not there. extra: there besides.")],
    times: Annotated[str | None, typer.Argument(metavar="[TIMES]", help="absent: the whole day unless told.")] = None,
) -> None:
    """One day, or some days in a row, that are otherwise than every week.

    A day off ends at midnight: of a night shift only the part before it is taken away.

    Example: [bold]ivr rota except 101 2026-12-31 absent[/]  ·  [bold]ivr rota except 102 2026-12-31 extra 18-24[/]
    """
    if times is None and kind is ExceptionKind.EXTRA:
        raise ScriptError(
            "extra time needs its hours", remedy="As in: ivr rota except 102 2026-12-31 extra 18:00-24:00"
        )
    starts, ends = read_times(times or WHOLE_DAY)
    rows = tuple(ShiftException(extension, kind, each, starts, ends) for each in _days(day))
    _say_change("added", asyncio.run(acts.add(load_settings(), rows, _now())))


def _days(text: str) -> list[date]:
    first, _, last = text.partition("..")
    start, end = _day(first), _day(last or first)
    if not 0 <= (end - start).days < LONGEST_DAYS:
        raise ScriptError(
            f"'{text}' is no run of days", remedy="The first day, two dots, the last day; a year at most."
        )
    return [start + n * _DAY for n in range((end - start).days + 1)]


@group.command()
def remove(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="12, 12.3 or 12.3-5, from the list.")],
) -> None:
    """Take rows away, by the names that [bold]ivr rota list[/] shows. 12 alone is all that change 12 made.

    Example: [bold]ivr rota remove 12.3[/]
    """
    _say_change("removed", asyncio.run(acts.remove(load_settings(), names, _now())))


@group.command()
def undo() -> None:
    """Put back the rota as it was before the last change. Again: before the one before that; the last 50 are kept.

    Example: [bold]ivr rota undo[/]
    """
    done = asyncio.run(acts.undo(load_settings()))
    assert done.change  # noqa: S101  or it would have raised
    show = screen()
    show.print(f"[bold green]✓[/] Undone: {escape(done.change.what)}", soft_wrap=True)
    last = done.kept.last
    show.print(
        f"  [dim]undo again takes back: {escape(last.what)}[/]" if last else "  [dim]there is no earlier change[/]",
        soft_wrap=True,
    )


@group.command("import")
def import_calendar(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An iCalendar file (.ics).")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would become of it.")] = False,
) -> None:
    """A calendar in place of the whole rota. With any fault in it nothing changes; each is named with its line, exit 2.

    An event is for the counsellor whose extension its title begins with ("101 Aynur"), whose name is in it, or who is
    invited. Weekly and daily ones are shifts, others single days; "absent" in the title means not there.

    Example: [bold]ivr rota import rota.ics --dry-run[/]
    """
    done = asyncio.run(acts.take_calendar(load_settings(), file, _now(), only_try=dry_run))
    show = screen()
    mark = "[bold]·[/] Would be" if dry_run else "[bold green]✓[/] Now"
    show.print(f"{mark} the whole rota: {_counted(done.rows)}.")
    _say_warnings(done.warnings)
    now = _now()
    empty = sum((gap.ends - gap.starts for gap in gaps_of(done.kept.rota, now, 28)), timedelta())
    if empty:
        word = "would be" if dry_run else "is"
        show.print(f"[yellow]![/] Nobody {word} on for {view.length(empty)} of the next 28 days: ivr rota gaps")
    show.print(
        "  [bold]→[/] "
        + ("without --dry-run it is taken over" if dry_run else "ivr rota undo  brings the old one back")
    )


@group.command("export")
def export_calendar(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Where to; standard output unless told.")
    ] = None,
) -> None:
    """The rota as an iCalendar file, for Google, Apple or Thunderbird, and for [bold]ivr rota import[/].

    Example: [bold]ivr rota export rota.ics[/]
    """
    text = acts.calendar_of(_look(), _now())
    if file is None:
        typer.echo(text, nl=False)
        return
    try:
        file.write_bytes(text.encode())
    except OSError as error:
        raise ScriptError(f"{file}: {error.strerror}", remedy="Name a file that you may write.") from error
    screen().print(f"[bold green]✓[/] {file}: {text.count('BEGIN:VEVENT')} events.", soft_wrap=True)


def _counted(rows: Rows) -> str:
    shifts = sum(isinstance(row, Shift) for row in rows)
    people = len({row.extension for row in rows})
    return f"{shifts} weekly shifts and {len(rows) - shifts} single days of {people} counsellors"


def _say_change(word: str, done: acts.Changed) -> None:
    show = screen()
    for each in groups(done.rows):
        show.print(f"[bold green]✓[/] {word} [bold]{each.id}[/]  {describe(each.rows)}", soft_wrap=True)
    _say_warnings(done.warnings)
    show.print("  [dim]ivr rota undo takes it back[/]")


def _say_warnings(warnings: Iterable[str]) -> None:
    for warning in warnings:
        screen().print(f"[yellow]![/] {escape(warning)}", soft_wrap=True)


def _look() -> acts.Kept:
    return asyncio.run(acts.look(load_settings()))


def _now() -> datetime:
    return datetime.now(UTC)
