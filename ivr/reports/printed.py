"""The public release as a PDF: one page, its text, and two charts with their numbers written on them.

WeasyPrint sets it from HTML of our own. It needs Pango from the system's packages, which `setup.sh` installs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from importlib.resources import files
from itertools import product

from ivr.errors import Refused
from ivr.reports.chart import Bar, Title, bars
from ivr.reports.release import Line, Part, Release
from ivr.reports.words import Words

_FONTS = ("inter-latin", "inter-latin-ext", "inter-cyrillic")
_RANGES: Mapping[str, str] = {
    "inter-latin": "U+0000-00FF, U+0131, U+2000-206F",
    "inter-latin-ext": "U+0100-0130, U+0132-02BA",
    "inter-cyrillic": "U+0301, U+0400-045F, U+0490-0491, U+2116",
}
_LOOK = """
@page { size: A4; margin: 16mm 18mm; }
html { font: 10.5pt/1.5 inter-latin, inter-latin-ext, inter-cyrillic, "DejaVu Sans", sans-serif; color: #1d2b30; }
h1 { font-size: 17pt; line-height: 1.2; margin: 0 0 4mm; letter-spacing: -0.02em; }
h2 { font-size: 11.5pt; margin: 7mm 0 2mm; }
p { margin: 0 0 2mm; }
.lead { font-size: 12pt; }
.two { display: flex; gap: 10mm; }
.two > * { flex: 1; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 400; }
td { text-align: right; white-space: nowrap; }
th, td { padding: 1mm 0; border-bottom: 0.2mm solid #d5d9d8; }
svg { width: 100%; font-family: inter-latin, inter-latin-ext, inter-cyrillic, "DejaVu Sans", sans-serif; }
ul { margin: 0; padding-left: 4mm; }
.foot { margin-top: 9mm; padding-top: 3mm; border-top: 0.3mm solid #1d2b30; font-size: 8.5pt; }
"""


def as_pdf(told: Release, words: Words) -> bytes:
    """Raises Refused where Pango is not installed."""
    try:
        from weasyprint import HTML  # noqa: PLC0415  a second to import, and most commands need no page
        from weasyprint.urls import URLFetcher, URLFetcherResponse  # noqa: PLC0415
    except OSError as error:
        raise Refused("The PDF needs Pango, which is not installed.", remedy="Run `make setup`.") from error

    class OnlyOurs(URLFetcher):  # type: ignore[misc]
        def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
            return URLFetcherResponse(url, _letters(url), {"Content-Type": "font/woff2"})

    page = HTML(string=as_page(told, words), base_url="ivr:", url_fetcher=OnlyOurs(fail_on_errors=True))
    found: bytes = page.write_pdf()
    return found


def as_page(told: Release, words: Words) -> str:
    faces = "".join(
        f'@font-face {{ font-family: {name}; font-weight: {weight}; src: url("ivr:{name}.woff2"); '
        f"unicode-range: {_RANGES[name]}; }}"
        for name, weight in product(_FONTS, (400, 700))
    )
    opening, closing = ("".join(f"<p>{escape(line)}</p>" for line in each) for each in (told.opening, told.closing))
    return (
        f'<!doctype html><html lang="{words.language}"><head><meta charset="utf-8"><title>{escape(told.title)}</title>'
        f"<style>{faces}{_LOOK}</style></head><body><h1>{escape(told.title)}</h1>"
        f'<div class="lead">{opening}</div>{_parts(told, words)}{"".join(_done(told))}'
        f'<div class="foot">{closing}</div></body></html>'
    )


def _parts(told: Release, words: Words) -> str:
    """The first and the last as charts beside each other, what stands between them as tables."""
    if not told.parts:
        return ""
    first, *between, last = told.parts
    charts = "".join(
        f"<section>{_chart(part, f'chart-{at}', words)}</section>" for at, part in enumerate((first, last))
    )
    return f'<div class="two">{charts}</div>' + "".join(_table(part, words) for part in between)


def _chart(part: Part, name: str, words: Words) -> str:
    alone = [line for line in part.lines if not line.in_others]
    rows = [Bar(line.name, line.count, _said(line, words)) for line in alone]
    desc = "; ".join(f"{bar.name}: {bar.said}" for bar in rows)
    notes = "".join(
        f"<p>{escape(line.name)}: {escape(_said(line, words))}</p>" for line in part.lines if line.in_others
    )
    return f"<h2>{escape(part.heading)}</h2>{bars(Title(name, part.heading, desc), rows)}{notes}"


def _table(part: Part, words: Words) -> str:
    cells = "".join(
        f"<tr><th>{escape(line.name)}</th><td>{escape(_said(line, words))}</td></tr>" for line in part.lines
    )
    return f"<h2>{escape(part.heading)}</h2><table>{cells}</table>"


def _said(line: Line, words: Words) -> str:
    return words.number(None) if line.count is None else f"{words.number(line.count)} ({words.percent(line.percent)})"


def _done(told: Release) -> Iterator[str]:
    if told.done:
        yield f"<h2>{escape(told.done_heading)}</h2><ul>"
        yield from (f"<li>{escape(each)}</li>" for each in told.done)
        yield "</ul>"


def _letters(address: str) -> bytes:
    """Those of our own pages, and nothing from anywhere else."""
    name = address.rpartition(":")[2]
    if name.removesuffix(".woff2") not in _FONTS:
        raise ValueError(f"not to be fetched: {name}")
    return files("ivr.web").joinpath("static", name).read_bytes()
