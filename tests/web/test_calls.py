"""The call log in a browser: looked through, kept, searched, taken home, and one call's life; each in its bounds."""

from __future__ import annotations

import csv
import io
import re
import zipfile

import pytest

from ivr.accounts import Role
from ivr.call_export import BOM, plain
from ivr.reports import spreadsheet
from ivr.web import call_filter
from tests.gallery.furnishing import calls
from tests.web.house import Browser, House


@pytest.fixture
async def rang(house: House) -> House:
    """Three calls that were answered; the one about violence is written down, with a summary."""
    house.known = await calls(house)
    return house


async def supervisor(house: House, browser: Browser) -> Browser:
    await browser.enter(await house.add("nigar", Role.SUPERVISOR))
    return browser


def listed(page: str) -> list[str]:
    return re.findall(r'<a href="/calls/([0-9-]+)"', page)


async def test_log_lists_every_attempt_newest_first(rang: House) -> None:
    async with rang.browser() as browser:
        page = await (await supervisor(rang, browser)).get("/calls")
    found = listed(page.text)
    assert len(found) == 3 and found == sorted(found, reverse=True)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("topic=violence", 1),
        ("outcome=answered&language=az", 3),
        ("outcome=lost", 0),
        ("silent=yes", 0),
        ("dialled=116111", 3),
        ("counsellor=999", 0),
        ("category=no.such", 0),
        ("from=2026-11-21&until=2026-11-21", 3),
        ("until=2026-11-20", 0),
        ("sort=longest_talk", 3),
        ("after=1795281005-000000", 1),
        ("sort=nonsense&silent=perhaps", 3),
    ],
)
async def test_filters_stand_in_the_address(rang: House, query: str, count: int) -> None:
    async with rang.browser() as browser:
        page = await (await supervisor(rang, browser)).get(f"/calls?{query}")
    assert page.status_code == 200
    assert len(listed(page.text)) == count
    assert ("No call is like that." in page.text) == (count == 0)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("from=yesterday", "A day, as in"),
        ("from=2026-11-22&until=2026-11-20", "not before the first"),
        ("until=99999-01-01", "A day, as in"),
        ("dialled=%3Cb%3E", "Not in the list."),
    ],
)
async def test_what_is_wrong_is_said_at_its_field_and_nothing_is_listed(rang: House, query: str, said: str) -> None:
    async with rang.browser() as browser:
        page = await (await supervisor(rang, browser)).get(f"/calls?{query}&language=az")
    assert page.status_code == 422
    assert said in page.text and listed(page.text) == []
    assert '<option value="az" selected>' in page.text  # what was chosen stays


async def test_columns_are_chosen_and_remembered(rang: House) -> None:
    async with rang.browser() as browser:
        await supervisor(rang, browser)
        page = await browser.get("/calls?column=dialled&column=repeat")
        heads = re.findall(r'<th scope="col"[^>]*>([^<]+)<', page.text)
        assert heads == ["Began", "Number dialled", "Rang before"]
        assert re.findall(r'<th scope="col"[^>]*>([^<]+)<', (await browser.get("/calls")).text) == heads


async def test_view_is_kept_found_again_and_forgotten(rang: House) -> None:
    async with rang.browser() as browser:
        await supervisor(rang, browser)
        await browser.get("/calls?topic=violence")
        page = await browser.send("/calls/views?topic=violence", name="Zorakılıq")
        assert page.url.query == b"topic=violence"
        assert 'href="/calls?topic=violence">Zorakılıq<' in page.text
        assert (await browser.send("/calls/views?topic=violence", name=" ")).status_code == 422
        await browser.get("/calls")
        assert "Zorakılıq" not in (await browser.send("/calls/views/forget", name="Zorakılıq")).text


async def test_summaries_are_searched_by_who_may_and_that_is_on_record(rang: House) -> None:
    async with rang.browser() as browser:
        await supervisor(rang, browser)
        page = await browser.get("/calls")
        assert "zəng edəcək" not in page.text
        assert re.findall(r'<form[^>]* method="(\w+)" action="/calls/search', page.text) == ["post"]
        assert (await browser.client.get("/calls/search", params={"words": "sabah"})).status_code in {404, 405}
        page = await browser.send("/calls/search", words="SABAH zeng")
        assert not re.search(r'(?:href|action)="[^"]*sabah', page.text, re.IGNORECASE)
        assert listed(page.text) == [rang.known["written_id"]]
        assert "1 was opened and looked through" in page.text and "zəng edəcək" not in page.text
        assert listed((await browser.send("/calls/search", words="heç nə")).text) == []
        assert listed((await browser.send("/calls/search?topic=social", words="sabah")).text) == []
    searched = [about for _, deed, about in await rang.deeds() if deed == "summaries_searched"]
    assert searched == ["1", "1", "0"]


async def test_export_is_what_the_view_shows_and_is_on_record(rang: House) -> None:
    async with rang.browser() as browser:
        await supervisor(rang, browser)
        await browser.get("/calls")
        told = await browser.client.post("/calls/export.csv?topic=violence", data=browser.hidden)
        sheet = await browser.client.post("/calls/export.xlsx?topic=violence", data=browser.hidden)
        assert (await browser.client.post("/calls/export.pdf", data=browser.hidden)).status_code == 404
        assert (await browser.client.post("/calls/export.csv", data={})).status_code == 403
    assert told.text.startswith(BOM)
    (row,) = csv.DictReader(io.StringIO(told.text.removeprefix(BOM)))
    assert (row["topic"], row["outcome"], row["counsellor"]) == ("violence", "answered", "101")
    assert "zəng" not in told.text and "caller" not in row
    with zipfile.ZipFile(io.BytesIO(sheet.content)) as book:
        text = book.read("xl/worksheets/sheet1.xml").decode()
    assert row["id"] in text and "<f>" not in text
    deeds = [about for _, deed, about in await rang.deeds() if deed == "calls_exported"]
    assert deeds == ["csv topic=violence", "xlsx topic=violence"]


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠1"])
def test_no_cell_is_a_formula(evil: str) -> None:
    assert plain(evil) == "'" + evil
    assert plain((evil, "b")) == f"'{evil} b"
    assert plain(-1.5) == -1.5
    assert spreadsheet.plain(evil) == "'" + evil


async def test_one_calls_life_is_told_with_who_wrote_and_who_looked(rang: House) -> None:
    async with rang.browser() as browser:
        await supervisor(rang, browser)
        page = await browser.get(f"/calls/{rang.known['written_id']}")
        text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))
        for said in ("It rings at", "Talks with", "The menus are over.", "Version 1, by aynur", "Nobody but who"):
            assert said in text
        assert "zəng edəcək" not in page.text
        assert (await browser.get("/calls/1795281000-999999")).status_code == 404


async def test_log_is_for_those_who_see_reports(rang: House) -> None:
    for name, role in (("leyla", Role.COUNSELLOR), ("chief", Role.ADMINISTRATOR)):
        async with rang.browser() as browser:
            await browser.enter(await rang.add(name, role))
            for path in ("/calls", f"/calls/{rang.known['written_id']}"):
                assert (await browser.get(path)).status_code == 403
            for path in ("/calls/search", "/calls/export.csv", "/calls/views"):
                assert (await browser.client.post(path, data={})).status_code == 403


def test_filter_is_written_back_as_it_was_read() -> None:
    sent = {"from": "2026-11-01", "until": "2026-11-30", "language": "ru", "silent": "no", "sort": "longest_wait"}
    found = call_filter.read(sent)
    assert call_filter.read(dict(re.findall(r"(\w+)=([\w-]+)", found.query()))) == found
    assert found.asked.until and found.asked.since and (found.asked.until - found.asked.since).days == 30
