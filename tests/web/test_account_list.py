"""The administrators' page."""

from __future__ import annotations

import re

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivr import accounts
from ivr.accounts import By, Role
from ivr.errors import Conflict
from tests.web.house import PASSWORD, Browser, House

ONE_TIME = re.compile(r'class="number">([a-z2-9]{4}(?:-[a-z2-9]{4}){3})<')


async def _chief(house: House, browser: Browser) -> httpx.Response:
    return await browser.enter(await house.add("chief", Role.ADMINISTRATOR))


async def test_an_administrator_lands_on_the_list_and_adds_an_account(house: House) -> None:
    async with house.browser() as browser, house.browser() as theirs:
        page = await _chief(house, browser)
        assert page.url.path == "/accounts"
        page = await browser.send("/accounts", name="aynur", shown_name="Aynur", role="counsellor")
        told = ONE_TIME.search(page.text)
        assert told
        assert told[1] not in (await browser.get("/accounts")).text
        assert (await theirs.sign_in("aynur", told[1])).url.path == "/account/password"
    assert ("chief", "account_added", "aynur") in await house.deeds()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": "Ə"}, "2 to 32 small letters"),
        ({"name": "chief"}, "Somebody has this name already."),
        ({"shown_name": " "}, "1 to 80 letters."),
        ({"shown_name": "a\x00b"}, "1 to 80 letters."),
        ({"role": "king"}, "Choose one."),
    ],
)
async def test_what_is_wrong_is_said_at_its_field_and_the_rest_stays(
    house: House, changed: dict[str, str], said: str
) -> None:
    typed = {"name": "aynur", "shown_name": "Aynur A.", "role": "supervisor"} | changed
    async with house.browser() as browser:
        await _chief(house, browser)
        page = await browser.send("/accounts", **typed)
    assert page.status_code == 422
    assert said in page.text
    field = next(iter(changed))
    assert f'id="{field}-wrong"' in page.text
    assert field == "shown_name" or 'value="Aynur A."' in page.text
    assert field == "role" or 'value="supervisor" checked' in page.text


async def test_what_can_be_done_to_an_account(house: House) -> None:
    async with house.browser() as browser, house.browser() as theirs:
        await _chief(house, browser)
        await theirs.enter(await house.add("aynur"))
        await browser.send("/accounts/aynur/sessions")
        assert (await theirs.get("/desk")).url.path == "/sign-in"
        await browser.send("/accounts/aynur/factor")
        house.later(minutes=1)
        assert (await theirs.sign_in("aynur", PASSWORD)).url.path == "/sign-in/set-up"
        told = ONE_TIME.search((await browser.send("/accounts/aynur/reset")).text)
        assert told
        assert (await theirs.sign_in("aynur", told[1])).url.path == "/account/password"
        assert "Closed" in (await browser.send("/accounts/aynur/close")).text
        assert (await theirs.sign_in("aynur", told[1])).status_code == 422
        assert "Closed" not in (await browser.send("/accounts/aynur/open")).text
    deeds = [deed for by, deed, about in await house.deeds() if by == "chief" and about == "aynur"]
    assert deeds == ["sessions_ended", "factor_reset", "account_reset", "account_closed", "account_opened"]


async def test_the_last_administrator_stays(house: House) -> None:
    await house.add("chief", Role.ADMINISTRATOR)
    await house.add("second", Role.ADMINISTRATOR)
    by = By("test", house.now)
    await accounts.close(house.database, "second", by)
    with pytest.raises(Conflict):
        await accounts.close(house.database, "chief", by)


async def test_nobody_closes_their_own_account(house: House) -> None:
    async with house.browser() as browser:
        await _chief(house, browser)
        page = await browser.send("/accounts/chief/close")
        assert page.status_code == 422
        assert "Nobody closes their own account." in page.text


@pytest.mark.parametrize(
    "path", ["/accounts/nobody/close", "/accounts/chief/crown", "/accounts/%00/reset", "/accounts/nobody"]
)
async def test_what_is_not_there_is_said_so(house: House, path: str) -> None:
    async with house.browser() as browser:
        await _chief(house, browser)
        assert (await browser.send(path)).status_code == 404


@pytest.mark.parametrize("role", [Role.COUNSELLOR, Role.SUPERVISOR])
async def test_nobody_else_may(house: House, role: Role) -> None:
    async with house.browser() as browser:
        await browser.enter(await house.add("aynur", role))
        before = await house.deeds()
        for path in ("/accounts", "/accounts/aynur/reset"):
            assert (await browser.send(path, name="x")).status_code == 403
    assert [deed for _, deed, _ in await house.deeds()][len(before) :] == ["not_permitted"] * 2


async def test_a_name_is_text_and_no_markup(house: House) -> None:
    async with house.browser() as browser:
        await _chief(house, browser)
        fields = {"name": "aynur", "shown_name": "<script>\u202ex</b>", "role": "counsellor"}
        refused = await browser.send("/accounts", **fields)
        taken = await browser.send("/accounts", **fields | {"shown_name": "<script>x</b>"})
        pages = [refused, taken, *[await browser.get(path) for path in ("/accounts", "/accounts/aynur")]]
    assert [page.status_code for page in pages] == [422, 200, 200, 200]
    assert all("<script>" not in page.text and "&lt;script&gt;" in page.text for page in pages)


TYPED = st.one_of(st.text(max_size=99), st.sampled_from(["\u202eabc", "🙂" * 99, "%00", "\x00", "aynur", "counsellor"]))


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fields=st.fixed_dictionaries(dict.fromkeys(("name", "shown_name", "role"), TYPED)))
async def test_whatever_is_typed_is_no_failure_of_ours(house: House, fields: dict[str, str]) -> None:
    async with house.browser() as browser:
        await browser.enter(await house.add(f"chief{len(await house.deeds())}", Role.ADMINISTRATOR))
        sendable = {name: value.encode(errors="replace").decode() for name, value in fields.items()}
        assert (await browser.send("/accounts", **sendable)).status_code in {200, 413, 422}
