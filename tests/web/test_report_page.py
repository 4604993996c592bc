"""The reports' page: for whom it is, what it shows, what is on record."""

from __future__ import annotations

import io
import re
import zipfile

import pytest

from ivr.accounts import Role
from ivr.web.speech import LANGUAGES
from tests.gallery.furnishing import calls, years_before
from tests.pdf import fonts, text
from tests.web.house import Browser, House

QUARTER = "/reports?from=2026-07-01&to=2026-09-30"


async def supervisor(house: House, browser: Browser) -> None:
    await browser.enter(await house.add("chief", Role.SUPERVISOR))


@pytest.fixture
async def furnished(house: House) -> House:
    await calls(house)
    await years_before(house)
    return house


@pytest.mark.parametrize("role", [Role.COUNSELLOR, Role.ADMINISTRATOR])
async def test_reports_are_the_supervisors(house: House, role: Role) -> None:
    async with house.browser() as browser:
        await browser.enter(await house.add("other", role))
        assert (await browser.get("/reports")).status_code == 403
        assert (await browser.get("/reports/chi-2026.xlsx")).status_code == 403


async def test_page_begins_with_the_last_quarter_and_hides_small_numbers(furnished: House) -> None:
    async with furnished.browser() as browser:
        await supervisor(furnished, browser)
        page, exact = await browser.get("/reports"), await browser.get(f"{QUARTER}&exact=yes")
    assert "July–September 2026" in page.text
    assert 'value="2026-07-01"' in page.text
    assert "<b>300</b>" in page.text
    assert ">health</th><td>*</td>" in page.text
    assert ">health</th><td>1</td>" in exact.text
    _, *across = re.findall(r">health</th>(.*?)</tr>", page.text, re.DOTALL)
    assert across and not any(re.search(r">[1-9]", row) for row in across)  # or they would add up to it


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("2026-09-30", "2026-07-01", "before the first"),
        ("x<b>", "2026-07-01", "no date"),
        ("1000-01-01", "2026-07-01", "Twenty years"),
        ("2026-07-01", "", "no date"),
    ],
)
async def test_span_that_is_none_is_said_and_what_was_typed_stays(
    house: House, first: str, last: str, said: str
) -> None:
    async with house.browser() as browser:
        await supervisor(house, browser)
        page = await browser.client.get("/reports", params={"from": first, "to": last})
        file = await browser.client.get("/reports/tables-en.csv", params={"from": first, "to": last})
    assert (page.status_code, file.status_code) == (422, 403)
    assert said in page.text
    assert "<b>" not in page.text.partition('name="from"')[2][:80]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_year_without_rows_is_said_in_every_language(house: House, language: str) -> None:
    async with house.browser() as browser:
        await supervisor(house, browser)
        page = await browser.get(f"/reports?from=2031-01-01&to=2031-12-31&lang={language}")
    assert page.status_code == 200
    assert 'id="release-ru"' in page.text


async def test_files_are_what_they_say_and_on_record(furnished: House) -> None:
    query = QUARTER.partition("?")[2]
    async with furnished.browser() as browser:
        await supervisor(furnished, browser)
        pdf = await browser.client.get(f"/reports/release-az.pdf?{query}")
        table = await browser.client.get(f"/reports/tables-ru.csv?{query}")
        book = await browser.client.get("/reports/chi-2026.xlsx")
    assert "300 müraciət" in text(pdf.content)
    assert {name.partition("-")[0] for name in fonts(pdf.content)} == {"inter"}, "letters that are not in the project"
    assert table.text.startswith("\ufeffВсего,,Обращения,Доля")
    assert "Всего,,300," in table.text
    assert "xl/workbook.xml" in zipfile.ZipFile(io.BytesIO(book.content)).namelist()
    taken = [about for _, deed, about in await furnished.deeds() if deed == "report_taken"]
    assert taken == [
        "release-2026-07-01-2026-09-30-az.pdf", "tables-2026-07-01-2026-09-30-ru.csv", "chi-2026.xlsx",
    ]  # fmt: skip


@pytest.mark.parametrize("path", ["chi-1.xlsx", "chi-9999.xlsx", "chi-x.xlsx"])
async def test_return_of_a_year_that_is_none_is_refused(house: House, path: str) -> None:
    async with house.browser() as browser:
        await supervisor(house, browser)
        assert (await browser.client.get(f"/reports/{path}")).status_code in (403, 422)
