"""The register's form: what it makes, what it lacks, whatever is sent."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.catalogues import load_catalogues, newest
from ivr.desk.disclosure import Form, Known, as_form, faults_of, made_of
from ivr.routing.hours import BAKU

LISTS = newest(load_catalogues())
KNOWN = Known(LISTS.version, LISTS.disclosures, {"chief"}, BAKU.zone, datetime(2026, 11, 22, 8, tzinfo=UTC))
GOOD = Form("police", "neglect", "2026-11-22T11:30", "no", "had_gone", "chief", "said")


def test_a_whole_form_makes_an_entry_and_the_entry_the_form() -> None:
    assert faults_of(GOOD, KNOWN) == ()
    made = made_of(GOOD, KNOWN)
    assert made.at == datetime(2026, 11, 22, 7, 30, tzinfo=UTC)
    assert as_form(made, BAKU.zone) == GOOD


def test_why_the_child_was_not_told_is_kept_only_of_one_who_was_not() -> None:
    assert made_of(Form("police", "law", "2026-11-22T11:30", "after", "had_gone", "chief"), KNOWN).not_told is None


SOME = st.text(max_size=20) | st.sampled_from(["police", "other", "neglect", "no", "before", "had_gone", "chief"])
TIMES = st.sampled_from(["2026-11-22T11:30", "2026-02-30T11:30", "0001-01-01T00:00", "9999-12-31T23:59"])


@settings(max_examples=200)
@given(st.builds(Form, **{each.name: SOME | TIMES for each in fields(Form)}))
def test_whatever_is_sent_is_refused_or_makes_an_entry(form: Form) -> None:
    if not faults_of(form, KNOWN):
        made = made_of(form, KNOWN)
        assert made.told in LISTS.disclosures.told
        assert made.at <= KNOWN.now
