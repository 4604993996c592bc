"""The lists of the wrap-up: as shipped, and every fault of a file at once."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.catalogues import LISTS_DIR, load_catalogues, newest, of_version
from ivr.check import Finding, check
from ivr.desk.catalogue import Catalogue, Choice, Risk, Words, suggested, unfolded
from ivr.desk.lists_file import (
    READERS,
    parse,
    parse_referrals,
)
from ivr.errors import NotFound, ScriptError
from ivr.flow.steps import Topic
from ivr.settings import Settings

SHIPPED = newest(load_catalogues())
TEXTS = {name: (LISTS_DIR / SHIPPED.version / name).read_text() for name in READERS}
SHORT = sorted(text[text.index("\n\n") :][:800].rpartition("\n")[0] for text in TEXTS.values())
LABEL = '{ az = "a", ru = "b", en = "c" }'


def faults(parser: str, text: str) -> tuple[str, ...]:
    with pytest.raises(ScriptError) as caught:
        READERS[parser](text)
    return caught.value.problems


def test_chi_has_ten_categories_with_sixty_seven_below_them_and_what_is_no_counselling() -> None:
    ours = [each for each in SHIPPED.categories.values() if each.counselling]
    assert Counter(each.is_group for each in ours) == {True: 10, False: 67}
    assert len(SHIPPED.subs("violence")) == 12
    assert len(SHIPPED.subs("not_counselling")) == 6


def test_every_category_counts_in_the_helplines_own_list() -> None:
    assert SHIPPED.categories["violence.cyberbullying"].topic is Topic.VIOLENCE
    assert {each.topic for each in SHIPPED.categories.values()} >= set(Topic) - {Topic.LEGAL}


def test_words_are_in_three_languages_and_azerbaijani_is_what_is_left() -> None:
    words = SHIPPED.categories["family"].words
    assert [words.say(language) for language in ("az", "ru", "en", "de")] == [
        "Ailə münasibətləri", "Отношения в семье", "Family Relationships", "Ailə münasibətləri",
    ]  # fmt: skip


def test_only_numbers_that_everybody_knows_are_shipped() -> None:
    assert {each.number for each in SHIPPED.referrals.values()} == {"", "101", "102", "103", "112", "116111"}
    assert "our_centre" in SHIPPED.to_fill
    assert "emergency" not in SHIPPED.to_fill


def test_card_and_choices_are_there() -> None:
    assert len(SHIPPED.card.tell) == 3
    assert len(SHIPPED.card.record) == 5
    assert {choice: bool(SHIPPED.choices[choice]) for choice in Choice} == dict.fromkeys(Choice, True)


def test_questions_about_risk_unfold_on_yes_alone() -> None:
    closed = unfolded(SHIPPED, frozenset())
    assert closed == tuple(SHIPPED.risk)
    opened = unfolded(SHIPPED, frozenset({"suicide"}))
    assert [code for code in opened if code not in closed] == [
        "suicide.plan", "suicide.means", "suicide.tried", "suicide.alone",
    ]  # fmt: skip
    assert set(opened) <= SHIPPED.risk_codes


def test_a_yes_suggests_a_level_and_the_worst_counts() -> None:
    assert suggested(SHIPPED, frozenset()) is Risk.NONE
    assert suggested(SHIPPED, frozenset({"self_harm"})) is Risk.MEDIUM
    assert suggested(SHIPPED, frozenset({"self_harm", "danger_now", "suicide"})) is Risk.IMMEDIATE


def test_every_fault_of_the_categories_is_named_with_its_line() -> None:
    text = f"""[Violence]
topic = "fighting"
words = {LABEL}
sub.x = 3
colour = "red"
counselling = 1

[family]
words = {{ az = "a", ru = "b", de = "c" }}
sub."A b" = {LABEL}
"""
    assert faults("categories.toml", text) == (
        "line 1: Violence: 'Violence' is no code: small letters, digits and _ only",
        f"line 2: Violence.topic: 'fighting' is not one of {', '.join(Topic)}",
        "line 2: Violence.topic: says where it counts in the helpline's own list",
        "line 4: Violence.sub.x: needs its words in az, ru and en",
        "line 5: Violence.colour: 'colour' is not a word of the list of categories "
        "(known: counselling, sub, topic, words)",
        "line 6: Violence.counselling: must be true or false",
        "line 8: family.topic: says where it counts in the helpline's own list",
        "line 8: family: 'A b' is no code: small letters, digits and _ only",
        "line 9: family.words: 'de' is not a word of the list of categories (known: az, en, ru)",
        "line 9: family.words: en must be text of 1 to 200 characters",
    )


def test_a_referral_has_a_number_or_says_that_it_has_none() -> None:
    text = f'[a]\nwords = {LABEL}\n[b]\nwords = {LABEL}\nnumber = 112\n[c]\nwords = {LABEL}\nnumber = "1"\n'
    text += f'[d]\nwords = {LABEL}\nnumber = "112"\nto_fill = true\n'
    assert faults("referrals.toml", text) == (
        "line 1: a: has either a number or to_fill = true",
        "line 5: b.number: must be digits in quotes, as people read them",
        "line 8: c.number: must be digits in quotes, as people read them",
        "line 9: d: has either a number or to_fill = true",
    )
    assert parse_referrals(f"[a]\nwords = {LABEL}\nto_fill = true")["a"].words == Words("a", "b", "c")


def test_faults_of_the_other_files() -> None:
    assert faults("risk.toml", f"[a]\nwords = {LABEL}\nmore = 3") == (
        "line 1: a.level: says what a yes suggests at least",
        "line 1: a: must be a table",
    )
    assert faults("card.toml", f"[tell]\na = {LABEL}\n[say]") == (
        "line 1: record: is missing",
        "line 1: say: 'say' is not a word of the emergency card (known: record, tell)",
    )
    assert "line 1: there is nothing in it" in faults("choices.toml", "")
    assert "more than" in faults("choices.toml", "#" * 200_001)[0]
    assert "line 2" in faults("choices.toml", "[caller]\nx = ")[0]


def test_faults_of_all_files_come_at_once() -> None:
    with pytest.raises(ScriptError) as caught:
        parse("May", {"card.toml": TEXTS["card.toml"]})
    named = {problem.partition(":")[0] for problem in caught.value.problems}
    assert named == {"May", *READERS} - {"card.toml"}


def copy(folder: Path, version: str, **changed: str) -> None:
    (folder / version).mkdir()
    for name, text in TEXTS.items():
        (folder / version / name).write_text(changed.get(name.removesuffix(".toml"), text))


def test_newest_version_is_offered_and_the_old_one_still_has_its_words(tmp_path: Path) -> None:
    copy(tmp_path, "2026-05")
    copy(tmp_path, "2027-01", categories=f'[family]\ntopic = "social"\nwords = {LABEL}\nsub.x = {LABEL}')
    found = load_catalogues(tmp_path)
    assert newest(found).version == "2027-01"
    assert of_version(found, "2026-05").categories["family"].words.en == "Family Relationships"
    with pytest.raises(NotFound, match="2025-01"):
        of_version(found, "2025-01")


def test_faults_of_every_version_come_at_once_and_a_folder_without_lists_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScriptError):
        load_catalogues(tmp_path)
    copy(tmp_path, "2026-05", card="x")
    copy(tmp_path, "2027-01")
    (tmp_path / "2027-01/risk.toml").unlink()
    (tmp_path / "2027-01/card.toml").write_bytes(b"\xff")
    with pytest.raises(ScriptError) as caught:
        load_catalogues(tmp_path)
    assert [problem.partition(":")[0] for problem in caught.value.problems] == [
        "2026-05/card.toml",
        "2027-01/card.toml",
    ]


@settings(max_examples=60)
@given(st.text(max_size=300) | st.sampled_from(SHORT), st.integers(0, 800), st.text(max_size=4))
def test_nothing_that_stands_in_a_file_breaks_a_parser(text: str, at: int, more: str) -> None:
    text = text[:at] + more + text[at + 1 :]
    for parser in READERS.values():
        try:
            parser(text)
        except ScriptError as error:
            assert error.problems


def test_shipped_lists_are_a_value() -> None:
    assert isinstance(SHIPPED, Catalogue)
    assert parse(SHIPPED.version, TEXTS) == SHIPPED


def test_check_says_of_the_lists_what_is_in_them_and_what_is_to_be_filled_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lists() -> list[Finding]:
        return [each for each in check(Settings(state_dir=tmp_path), datetime.now(UTC)) if each.what == "lists"]

    (well,) = lists()
    assert well.well
    assert "84 categories" in well.detail
    assert "our_centre" in well.detail
    copy(tmp_path, "2026-05", card="x", risk="x")
    monkeypatch.setattr("ivr.check.load_catalogues", lambda: load_catalogues(tmp_path))
    assert [(each.well, each.script, each.detail.partition(":")[0]) for each in lists()] == [
        (False, True, "2026-05/risk.toml"), (False, True, "2026-05/card.toml"),
    ]  # fmt: skip
