"""Search as you type: three languages, two scripts, two letters i."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.catalogues import load_catalogues, newest
from ivr.desk.catalogue import Words
from ivr.desk.regions import is_region, regions
from ivr.desk.search import FOUND_LIMIT, Entry, bare, entries, lower, search, sort_key, sorted_labels

SHIPPED = newest(load_catalogues())
ALL = entries(SHIPPED)


def codes(query: str, language: str = "az") -> list[str]:
    return [each.code for each in search(ALL, query, language)]


def label(az: str) -> Entry:
    return Entry(az, Words(az, "–", "–"))


@pytest.mark.parametrize(
    "query", ["şiddət", "siddet", "SIDDET", "ŞİDDƏT", "Şiddet", "fiziki sid", "  şid", "s\u0327iddət"]
)
def test_marks_and_size_of_letters_do_not_matter(query: str) -> None:
    assert "violence.physical" in codes(query)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("травл", "violence.bullying"),
        ("РЕБЕНКА", "missing.abduction"),
        ("cyber", "violence.cyberbullying"),
        ("intihar", "mental_health.suicide"),
        ("İNTİHAR", "mental_health.suicide"),
        ("INTIHAR", "mental_health.suicide"),
        ("özünə", "mental_health.self_harm"),
        ("ozune zerer", "mental_health.self_harm"),
        ("e-mail", None),
        ("ə", "mental_health.mood"),
    ],
)
def test_any_of_the_languages_finds(query: str, found: str | None) -> None:
    assert found in codes(query) if found else codes(query) == []


def test_e_finds_schwa_and_dotless_is_found_with_a_dot() -> None:
    both = (label("Ədalət"), label("Qızılca"), label("Isti"))
    assert [each.code for each in search(both, "e", "az")] == ["Ədalət"]
    assert [each.code for each in search(both, "qizil", "az")] == ["Qızılca"]
    assert [each.code for each in search(both, "İSTİ", "az")] == ["Isti"]


def test_who_types_the_marks_finds_first_what_has_them() -> None:
    both = (label("ac qal"), label("aç qapı"))
    assert [each.code for each in search(both, "aç", "az")] == ["aç qapı", "ac qal"]


def test_own_label_comes_before_the_heading_and_the_readers_language_before_others() -> None:
    assert codes("violence", "en")[0] == "violence"
    assert set(codes("violence", "en")) >= {"violence.physical", "violence.bullying"}
    assert codes("violence", "en").index("violence.physical") < codes("violence", "en").index("violence.bullying")


def test_nothing_asked_finds_nothing_and_no_list_is_endless() -> None:
    assert codes("") == codes("  ") == codes("…") == []
    assert len(codes("e")) == FOUND_LIMIT


def test_small_letters_as_each_language_has_them() -> None:
    assert lower("QIZIL İt", "az") == "qızıl it"
    assert lower("ILL İ", "en") == "ill i"
    assert bare("Qızıl İt Ёлка") == bare("qizil it елка") == "qizil it елка"


def test_order_is_the_languages_own() -> None:
    az = ["zəng", "xalça", "ığ", "il", "çay", "ev", "əl", "fil", "qar", "kar", "ca"]
    assert sorted(az, key=lambda text: sort_key(text, "az")) == [
        "ca", "çay", "ev", "əl", "fil", "xalça", "ığ", "il", "kar", "qar", "zəng",
    ]  # fmt: skip
    assert sorted(["жук", "ёж", "ель", "zoo"], key=lambda text: sort_key(text, "ru")) == ["ель", "ёж", "жук", "zoo"]
    assert sort_key("ab", "de") == sort_key("ab", "az")
    assert sort_key("a b", "en") < sort_key("aa", "en")


def test_labels_are_sorted_by_the_readers_language() -> None:
    groups = {each.code: each.words for each in SHIPPED.categories.values() if each.is_group}
    assert sorted_labels(groups, "en")[0] == "services"
    assert sorted_labels(groups, "ru")[0] != "services" or sorted_labels(groups, "az")[0] == "family"


@settings(max_examples=60)
@given(st.text(max_size=120), st.sampled_from(["az", "ru", "en"]))
def test_whatever_is_typed_is_answered(query: str, language: str) -> None:
    found = search(ALL, query, language)
    assert len(found) <= FOUND_LIMIT
    assert len({each.code for each in found}) == len(found)


@settings(max_examples=60)
@given(st.sampled_from(ALL), st.sampled_from(["az", "ru", "en"]), st.sampled_from([str, str.upper, bare, str.title]))
def test_everything_is_found_by_its_own_words_however_they_are_written(
    entry: Entry, language: str, written: type[str]
) -> None:
    words = written(entry.words.say(language))
    assert entry.code in {each.code for each in search((entry,), words[:80], language)}


def test_regions_are_the_standards_with_abroad_and_unknown() -> None:
    assert len(regions()) == 78
    assert regions()["AZ-SM"] == "Sumqayıt"
    assert regions()["AZ-KAN"] == "Kəngərli"
    assert [is_region(code) for code in ("AZ-BA", "abroad", "unknown", "TR-34", "")] == [True, True, True, False, False]
