"""How the rota looks: the week as a grid, a day, gaps, rows; and each as JSON. Times shown are the helpline's."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from ivr.rota import Kept
from ivr.routing.rota import (
    ExceptionKind,
    Gap,
    Rota,
    Shift,
    Span,
    gaps_until,
    length_min,
    next_change,
    on_duty,
    spans,
)
from ivr.routing.rota_words import Row, describe, groups, who
from ivr.routing.spans import Stretch, within
from ivr.routing.week import DAYS, show_time, show_times

GAP = "bold white on red"
NOBODY = "nobody"
_DAY = timedelta(days=1)
_NARROW, _NAME_NARROW, _NAME_WIDE = 100, 15, 22


def week_of(day: date) -> tuple[date, ...]:
    """The seven days from Monday that `day` is one of."""
    monday = day - day.weekday() * _DAY
    return tuple(monday + n * _DAY for n in range(7))


def window(rota: Rota, days: tuple[date, ...]) -> Stretch:
    return rota.clock.moment(days[0]), rota.clock.moment(days[-1] + _DAY)


def week(kept: Kept, days: tuple[date, ...], now: datetime, width: int) -> Group:
    """A row for each counsellor, a column for each day, and the gaps as a red band."""
    rota = kept.rota
    since, until = window(rota, days)
    name_width = _NAME_NARROW if width < _NARROW else _NAME_WIDE
    cell_width = min(13, (min(width, 140) - name_width) // 7 - 1)
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim", show_edge=False)
    table.add_column("", width=name_width - 1, no_wrap=True, overflow="ellipsis")
    for day in days:
        table.add_column(_heading(day, rota.clock.day(now)), width=cell_width)
    present = on_duty(rota, now)
    of_week = spans(rota, since, until)
    for extension in sorted(rota.people):
        own = [(span.starts, span.ends) for span in of_week if span.extension == extension]
        cells = [_cell(rota, extension, own, day, cell_width) for day in days]
        table.add_row(_name(extension, kept, extension in present), *cells)
    gaps = [(gap.starts, gap.ends) for gap in gaps_until(rota, since, until)]
    table.add_row(*[Text("")] * 8)
    table.add_row(Text(f"  {NOBODY}", "bold red" if gaps else "dim"), *(_band(rota, gaps, d, cell_width) for d in days))
    return Group(_title(f"Week of {days[0]:%a %-d %b %Y}", rota), table, Text(""), _sum(gaps, "this week"))


def _title(text: str, rota: Rota) -> Text:
    return Text.assemble((text, "bold"), (f" · {rota.clock.name} time\n", "dim"))


def _heading(day: date, today: date) -> Text:
    return Text(f"{day:%a %-d}", "bold underline" if day == today else "bold")


def _name(extension: str, kept: Kept, is_on: bool) -> Text:
    mark = ("● ", "green") if is_on else ("○ ", "dim")
    return Text.assemble(mark, who(extension, kept.names))


def _cell(rota: Rota, extension: str, own: list[Stretch], day: date, width: int) -> Text:
    lines = [*_hours(rota, own, day, width)]
    away = any(
        each.extension == extension and each.day == day and each.kind is ExceptionKind.ABSENT
        for each in rota.exceptions
    )
    told = Text("\n".join(lines) if lines else "" if away else "·", "" if lines else "dim")
    return told.append("\nabsent" if lines else "absent", "yellow") if away else told


def _band(rota: Rota, gaps: list[Stretch], day: date, width: int) -> Text:
    lines = [*_hours(rota, gaps, day, width)]
    return Text("\n".join(line.ljust(width) for line in lines), GAP) if lines else Text("·", "dim")


def _hours(rota: Rota, stretches: Iterable[Stretch], day: date, width: int) -> Iterator[str]:
    """What lies in `day`, a line each, or two where the column is narrow."""
    for start, end in within(stretches, window(rota, (day,))):
        first = rota.clock.reads(start)[1]
        last = rota.clock.reads(end)[1] or 1440
        if (first, last) == (0, 1440):
            yield "all day"
            continue
        told = f"{_short(first)}–{_short(last)}"
        yield from (told,) if len(told) <= width else (f"{_short(first)}–", f" {_short(last)}")


def _short(minute: int) -> str:
    return show_time(minute).removesuffix(":00")


def _sum(gaps: Iterable[Stretch], when: str) -> Text:
    empty = sum(((end - start) for start, end in gaps), timedelta())
    if not empty:
        return Text.assemble(("✓ ", "bold green"), f"Somebody is on all the time {when}.")
    return Text.assemble(("! ", "bold red"), f"Nobody is on for {length(empty)} {when}.")


def length(told: timedelta) -> str:
    """As in 3 h 20 min."""
    hours, minutes = divmod(int(told.total_seconds()) // 60, 60)
    return (
        " ".join(part for part in (f"{hours} h" if hours else "", f"{minutes} min" if minutes else "") if part)
        or "0 min"
    )


def no_rota(kept: Kept) -> Group:
    """There is no shift at all: that is no gap, it means that everybody may answer."""
    people = ", ".join(who(extension, kept.names) for extension in sorted(kept.rota.people)) or NOBODY
    return Group(
        Text.assemble(("No rota is kept", "bold"), ", so every active counsellor may answer at any time:"),
        Text(f"  {people}"),
        Text.assemble(("→ ", "bold"), "ivr rota add 101 mon-fri 09:00-17:00"),
    )


def today(kept: Kept, now: datetime) -> Group:
    rota, clock = kept.rota, kept.rota.clock
    day = clock.day(now)
    since, until = window(rota, (day,))
    grid = Table.grid(padding=(0, 2))
    present = on_duty(rota, now)
    found = spans(rota, since, until)
    for extension in sorted({span.extension for span in found}):
        times = ", ".join(_clock_times(rota, span) for span in found if span.extension == extension)
        grid.add_row(_name(extension, kept, extension in present), times)
    for gap in gaps_until(rota, since, until):
        grid.add_row(Text(f"  {NOBODY}", "bold red"), Text(f" {_clock_times(rota, gap)} ", GAP))
    return Group(
        _title(f"{day:%a %-d %b %Y}, now {clock.shown(now):%H:%M}", rota), grid, Text(""), _next(kept, now, present)
    )


def _clock_times(rota: Rota, told: Span | Gap) -> str:
    end = rota.clock.reads(told.ends)[1]
    return f"{show_time(rota.clock.reads(told.starts)[1])}–{show_time(end or 1440)}"


def _next(kept: Kept, now: datetime, present: frozenset[str]) -> Text:
    change = next_change(kept.rota, now)
    if change is None:
        return Text("By this rota it stays like that.", "dim")
    then = on_duty(kept.rota, change)
    words = [f"{who(e, kept.names)} comes" for e in sorted(then - present)]
    words += [f"{who(e, kept.names)} goes" for e in sorted(present - then)]
    at = kept.rota.clock.shown(change)
    when = f"{at:%H:%M}" if at.date() == kept.rota.clock.day(now) else f"{at:%a %-d %b %H:%M}"
    return Text.assemble(
        ("next ", "dim"), f"{when}: ", ", ".join(words), ("" if then else "; then nobody is on", "bold red")
    )


def gaps_table(kept: Kept, found: Iterable[Gap], days: int) -> Group:
    clock = kept.rota.clock
    told = [*found]
    grid = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    grid.add_column("nobody is on from")
    grid.add_column("until")
    grid.add_column("for", justify="right")
    for gap in told:
        start, end = clock.shown(gap.starts), clock.shown(gap.ends)
        until = f"{end:%H:%M}" if start.date() == end.date() else f"{end:%a %-d %b %H:%M}"
        grid.add_row(Text(f"{start:%a %-d %b %Y %H:%M}", "red"), until, length(gap.ends - gap.starts))
    total = _sum([(gap.starts, gap.ends) for gap in told], f"in the next {days} days")
    return Group(_title("Gaps", kept.rota), grid, Text(""), total) if told else Group(total)


def rows_table(kept: Kept) -> Table:
    grid = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for heading in ("name", "who", "what"):
        grid.add_column(heading, no_wrap=True)
    for group in groups(kept.rows):
        person, _, rest = describe(group.rows).partition(" ")
        gone = "" if person in kept.rota.people else " (not active)"
        grid.add_row(group.id, who(person, kept.names) + gone, rest)
    return grid


# ---- for programs


def span_json(kept: Kept, span: Span, now: datetime) -> str:
    told = {"extension": span.extension, "counsellor": kept.names.get(span.extension)}
    on_now = span.starts <= now < span.ends
    return _json(told | _times(span.starts, span.ends) | {"on_now": on_now, "rota_kept": kept.rota.is_kept})


def gap_json(gap: Gap) -> str:
    return _json(_times(gap.starts, gap.ends))


def row_json(kept: Kept, row: Row) -> str:
    """Times of day are the helpline's, with its zone beside them: a weekly shift is at no one moment of UTC."""
    told: dict[str, Any] = {"id": row.id, "extension": row.extension, "counsellor": kept.names.get(row.extension)}
    if isinstance(row, Shift):
        told |= {
            "kind": "shift",
            "weekday": DAYS[row.weekday],
            "day": None,
            "from": row.from_day,
            "until": row.until_day,
        }
    else:
        told |= {"kind": row.kind, "weekday": None, "day": row.day, "from": None, "until": None}
    starts, ends = show_times(row.starts, row.ends).split("-")
    times = {"starts": starts, "ends": ends, "zone": kept.rota.clock.name, "duration_s": length_min(row) * 60}
    return _json(told | times)


def _times(start: datetime, end: datetime) -> dict[str, object]:
    return {"starts_at": _utc(start), "ends_at": _utc(end), "duration_s": (end - start).total_seconds()}


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _json(values: dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False, default=str)
