"""The public release: rows made from what the helpline has published print what it has published."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from ivr.contact_import import bring_in
from ivr.records import contact, counted
from ivr.records.database import opened
from ivr.reports import reckoning
from ivr.reports.measures import Figures, figures
from ivr.reports.periods import named
from ivr.reports.release import as_text, release
from ivr.reports.words import LANGUAGES, words
from ivr.wrapup import Desk
from tests.records.conftest import database, database_file  # noqa: F401  fixtures
from tests.reports.test_contact_rows import GOOD, as_csv

NOW = datetime(2026, 11, 22, tzinfo=UTC)

# DOMAIN: what was published of these spans. What was not is made so that it adds up.
Q3_2025: Mapping[str, Mapping[str, int]] = {
    "topic": {"psychological": 512, "social": 261, "violence": 232, "legal": 227, "education": 98, "health": 14,
              "other": 250},
    "gender": {"girl": 940, "boy": 462, "not_stated": 192},
    "age_band": {"15-18": 1147, "11-14": 335, "0-10": 112},
    "channel": {"telephone": 797, "instagram": 400, "facebook": 397},
}  # fmt: skip
SPRING_2022: Mapping[str, Mapping[str, int]] = {
    "topic": {"psychological": 340, "social": 236, "legal": 481, "education": 793, "health": 137, "other": 399},
    "gender": {"girl": 1203, "boy": 1075, "not_stated": 108},
    "age_band": {"adult": 1772, "11-14": 300, "15-18": 206, "unknown": 108},
    "channel": {"telephone": 2278, "facebook": 108},
}
YEAR_2021: Mapping[str, Mapping[str, int]] = {
    "topic": {"psychological": 822, "social": 501, "violence": 414, "legal": 1036, "education": 1471, "health": 606},
}


def spread(counts: Mapping[str, int]) -> Iterator[str]:
    for value, n in counts.items():
        yield from [value] * n


def rows(published: Mapping[str, Mapping[str, int]], first: datetime, days: int) -> list[dict[str, str]]:
    """Contacts that have those figures, one after the other through the span, from its first to its last second."""
    total = sum(published["topic"].values())
    columns = {name: list(spread(counts)) for name, counts in published.items()}
    step = timedelta(days=days) / total
    moments = [first + step * n for n in range(total - 1)] + [first + timedelta(days=days, seconds=-1)]
    return [
        GOOD | {"id": f"{first:%Y}-{n}", "received_at": at.isoformat(), "chi_category": ""}
        | {name: values[n] for name, values in columns.items()}
        for n, at in enumerate(moments)
    ]  # fmt: skip


@pytest.fixture
async def desk(database_file: Path) -> AsyncIterator[Desk]:  # noqa: F811
    from ivr.catalogues import load_catalogues

    async with opened(f"sqlite+aiosqlite:///{database_file}") as found:
        yield Desk(found, {1: b"k" * 32}, load_catalogues())


@pytest.fixture
async def published(desk: Desk, tmp_path: Path) -> Desk:
    """A database with the rows of all the published spans, and one contact on each side of them."""
    file = tmp_path / "published.csv"
    baku = timedelta(hours=4)
    made = rows(Q3_2025, datetime(2025, 7, 1, tzinfo=UTC) - baku, 92)
    made += rows(SPRING_2022, datetime(2022, 1, 1, tzinfo=UTC) - baku, 151)
    made += rows(YEAR_2021, datetime(2021, 1, 1, tzinfo=UTC) - baku, 365)
    for edge in ("2025-06-30T23:59:59", "2025-10-01T00:00:00", "2022-06-01T00:00:00", "2020-12-31T23:59:59"):
        made.append(GOOD | {"id": edge, "received_at": edge})
    file.write_text(as_csv(*made))
    found = await bring_in(desk, file, NOW, lambda *_: None)
    assert (found.new, found.faults) == (len(made), ())
    await act(desk, "2025-07", {"invited": 34, "rehabilitation": 91, "visit": 3})
    return desk


async def act(desk: Desk, month: str, done: Mapping[str, int]) -> None:
    """Say of contacts of that month what was done, as a wrap-up would."""
    span = named(month)
    async with desk.database.unit_of_work() as unit:
        begins, ends = span.moments
        ids = [each.id for each in await contact.page(unit, begins) if each.received_at < ends]
        for action, n in done.items():
            some, ids = ids[:n], ids[n:]
            this = counted.table.c.contact_id.in_(some)
            await unit.execute(update(counted.table).where(this).values(actions=action))


def numbers(text: str) -> str:
    """Whatever stands between thousands, and before a per cent sign, taken out."""
    return text.translate(dict.fromkeys(map(ord, ".,\u00a0\u202f"), None))


@pytest.mark.parametrize("language", LANGUAGES)
async def test_third_quarter_of_2025_prints_as_published(published: Desk, language: str) -> None:
    said, span = words(language), named("2025-Q3")
    text = as_text(release(await reckoning.count(published.database, span), span, said), said)
    plain, found = numbers(text), [line for line in numbers(text).splitlines() if line.startswith("– ")]
    assert " 1594 " in plain
    tables = ("topic", "gender", "age_band")
    for table in tables:
        for code, n in Q3_2025[table].items():
            assert any(line.startswith(f"– {numbers(said.name(table, code))}: {n} (") for line in found), (code, text)
    assert [line.rpartition(": ")[2].split()[0] for line in found[:7]] == [
        "512",
        "261",
        "250",
        "232",
        "227",
        "98",
        "14",
    ]
    for percent in ("(59%)", "(29%)", "(12%)", "797 (50%)"):
        assert percent in plain, text
    assert [line for line in found if line.count("34 ") or line.count("91 ") or " 3 " in line] != []
    assert said.say_number("actions", "invited", 34) in text
    assert said.say_number("actions", "rehabilitation", 91) in text
    assert said.say_number("actions", "visit", 3) in text


@pytest.mark.parametrize("language", LANGUAGES)
async def test_spring_of_2022_prints_as_published(published: Desk, language: str) -> None:
    from datetime import date

    from ivr.reports.periods import between

    said, span = words(language), between(date(2022, 1, 1), date(2022, 5, 31))
    text = as_text(release(await reckoning.count(published.database, span), span, said), said)
    plain = numbers(text)
    assert " 2386 " in plain
    for n in (793, 481, 399, 340, 236, 137, 1203, 1075, 1772, 506):
        assert f": {n} (" in plain, text
    assert said.name("topic", "violence") not in text.splitlines()[3:9]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_year_2021_prints_as_published(published: Desk, language: str) -> None:
    said, span = words(language), named("2021")
    text = numbers(as_text(release(await reckoning.count(published.database, span), span, said), said))
    lines = [line.rpartition(": ")[2].split()[0] for line in text.splitlines() if line.startswith("– ")]
    assert lines[:6] == ["1471", "1036", "822", "606", "501", "414"]


def counted_as(**topics: int) -> Figures:
    return figures([((topic, "girl", "11-14", "telephone", "yes", "az"), n) for topic, n in topics.items()])


@pytest.mark.parametrize(
    ("n", "words_of_it"),
    [(1, "1 обращение."), (2, "2 обращения."), (5, "5 обращений."), (21, "21 обращение."), (111, "111 обращений.")],
)
def test_russian_counts_in_its_three_forms(n: int, words_of_it: str) -> None:
    said = words("ru")
    assert words_of_it in as_text(release(counted_as(legal=n), named("2025"), said), said)


@pytest.mark.parametrize(
    ("year", "said"), [(2021, "2021-ci"), (2023, "2023-cü"), (2026, "2026-cı"), (2029, "2029-cu"), (2030, "2030-cu"),
     (2040, "2040-cı")]
)  # fmt: skip
def test_azerbaijani_year_has_the_ending_of_its_last_word(year: int, said: str) -> None:
    assert words("az").span(named(str(year))) == f"{said} il"


@pytest.mark.parametrize("language", LANGUAGES)
def test_year_without_rows_says_so(language: str) -> None:
    said = words(language)
    text = as_text(release(figures([]), named("2031"), said), said)
    assert "116111" in text
    assert "– " not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_word(language: str) -> None:
    def names(told: Mapping[str, object]) -> set[str]:
        return {f"{table}.{name}" for table, each in told.items() if isinstance(each, dict) for name in each}

    own = names(words(language).told)
    assert {name for name in names(words("en").told) if name not in own} == set()
    forms = words(language).told["release"]["total"]
    assert set(forms) == words(language).locale.plural_form.tags | {"other"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_small_numbers_are_not_told_where_they_are_to_be_hidden(language: str) -> None:
    said = words(language)
    found = counted_as(legal=300, violence=3, health=7, social=50)
    text = as_text(release(found, named("2025"), said, suppress=True), said)
    assert f"{said.name('topic', 'violence')}: *" in text
    assert f"{said.name('topic', 'health')}: *" in text
    assert ": 50 (" in text
    assert said.say("release", "hidden") in text


def test_total_is_not_told_where_it_would_tell() -> None:
    said = words("en")
    text = as_text(release(counted_as(legal=3), named("2025"), said, suppress=True), said)
    assert "received * contacts" in text
    assert "3" not in text.partition("116111")[0].replace("2025", "")
