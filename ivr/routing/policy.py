"""`callbacks/policy.toml` as a value. `parse` names every fault, with its line."""

from __future__ import annotations

import re
from typing import Any

from ivr.flow.problems import Faults, read_toml
from ivr.routing.promise import Hours, Policy, Shown

SIZE_LIMIT = 20_000
DAY_MIN = 24 * 60
# Lowest and highest that make sense: a child's telephone must not ring all day, and not once in a week either.
LIMITS = {
    "attempts": (1, 10),
    "again_min": (1, 60),
    "lapse_warning_min": (0, 24 * 60),
    "ring_counsellor_s": (5, 60),
    "ring_child_s": (10, 60),
    "lasts_min": (5, 24 * 60),
    "least_left_min": (0, 12 * 60),
}
SPACING_MIN = (1, 24 * 60)
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00")
_COUNTRY = re.compile(r"\+[1-9][0-9]{0,3}")
_TABLES = {
    "rings": {"attempts", "spacing_min", "again_min", "ring_counsellor_s", "ring_child_s", "countries"},
    "shown": {"number", "number_if_only_caller"},
    "safe": {"now", "afternoon", "tomorrow", "day_begins", "least_left_min", "lapse_warning_min"},
}


def parse(text: str) -> Policy:
    """The policy in `text`. Raises ScriptError whose `problems` are "line N: where: what", every one of them."""
    faults = Faults(text, "the call-back policy")
    if len(text) > SIZE_LIMIT:
        faults.add("", "", f"the file is longer than {SIZE_LIMIT} characters")
        faults.raise_if_any()
    data = read_toml(text, "the call-back policy")
    faults.unknown("", data, set(_TABLES))
    tables = {name: faults.table(name, data.get(name)) for name in _TABLES}
    for name, known in _TABLES.items():
        faults.unknown(name, tables[name], known)
    policy = _policy(tables["rings"], tables["shown"], tables["safe"], faults)
    faults.raise_if_any()
    return policy


def _policy(rings: dict[str, Any], shown: dict[str, Any], safe: dict[str, Any], faults: Faults) -> Policy:
    now = _table("safe.now", safe.get("now"), {"lasts_min"}, faults)
    return Policy(
        attempts=_whole("rings", "attempts", rings, faults),
        spacing_min=_spacing(rings.get("spacing_min"), faults),
        again_min=_whole("rings", "again_min", rings, faults),
        lapse_warning_min=_whole("safe", "lapse_warning_min", safe, faults),
        ring_counsellor_s=_whole("rings", "ring_counsellor_s", rings, faults),
        ring_child_s=_whole("rings", "ring_child_s", rings, faults),
        countries=_countries(rings.get("countries"), faults),
        shown=_shown("number", shown, faults),
        shown_if_only_caller=_shown("number_if_only_caller", shown, faults),
        now_lasts_min=_whole("safe.now", "lasts_min", now, faults),
        day_begins=_time("safe", "day_begins", safe.get("day_begins"), faults),
        least_left_min=_whole("safe", "least_left_min", safe, faults),
        afternoon=_hours("safe.afternoon", safe.get("afternoon"), faults),
        tomorrow=_hours("safe.tomorrow", safe.get("tomorrow"), faults),
    )


def _table(where: str, told: Any, known: set[str], faults: Faults) -> dict[str, Any]:
    table = faults.table(where, told)
    faults.unknown(where, table, known)
    return table


def _whole(where: str, key: str, table: dict[str, Any], faults: Faults) -> int:
    told = table.get(key)
    if isinstance(told, float):
        faults.add(where, key, "must be a whole number")
    return int(faults.number(where, key, told, LIMITS[key]))


def _spacing(told: Any, faults: Faults) -> tuple[int, ...]:
    low, high = SPACING_MIN
    if isinstance(told, list) and told and all(type(each) is int and low <= each <= high for each in told):
        return tuple(told)
    faults.add("rings", "spacing_min", f"must be a list of whole numbers from {low} to {high}, at least one")
    return (low,)


def _countries(told: Any, faults: Faults) -> tuple[str, ...]:
    codes = faults.texts("rings", "countries", told)
    for code in codes:
        if not _COUNTRY.fullmatch(code):
            faults.add("rings", "countries", f"'{code}' is no country code such as +994")
    return codes


def _shown(key: str, table: dict[str, Any], faults: Faults) -> Shown:
    if key not in table:
        faults.add("shown", key, "is missing")
    return faults.one_of("shown", key, table.get(key), Shown, Shown.WITHHELD)


def _hours(where: str, told: Any, faults: Faults) -> Hours:
    table = _table(where, told, {"from", "until"}, faults)
    if not table:
        return Hours(0, 0)
    hours = Hours(*(_time(where, key, table.get(key), faults) for key in ("from", "until")))
    if hours.ends and hours.starts >= hours.ends:
        faults.add(where, "until", "must be later than from, on the same day")
    return hours


def _time(where: str, key: str, told: Any, faults: Faults) -> int:
    found = _TIME.fullmatch(told) if isinstance(told, str) else None
    if not found:
        faults.add(where, key, "is missing" if told is None else 'must be a time of day as in "13:00"')
        return 0
    return int(found[1]) * 60 + int(found[2]) if found[1] else DAY_MIN
