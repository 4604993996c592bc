"""The live board follows real calls in a browser, without a reload, and what is done from it is done on the switch."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx
import pytest
from playwright.async_api import Page, async_playwright, expect

from ivr.accounts import Role
from ivr.records.database import opened
from ivr.settings import Settings
from ivr.telephony.sipp_child import Stay
from tests.live.line import BUSY, LiveLine
from tests.live.page import cookie_of
from tests.live.test_stories import keys
from tests.web.house import Browser, House

pytestmark = pytest.mark.live

SOON_MS = 10_000 * BUSY


@asynccontextmanager
async def supervisor(line: LiveLine) -> AsyncIterator[Page]:
    """At the board of that line."""
    address = f"http://127.0.0.1:{line.env['IVR_WEB_PORT']}"
    async with opened(Settings(state_dir=line.state).database) as database:
        house = House(Settings(state_dir=line.state), database)
        house.now = datetime.now(UTC)
        given = await house.add(f"nigar-{line.env['IVR_WEB_PORT']}", Role.SUPERVISOR)
        async with httpx.AsyncClient(base_url=address) as client:
            client.headers["Sec-Fetch-Site"] = "same-origin"
            await Browser(house, client).enter(given)
            token = client.cookies["session"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        try:
            page = await browser.new_page(locale="en")
            await page.context.add_cookies([cookie_of(token)])
            await page.goto(f"{address}/board?lang=en")
            yield page
        finally:
            await browser.close()


async def says(page: Page, part: str, *words: str) -> None:
    for each in words:
        await expect(page.locator(f"[data-part={part}]")).to_contain_text(each, timeout=SOON_MS)


async def test_board_follows_calls_and_a_caller_is_let_next(line: LiveLine) -> None:
    await line.all_in()
    async with line.phone("101", talk_s=30).on(line.address, line.folder()), supervisor(line) as page:
        await says(page, "waiting", "Nobody is waiting")
        loads: list[str] = []
        page.on("framenavigated", lambda frame: loads.append(frame.url))
        children = [asyncio.create_task(line.call(*keys("113"), Stay(40)))]
        await says(page, "waiting", "1 caller is in the menus")
        await says(page, "talking", "Azerbaijani", "Psychological help", "15 to 18")
        await says(page, "people", "talking")
        for chosen, topic in (("121", "Social help"), ("141", "Legal help")):
            children.append(asyncio.create_task(line.call(*keys(chosen), Stay(90))))
            await says(page, "waiting", topic)
        rows = page.locator("[data-part=waiting] li")
        await expect(rows.first).to_contain_text("Social help")
        assert loads == []
        await rows.last.get_by_role("button", name="Comes next").click()
        await expect(rows.first).to_contain_text("Legal help", timeout=SOON_MS)
        await expect(page.locator("[data-part=talking]")).to_contain_text("Legal help", timeout=30_000 * BUSY)
        await says(page, "waiting", "Social help")
        for child in children:
            child.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*children)
    told = [row for row in line.rows("audit") if row["deed"] == "caller_moved"]
    assert len(told) == 1
