"""Passkeys in a real browser, with the authenticator that Chromium invents for tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page

from ivr.desk.access import Role
from tests.gallery.open_house import Look, open_house
from tests.gallery.views import View
from tests.web.house import PASSWORD

pytestmark = pytest.mark.live
DEVICE = {
    "protocol": "ctap2", "transport": "internal", "hasUserVerification": True, "isUserVerified": True,
    "automaticPresenceSimulation": True,
}  # fmt: skip


async def _half_way(page: Page) -> None:
    """Out, and in again as far as the password leads."""
    await page.click("text=Sign out")
    await page.fill("[name=name]", "aynur")
    await page.fill("[name=password]", PASSWORD)
    await page.click("main button")
    await page.wait_for_url("**/sign-in/code*")


async def test_a_passkey_is_added_used_instead_of_a_code_and_taken_away(tmp_path: Path) -> None:
    account = View("account", "/account", Role.COUNSELLOR)
    async with open_house(tmp_path, host="localhost") as house, house.look(account, Look()) as page:
        session = await page.context.new_cdp_session(page)
        await session.send("WebAuthn.enable")
        device = await session.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
        await page.fill("[name=passkey_name]", "my phone")
        await page.click("text=Add a passkey")
        await page.get_by_text("The passkey is added.").wait_for()

        await _half_way(page)
        await page.click("text=Use a passkey instead")
        await page.wait_for_url("**/desk")

        await _half_way(page)  # a device that knows nothing of it
        await session.send("WebAuthn.removeVirtualAuthenticator", device)
        await session.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
        await page.click("text=Use a passkey instead")
        await page.get_by_text("No passkey answered.").wait_for()
