"""Handing a caller over, as the page asks for it: who may, and what is refused while nothing is lost."""

from __future__ import annotations

from ivr.accounts import Role
from ivr.records.keyring import open_keyring
from tests.web.house import House


async def test_with_the_line_closed_nothing_is_handed_over_and_a_script_is_told_so(house: House) -> None:
    open_keyring(house.settings.secrets_file)
    async with house.browser() as browser:
        await browser.enter(await house.add("aynur", extension="101"))
        page = await browser.get("/telephone/try")
        assert 'action="/telephone/handover"' in page.text
        script = {"X-Form-Token": browser.hidden["form_token"], "Accept": "application/json"}
        for deed in ("now", "ask", "join", "hand", "back", "sing"):
            sent = {"deed": deed, "to": "102"}
            answer = await browser.client.post("/telephone/handover", data=sent, headers=script)
            assert answer.status_code == 409
        assert (await browser.client.post("/telephone/handover", data={"deed": "now"})).status_code == 403
        assert (await browser.get("/telephone/call")).status_code == 503
        assert (await browser.get("/telephone/others")).json() == {"others": []}


async def test_who_takes_no_calls_hands_none_over(house: House) -> None:
    async with house.browser() as browser:
        await browser.enter(await house.add("keeper", Role.ADMINISTRATOR))
        for path in ("/telephone/call", "/telephone/others"):
            assert (await browser.get(path)).status_code == 403
