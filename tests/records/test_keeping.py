"""What is kept for how long: every place that tells of somebody is told of, and its age is counted as said."""

from __future__ import annotations

from datetime import UTC, datetime

from ivr.records import erasing
from ivr.records.erasing import Theirs
from ivr.records.keeping import PLACES, Kind, untold
from ivr.retention import RULES
from ivr.settings import Settings

STAY = {Kind.SESSIONS, Kind.REGISTER}


def test_of_every_sealed_column_and_every_callers_hash_it_is_said_how_long_it_is_kept() -> None:
    assert untold() == []


def test_what_goes_after_its_time_goes_with_an_erasure_too() -> None:
    """But for what is of somebody of ours, and the register, for which the law may ask."""
    theirs = Theirs("a" * 32, ("1795281282-000007",), ("1795281282-0000000a",), ("1795281282-000007",))
    parts = erasing._parts(theirs, "x", datetime.now(UTC))
    erased = {part.table.c[name] for part in parts for name in (part.leave or part.table.c.keys())}
    kept = {column for place in PLACES if place.kind not in STAY for column in place.columns}
    assert kept <= erased


def test_every_kind_has_a_setting_and_a_place() -> None:
    assert set(RULES) == set(Kind)
    assert {rule.setting for rule in RULES.values()} == {n for n in Settings.model_fields if n.startswith("keep_")}
    assert {place.kind for place in PLACES} == set(Kind) - {Kind.LEDGER}
