"""The trail in the browser."""

from __future__ import annotations

from ivr.accounts import Role
from ivr.records import audit
from ivr.records.audit import Deed, Entry
from ivr.web.pages import TEMPLATES_DIR
from tests.web.house import House


async def test_who_may_read_it_sees_what_was_done_and_asks_for_less(house: House) -> None:
    await house.add("leyla")
    async with house.browser() as browser, house.browser() as stranger:
        await stranger.sign_in("<b>nobody", "wrong")
        await browser.enter(await house.add("sevda", Role.SUPERVISOR))
        page = await browser.get("/audit")
        assert "Added an account" in page.text
        assert "Wrong name or password" in page.text.split("<tbody>")[1]
        page = await browser.get("/audit?deed=account_added&about=leyla")
        shown = page.text.split("<tbody>")[1]
        assert "Added an account" in shown
        assert "Wrong name or password" not in shown


async def test_older_rows_are_a_page_further_with_the_same_filter(house: House) -> None:
    async with house.browser() as browser:
        await browser.enter(await house.add("sevda", Role.SUPERVISOR))
        async with house.database.unit_of_work() as unit:
            for n in range(60):
                await audit.write(unit, Entry(house.now, "test", Deed.ACCOUNT_ADDED, f"p{n}"))
        page = await browser.get("/audit?deed=account_added")
        assert page.text.count("<tr>") == 51
        older = page.text.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
        assert older.startswith("/audit?deed=account_added&before=")
        assert (await browser.get(older)).text.count("<tr>") == 1 + 61 - 50


ODD = ("before=x", "before=" + "9" * 40, "from=yesterday", "until=9999-12-31", "from=0001-01-01", "by=%00&about=%00",
       "deed=crowned", "about=" + "🙂" * 400)  # fmt: skip


async def test_what_cannot_be_read_is_not_asked_for(house: House) -> None:
    async with house.browser() as browser:
        await browser.enter(await house.add("sevda", Role.SUPERVISOR))
        assert [(await browser.get(f"/audit?{asked}")).status_code for asked in ODD] == [200] * len(ODD)


async def test_a_counsellor_does_not_read_it(house: House) -> None:
    async with house.browser() as browser:
        await browser.enter(await house.add("aynur"))
        assert (await browser.get("/audit")).status_code == 403


def test_every_deed_has_words() -> None:
    """Deeds of other versions are shown by their code; none of ours is."""
    said = (TEMPLATES_DIR / "deeds.html").read_text()
    assert [deed for deed in Deed if f'"{deed}"' not in said] == []
