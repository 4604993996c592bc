"""The reports: the period on top, the paper below as it is printed, and files to take away, each on record."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from ivr.errors import Refused
from ivr.reports import measures, periods, reckoning, suppression
from ivr.reports.annual import workbook
from ivr.reports.chart import Bar, Title, bars, heat
from ivr.reports.measures import Figures
from ivr.reports.periods import Span
from ivr.reports.printed import as_pdf
from ivr.reports.release import as_text, release
from ivr.reports.spreadsheet import as_csv
from ivr.reports.words import Words, words
from ivr.signing import Deed, record
from ivr.web.permission import Me, Permission, allow
from ivr.web.room import Room
from ivr.web.speech import LANGUAGES

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the form on top says, as it was sent, and the span that it means. `exact`: small numbers are shown."""

    first: str
    last: str
    exact: bool
    span: Span
    fault: str = ""

    def query(self, **more: str) -> str:
        own = {"from": self.span.first.isoformat(), "to": self.span.last.isoformat()}
        return urlencode(own | ({"exact": "yes"} if self.exact else {}) | more)


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a table. None: hidden."""

    code: str
    now: int | None
    percent: int | None
    before: int | None
    year_before: int | None


class ReportPage(Room):
    def router(self) -> APIRouter:
        made = APIRouter(dependencies=[allow(Permission.SEE_REPORTS)])
        made.add_api_route("/reports", self.show, methods=["GET", "HEAD"])
        made.add_api_route("/reports/release-{code}.pdf", self.give_release, methods=["GET"])
        made.add_api_route("/reports/tables-{code}.csv", self.give_tables, methods=["GET"])
        made.add_api_route("/reports/chi-{year}.xlsx", self.give_return, methods=["GET"])
        return made

    async def show(self, request: Request) -> Response:
        asked = _asked(request, self._now(request))
        found = await reckoning.paper(self._records, asked.span)
        told = {
            "asked": asked,
            "paper": found,
            "service": await reckoning.look_at_service(self._records, asked.span),
            "tables": {name: _lines(found, name, asked) for name in measures.DIMENSIONS},
            "across": {name: _across(found.now, name, asked) for name in measures.CROSSED},
            "total": _total(found.now, asked),
            "totals_beside": [_total(each, asked) for each in (found.before, found.year_before)],
            "usual": _usual(self._now(request)),
            "words": words,
            "releases": {code: _release(found.now, asked, words(code)) for code in LANGUAGES},
            "chart": _chart,
            "heat": heat,
            "title": Title,
        }
        status = HTTPStatus.UNPROCESSABLE_ENTITY if asked.fault else HTTPStatus.OK
        return self._pages.show(request, "reports.html", status, **told)

    async def give_release(self, request: Request, me: Me, code: str) -> Response:
        asked, said = _sound(request, self._now(request)), words(code)
        found = await reckoning.count(self._records, asked.span)
        made = release(found, asked.span, said, suppress=not asked.exact)
        data = await asyncio.to_thread(as_pdf, made, said)
        return await self._give(
            request, me, data, "application/pdf", f"release-{_days(asked.span)}-{said.language}.pdf"
        )

    async def give_tables(self, request: Request, me: Me, code: str) -> Response:
        asked, said = _sound(request, self._now(request)), words(code)
        text = as_csv(await reckoning.count(self._records, asked.span), said, suppress=not asked.exact)
        name = f"tables-{_days(asked.span)}-{said.language}.csv"
        return await self._give(request, me, text.encode(), "text/csv; charset=utf-8", name)

    async def give_return(self, request: Request, me: Me, year: int) -> Response:
        data = workbook(await reckoning.year(self._records, year), reckoning.used_lists())
        return await self._give(request, me, data, XLSX, f"chi-{year}.xlsx")

    async def _give(self, request: Request, me: Me, data: bytes, kind: str, name: str) -> Response:
        async with self._records.unit_of_work() as unit:
            await record(unit, me.account.name, Deed.REPORT_TAKEN, self._entrance.knock(request), name)
        return Response(data, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})

    @property
    def _records(self) -> Any:
        return self._entrance.office.database

    def _now(self, request: Request) -> datetime:
        return self._entrance.knock(request).now.astimezone(UTC)


def _days(span: Span) -> str:
    return f"{span.first.isoformat()}-{span.last.isoformat()}"


def _asked(request: Request, now: datetime) -> Asked:
    """With a fault the last quarter is shown, and what was typed stays."""
    sent = request.query_params
    first, last, exact = sent.get("from", ""), sent.get("to", ""), sent.get("exact") == "yes"
    usual = periods.last_quarter(now)
    if not first and not last:
        return Asked(usual.first.isoformat(), usual.last.isoformat(), exact, usual)
    try:
        return Asked(first, last, exact, periods.between(date.fromisoformat(first), date.fromisoformat(last)))
    except Refused:
        return Asked(first[:10], last[:10], exact, usual, "order" if first > last else "far")
    except ValueError:
        return Asked(first[:10], last[:10], exact, usual, "day")


def _sound(request: Request, now: datetime) -> Asked:
    """For a file. Raises Refused."""
    asked = _asked(request, now)
    if asked.fault:
        raise Refused("That is no span of days.")
    return asked


def _usual(now: datetime) -> list[Span]:
    """What is mostly asked for: the last quarter, the one before, the last month, this year, the last year."""
    quarter = periods.last_quarter(now)
    year = periods.named(f"{periods.today(now).year}")
    month = periods.named(f"{periods.today(now):%Y-%m}").before
    return [quarter, quarter.before, month, year, year.before]


def _total(figures: Figures, asked: Asked) -> int | None:
    few = not asked.exact and any(suppression.total_too(counts) for counts in figures.by.values())
    return None if few else figures.total


def _shown(figures: Figures, dimension: str, asked: Asked) -> Mapping[str, int | None]:
    counts = figures.by[dimension]
    return counts if asked.exact else suppression.hide(counts)


def _lines(paper: reckoning.Paper, dimension: str, asked: Asked) -> list[Line]:
    now, before, year = (_shown(each, dimension, asked) for each in (paper.now, paper.before, paper.year_before))
    adds_up = None not in now.values()
    shares, total = measures.shares(paper.now.by[dimension]), paper.now.total
    return [
        Line(code, n, _percent(n, total, shares[code] if adds_up else None), before.get(code, 0), year.get(code, 0))
        for code, n in now.items()
    ]


def _percent(n: int | None, total: int, share: int | None) -> int | None:
    """Where a number is hidden the others' shares are plain ones: those that add up would tell of it."""
    if n is None:
        return None
    return share if share is not None else round(n * 100 / total)


def _across(figures: Figures, dimension: str, asked: Asked) -> Mapping[tuple[str, str], int | None]:
    """A value that is hidden in its own list is hidden here altogether: its row would add up to it."""
    table = figures.across.get(dimension, {})
    if asked.exact:
        return table
    rows, columns = (_hidden(figures, each, asked) for each in ("topic", dimension))
    shown = suppression.hide_across(table)
    return {place: None if place[0] in rows or place[1] in columns else n for place, n in shown.items()}


def _hidden(figures: Figures, dimension: str, asked: Asked) -> set[str]:
    return {code for code, n in _shown(figures, dimension, asked).items() if n is None}


def _release(figures: Figures, asked: Asked, said: Words) -> str:
    return as_text(release(figures, asked.span, said, suppress=not asked.exact), said)


def _chart(name: str, heading: str, lines: list[Line], said: Words, table: str) -> str:
    rows = [Bar(said.name(table, line.code), line.now, _said(line, said)) for line in lines if line.now != 0]
    return bars(Title(name, heading, "; ".join(f"{bar.name}: {bar.said}" for bar in rows)), rows)


def _said(line: Line, said: Words) -> str:
    return said.number(None) if line.now is None else f"{said.number(line.now)} ({said.percent(line.percent)})"
