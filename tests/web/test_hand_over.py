"""Handing a caller over, as the page asks for it: who may, and what is refused while nothing is lost."""

from __future__ import annotations

from ivr.accounts import Role
from ivr.records import counsellor
from ivr.records.counsellor import Counsellor
from ivr.records.keyring import open_keyring
from tests.web.house import House


async def test_with_the_line_closed_nothing_is_handed_over_and_a_script_is_told_so(house: House) -> None:
    open_keyring(house.settings.secrets_file)
    async with house.browser() as browser:
        await browser.enter(await house.add("aynur", extension="101"))
        page = await browser.get("/telephone/try")
        assert 'action="/telephone/handover"' in page.text
        script = {"X-Form-Token": browser.hidden["form_token"], "Accept": "application/json"}
        for deed in ("now", "ask", "join", "hand", "back", "out", "sing"):
            for sent in ({"deed": deed, "to": "102"}, {"deed": deed, "number": "0000000055"}):
                answer = await browser.client.post("/telephone/handover", data=sent, headers=script)
                assert answer.status_code == 409
        assert (await browser.client.post("/telephone/handover", data={"deed": "now"})).status_code == 403
        assert (await browser.get("/telephone/call")).status_code == 503
        assert (await browser.get("/telephone/others")).json() == {"others": [], "outside": False}


async def test_a_number_is_offered_to_who_may_ring_out_where_some_may_be_rung(house: House) -> None:
    for patterns, may, is_offered in (
        ((), True, False),
        (("000XXXXXXX",), False, False),
        (("000XXXXXXX",), True, True),
    ):
        house.settings = house.settings.model_copy(update={"ring_out_numbers": patterns})
        async with house.database.unit_of_work() as unit:
            await counsellor.write(unit, Counsellor("101", "Aynur", ("az",), active=True, rings_out=may))
        async with house.browser() as browser:
            given = await house.add(f"aynur{may}{len(patterns)}".lower(), extension="101")
            await browser.enter(given)
            assert (await browser.get("/telephone/others")).json()["outside"] is is_offered


async def test_who_takes_no_calls_hands_none_over(house: House) -> None:
    async with house.browser() as browser:
        await browser.enter(await house.add("keeper", Role.ADMINISTRATOR))
        for path in ("/telephone/call", "/telephone/others"):
            assert (await browser.get(path)).status_code == 403
