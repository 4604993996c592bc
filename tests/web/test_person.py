"""One person's page: what the line knows of them, changed by an administrator, the telephone included."""

from __future__ import annotations

import pytest

from ivr import counsellors
from ivr.accounts import Role
from ivr.counsellors import Counsellor
from tests.web.house import Browser, House

GOOD = {"shown_name": "Aynur A.", "role": "counsellor", "extension": "104", "languages": "ru", "topics": "violence"}


async def _chief(house: House, browser: Browser) -> None:
    await house.add("aynur")
    await browser.enter(await house.add("chief", Role.ADMINISTRATOR))
    await browser.get("/accounts/aynur")


async def _phone(house: House, extension: str) -> Counsellor | None:
    return {each.extension: each for each in await counsellors.listed(house.settings)}.get(extension)


async def test_a_new_extension_is_a_telephone_of_theirs_and_what_they_may_take_is_changed(house: House) -> None:
    async with house.browser() as browser:
        await _chief(house, browser)
        page = await browser.send("/accounts/aynur", **GOOD, danger="yes", training_until="2026-12-01")
        assert "It is so from now on." in page.text
        assert "Training lapses on 1 December 2026" in page.text
        assert await _phone(house, "104") == Counsellor("104", "Aynur A.", ("ru",), True, ("violence",), True, False)
        await browser.send("/accounts/aynur", **GOOD | {"topics": "", "role": "supervisor"}, rings_out="yes")
        assert await _phone(house, "104") == Counsellor("104", "Aynur A.", ("ru",), True, (), False, True)
        page = await browser.get("/accounts")
        assert "aynur · Supervisor · 104" in page.text
    assert [deed for deed in await house.deeds() if deed[1] == "account_changed"] == [
        ("chief", "account_changed", "aynur")
    ] * 2


async def test_whose_account_is_closed_is_not_rung_until_it_is_opened_again(house: House) -> None:
    async with house.browser() as browser:
        await _chief(house, browser)
        await browser.send("/accounts/aynur", **GOOD)
        await browser.send("/accounts/aynur/close")
        closed = await _phone(house, "104")
        await browser.send("/accounts/aynur/open")
        opened = await _phone(house, "104")
    assert closed and not closed.active
    assert opened and opened.active


async def test_what_is_wrong_is_said_at_its_field_and_nothing_is_changed(house: House) -> None:
    wrong = {
        "shown_name": (" ", "1 to 80 letters."),
        "role": ("king", "Choose one."),
        "extension": ("600", "Two to eight digits"),
        "languages": ("", "At least one language"),
        "training_until": ("soon", "A day, as in"),
        "check_until": ("0001-01-01", "A day, as in"),
    }
    async with house.browser() as browser:
        await _chief(house, browser)
        for field, (typed, said) in wrong.items():
            page = await browser.send("/accounts/aynur", **GOOD | {field: typed})
            assert page.status_code == 422, field
            assert f'id="{field}-wrong"' in page.text
            assert said in page.text
        await house.add("leyla", extension="103")
        page = await browser.send("/accounts/aynur", **GOOD | {"extension": "103"})
        assert "Somebody else has this extension." in page.text
        page = await browser.send("/accounts/aynur", **GOOD | {"shown_name": 'A "x" ; [b]'})
        assert "A telephone shows this name" in page.text
    assert await _phone(house, "104") is None


@pytest.mark.parametrize("role", ["counsellor", "supervisor"])
async def test_nobody_changes_their_own_role(house: House, role: str) -> None:
    async with house.browser() as browser:
        await _chief(house, browser)
        page = await browser.send("/accounts/chief", shown_name="Chief", role=role)
        assert page.status_code == 422
        assert "Nobody changes their own role." in page.text


async def test_who_lapses_is_reminded_on_their_own_page(house: House) -> None:
    async with house.browser() as browser, house.browser() as theirs:
        await _chief(house, browser)
        await browser.send("/accounts/aynur", shown_name="Aynur", role="counsellor", check_until="2026-11-21")
        given = await house.add("leyla")
        await theirs.enter(given)
        assert "lapse" not in (await theirs.get("/account")).text
        page = await browser.get("/accounts")
        assert "Check lapsed on 21 November 2026" in page.text
