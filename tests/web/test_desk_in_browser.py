"""The desk in a real browser: what rings appears by itself, nothing typed is lost, a usual call takes few keys."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from playwright.async_api import Page, Route, expect

from ivr import wrapup, wrapup_reading
from ivr.accounts import Role
from ivr.records.draft import Of
from tests.gallery.open_house import chromium, served
from tests.web.house import House
from tests.web.test_desk import ODD, Line

pytestmark = pytest.mark.live

MOST_KEYS = 12
PATIENCE_MS = 20_000  # a test machine may be busy
KEPT = "() => Object.entries(localStorage)"


@pytest.fixture
def line(house: House) -> Line:
    return Line(house)


class Site:
    """The program: it can be stopped, and started again where it was."""

    def __init__(self, house: House) -> None:
        self._app, self._running = house.site(), AsyncExitStack()
        self.address = ""

    async def start(self) -> None:
        port = int(self.address.rpartition(":")[2] or 0)
        self.address = await self._running.enter_async_context(served(self._app, port))

    async def stop(self) -> None:
        await self._running.aclose()


@asynccontextmanager
async def at_the_desk(house: House, language: str = "en") -> AsyncIterator[tuple[Site, Page]]:
    """Aynur, extension 101, signed in."""
    given = await house.add("aynur", Role.COUNSELLOR, "101")
    async with house.browser() as visitor:
        await visitor.enter(given)
        session = visitor.client.cookies["session"]
    site = Site(house)
    async with chromium() as browser:
        await site.start()
        address = site.address
        context = await browser.new_context(base_url=address)
        context.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        told = {"session": session, "lang": language}
        await context.add_cookies([{"name": name, "value": value, "url": address} for name, value in told.items()])
        page = await context.new_page()
        await page.goto("/desk")
        try:
            yield site, page
        finally:
            await site.stop()


class Keys:
    """Counts what is pressed; Ctrl+Enter is one."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0

    async def press(self, *keys: str) -> None:
        for key in keys:
            self.count += 1
            await self.page.keyboard.press(key)


async def test_a_call_is_seen_answered_and_written_down_in_twelve_keys(house: House, line: Line) -> None:
    async with at_the_desk(house) as (_, page):
        await expect(page.get_by_text("No call is with you now")).to_be_visible()
        call, channel = line.rings(priority="high")
        await line.told()
        await expect(page.get_by_role("heading", name="It rings")).to_be_visible()
        call.talks(channel)
        await line.told()
        await expect(page.get_by_role("heading", name="You are talking")).to_be_visible()
        await expect(page.locator("#summary")).to_be_focused()
        await page.keyboard.type("She is afraid to go home.")
        keys = Keys(page)
        await keys.press("Tab", "Tab", *"phy")
        await expect(page.get_by_role("option", name="Physical violence")).to_be_visible()
        await expect(page.locator("[role=option][aria-selected=true]")).to_contain_text("Physical violence")
        await keys.press("Enter", "Tab", "Tab", "Space")
        await expect(page.locator("[name=gender][value=girl]")).to_be_checked()
        line.log.at += 60
        call.hangs_up()
        await line.told()
        await expect(page.get_by_role("heading", name="You are talking")).to_be_hidden()
        await keys.press("Control+Enter")
        await expect(page.get_by_text("It is written down.")).to_be_visible()
    assert keys.count <= MOST_KEYS
    desk = wrapup.open_desk(house.settings, house.database)
    (version,) = await wrapup_reading.history(desk, call.row_id)
    written = version.written
    assert (written.topic, written.age_band, written.gender) == ("violence", "11-14", "girl")
    assert (written.categories, version.has_summary) == (("violence.physical",), True)


async def test_what_is_typed_while_the_program_is_away_is_sealed_here_and_sent_later(house: House, line: Line) -> None:
    call = await line.talks()
    desk, of = wrapup.open_desk(house.settings, house.database), Of(call.row_id, "aynur")
    async with at_the_desk(house) as (site, page):
        await page.fill("#summary", "before")
        await expect(page.locator("[data-when=saved]")).to_be_visible()
        assert (await wrapup.read_draft(desk, of)).form.summary == "before"
        assert await page.evaluate(KEPT) == []
        await site.stop()
        await page.fill("#summary", ODD)
        await expect(page.locator("[data-when=kept]")).to_be_visible()
        await expect(page.locator("#away-program")).to_be_visible()
        ((name, sealed),) = await page.evaluate(KEPT)
        assert name == f"draft:{call.row_id}"
        assert "script" not in sealed
        await site.start()
        await expect(page.locator("[data-when=saved]")).to_be_visible()
        await expect(page.locator("#away-program")).to_be_hidden()
        assert (await wrapup.read_draft(desk, of)).form.summary == ODD
        assert await page.evaluate(KEPT) == []


async def test_who_types_faster_than_the_search_gets_what_all_the_letters_find(house: House, line: Line) -> None:
    async def slowly(route: Route) -> None:
        await asyncio.sleep(0.4)
        await route.continue_()

    await line.talks()
    async with at_the_desk(house) as (_, page):
        await page.route("**/desk/categories*", slowly)
        await page.locator(".finder input").focus()
        for key in (*"phy", "Enter"):
            await page.keyboard.press(key)
        await expect(page.locator(".chosen")).to_contain_text("Physical violence")


async def test_a_browser_that_dies_takes_nothing_with_it(house: House, line: Line) -> None:
    await line.talks()
    async with at_the_desk(house) as (_, page):
        context = page.context
        await page.route("**/draft", lambda route: route.abort())
        await page.fill("#summary", "half a sent")
        await expect(page.locator("[data-when=kept]")).to_be_visible()
        await page.close()  # no farewell
        again = await context.new_page()
        await again.goto("/desk")
        await expect(again.locator("#summary")).to_have_value("half a sent")
        # with the program by now, sent by this page or by the other as it went; and no longer here
        await again.wait_for_function("() => !Object.keys(localStorage).some((name) => name.startsWith('draft:'))")


async def test_a_second_window_is_told_and_overwrites_nothing(house: House, line: Line) -> None:
    call = await line.talks()
    async with at_the_desk(house) as (_, page):
        other = await page.context.new_page()
        await other.goto("/desk")
        await page.fill("#summary", "the first")
        await expect(page.locator("[data-when=saved]")).to_be_visible()
        await other.fill("#summary", "the second")
        await expect(other.locator("[data-when=stale]")).to_be_visible()
        await expect(other.locator("#summary")).to_have_value("the second")
    desk = wrapup.open_desk(house.settings, house.database)
    assert (await wrapup.read_draft(desk, Of(call.row_id, "aynur"))).form.summary == "the first"


async def test_state_and_help_are_said_without_leaving_the_form(house: House, line: Line) -> None:
    await line.talks()
    async with at_the_desk(house, "az") as (_, page):
        await page.fill("#summary", "yazıram")
        await page.get_by_role("button", name="Fasilə", exact=True).click()
        await expect(page.locator(".me .state")).to_contain_text("Fasilədə")
        await page.get_by_text("Rəhbərdən kömək istə").click()
        await page.get_by_role("button", name="Hüquqi sual").click()
        await expect(page.get_by_text("Kömək istənilib: Hüquqi sual")).to_be_visible()
        await expect(page.locator("#summary")).to_have_value("yazıram")
