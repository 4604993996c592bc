"""What is kept for how long: every place that tells of somebody is told of, and its age is counted as said."""

from __future__ import annotations

from ivr.records.keeping import PLACES, Kind, untold
from ivr.retention import RULES
from ivr.settings import Settings


def test_of_every_sealed_column_and_every_callers_hash_it_is_said_how_long_it_is_kept() -> None:
    assert untold() == []


def test_every_kind_has_a_setting_and_a_place() -> None:
    assert set(RULES) == set(Kind)
    assert {rule.setting for rule in RULES.values()} == {n for n in Settings.model_fields if n.startswith("keep_")}
    assert {place.kind for place in PLACES} == set(Kind) - {Kind.LEDGER}
