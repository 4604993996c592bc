"""A night shift: whoever waits for a call is not signed out, and what was written is behind the password meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect

from ivr.desk.entry import IDLE, LONGEST_WATCH, NOTED, Standing, standing
from ivr.desk.presence import Said, Word
from ivr.presence import is_on_duty
from ivr.records import counsellor, presence
from ivr.records.counsellor import Counsellor
from ivr.signing import Account, nobody
from tests.web.house import PASSWORD, Browser, House
from tests.web.test_desk import Line, sit_down
from tests.web.test_desk_in_browser import at_the_desk

LOCK = "Nobody has touched this page"
WROTE = "She is afraid to go home."


async def yes(_: Account) -> bool:
    return True


@pytest.fixture
def line(house: House) -> Line:
    return Line(house)


def test_a_talk_that_had_begun_keeps_a_session_open_and_a_later_one_opens_none() -> None:
    for idle, talks, on_duty, expected in (
        (IDLE, True, False, Standing.OPEN),
        (IDLE, False, True, Standing.LOCKED),
        (IDLE, False, False, Standing.OVER),
        (IDLE + NOTED, True, True, Standing.LOCKED),
        (IDLE + NOTED, True, False, Standing.LOCKED),
        (LONGEST_WATCH, True, True, Standing.OVER),
    ):
        assert standing(idle, talks=talks, on_duty=on_duty) is expected


async def test_who_may_be_rung_is_on_duty(house: House) -> None:
    now = datetime.now(UTC)
    async with house.database.unit_of_work() as unit:
        await counsellor.write(unit, Counsellor("150", "Aynur", ("az",), active=True))
    for word, is_on in ((Word.SIGN_IN, True), (Word.PAUSE, False), (Word.SIGN_IN, True), (Word.SIGN_OUT, False)):
        async with house.database.unit_of_work() as unit:
            await presence.write(unit, Said("150", word, now))
        assert await is_on_duty(house.database, "150", now) is is_on
    assert not await is_on_duty(house.database, "999", now)


async def lock(house: House, browser: Browser) -> str:
    house.on_duty = yes
    house.later(minutes=31)
    return (await browser.get("/desk")).text


async def test_a_locked_desk_rings_and_shows_nothing_until_the_password_is_given(house: House, line: Line) -> None:
    call = await line.talks()
    async with house.browser() as browser:
        page = await sit_down(house, browser)
        assert call.row_id in page.text
        page_of_lock = await lock(house, browser)
        assert LOCK in page_of_lock
        assert 'id="telephone"' in page_of_lock
        assert call.row_id not in page_of_lock
        token = {"X-Form-Token": browser.hidden["form_token"]}
        for path in ("/telephone/account", "/telephone/others"):
            assert (await browser.client.get(path)).status_code == 200
        for path in (
            "/desk/paper",
            "/calls",
            "/account",
            f"/contacts/{call.row_id}",
            "/account/password",
            "/directory",
        ):
            answer = await browser.client.get(path)
            assert (answer.status_code, answer.headers.get("location")) == (303, "/desk"), path
        answer = await browser.client.post(f"/contacts/{call.row_id}/draft", data={"summary": WROTE}, headers=token)
        assert answer.headers.get("location") == "/desk"
        house.later(minutes=31)  # asking keeps nothing open
        assert "This is not your present password." in (await browser.send("/desk/unlock", unlock="wrong")).text
        page = await browser.send("/desk/unlock", unlock=PASSWORD)
        assert call.row_id in page.text
        house.later(minutes=29)
        assert call.row_id in (await browser.get("/desk")).text
    deeds = [deed for _, deed, _ in await house.deeds()]
    assert deeds[-2:] == ["sign_in_failed", "unlocked"]


async def test_a_call_that_anybody_may_ring_opens_no_locked_desk(house: House, line: Line) -> None:
    async with house.browser() as browser:
        await sit_down(house, browser)
        await lock(house, browser)
        house.in_call = yes
        call = await line.talks()
        for minutes in (0, 5):
            house.later(minutes=minutes)
            page = (await browser.get("/desk")).text
            assert LOCK in page
            assert call.row_id not in page


async def test_wrong_passwords_are_throttled(house: House) -> None:
    async with house.browser() as browser:
        await sit_down(house, browser)
        await lock(house, browser)
        script = {"X-Form-Token": browser.hidden["form_token"], "HX-Request": "true"}
        statuses = [
            (await browser.client.post("/desk/unlock", data={"unlock": "no"}, headers=script)).status_code
            for _ in range(6)
        ]
        assert statuses == [422] * 5 + [429]
        right = await browser.client.post("/desk/unlock", data={"unlock": PASSWORD}, headers=script)
        assert right.status_code == 429
        house.later(minutes=1)
        right = await browser.client.post("/desk/unlock", data={"unlock": PASSWORD}, headers=script)
        assert right.status_code == 204


async def test_it_ends_with_the_duty_after_twelve_hours_and_by_signing_out(house: House) -> None:
    for leave in ("duty", "hours", "sign out"):
        house.on_duty = yes
        async with house.browser() as browser:
            await sit_down(house, browser, f"aynur-{leave.replace(' ', '-')}")
            await lock(house, browser)
            if leave == "duty":
                house.on_duty = house.in_call
            elif leave == "hours":
                house.now += timedelta(hours=12)
            else:
                await browser.send("/sign-out")
            assert 'action="/sign-in"' in (await browser.get("/desk")).text


@pytest.mark.live
async def test_an_open_page_is_locked_where_it_stands_and_opened_without_being_loaded_anew(
    house: House, line: Line
) -> None:
    await line.talks()
    async with at_the_desk(house) as (_, page):
        await page.fill("#summary", WROTE)
        await expect(page.locator("[data-when=saved]")).to_be_visible()
        await page.evaluate("() => { globalThis.isTheSame = true; }")
        house.on_duty = yes
        house.later(minutes=32)
        await expect(page.get_by_role("heading", name="Locked")).to_be_visible()
        await expect(page.locator("#telephone")).to_be_visible()
        text = await page.content()
        assert WROTE not in text
        assert "paper" not in await page.locator("#middle").inner_html()
        await page.get_by_label("Password").fill("wrong")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("This is not your present password.")).to_be_visible()
        await page.get_by_label("Password").fill(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page.locator("#summary")).to_have_value(WROTE)
        await expect(page.get_by_role("heading", name="Locked")).to_be_hidden()
        assert await page.evaluate("() => globalThis.isTheSame")
        assert await page.locator("#unlock").input_value() == ""
        house.on_duty = nobody
        house.later(minutes=32)
        await expect(page.locator("#signed-out")).to_be_visible()
        assert WROTE not in await page.content()
