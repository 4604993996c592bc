"""A prompt read in the page: a real browser whose microphone is a file, under the headers that every page has."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from ivr import takes
from ivr.accounts import Role
from ivr.settings import Settings
from ivr.telephony import sounds
from tests.gallery.open_house import chromium, served
from tests.web.house import House
from tests.web.test_prompt_list import WORDS, tone

pytestmark = pytest.mark.live

PATIENCE_MS = 20_000  # a test machine may be busy
REFUSED = "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'))"
SIZE = "document.querySelector('input[type=file]').files[0].size"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "recordings").mkdir()
    (tmp_path / "recordings/prompts.toml").write_text(WORDS)
    return Settings(state_dir=tmp_path / "var", recordings_dir=tmp_path / "recordings")


@asynccontextmanager
async def at_the_prompts(house: House, microphone: bytes, script: str = "") -> AsyncIterator[Page]:
    """The supervisor's page, its one prompt unfolded. Nothing may be said against its headers."""
    async with house.browser() as visitor:
        await visitor.enter(await house.add("chief", Role.SUPERVISOR))
        session = visitor.client.cookies["session"]
    heard = house.settings.state_dir / "microphone.wav"
    heard.write_bytes(microphone)
    flags = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
    async with (
        served(house.site()) as address,
        chromium(*flags, f"--use-file-for-fake-audio-capture={heard}") as browser,
    ):
        page = await browser.new_page()
        page.set_default_timeout(PATIENCE_MS)
        told = {"session": session, "lang": "en"}
        await page.context.add_cookies([{"name": name, "value": value, "url": address} for name, value in told.items()])
        if script:
            await page.add_init_script(script)
        faults = list[str]()
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        await page.goto(f"{address}/prompts/az")
        await page.click("summary")
        yield page
        assert [each for each in faults if "422" not in each] == []


async def test_what_is_read_in_the_page_is_heard_again_and_put_in_place(house: House) -> None:
    async with at_the_prompts(house, tone(3, rate=48000)) as page:
        await page.click("[data-part=record]")
        await page.wait_for_function("() => document.querySelector('[data-part=level]').value > 0.1")
        await page.wait_for_function("() => Number(document.querySelector('[data-part=seconds]').textContent) >= 1.2")
        await page.click("[data-part=stop]")
        await page.wait_for_function("() => document.querySelector('[data-part=audio]').duration > 1")
        assert await page.evaluate(SIZE) > 1.2 * 2 * 44_100
        await expect(page.locator("[data-part=loud]")).to_be_hidden()
        await page.click("[data-send]")
        await expect(page.get_by_text("Read by a person", exact=True)).to_be_visible(timeout=PATIENCE_MS)
    found = sounds.measure(takes.sound_file(house.settings, "az", "welcome"))
    assert found.length_s > 1.5  # with the silence that is put at its ends
    assert ("chief", "prompt_recorded", "az/welcome") in await house.deeds()


async def test_a_reading_that_does_not_end_is_ended_and_told_to_be_too_long(house: House) -> None:
    async with at_the_prompts(house, tone(20, rate=48000)) as page:
        await page.click("[data-part=record]")
        await expect(page.locator("[data-part=audio]")).to_be_visible(timeout=PATIENCE_MS)
        assert await page.locator("[data-part=stop]").is_hidden()
        await page.click("[data-send]")
        await expect(page.get_by_text("It is longer than 3 seconds.")).to_be_visible(timeout=PATIENCE_MS)
    assert not list(house.settings.takes_dir.rglob("*.wav"))


async def test_without_a_microphone_the_page_says_what_to_do(house: House) -> None:
    async with at_the_prompts(house, tone(1), REFUSED) as page:
        await page.click("[data-part=record]")
        await expect(page.get_by_text("The browser gives no microphone.")).to_be_visible(timeout=PATIENCE_MS)
        assert await page.locator("[data-part=record]").is_visible()


async def test_a_file_that_is_too_large_is_told_before_it_is_sent(house: House, tmp_path: Path) -> None:
    file = tmp_path / "long.wav"
    file.write_bytes(bytes(takes.LARGEST_BYTES + 1))
    async with at_the_prompts(house, tone(1)) as page:
        await page.set_input_files("input[type=file]", file)
        assert "too large" in await page.evaluate("document.querySelector('input[type=file]').validationMessage")
