"""A supervisor's day in one browser: the board follows a call, they listen, come to help, look at the talk, fill a gap
of the rota, print the release; and the trail names all of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from ivr import reviewing, rota, wrapup
from ivr.accounts import Role
from ivr.contact_import import bring_in
from ivr.desk.wrapup import Form
from ivr.records.database import Database, opened
from ivr.reports import periods
from ivr.routing.rota import Shift
from ivr.settings import Settings
from ivr.telephony.rtp import tone
from ivr.telephony.sipp import until
from ivr.telephony.sipp_call import Sound
from ivr.telephony.sipp_child import Until
from ivr.telephony.sipp_scenario import Codec
from ivr.wrapup import Sheet
from tests.live.ears import Ears
from tests.live.line import BUSY, LiveLine
from tests.live.page import cookie_of
from tests.live.test_in_the_call import mixed_in
from tests.live.test_stories import keys
from tests.pdf import fonts, text
from tests.reports.test_contact_rows import GOOD, as_csv
from tests.web.house import Browser as Visitor
from tests.web.house import House

pytestmark = pytest.mark.live

CHILD_HZ, COUNSELLOR_HZ = 440, 700
COUNSELLOR, SUPERVISOR = "101", "103"
NIGHT = 22 * 60  # from then on, nobody has it yet


class Day:
    """The line, the supervisor's page and the counsellor's, and what the supervisor's telephone hears."""

    def __init__(self, line: LiveLine, settings: Settings, database: Database) -> None:
        self.line, self.settings, self.database = line, settings, database
        self.house = House(settings, database)
        self.house.now = datetime.now(UTC)
        self.ears = Ears()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.line.env['IVR_WEB_PORT']}"

    async def page(self, browser: Browser, name: str, role: Role, extension: str) -> Page:
        """Of a new account with that extension, signed in."""
        given = await self.house.add(name, role, extension)
        async with httpx.AsyncClient(base_url=self.address, headers={"Sec-Fetch-Site": "same-origin"}) as client:
            await Visitor(self.house, client).enter(given)
            token = client.cookies["session"]
        context = await browser.new_context(locale="en")
        await context.add_cookies([cookie_of(token)])
        return await context.new_page()

    async def hears(self, hertz: int) -> None:
        """The supervisor, from now on."""
        since = len(self.ears.pieces)
        await until(lambda: mixed_in(self.ears, hertz, since), 15 * BUSY, f"{hertz} Hz")

    async def quarter(self) -> periods.Span:
        """300 contacts in the quarter before this one."""
        span = periods.last_quarter(datetime.now(UTC))
        file = self.line.folder() / "before.csv"
        at = f"{span.first}T12:00:00+04:00"
        file.write_text(as_csv(*(GOOD | {"id": str(n), "received_at": at} for n in range(300))))
        desk = wrapup.open_desk(self.settings, self.database)
        assert (await bring_in(desk, file, datetime.now(UTC), lambda *_: None)).new == 300
        return span


@asynccontextmanager
async def day(line: LiveLine) -> AsyncIterator[Day]:
    settings = Settings(state_dir=line.state, ami_port=int(line.env["IVR_AMI_PORT"]), wrap_up_s=0)
    async with opened(settings.database) as database:
        yield Day(line, settings, database)


async def test_a_supervisors_day(new_line: Callable[..., LiveLine]) -> None:
    expect.set_options(timeout=10_000 * BUSY)
    async with day(new_line()) as told, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        try:
            page = await told.page(browser, "sevda", Role.SUPERVISOR, SUPERVISOR)
            desk = await told.page(browser, "aynur", Role.COUNSELLOR, COUNSELLOR)
            call_id = await _a_call(told, page, desk)
            await _looks_at_the_talk(told, page, call_id)
            await _fills_the_gap(told, page)
            await _prints_the_release(told, page)
            await _reads_the_trail(page)
        finally:
            await browser.close()


async def _a_call(told: Day, page: Page, desk: Page) -> str:
    """A child waits, is answered, and the counsellor asks for help; the supervisor sees it, hears it, and comes."""
    line, over = told.line, asyncio.Event()
    await line.all_in()
    await page.goto(f"{told.address}/board?lang=en")
    await expect(_part(page, "waiting")).to_contain_text("Nobody is waiting")
    loads: list[str] = []
    page.on("framenavigated", lambda frame: loads.append(frame.url))
    child = asyncio.create_task(line.call(*keys("113"), Until(over.is_set, 180, "the end"), says=tone(CHILD_HZ)))
    try:
        phone = line.phone(COUNSELLOR, ring_s=None, sound=Sound(Codec.ULAW, says=tone(COUNSELLOR_HZ)))
        async with phone.on(line.address, line.folder()) as handset:
            await expect(_part(page, "waiting")).to_contain_text("Psychological help")
            await expect(_part(page, "waiting")).to_contain_text("rings at")
            (await handset.call(0)).answer()
            await expect(_part(page, "talking")).to_contain_text("15 to 18")
            await expect(_part(page, "waiting")).to_contain_text("Nobody is waiting")
            await _asks_for_help(told, desk)
            asked = _part(page, "help")
            await expect(asked).to_contain_text("I do not know how to go on")
            assert loads == []
            async with line.phone(SUPERVISOR).on(line.address, line.folder(), told.ears.heard):
                await _listens(told, page)
                await asked.get_by_role("button", name="I come").click()
                await expect(asked).to_be_empty()
                await expect(desk.get_by_text("Sevda comes to help.")).to_be_visible()
                over.set()
                await child
    finally:
        over.set()
        await asyncio.gather(child, return_exceptions=True)
    (row,) = await line.new_rows()
    assert (row["outcome"], row["counsellor"]) == ("answered", COUNSELLOR)
    return str(row["id"])


def _part(page: Page, name: str) -> Locator:
    return page.locator(f"[data-part={name}]")


async def _asks_for_help(told: Day, desk: Page) -> None:
    await desk.goto(f"{told.address}/desk?lang=en")
    await desk.locator("summary", has_text="Ask a supervisor for help").click()
    await desk.get_by_role("button", name="I do not know how to go on").click()
    await expect(desk.get_by_text("Help is asked for:")).to_be_visible()


async def _listens(told: Day, page: Page) -> None:
    """Their own telephone rings once it is on, and the talk is in it."""
    listen = page.locator(f"#help-listen-{COUNSELLOR}")
    rings = page.get_by_text("Your telephone rings.")
    async with asyncio.timeout(20 * BUSY):
        while not await rings.is_visible():
            async with page.expect_navigation():
                await listen.click()
    await told.hears(CHILD_HZ)
    await told.hears(COUNSELLOR_HZ)


async def _looks_at_the_talk(told: Day, page: Page, call_id: str) -> None:
    form = Form(topic="psychological", age_band="15-18", gender="girl", summary="Danışdıq.")
    desk = wrapup.open_desk(told.settings, told.database)
    assert not await wrapup.close_contact(desk, Sheet(call_id, "aynur", form), datetime.now(UTC))
    await page.goto(f"{told.address}/reviews?lang=en")
    await expect(page.get_by_role("heading", name="Drawn from last week")).to_be_visible()
    await page.goto(f"{told.address}/reviews/{call_id}")
    for item in reviewing.load_rubric().items:
        await page.locator(f"input[name={item}]").first.check()
    await page.fill("#remark", "You stayed with her.")
    await page.get_by_role("button", name="Keep it").click()
    await expect(page.get_by_text("It is kept.")).to_be_visible()


async def _fills_the_gap(told: Day, page: Page) -> None:
    """Two hours of every night are nobody's: the board says so, the rota shows it, and then they are somebody's."""
    shifts = tuple(Shift(COUNSELLOR, weekday, 0, NIGHT) for weekday in range(7))
    await rota.add(told.settings, shifts, datetime.now(UTC))
    await page.goto(f"{told.address}/rota?lang=en")
    await expect(page.get_by_text("Nobody is on for 14 hours of this week")).to_be_visible()
    form = page.locator("form[action='/rota/shift']")
    await form.locator("#shift_who").select_option("102")
    for box in await form.locator("[name=shift_days]").all():
        await box.check()
    await form.locator("#shift_starts").fill("22:00")
    await form.locator("#shift_ends").fill("00:00")
    await form.get_by_role("button", name="Add the shift").click()
    await expect(page.get_by_text("Somebody is on at every hour of this week")).to_be_visible()


async def _prints_the_release(told: Day, page: Page) -> None:
    span = await told.quarter()
    await page.goto(f"{told.address}/reports?from={span.first}&to={span.last}&lang=az")
    await expect(page.locator("#release-az")).to_contain_text("300 müraciət")
    async with page.expect_download() as downloading:
        await page.locator("a[href*='release-az.pdf']").click()
    pdf = await asyncio.to_thread(Path.read_bytes, Path(await (await downloading.value).path()))
    assert "300 müraciət" in text(pdf) and "Azərbaycan Uşaq Qaynar Xətti" in text(pdf)
    assert all(name.startswith("inter-") for name in fonts(pdf))


async def _reads_the_trail(page: Page) -> None:
    await page.goto(page.url.partition("/reports")[0] + "/audit?by=sevda&lang=en")
    for deed in ("Took a report away", "Changed the rota", "Looked at a talk", "Came to help in a call",
                 "Listened in a call", "Signed in"):  # fmt: skip
        await expect(page.locator("tbody")).to_contain_text(deed)
