"""`ivr report`: any span of days in numbers, the public release, the service, the annual return."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from ivr import call_log, catalogues, disclosing
from ivr.cli.call_view import new_table, screen
from ivr.cli.options import AsJson, load_settings
from ivr.cli.report_view import counts_of, say_paper, say_service
from ivr.errors import Refused
from ivr.reports import measures, periods, reckoning, suppression
from ivr.reports.annual import Return, workbook
from ivr.reports.measures import Figures
from ivr.reports.periods import Span
from ivr.reports.printed import as_pdf
from ivr.reports.reckoning import Paper
from ivr.reports.release import SHOWN, as_text, release
from ivr.reports.service import Service
from ivr.reports.words import words
from ivr.settings import Settings
from ivr.wrapup import open_desk

group = typer.Typer(no_args_is_help=True, help="Any span of days in numbers; the public release; the annual return.")
JSON_TABLES = ("topic", "gender", "age_band", "channel", "first_time")


class Language(StrEnum):
    AZ = "az"
    RU = "ru"
    EN = "en"


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise typer.BadParameter("say a day, as 2025-07-01") from None


From = Annotated[date | None, typer.Option("--from", parser=_day, metavar="DAY", help="First day, Baku time.")]
To = Annotated[date | None, typer.Option("--to", parser=_day, metavar="DAY", help="Last day, which is in it.")]
Period = Annotated[
    str,
    typer.Option(help="In place of the two: 2025, 2025-Q3, 2025-07, 2025-W27, 2025-07-01. Without any: last quarter."),
]
Suppress = Annotated[bool, typer.Option("--suppress", help="Hide 1 to 4, and what would give them away.")]


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="report")


def span_of(first: date | None, last: date | None, period: str) -> Span:
    """Raises Refused."""
    if period and (first or last):
        raise Refused("Both a period and days were given.", remedy="Give one of them.")
    if bool(first) != bool(last):
        raise Refused("A span has a first and a last day.", remedy="--from 2025-07-01 --to 2025-09-30")
    if first and last:
        return periods.between(first, last)
    return periods.named(period) if period else periods.last_quarter(datetime.now(UTC))


@group.command()
def tables(
    first: From = None, last: To = None, period: Period = "", suppress: Suppress = False, as_json: AsJson = False
) -> None:
    """Contacts by topic, gender, age, channel and first time, beside the span before and the year before.

    Example: [bold]ivr report tables --from 2025-07-01 --to 2025-09-30 --json[/]
    """
    told, span = load_settings(), span_of(first, last, period)
    if as_json:
        typer.echo(json.dumps(_tables(asyncio.run(_count(told, span)), suppress), ensure_ascii=False))
    else:
        say_paper(asyncio.run(_paper(told, span)), suppress)


def _tables(found: Figures, suppress: bool) -> Mapping[str, Any]:
    told = {name: found.by[name] for name in JSON_TABLES}
    if not suppress:
        return {"total": found.total} | {f"by_{name}": counts for name, counts in told.items()}
    total = None if any(suppression.total_too(counts) for counts in told.values()) else found.total
    return {"total": total} | {f"by_{name}": suppression.hide(counts) for name, counts in told.items()}


@group.command("release")
def print_release(  # noqa: PLR0913, PLR0917  options, which are given by name
    first: From = None,
    last: To = None,
    period: Period = "",
    lang: Annotated[Language, typer.Option(help="In which language.")] = Language.AZ,
    suppress: Suppress = False,
    pdf: Annotated[
        Path | None,
        typer.Option(metavar="FILE.pdf", help="Write it as a page with two charts; a file that is there stays."),
    ] = None,
) -> None:
    """The public release: one page of text with its numbers, ready to paste, or as a PDF with two charts.

    Example: [bold]ivr report release --from 2025-07-01 --to 2025-09-30 --lang az[/]
    """
    told, span, said = load_settings(), span_of(first, last, period), words(lang)
    found = asyncio.run(_count(told, span))
    made = release(found, span, said, suppress=suppress)
    if pdf:
        _put(pdf, as_pdf(made, said))
        screen().print(f"[bold green]✓[/] {pdf}")
    else:
        typer.echo(as_text(made, said), nl=False)
    few = [n for name in SHOWN for n in found.by[name].values() if suppression.small(n)]
    if few and not suppress:
        note = (
            f"[yellow]![/] {len(few)} numbers are below 5 and may point at a child. [bold]→[/] --suppress hides them."
        )
        Console(stderr=True, highlight=False).print(note, soft_wrap=True)


@group.command()
def service(first: From = None, last: To = None, period: Period = "", as_json: AsJson = False) -> None:
    """How callers fared: answered, given up and where, time to a human, when they ring, what became of call-backs.

    Example: [bold]ivr report service --period 2025-Q3[/]
    """
    told, span = load_settings(), span_of(first, last, period)
    found = asyncio.run(_service(told, span))
    if as_json:
        hours = {f"{day} {hour:02d}": n for (day, hour), n in sorted(found.by_hour.items())}
        typer.echo(json.dumps(asdict(found) | {"by_hour": hours}, ensure_ascii=False))
    else:
        say_service(found, span)


@group.command("duty-of-care")
def duty_of_care(first: From = None, last: To = None, period: Period = "", as_json: AsJson = False) -> None:
    """Who was told of a child: the duty-of-care register by ground, by whom was told, by whether the child knew.

    Example: [bold]ivr report duty-of-care --from 2026-01-01 --to 2026-12-31 --json[/]
    """
    counts = asyncio.run(_told(load_settings(), span_of(first, last, period)))
    total = sum(counts["ground"].values())
    if as_json:
        told = {"total": total} | {f"by_{name}": by for name, by in counts.items()}
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    screen().print(f"{total:,} {'entry' if total == 1 else 'entries'}")
    for name, by in counts.items() if total else ():
        screen().print(counts_of(name.replace("_", " "), by))


@group.command()
def chi(
    year: Annotated[int, typer.Option(min=2000, max=2100, help="The year that the return is about.")],
    out: Annotated[Path, typer.Option(metavar="FILE.xlsx", help="The workbook to write; one that is there stays.")],
) -> None:
    """The annual return to Child Helpline International, as a workbook.

    Example: [bold]ivr report chi --year 2025 --out chi-2025.xlsx[/]
    """
    told = load_settings()
    found = asyncio.run(_year(told, year))
    _put(out, workbook(found, reckoning.used_lists()))
    screen().print(f"[bold green]✓[/] {out}: {found.contacts:,} contacts, {len(found.old):,} old categories mapped.")


def _put(file: Path, data: bytes) -> None:
    """Raises Refused: nothing that is there is overwritten."""
    try:
        with file.open("xb") as new:
            new.write(data)
    except OSError as error:
        raise Refused(
            f"{file} cannot be written: {error.strerror}.", remedy="Choose another name or folder."
        ) from error


async def _year(told: Settings, year: int) -> Return:
    if not call_log.is_there(told):
        raise Refused("Nothing is on record yet.", remedy="make up, or `ivr contacts import FILE.csv`")
    async with call_log.open_log(told) as log:
        await call_log.catch_up(log)
        return await reckoning.year(log.database, year)


@group.command()
def categories() -> None:
    """The categories in use, with their codes: what a CSV of the years before may say.

    Example: [bold]ivr report categories[/]
    """
    newest = catalogues.newest(catalogues.load_catalogues())
    table = new_table("code", f"category (lists of {newest.version})", "topic")
    for code, each in newest.categories.items():
        table.add_row(code, each.words.en if each.is_group else f"  {each.words.en}", each.topic.value)
    screen().print(table)


async def _count(told: Settings, span: Span) -> Figures:
    if not call_log.is_there(told):
        return measures.figures([])
    async with call_log.open_log(told) as log:
        await call_log.catch_up(log)
        return await reckoning.count(log.database, span)


async def _told(told: Settings, span: Span) -> Mapping[str, Mapping[str, int]]:
    async with call_log.open_log(told) as log:
        return await disclosing.counts(open_desk(told, log.database), span.first, span.last)


async def _paper(told: Settings, span: Span) -> Paper:
    if not call_log.is_there(told):
        nothing = measures.figures([])
        return Paper(span, nothing, nothing, nothing)
    async with call_log.open_log(told) as log:
        await call_log.catch_up(log)
        return await reckoning.paper(log.database, span)


async def _service(told: Settings, span: Span) -> Service:
    if not call_log.is_there(told):
        return reckoning.nothing()
    async with call_log.open_log(told) as log:
        await call_log.catch_up(log)
        return await reckoning.look_at_service(log.database, span)
