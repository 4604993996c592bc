"""What a counsellor writes down: states, one click, what the menus know, and every fault at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.catalogues import load_catalogues, newest
from ivr.desk.catalogue import Choice, Risk
from ivr.desk.regions import regions
from ivr.desk.wrapup import (
    ONE_CLICK,
    Deed,
    Ended,
    Form,
    Gender,
    Known,
    Paper,
    WrapUp,
    advance,
    as_form,
    band_of,
    in_one_click,
    likely_end,
    paper,
    prefill,
)
from ivr.desk.wrapup_form import SUMMARY_LIMIT, Code, Fault, check, size
from ivr.flow.steps import AgeBand, Language, Topic

LISTS = newest(load_catalogues())
LEAST = Form(topic="social", age_band="11-14", gender="not_stated")
FULL = Form(
    topic="violence",
    categories=("violence.bullying", "education.school", "mental_health"),
    language="ru",
    age="12",
    gender="girl",
    region="AZ-SM",
    caller="child",
    living="parents",
    groups=("disability",),
    risk="medium",
    risk_yes=("violence", "violence.at_home"),
    actions=("talked", "school"),
    referrals=("our_centre",),
    call_back="yes",
    summary="Said little at first.",
)


def faults(form: Form) -> set[tuple[str, str]]:
    found = check(form, LISTS)
    return set() if isinstance(found, WrapUp) else {(fault.field, fault.code.value) for fault in found}


def test_paper_goes_from_open_to_closed_and_what_is_closed_is_only_corrected() -> None:
    assert advance(Paper.OPEN, Deed.SAVE) is Paper.DRAFT
    assert advance(Paper.DRAFT, Deed.CLOSE) is advance(Paper.OPEN, Deed.CLOSE) is Paper.CLOSED
    assert advance(Paper.CLOSED, Deed.CORRECT) is advance(Paper.CORRECTED, Deed.CORRECT) is Paper.CORRECTED
    assert advance(Paper.CLOSED, Deed.SAVE) is Paper.CLOSED
    assert advance(Paper.CLOSED, Deed.CLOSE) is advance(Paper.CORRECTED, Deed.CLOSE) is None
    assert advance(Paper.OPEN, Deed.CORRECT) is advance(Paper.DRAFT, Deed.CORRECT) is None


@pytest.mark.parametrize(
    ("versions", "has_draft", "found"),
    [(0, False, Paper.OPEN), (0, True, Paper.DRAFT), (1, True, Paper.CLOSED), (3, False, Paper.CORRECTED)],
)
def test_paper_follows_from_what_is_written(versions: int, has_draft: bool, found: Paper) -> None:
    assert paper(versions, has_draft=has_draft) is found


def test_three_fields_are_enough() -> None:
    assert check(LEAST, LISTS) == WrapUp(
        Ended.COUNSELLED, LISTS.version, Topic.SOCIAL, age_band=AgeBand.FROM_11_TO_14, gender=Gender.NOT_STATED
    )


def test_full_form_is_taken_whole_and_comes_back_as_it_was() -> None:
    found = check(FULL, LISTS)
    assert isinstance(found, WrapUp)
    assert (found.age, found.age_band, found.language) == (12, AgeBand.FROM_11_TO_14, Language.RU)
    assert (found.risk, found.call_back, found.lists) == (Risk.MEDIUM, True, LISTS.version)
    assert as_form(found) == replace(FULL, age_band="11-14")
    assert check(as_form(found), LISTS) == found
    least = check(LEAST, LISTS)
    assert isinstance(least, WrapUp)
    assert as_form(least) == LEAST


def test_empty_form_lacks_exactly_what_is_required() -> None:
    assert check(Form(), LISTS) == (
        Fault("topic", Code.MISSING), Fault("age_band", Code.MISSING), Fault("gender", Code.MISSING),
    )  # fmt: skip


def test_every_fault_comes_at_once_in_the_order_of_the_form() -> None:
    wrong = Form(
        topic="x",
        categories=("violence", "violence", "a", "b"),
        language="fr",
        age="twelve",
        gender="man",
        region="TR-34",
        caller="x",
        living="x",
        groups=("x",),
        risk="x",
        risk_yes=("suicide.plan",),
        actions=("talked",) * 13,
        referrals=("x",),
        call_back="maybe",
        summary="ş" * (SUMMARY_LIMIT + 1),
    )
    found = check(wrong, LISTS)
    assert isinstance(found, tuple)
    assert [(fault.field, fault.code.value, fault.limit) for fault in found] == [
        ("topic", "unknown", 0),
        ("categories", "too_many", 3),
        ("categories", "twice", 0),
        ("categories", "unknown", 0),
        ("language", "unknown", 0),
        ("age", "not_a_number", 0),
        ("gender", "unknown", 0),
        ("region", "unknown", 0),
        ("caller", "unknown", 0),
        ("living", "unknown", 0),
        ("groups", "unknown", 0),
        ("risk", "unknown", 0),
        ("risk_yes", "folded", 0),
        ("actions", "too_many", 12),
        ("actions", "twice", 0),
        ("referrals", "unknown", 0),
        ("call_back", "unknown", 0),
        ("summary", "too_long", SUMMARY_LIMIT),
    ]


@pytest.mark.parametrize(
    ("age", "band", "found"),
    [
        ("0", "", set()),
        ("120", "", set()),
        (" 12 ", "11-14", set()),
        ("121", "", {("age", "out_of_range")}),
        ("-1", "", {("age", "not_a_number")}),
        ("1e1", "", {("age", "not_a_number")}),
        ("١٢", "", {("age", "not_a_number")}),
        ("12", "adult", {("age_band", "contradicts")}),
        ("", "", {("age_band", "missing")}),
        ("", "12-13", {("age_band", "unknown")}),
    ],
)
def test_age_in_years_or_as_a_band(age: str, band: str, found: set[tuple[str, str]]) -> None:
    assert faults(replace(LEAST, age=age, age_band=band)) == found


@pytest.mark.parametrize(
    ("years", "band"), [(0, "0-10"), (10, "0-10"), (11, "11-14"), (14, "11-14"), (18, "15-18"), (19, "adult")]
)
def test_bands_are_those_the_helpline_publishes(years: int, band: str) -> None:
    assert band_of(years) == band


@pytest.mark.parametrize("text", ["\0", "\u202eabc", "😢" * 50, "<script>alert(1)</script>", "a\r\nb\tc", "\ud800"])
def test_any_text_is_text(text: str) -> None:
    found = check(replace(LEAST, summary=text), LISTS)
    assert isinstance(found, WrapUp)
    assert found.summary == text


@pytest.mark.parametrize("ended", ONE_CLICK)
def test_one_click_needs_no_more_and_keeps_what_the_menus_know(ended: Ended) -> None:
    closed = in_one_click(ended, Known("az", "legal", "15-18", silent=True), LISTS.version)
    assert (closed.ended, closed.lists) == (ended, LISTS.version)
    assert (closed.topic, closed.language, closed.age_band) == (Topic.LEGAL, Language.AZ, AgeBand.FROM_15_TO_18)
    assert in_one_click(ended, Known(), "2026-05") == WrapUp(ended, "2026-05")


def test_one_click_is_for_everything_but_counselling() -> None:
    assert set(ONE_CLICK) == set(Ended) - {Ended.COUNSELLED, Ended.OTHER}


def test_menus_fill_the_form_and_what_they_do_not_know_stays_empty() -> None:
    assert prefill(Known("ru", "violence", "11-14")) == Form(topic="violence", language="ru", age_band="11-14")
    assert prefill(Known("fr", "sport", "99")) == Form() == prefill(Known())
    assert prefill(Known(priority="danger")).risk == "high"


def test_silent_caller_lies_one_click_away_but_never_one_in_danger() -> None:
    assert likely_end(Known(silent=True)) is Ended.SILENT
    assert likely_end(Known(silent=True, priority="danger")) is None
    assert likely_end(Known()) is None


def test_size_is_of_the_whole_form() -> None:
    assert size(Form(topic="abc", groups=("de", "f"), summary="ghi")) == 9


def codes(known: Any) -> st.SearchStrategy[str]:
    return st.sampled_from(sorted(known)) | st.just("") | st.text(max_size=5)


def several(known: Any) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(codes(known), max_size=14).map(tuple)


forms = st.builds(
    Form,
    codes(Topic), several(LISTS.categories), codes(Language), codes(map(str, range(125))), codes(AgeBand),
    codes(Gender), codes(regions()), codes(LISTS.choices[Choice.CALLER]), codes(LISTS.choices[Choice.LIVING]),
    several(LISTS.choices[Choice.GROUP]), codes(Risk), several(LISTS.risk_codes), several(LISTS.choices[Choice.ACTION]),
    several(LISTS.referrals), codes(["yes"]), st.text(),
)  # fmt: skip


@given(forms)
def test_whatever_is_sent_is_in_order_or_told_by_field(form: Form) -> None:
    found = check(form, LISTS)
    if isinstance(found, WrapUp):
        assert check(as_form(found), LISTS) == found
    else:
        assert found
        assert {fault.field for fault in found} <= set(Form.__slots__)
