"""Passkeys, as far as they need no authenticator. The rest is in tests/live/test_passkeys.py."""

from __future__ import annotations

from tests.web.house import House


async def test_what_is_to_be_signed_is_told_to_who_is_signed_in(house: House) -> None:
    async with house.browser() as browser:
        assert (await browser.client.post("/account/passkeys/offer")).headers["location"] == "/sign-in"
        await browser.enter(await house.add("aynur"))
        assert (await browser.client.post("/account/passkeys/offer")).status_code == 403
        token = {"X-Form-Token": browser.hidden["form_token"]}
        told = (await browser.client.post("/account/passkeys/offer", headers=token)).json()
        assert told["rp"]["id"] == "127.0.0.1"
        assert told["user"]["name"] == "aynur"
        for name, said in (("", "1 to 60 letters."), ("x" * 61, "1 to 60 letters."), ("key", "not accepted")):
            await browser.get("/account")
            page = await browser.send("/account/passkeys", passkey_name=name, answer="{}")
            assert page.status_code == 422
            assert said in page.text
        # signed in altogether: there is nothing to be given instead of a code
        assert (await browser.client.post("/sign-in/passkey/ask", headers=token)).status_code == 409
        assert (await browser.send("/sign-in/passkey", answer="{}")).url.path == "/desk"
