"""The page of the menus: what each key means, and what callers did."""

from __future__ import annotations

import shutil

from ivr import call_log
from ivr.accounts import Role
from ivr.settings import PROJECT_DIR
from tests.records.switch_log import SwitchLog, answered
from tests.web.house import House


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
