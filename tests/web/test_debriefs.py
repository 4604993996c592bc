"""The supervisor's page for talks after a hard call."""

from __future__ import annotations

from ivr import call_log
from ivr.accounts import Role
from ivr.hard_call import mark_hard
from ivr.records.draft import Of
from tests.records.switch_log import SwitchLog, answered
from tests.web.house import BEGINS, House


async def _calls(house: House) -> str:
    log = SwitchLog(BEGINS.timestamp() - 7200)
    made = [answered(log, "101", topic="violence"), answered(log, "101", topic="social"), answered(log, "102")]
    house.settings.ledger_file.parent.mkdir(parents=True)
    house.settings.ledger_file.write_bytes(log.data)
    await call_log.catch_up(call_log.CallLog(house.database, house.settings.ledger_file))
    await mark_hard(house.database, Of(made[0].row_id, "aynur"), "101", house.now)
    return made[0].row_id


async def test_a_talk_is_due_until_it_was_held_and_who_held_it_is_on_record(house: House) -> None:
    contact_id = await _calls(house)
    async with house.browser() as browser:
        await browser.enter(await house.add("chief", Role.SUPERVISOR))
        assert contact_id in (await browser.get("/debriefs")).text
        page = await browser.send(f"/debriefs/{contact_id}")
        assert "It is noted" in page.text
        assert contact_id not in page.text
        assert (await browser.send(f"/debriefs/{contact_id}")).status_code == 200  # sent twice: nothing more happens
    assert [deed for deed in await house.deeds() if deed[1] == "debriefed"] == [("chief", "debriefed", contact_id)]


async def test_what_each_counsellor_carried_is_counted(house: House) -> None:
    await _calls(house)
    async with house.browser() as browser:
        await browser.enter(await house.add("chief", Role.SUPERVISOR))
        page = (await browser.get("/debriefs")).text
    assert page.index(">101<") < page.index(">102<")


async def test_counsellors_and_administrators_do_not_see_it(house: House) -> None:
    for name, role in (("aynur", Role.COUNSELLOR), ("admin", Role.ADMINISTRATOR)):
        async with house.browser() as browser:
            await browser.enter(await house.add(name, role))
            assert (await browser.get("/debriefs")).status_code == 403
