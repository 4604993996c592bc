"""Looking at talks together: drawn, written by a supervisor, answered by the counsellor, seen by nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ivr import call_log, wrapup
from ivr.accounts import Role
from ivr.desk.wrapup import Form
from ivr.reviewing import load_rubric
from ivr.wrapup import Sheet
from tests.records.switch_log import SwitchLog, answered
from tests.web.house import BEGINS, House

MARKS = dict.fromkeys(load_rubric().items, "done")
FORM = Form(topic="social", age_band="11-14", gender="girl")


@pytest.fixture
async def contact_id(house: House) -> str:
    """A talk of 101 last week, written down."""
    log = SwitchLog((BEGINS - timedelta(days=8)).timestamp())
    made = answered(log, "101")
    house.settings.ledger_file.parent.mkdir(parents=True)
    house.settings.ledger_file.write_bytes(log.data)
    await call_log.catch_up(call_log.CallLog(house.database, house.settings.ledger_file))
    desk = wrapup.open_desk(house.settings, house.database)
    assert not await wrapup.close_contact(desk, Sheet(made.row_id, "aynur", FORM), house.now)
    return made.row_id


async def test_a_talk_is_drawn_looked_at_answered_once_and_then_stays(house: House, contact_id: str) -> None:
    page = f"/reviews/{contact_id}"
    async with house.browser() as chief, house.browser() as aynur:
        await chief.enter(await house.add("chief", Role.SUPERVISOR))
        await aynur.enter(await house.add("aynur", extension="101"))
        assert page in (await chief.get("/reviews")).text
        await chief.get(page)
        assert "It is kept." in (await chief.send(page, **MARKS, remark="Gözəl dinlədin <b>")).text
        assert page in (await aynur.get("/reviews")).text
        assert "Gözəl dinlədin &lt;b&gt;" in (await aynur.get(page)).text
        assert "1 to 2000 characters" in (await aynur.send(f"{page}/answer", answer=" ")).text
        assert "Sağ ol" in (await aynur.send(f"{page}/answer", answer="Sağ ol")).text
        assert (await aynur.send(f"{page}/answer", answer="Bir də")).status_code == 409
        await chief.get("/account")  # has the token of the session's forms
        assert "has answered meanwhile" in (await chief.send(page, **MARKS, remark="Sonra")).text
        assert "Sağ ol" in (await chief.get(page)).text
    deeds = [(by, deed) for by, deed, about in await house.deeds() if about == contact_id]
    assert deeds == [("chief", "reviewed"), ("aynur", "review_answered")]


async def test_what_is_lacking_is_said_and_what_was_typed_stays(house: House, contact_id: str) -> None:
    async with house.browser() as chief:
        await chief.enter(await house.add("chief", Role.SUPERVISOR))
        await chief.get(f"/reviews/{contact_id}")
        answer = await chief.send(f"/reviews/{contact_id}", safety="done", warmth="wonderful", remark="Hələ bitməyib")
        assert answer.status_code == 422
        assert "Answer every question." in answer.text
        assert "Hələ bitməyib" in answer.text
        assert 'value="done" required checked' in answer.text
        assert "At most 2000" in (await chief.send(f"/reviews/{contact_id}", **MARKS, remark="x" * 2001)).text


async def test_it_is_between_two_and_nobody_looks_at_their_own_talk(house: House, contact_id: str) -> None:
    page = f"/reviews/{contact_id}"
    async with house.browser() as own, house.browser() as other:
        await own.enter(await house.add("chief", Role.SUPERVISOR, "101"))
        await other.enter(await house.add("tural", extension="102"))
        await own.get("/account")
        assert "Nobody looks at their own talk." in (await own.send(page, **MARKS)).text
        assert (await other.get(page)).status_code == 403
        await other.get("/account")
        assert (await other.send(page, **MARKS)).status_code == 403
        assert (await other.send(f"{page}/answer", answer="Mən")).status_code == 404


async def test_nothing_written_lies_on_the_disk_in_clear(house: House, contact_id: str) -> None:
    async with house.browser() as chief:
        await chief.enter(await house.add("chief", Role.SUPERVISOR))
        await chief.get(f"/reviews/{contact_id}")
        await chief.send(f"/reviews/{contact_id}", **MARKS, remark="unmistakable words")
    files = [path.read_bytes() for path in house.settings.state_dir.rglob("*") if path.is_file()]
    assert not any(b"unmistakable" in data for data in files)
