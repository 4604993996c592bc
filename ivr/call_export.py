"""The call log as a file: CSV, and a sheet. Codes as in `ivr calls`, times in UTC; no summary, nobody's number."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import datetime
from pathlib import Path

from xlsxwriter import Workbook

from ivr.call_review import Listed

COLUMNS = (
    "id", "started_at", "ended_at", "dialled", "language", "topic", "age_band", "priority", "silent", "outcome",
    "counsellor", "wait_s", "talk_s", "first_time", "ended", "risk", "categories",
)  # fmt: skip
_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
BOM = "\ufeff"  # without it Excel reads ə as two letters
AT_ONCE = 500


def plain(value: object) -> str | float | int | bool:
    """What a cell holds. Text that a sheet takes for a formula is given an apostrophe (OWASP, CSV injection)."""
    match value:
        case None:
            return ""
        case bool() | int() | float():
            return value
        case datetime():
            return value.isoformat(timespec="seconds").replace("+00:00", "Z")
        case tuple() | list():
            value = " ".join(map(str, value))
    text = str(value)
    return "'" + text if text.startswith(_BEGINS_A_FORMULA) else text


def cells(listed: Listed, columns: Iterable[str]) -> list[str | float | int | bool]:
    return [plain(getattr(listed, name)) for name in columns]


async def as_csv(calls: AsyncIterator[Listed], columns: tuple[str, ...] = COLUMNS) -> AsyncIterator[str]:
    """RFC 4180, in pieces."""
    out = io.StringIO()
    writer = csv.writer(out)
    out.write(BOM)
    writer.writerow(columns)
    rows = 0
    async for each in calls:
        writer.writerow(cells(each, columns))
        rows += 1
        if rows % AT_ONCE == 0:
            yield _taken(out)
    yield _taken(out)


def _taken(out: io.StringIO) -> str:
    text = out.getvalue()
    out.seek(0)
    out.truncate()
    return text


async def as_sheet(calls: AsyncIterator[Listed], file: Path, columns: tuple[str, ...] = COLUMNS) -> None:
    """Row by row to the disk, whatever there is: memory stays flat. Text is written as text, whatever it looks like."""
    options: Mapping[str, object] = {
        "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
    }  # fmt: skip
    book = Workbook(str(file), dict(options))
    sheet = book.add_worksheet("calls")
    sheet.freeze_panes(1, 0)
    bold = book.add_format({"bold": True})
    for at, name in enumerate(columns):
        sheet.write_string(0, at, name, bold)
    row = 0
    async for each in calls:
        row += 1
        for at, value in enumerate(cells(each, columns)):
            (sheet.write_string if isinstance(value, str) else sheet.write)(row, at, value)
    book.close()
