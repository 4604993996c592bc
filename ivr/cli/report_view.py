"""How a report looks in a terminal: tables with aligned figures, what came before beside them."""

from __future__ import annotations

from collections.abc import Mapping

from rich.table import Table
from rich.text import Text

from ivr.cli.call_view import duration, new_table, screen
from ivr.reports import measures, suppression
from ivr.reports.measures import Figures
from ivr.reports.periods import Span
from ivr.reports.reckoning import Paper
from ivr.reports.service import Service
from ivr.reports.words import words

SAID = words("en")
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
SHADES = " ░▒▓█"


def say_paper(paper: Paper, suppress: bool) -> None:
    show = screen()
    show.print(Text(SAID.span(paper.span), "bold"))
    beside = (SAID.span(paper.span.before), SAID.span(paper.span.year_before))
    show.print(f"[dim]beside {beside[0]}, and {beside[1]}[/]")
    few = suppress and any(suppression.total_too(counts) for counts in paper.now.by.values())
    beside_it = (SAID.number(figures.total) for figures in (paper.before, paper.year_before))
    table = _table("contacts")
    table.add_row("all", SAID.number(None if few else paper.now.total), "100", *beside_it)
    show.print(table)
    for dimension in measures.DIMENSIONS:
        show.print(_by(paper, dimension, suppress))
    if paper.now.actions:
        show.print(counts_of("what was done", paper.now.actions))


def _table(heading: str) -> Table:
    table = new_table(heading)
    for name in ("contacts", "%", "before", "year before"):
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _by(paper: Paper, dimension: str, suppress: bool) -> Table:
    table = _table(SAID.name("table", dimension).lower())
    counts = paper.now.by[dimension]
    shown: Mapping[str, int | None] = suppression.hide(counts) if suppress else counts
    shares = measures.shares(counts)
    for code, n in shown.items():
        share = None if n is None else shares[code]
        if suppress and n is not None and None in shown.values():
            share = round(n * 100 / paper.now.total)
        before, year = (_beside(each, dimension, code, suppress) for each in (paper.before, paper.year_before))
        table.add_row(*_figures(SAID.name(dimension, code), n, share, before, year))
    return table


def _beside(figures: Figures, dimension: str, code: str, suppress: bool) -> int | None:
    counts = figures.by[dimension]
    return (suppression.hide(counts) if suppress else counts).get(code, 0)


def _figures(name: str, *numbers: int | None) -> tuple[str, ...]:
    return (name, *(SAID.number(n) for n in numbers))


def counts_of(heading: str, counts: Mapping[str, int]) -> Table:
    table = new_table(heading)
    table.add_column("", justify="right")
    for code, n in counts.items():
        table.add_row(code.replace("_", " "), f"{n:,}")
    return table


def say_service(found: Service, span: Span) -> None:
    show = screen()
    show.print(Text(SAID.span(span), "bold"))
    show.print(counts_of("calls", {"all": found.attempts} | dict(found.by_outcome)))
    share = f"{found.answered_soon * 100 // found.answered} %" if found.answered else "–"
    facts = {
        "within 20 s of the queue": f"{found.answered_soon:,} ({share})",
        "to a human, median": duration(found.to_human.median_s),
        "to a human, nine in ten": duration(found.to_human.p90_s),
        "talk, median": duration(found.handling.median_s),
        "talk, nine in ten": duration(found.handling.p90_s),
        "hung up within 5 s": f"{found.left_at_once:,}",
        "silent": f"{found.silent:,}",
        "callers who are known again": f"{found.callers:,}",
        "of them more than once": f"{found.repeat_callers:,}",
        "of them five times or more": f"{found.often_callers:,}",
    }
    table = new_table("how it went")
    table.add_column("", justify="right")
    for name, value in facts.items():
        table.add_row(name, value)
    show.print(table)
    show.print(counts_of("call-backs", found.promises))
    show.print(
        counts_of("hung up in the menus after", {f"{name} s": n for name, n in found.drop_out.by_seconds.items()})
    )
    show.print(counts_of("hung up at the menu", found.drop_out.by_menu))
    show.print(_languages(found))
    show.print(_hours(found))


def _languages(found: Service) -> Table:
    table = new_table("language")
    for outcome in found.by_outcome:
        table.add_column(outcome.replace("_", " "), justify="right")
    for language, counts in found.by_language.items():
        table.add_row(SAID.name("language", language), *(f"{n:,}" for n in counts.values()))
    return table


def _hours(found: Service) -> Table:
    """Weekdays down, hours across; the darker the more."""
    most = max(found.by_hour.values(), default=0)
    table = new_table("hour", *(f"{hour:02d}" for hour in range(24)))
    for day, name in enumerate(DAYS):
        row = [found.by_hour.get((day, hour), 0) for hour in range(24)]
        shades = [SHADES[-(-n * 4 // most) if most else 0] for n in row]
        table.add_row(name, *(shade + shade if n else "·" for n, shade in zip(row, shades, strict=True)))
    return table
