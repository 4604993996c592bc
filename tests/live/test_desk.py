"""A whole call at the desk, in each language: it rings, is answered in the page, asked silently, somebody is asked and
the caller taken back, and it is written down; the row is right.
"""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Page, expect

from ivr.telephony.rtp import tone
from ivr.telephony.sipp import until
from ivr.telephony.sipp_call import Sound
from ivr.telephony.sipp_child import Until
from ivr.telephony.sipp_scenario import Codec
from ivr.web import speech
from tests.live.line import BUSY, LiveLine
from tests.live.page import desk
from tests.live.test_stories import keys

pytestmark = pytest.mark.live

WITHIN_MS = BUSY * 10_000
CHILD_HZ, PAGE_HZ, OTHER_HZ = 440, 960, 700
SAFE = "div.tight:last-of-type button[name=question]"


@pytest.mark.parametrize(("language", "key"), [("az", "1"), ("ru", "2"), ("en", "3")])
async def test_a_call_is_answered_asked_silently_and_written_down_at_the_desk(
    line: LiveLine, language: str, key: str
) -> None:
    said = speech.words(language).ugettext
    expect.set_options(timeout=WITHIN_MS)
    before, over = line.known(), asyncio.Event()
    async with desk(line, "103", PAGE_HZ) as seat:
        page = seat.page
        await line.all_in()
        await page.goto(f"http://127.0.0.1:{seat.port}/desk?lang={language}")
        await expect(page.locator(".me .state")).to_contain_text(said("Available"))
        await expect(page.locator("#away-switch")).to_be_hidden()
        wait = Until(over.is_set, 120, "the end")
        call = asyncio.create_task(line.call(*keys(f"{key}32"), wait, says=tone(CHILD_HZ)))
        await expect(page.get_by_role("heading", name=said("It rings"))).to_be_visible()
        await expect(page.locator("#part-glance")).to_contain_text(said("The first call from this telephone."))
        await page.locator("[data-deed=answer]").click()
        await expect(page.get_by_role("heading", name=said("You are talking"))).to_be_visible()
        await page.fill("#summary", "Çox az danışdı.")
        await expect(page.locator("[data-when=saved]")).to_be_visible()
        await page.locator("summary", has_text=said("Silent talk")).click()
        asked = _silent_steps(line)
        await page.locator(SAFE).first.click()
        await until(lambda: _silent_steps(line) > asked, 12 * BUSY, "silent talk")
        await _asks_somebody(line, page)
        await seat.hears(CHILD_HZ)
        over.set()
        await call
        await expect(page.get_by_role("heading", name=said("You are talking"))).to_be_hidden()
        await expect(page.locator("#summary")).to_have_value("Çox az danışdı.")
        await page.locator('[name=age_band][value="11-14"]').check()
        await page.locator("[name=gender][value=girl]").check()
        await page.keyboard.press("Control+Enter")
        await expect(page.get_by_text(said("It is written down."))).to_be_visible()
    (row,) = await line.new_rows(before)
    assert (row["language"], row["outcome"], row["counsellor"], row["silent"]) == (language, "answered", "103", True)
    assert "girl" in line.run("contacts", "show", row["id"])


def _silent_steps(line: LiveLine) -> int:
    """Of every call so far: the line is shared."""
    return sum("silent" in event.get("eventextra", "") for event in line.events())


async def _asks_somebody(line: LiveLine, page: Page) -> None:
    """A colleague, who comes to their telephone only now: or the call might have been theirs."""
    colleague = line.phone("102", sound=Sound(Codec.ULAW, says=tone(OTHER_HZ)))
    async with colleague.on(line.address, line.folder()):
        await page.locator("[data-part=others] summary").click()
        await page.select_option("#telephone-to", "102")
        await page.locator("button[value=ask]").click()
        await page.locator("[data-deed=back]").click(timeout=WITHIN_MS)
