"""Passkeys in a real browser, with the authenticator that Chromium invents for tests."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
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


def _another_key() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    encoded = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return base64.b64encode(encoded).decode()


async def test_a_passkey_is_added_used_instead_of_a_code_and_taken_away(tmp_path: Path) -> None:
    account = View("account", "/account", Role.COUNSELLOR)
    async with open_house(tmp_path, host="localhost") as house, house.look(account, Look()) as page:
        session = await page.context.new_cdp_session(page)
        await session.send("WebAuthn.enable")
        device = await session.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
        await page.fill("[name=passkey_name]", "my phone")
        await page.click("text=Add a passkey")
        await page.get_by_text("The passkey is added.").wait_for()
        ours = (await session.send("WebAuthn.getCredentials", device))["credentials"][0]

        await _half_way(page)
        await page.click("text=Use a passkey instead")
        await page.wait_for_url("**/desk")

        await _half_way(page)  # a device that knows nothing of it
        await session.send("WebAuthn.removeVirtualAuthenticator", device)
        device = await session.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
        await page.click("text=Use a passkey instead")
        await page.get_by_text("No passkey answered.").wait_for()

        forged = ours | {"privateKey": _another_key(), "signCount": 1_000}  # one that says it is ours, and signs
        await session.send("WebAuthn.addCredential", device | {"credential": forged})
        async with page.expect_navigation():
            await page.click("text=Use a passkey instead")
        assert "This passkey was not accepted." in await page.content()
