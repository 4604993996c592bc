"""After the call, in the browser: what is still to be written down, and the form, without any script."""

from __future__ import annotations

from itertools import count

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivr import call_log, wrapup, wrapup_reading
from ivr.accounts import Role
from ivr.desk.wrapup import ONE_CLICK, Ended
from ivr.records.draft import Of
from tests.records.switch_log import SwitchLog, answered
from tests.web.house import Browser, House

GOOD = {"topic": "social", "age_band": "11-14", "gender": "girl", "summary": "She said\u202e little. 😢 <b>"}


@pytest.fixture
async def contact_id(house: House) -> str:
    """A call that 101 has answered."""
    log = SwitchLog()
    call = answered(log)
    file = house.settings.ledger_file
    file.parent.mkdir(parents=True)
    file.write_bytes(log.data)
    await call_log.catch_up(call_log.CallLog(house.database, file))
    return call.row_id


async def counsellor(house: House, browser: Browser, name: str = "aynur", extension: str = "101") -> httpx.Response:
    return await browser.enter(await house.add(name, Role.COUNSELLOR, extension))


def desk(house: House) -> wrapup.Desk:
    return wrapup.open_desk(house.settings, house.database)


async def test_a_call_waits_on_the_desk_until_it_is_written_down(house: House, contact_id: str) -> None:
    async with house.browser() as browser:
        page = await counsellor(house, browser)
        assert f'href="/desk?contact={contact_id}"' in page.text
        await browser.get(f"/contacts/{contact_id}")
        page = await browser.send(f"/contacts/{contact_id}", deed="close", **GOOD)
        assert page.url.path == "/desk"
        assert "It is written down." in page.text
        assert contact_id not in page.text
    (version,) = await wrapup_reading.history(desk(house), contact_id)
    assert (version.by, version.written.topic, version.has_summary) == ("aynur", "social", True)


async def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(house: House, contact_id: str) -> None:
    async with house.browser() as browser:
        await counsellor(house, browser)
        await browser.get(f"/contacts/{contact_id}")
        page = await browser.send(f"/contacts/{contact_id}", deed="close", **GOOD | {"gender": "", "age": "twelve"})
        assert page.status_code == 422
        assert 'id="gender-wrong"' in page.text
        assert "A number of years." in page.text
        assert 'value="twelve"' in page.text
        assert "She said\u202e little. 😢 &lt;b&gt;" in page.text
        page = await browser.send(f"/contacts/{contact_id}", deed="close", **GOOD)
    assert page.url.path == "/desk"


async def test_what_is_kept_for_later_is_there_again(house: House, contact_id: str) -> None:
    async with house.browser() as browser:
        await counsellor(house, browser)
        await browser.get(f"/contacts/{contact_id}")
        page = await browser.send(f"/contacts/{contact_id}", deed="save", summary="half a sent")
        assert "Kept for later." in page.text
        assert "half a sent" in page.text
        assert "begun" in (await browser.get("/desk")).text


async def test_enter_in_a_field_closes_nothing(house: House, contact_id: str) -> None:
    """A browser takes the first button of a form for the one that Enter means (HTML, implicit submission)."""
    async with house.browser() as browser:
        await counsellor(house, browser)
        page = await browser.get(f"/contacts/{contact_id}")
    form = page.text.split(f'action="/contacts/{contact_id}"')[1]
    assert 'name="deed" value="save"' in form.split("<button", 2)[1]


@pytest.mark.parametrize("ended", ONE_CLICK)
async def test_one_click_closes_what_was_no_counselling(house: House, contact_id: str, ended: Ended) -> None:
    async with house.browser() as browser:
        await counsellor(house, browser)
        await browser.get(f"/contacts/{contact_id}")
        assert (await browser.send(f"/contacts/{contact_id}", deed=ended)).url.path == "/desk"
    (version,) = await wrapup_reading.history(desk(house), contact_id)
    assert version.written.ended is ended


async def test_second_window_is_told_and_keeps_what_it_typed(house: House, contact_id: str) -> None:
    async with house.browser() as browser:
        await counsellor(house, browser)
        await browser.get(f"/contacts/{contact_id}")
        old = dict(browser.hidden)
        await browser.send(f"/contacts/{contact_id}", deed="save", summary="the first")
        browser.hidden = old
        page = await browser.send(f"/contacts/{contact_id}", deed="save", summary="the second")
        assert page.status_code == 409
        assert "Another window has saved this meanwhile." in page.text
        assert "the second" in page.text
    assert (await wrapup.read_draft(desk(house), Of(contact_id, "aynur"))).form.summary == "the first"


async def test_what_is_closed_is_corrected_by_who_wrote_it_and_both_versions_stay(
    house: House, contact_id: str
) -> None:
    async with house.browser() as browser:
        await counsellor(house, browser)
        await browser.get(f"/contacts/{contact_id}")
        await browser.send(f"/contacts/{contact_id}", deed="close", **GOOD)
        page = await browser.get(f"/contacts/{contact_id}")
        assert "She said" in page.text
        await browser.send(f"/contacts/{contact_id}", deed="correct", **GOOD | {"topic": "legal"})
    assert [v.written.topic for v in await wrapup_reading.history(desk(house), contact_id)] == ["social", "legal"]


async def test_somebody_elses_contact_is_not_shown_to_a_counsellor_nor_its_text_to_a_supervisor(
    house: House, contact_id: str
) -> None:
    async with house.browser() as hers, house.browser() as theirs, house.browser() as chief:
        await counsellor(house, hers)
        await hers.get(f"/contacts/{contact_id}")
        await hers.send(f"/contacts/{contact_id}", deed="close", **GOOD)
        page = await counsellor(house, theirs, "leyla", "102")
        assert contact_id not in page.text
        assert (await theirs.get(f"/contacts/{contact_id}")).status_code == 403
        assert (await theirs.send(f"/contacts/{contact_id}", deed="silent")).status_code == 403
        await chief.enter(await house.add("chief", Role.SUPERVISOR))
        page = await chief.get(f"/contacts/{contact_id}")
        assert page.status_code == 200
        assert "She said" not in page.text


@pytest.mark.parametrize("path", ["/contacts/1", "/contacts/%00", f"/contacts/{'x' * 3000}"])
async def test_a_contact_that_is_none_is_not_found(house: House, path: str) -> None:
    async with house.browser() as browser:
        await counsellor(house, browser)
        assert (await browser.get(path)).status_code == 404


async def test_a_signed_out_reader_is_led_to_the_door(house: House, contact_id: str) -> None:
    async with house.browser() as browser:
        assert (await browser.get(f"/contacts/{contact_id}")).url.path == "/sign-in"


NUMBERS = count()  # an example may come twice, an account may not
FIELDS = ("topic", "categories", "age", "age_band", "gender", "region", "groups", "risk_yes", "summary", "seen", "deed")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
@given(sent=st.dictionaries(st.sampled_from(FIELDS), st.text(max_size=400), max_size=8))
async def test_whatever_is_sent_no_answer_is_a_failure_of_ours(
    house: House, contact_id: str, sent: dict[str, str]
) -> None:
    async with house.browser() as browser:
        await counsellor(house, browser, f"p{next(NUMBERS)}")
        await browser.get(f"/contacts/{contact_id}")
        answer = await browser.send(f"/contacts/{contact_id}", **sent)
    assert answer.status_code < 500
