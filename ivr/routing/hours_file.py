"""`hours.toml` as a value. `parse` names every fault, with its line."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ivr.errors import ScriptError
from ivr.flow.problems import Faults, read_toml
from ivr.routing.hours import BAKU, Clock, Hours, Special, Times
from ivr.routing.week import DAYS, read_days, read_times

SIZE_LIMIT = 200_000
SPECIALS_LIMIT = 1_000
YEARS = range(2000, 2101)
_SPECIAL = {"name", "from", "until"}


def parse(text: str, countries: Collection[str] | None = None, clock: Clock = BAKU) -> Hours:
    """The hours in `text`.

    `countries`: those whose public holidays are known; None leaves the country unchecked.
    Raises ScriptError whose `problems` are "line N: where: what", every one of them.
    """
    faults = Faults(text, "the file of opening hours")
    if len(text) > SIZE_LIMIT:
        faults.add("", "", f"the file is longer than {SIZE_LIMIT} characters")
        faults.raise_if_any()
    data = read_toml(text, "the file of opening hours")
    faults.unknown("", data, {"week", "holidays", "closure", "opening"})
    holidays = faults.table("holidays", data.get("holidays", {}))
    faults.unknown("holidays", holidays, {"country", "closed"})
    hours = Hours(
        week=_week(faults.table("week", data.get("week")), faults),
        country=_country(holidays, countries, faults),
        closed_on_holidays=_yes(holidays, faults),
        closures=tuple(_specials("closure", data.get("closure", []), clock, faults)),
        openings=tuple(_specials("opening", data.get("opening", []), clock, faults)),
        clock=clock,
    )
    if not any(hours.week) and not hours.openings:
        faults.add("week", "", "names no time at all: the line would never be open")
    faults.raise_if_any()
    return hours


def _week(told: dict[str, Any], faults: Faults) -> tuple[Times, ...]:
    found: dict[int, Times] = {}
    for key, times in told.items():
        for day in _days(key, faults):
            if day in found:
                faults.add("week", key, f"{DAYS[day]} is named twice")
            found[day] = _times(key, times, faults)
    return tuple(found.get(day, ()) for day in range(7))


def _days(key: str, faults: Faults) -> tuple[int, ...]:
    try:
        return read_days(key)
    except ScriptError as error:
        faults.add("week", key, f"{error}: {error.remedy}")
        return ()


def _times(key: str, told: Any, faults: Faults) -> Times:
    if not isinstance(told, list) or not all(isinstance(each, str) for each in told):
        faults.add("week", key, 'must be a list of times as in ["09:00-17:00"]; [] is closed')
        return ()
    return tuple(times for each in told for times in _time(key, each, faults))


def _time(key: str, told: str, faults: Faults) -> Iterator[tuple[int, int]]:
    try:
        yield read_times(told)
    except ScriptError as error:
        faults.add("week", key, f"{error}: {error.remedy}")


def _country(told: dict[str, Any], countries: Collection[str] | None, faults: Faults) -> str:
    if "country" not in told:
        if told.get("closed"):
            faults.add("holidays", "closed", "whose holidays? country is missing")
        return ""
    country = faults.text("holidays", "country", told["country"])
    if country and countries is not None and country not in countries:
        faults.add("holidays", "country", f"'{country}' is no country whose holidays are known, such as AZ")
    return country


def _yes(told: dict[str, Any], faults: Faults) -> bool:
    closed = told.get("closed", False)
    if not isinstance(closed, bool):
        faults.add("holidays", "closed", "must be true or false")
    return closed is True


def _specials(kind: str, told: Any, clock: Clock, faults: Faults) -> Iterator[Special]:
    if not isinstance(told, list) or len(told) > SPECIALS_LIMIT:
        faults.add(kind, "", f"must be [[{kind}]] tables, {SPECIALS_LIMIT:,} at most")
        return
    for number, each in enumerate(told, 1):
        where = f"{kind} {number}"
        table = faults.table(where, each)
        faults.unknown(where, table, _SPECIAL)
        starts, ends = _moment(where, "from", table, clock, faults), _moment(where, "until", table, clock, faults)
        if starts and ends and ends <= starts:
            faults.add(where, "until", "must be later than from")
        name = faults.text(where, "name", table.get("name"))
        if starts and ends:
            yield Special(name, starts, ends)


def _moment(where: str, key: str, table: dict[str, Any], clock: Clock, faults: Faults) -> datetime | None:
    """A moment of the clock's. A day alone is its beginning, as `until` its end."""
    told = table.get(key)
    if isinstance(told, str):
        told = _from_text(told)
    if not isinstance(told, date) or told.year not in YEARS:
        faults.add(where, key, "is missing" if key not in table else "must be 2026-12-31 or 2026-12-31T18:00:00")
        return None
    if not isinstance(told, datetime):
        return clock.moment(told + timedelta(days=1) if key == "until" else told)
    if told.tzinfo:
        return told.astimezone(UTC)
    return clock.moment(told.date(), told.hour * 60 + told.minute)


def _from_text(told: str) -> date | None:
    for read in (date.fromisoformat, datetime.fromisoformat):
        try:
            return read(told)
        except ValueError:
            continue
    return None
