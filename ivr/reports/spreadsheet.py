"""The tables of a report as CSV, for a spreadsheet. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping

from ivr.reports import measures, suppression
from ivr.reports.measures import Figures
from ivr.reports.words import Words

MARK = "\ufeff"  # so that a spreadsheet takes it for UTF-8
_ORDERS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def as_csv(figures: Figures, words: Words, *, suppress: bool) -> str:
    """One line a value: table, value, contacts, percentage. Hidden numbers are empty."""
    out = io.StringIO()
    writer = csv.writer(out)
    heading = (words.name("table", "total"), "", words.name("table", "contacts"), words.name("table", "share"))
    few = suppress and any(suppression.total_too(counts) for counts in figures.by.values())
    writer.writerow(map(plain, heading))
    writer.writerow((plain(heading[0]), "", "" if few else figures.total, ""))
    for table, counts in figures.by.items():
        shown: Mapping[str, int | None] = suppression.hide(counts) if suppress else counts
        shares = measures.shares(counts)
        for code, n in shown.items():
            names = (plain(words.name("table", table)), plain(words.name(table, code)))
            told = n is not None and None not in shown.values()
            writer.writerow((*names, "" if n is None else n, shares[code] if told else ""))
    return MARK + out.getvalue()


def plain(text: str) -> str:
    """Text that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    return f"'{text}" if text.startswith(_ORDERS) else text
