"""The annual return: every contact in it once, old categories where they belong, nothing in it a formula."""

from __future__ import annotations

import re
import zipfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest

from ivr.catalogues import became, load_catalogues, newest
from ivr.desk.catalogue import Catalogue, Category, Words
from ivr.errors import ScriptError
from ivr.flow.steps import Topic
from ivr.reports.annual import GONE, Lists, Old, Return, annual, workbook
from ivr.reports.periods import named
from ivr.reports.queries import Reason

NEW = newest(load_catalogues())
LISTS = Lists(NEW, {"violence.old_tradition": "violence.harmful_traditions"})
REASONS = [
    Reason("2026-05", "violence.bullying family.general", "counselled", "girl", "11-14", "telephone", 5),
    Reason("2019-01", "violence.old_tradition", "counselled", "boy", None, "facebook", 2),
    Reason("2019-01", "violence.forgotten", "counselled", None, "adult", "email", 1),
    Reason("2019-01", "magic.wand", "counselled", "girl", "adult", "email", 1),
    Reason("2026-05", "not_counselling.thanks", "counselled", "girl", "adult", "telephone", 3),
    Reason("2026-05", None, "prank", None, None, "telephone", 4),
    Reason(None, None, None, None, None, "telephone", 7),
]


def told() -> Return:
    return annual(named("2025"), LISTS, REASONS, {"answered": 10, "forwarded": 1, "lost": 2})


def test_every_contact_is_counted_once_by_method_age_and_gender() -> None:
    found = told()
    assert found.contacts == 23
    assert [sum(table.values()) for table in found.by.values()] == [23, 23, 23]
    assert (found.by["channel"]["telephone"], found.by["age_band"]["unknown"], found.by["gender"]["not_stated"]) == (
        19,
        13,
        12,
    )


def test_counselling_is_what_was_counselled_about_a_childs_matter() -> None:
    assert told().counselling == {"yes": 9, "no": 7, "unknown": 7}


def test_attempts_are_answered_or_not() -> None:
    assert (told().answered, told().unanswered) == (11, 2)


def test_old_categories_count_as_what_they_became() -> None:
    found = told()
    assert found.reasons["violence.harmful_traditions"] == {"boy": 2}
    assert found.reasons["violence.unspecified"] == {"not_stated": 1}
    assert found.reasons[GONE] == {"girl": 1}
    assert found.old == (
        Old("magic.wand", "2019-01", GONE, 1),
        Old("violence.forgotten", "2019-01", "violence.unspecified", 1),
        Old("violence.old_tradition", "2019-01", "violence.harmful_traditions", 2),
    )


def test_reason_given_twice_by_its_old_and_new_code_counts_once() -> None:
    both = Reason("2019-01", "violence.old_tradition violence.harmful_traditions", "counselled", "boy", None, "app", 2)
    assert annual(named("2025"), LISTS, [both], {}).reasons == {"violence.harmful_traditions": {"boy": 2}}


def sheets(data: bytes) -> dict[str, str]:
    with zipfile.ZipFile(BytesIO(data)) as book:
        return {name: book.read(name).decode() for name in book.namelist()}


def test_workbook_holds_every_category_and_the_list_used() -> None:
    parts = sheets(workbook(told(), LISTS))
    names = re.findall(r'<sheet name="([^"]+)"', parts["xl/workbook.xml"])
    assert names == ["Summary", "Method", "Age", "Gender", "Reasons", "Attempts", "Old categories", "Notes"]
    texts = parts["xl/sharedStrings.xml"]
    assert all(each.words.en.replace("&", "&amp;") in texts for each in NEW.categories.values())
    assert "2026-05" in texts


def test_words_that_look_like_formulas_stay_words() -> None:
    evil = Category("violence.evil", Words("=1+1", "=1+1", '=HYPERLINK("x")'), Topic.VIOLENCE)
    lists = Lists(replace(NEW, categories=dict(NEW.categories) | {"violence.evil": evil}), {})
    parts = sheets(workbook(told(), lists))
    assert "HYPERLINK" in parts["xl/sharedStrings.xml"]
    assert not any("<f>" in text for text in parts.values())


def test_shipped_list_says_what_became_of_older_ones(tmp_path: Path) -> None:
    lists: dict[str, Catalogue] = {"2026-05": NEW}
    assert became(lists) == {}
    (tmp_path / "2026-05").mkdir()
    (tmp_path / "2026-05/became.toml").write_text('"a.b" = "violence.bullying"\n"c.d" = "magic"\n')
    with pytest.raises(ScriptError) as wrong:
        became(lists, tmp_path)
    assert len(wrong.value.problems) == 1
