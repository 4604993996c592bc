"""A whole call at the desk: it rings, is answered in the page, asked silently, and written down; the row is right."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import expect

from ivr.telephony.sipp_child import Until
from tests.live.line import BUSY, LiveLine
from tests.live.page import desk
from tests.live.test_stories import keys

pytestmark = pytest.mark.live

WITHIN_MS = BUSY * 10_000


async def test_a_call_is_seen_answered_asked_silently_and_written_down_at_the_desk(line: LiveLine) -> None:
    expect.set_options(timeout=WITHIN_MS)
    before, over = line.known(), asyncio.Event()
    async with desk(line, "101", 960) as seat:
        page = seat.page
        await line.all_in()
        await page.goto(f"http://127.0.0.1:{seat.port}/desk?lang=en")
        await expect(page.locator(".me .state")).to_contain_text("Available")
        await expect(page.locator("#away-switch")).to_be_hidden()
        call = asyncio.create_task(line.call(*keys("132"), Until(over.is_set, 90, "the end")))
        await expect(page.get_by_role("heading", name="It rings")).to_be_visible()
        await expect(page.locator("#part-glance")).to_contain_text("The first call from this telephone.")
        await page.get_by_role("button", name="Answer").click()
        await expect(page.get_by_role("heading", name="You are talking")).to_be_visible()
        await page.fill("#summary", "Çox az danışdı.")
        await expect(page.locator("[data-when=saved]")).to_be_visible()
        await page.locator("summary", has_text="Silent talk").click()
        await page.get_by_role("button", name="Are you safe right now?").click()
        await line.until_event(lambda e: "silent" in e.get("eventextra", ""), 12, "silent talk")
        over.set()
        await call
        await expect(page.get_by_role("heading", name="You are talking")).to_be_hidden()
        await expect(page.locator("#summary")).to_have_value("Çox az danışdı.")
        await page.locator('[name=age_band][value="11-14"]').check()
        await page.locator("[name=gender][value=girl]").check()
        await page.keyboard.press("Control+Enter")
        await expect(page.get_by_text("It is written down.")).to_be_visible()
    (row,) = await line.new_rows(before)
    shown = line.run("contacts", "show", row["id"])
    assert (row["outcome"], row["counsellor"], row["silent"]) == ("answered", "101", True)
    assert re.search(r"girl", shown)
