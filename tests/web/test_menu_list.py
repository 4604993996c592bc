"""The page of the menus: what each key means, and what callers did."""

from __future__ import annotations

import shutil

import httpx
import pytest

from ivr import call_log, new_flow
from ivr.accounts import Role
from ivr.prepare import make_folders, take_flow
from ivr.records import flow
from ivr.settings import PROJECT_DIR
from tests.records.switch_log import SwitchLog, answered
from tests.web.house import Browser, House


def _in_use(house: House) -> None:
    house.settings.flow_in_use.parent.mkdir(parents=True)
    shutil.copy(PROJECT_DIR / "ivr/flow/helpline.toml", house.settings.flow_in_use)


async def test_every_menu_is_there_with_what_callers_did(house: House) -> None:
    _in_use(house)
    log = SwitchLog()
    answered(log, "101")
    house.settings.ledger_file.parent.mkdir(parents=True)
    house.settings.ledger_file.write_bytes(log.data)
    await call_log.catch_up(call_log.CallLog(house.database, house.settings.ledger_file))
    async with house.browser() as browser:
        await browser.enter(await house.add("chief", Role.SUPERVISOR))
        page = (await browser.get("/menus")).text
    assert "1 call." in page
    assert "Call-back: when is it safe, in the evening" in page
    assert page.index('id="menu.language"') < page.index('id="menu.topic"') < page.index('id="menu.age"')


async def test_before_the_line_was_opened_the_page_says_so(house: House) -> None:
    async with house.browser() as browser:
        await browser.enter(await house.add("chief", Role.SUPERVISOR))
        assert "never opened here" in (await browser.get("/menus")).text


SHIPPED = (PROJECT_DIR / "ivr/flow/helpline.toml").read_text()
OTHER = SHIPPED.replace('6 = { topic = "health"', '7 = { topic = "health"')


async def _send(browser: Browser, text: str, file: bytes = b"", **fields: str) -> httpx.Response:
    """The form of the page of other menus; a file where there is one."""
    await browser.get("/menus/new")
    told = browser.hidden | {"text": text} | fields
    files = {"file": ("helpline.toml" if file else "", file, "application/octet-stream")}
    answer = await browser.client.post("/menus/new", data=told, files=files, follow_redirects=True)
    return await browser._shown(answer)


async def _supervisor(house: House, browser: Browser) -> None:
    make_folders(house.settings)
    take_flow(house.settings)
    await browser.enter(await house.add("chief", Role.SUPERVISOR, "103"))


async def _called(house: House) -> None:
    """The test call, as door 1 puts it on record."""
    trial = (await new_flow.shelf(house.settings, house.database)).trial
    assert trial
    async with house.database.unit_of_work() as unit:
        assert await flow.note_called(unit, trial.mark, "103", house.now, "person az normal")


async def _press(browser: Browser, *keys: str) -> str:
    """One after the other, as the page carries them."""
    page, said = "", list[str]()
    for key in keys:
        page = (await browser.send("/menus/trial/keys", keys=" ".join(said), begun="usual", key=key)).text
        said.append(key)
    return page


async def test_other_menus_are_tried_on_the_page_and_take_over(house: House) -> None:
    async with house.browser() as browser:
        await _supervisor(house, browser)
        page = (await _send(browser, "ignored", OTHER.encode())).text
        assert "What would change" in page
        assert page.count("no longer there") == 1
        assert "disabled" in page
        page = await _press(browser, "1", "7", "2")
        assert "Heard to an end: chief" in page
        assert 'src="/prompts/az/connecting.wav"' in page
        assert "disabled" in page
        await _called(house)
        page = (await browser.get("/menus/trial")).text
        assert "disabled" not in page
        flow_id = browser.hidden["flow"]
        page = (await browser.send("/menus/take-over", flow=flow_id)).text
        assert "Menus that took over on this page" in page
        assert house.settings.flow_in_use.read_text() == OTHER
        page = (await browser.send("/menus/back")).text
        assert "Those of the file" in page
        assert house.settings.flow_in_use.read_text() == SHIPPED
        assert "Take over again" in page
    deeds = [(by, deed) for by, deed, _ in await house.deeds() if deed.startswith("flow")]
    assert deeds == [("chief", "flow_on_trial"), ("chief", "flow_taken_over"), ("chief", "flow_taken_back")]


async def test_the_button_is_refused_whatever_is_sent_until_both_were_done(house: House) -> None:
    async with house.browser() as browser:
        await _supervisor(house, browser)
        await _send(browser, OTHER)
        await _press(browser, "1", "7", "2")
        answer = await browser.send("/menus/take-over")
        assert answer.status_code == 409
        assert "were not tried yet" in answer.text
        assert house.settings.flow_in_use.read_text() == SHIPPED


async def test_every_fault_is_shown_and_what_was_typed_stays(house: House) -> None:
    bad = OTHER.replace('to = "menu.age" }', 'to = "menu.<b>" }') + "# my note\n"
    async with house.browser() as browser:
        await _supervisor(house, browser)
        answer = await _send(browser, bad)
        assert answer.status_code == 422
        assert answer.text.count("leads to &#39;menu.&lt;b&gt;&#39;, which is not there") == 5
        assert "line 95: menu.age: nothing leads here" in answer.text
        assert "# my note" in answer.text
        assert "On trial" not in (await browser.get("/menus")).text


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        (b"\xff\xfe\0", "x", "This file is no text"),
        (b"", "  \n", "There is nothing in it."),
        (SHIPPED.encode(), "", "These are the menus in use."),
        (SHIPPED.replace("\n", "\r\n").encode(), "", "These are the menus in use."),
        (b"\0" * 300, "", "1 fault."),
        (b"x" * 250_000, "", "longer than 200000 characters"),
    ],
)
async def test_what_is_no_other_menus_is_said_plainly(house: House, file: bytes, text: str, said: str) -> None:
    async with house.browser() as browser:
        await _supervisor(house, browser)
        answer = await _send(browser, text, file)
        assert answer.status_code == 422
        assert said in answer.text


async def test_a_huge_file_is_refused_while_it_is_read(house: House) -> None:
    async with house.browser() as browser:
        await _supervisor(house, browser)
        assert (await _send(browser, "", bytes(1_200_000))).status_code == 413
    assert not house.settings.flow_on_trial.exists()


async def test_somebody_elses_change_is_told_and_nothing_is_lost(house: House) -> None:
    async with house.browser() as first, house.browser() as second:
        await _supervisor(house, first)
        await second.enter(await house.add("other", Role.SUPERVISOR))
        await second.get("/menus/new")
        seen = second.hidden["seen"]
        await _send(first, OTHER)
        mine = SHIPPED.replace("wait_s = 2.3", "wait_s = 2.7")
        answer = await _send(second, mine, seen=seen)
        assert answer.status_code == 422
        assert "Somebody else has changed the menus meanwhile" in answer.text
        assert "wait_s = 2.7" in answer.text
        await _called(house)
        stale = await second.client.post("/menus/back", data=second.hidden | {"seen": seen})
        assert stale.status_code == 409


@pytest.mark.parametrize("keys", ["x y z", "typed", "1 " * 500, "\0", "hangup 1 1 1"])
async def test_whatever_is_pressed_the_keyboard_goes_on(house: House, keys: str) -> None:
    async with house.browser() as browser:
        await _supervisor(house, browser)
        await _send(browser, OTHER)
        answer = await browser.send("/menus/trial/keys", keys=keys, key="1", begun="nonsense")
        assert answer.status_code == 200
        assert "Heard to an end" not in answer.text or keys.startswith("1 ")


async def test_counsellors_bring_in_no_menus(house: House) -> None:
    async with house.browser() as browser:
        await browser.enter(await house.add("aynur"))
        for path in ("/menus/new", "/menus/trial"):
            assert (await browser.get(path)).status_code == 403
        answer = await browser.client.post("/menus/take-over", data=browser.hidden)
        assert answer.status_code == 403


async def test_without_a_telephone_of_ones_own_the_page_says_what_to_dial(house: House) -> None:
    async with house.browser() as browser:
        make_folders(house.settings)
        take_flow(house.settings)
        await browser.enter(await house.add("keeper", Role.ADMINISTRATOR))
        await _send(browser, OTHER)
        page = (await browser.send("/menus/trial/ring")).text
        assert "No telephone belongs to your account" in page
        assert "*24" in page
