"""Who was told of a child: entered by whoever talked, seen by them and supervisors, never changed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from ivr import call_log, disclosing, wrapup
from ivr.accounts import Role
from ivr.desk.wrapup import Form
from ivr.records import disclosure
from ivr.reports.periods import today as this_day
from ivr.wrapup import Sheet
from tests.records.switch_log import SwitchLog, answered
from tests.web.house import BEGINS, House

GOOD = {
    "told": "police", "ground": "physical_violence", "when": "2026-11-22T11:30", "child_told": "before",
    "decided_by": "chief", "note": "unmistakable words <b>",
}  # fmt: skip


@pytest.fixture
async def contact_id(house: House) -> str:
    """A talk of 101, written down by aynur."""
    log = SwitchLog((BEGINS - timedelta(hours=3)).timestamp())
    made = answered(log, "101")
    house.settings.ledger_file.parent.mkdir(parents=True)
    house.settings.ledger_file.write_bytes(log.data)
    await call_log.catch_up(call_log.CallLog(house.database, house.settings.ledger_file))
    form = Form(topic="social", age_band="11-14", gender="girl")
    desk = wrapup.open_desk(house.settings, house.database)
    assert not await wrapup.close_contact(desk, Sheet(made.row_id, "aynur", form), house.now)
    return made.row_id


async def test_it_is_entered_read_by_a_supervisor_on_record_corrected_and_the_first_version_stays(
    house: House, contact_id: str
) -> None:
    async with house.browser() as chief, house.browser() as aynur:
        await chief.enter(await house.add("chief", Role.SUPERVISOR))
        await aynur.enter(await house.add("aynur", extension="101"))
        new = f"/contacts/{contact_id}/duty-of-care"
        assert new in (await aynur.get(f"/contacts/{contact_id}")).text
        await aynur.get(new)
        entry = await aynur.send(new, **GOOD)
        assert "It is kept." in entry.text
        assert "unmistakable words &lt;b&gt;" in entry.text
        page = entry.url.path
        assert page in (await aynur.get("/duty-of-care")).text
        assert page in (await aynur.get(new)).text
        assert page in (await chief.get("/duty-of-care")).text
        assert "Physical violence" in (await chief.get(page)).text
        mended = await chief.send(page, **GOOD | {"child_told": "no", "not_told": "had_gone", "ground": "neglect"})
        assert "The conversation had broken off" in mended.text
        assert "Physical violence" in mended.text
        assert "Version 2" in mended.text
        assert "Physical violence" not in (await chief.get("/duty-of-care")).text
    entry_id = page.rpartition("/")[2]
    deeds = [(by, deed) for by, deed, about in await house.deeds() if about == entry_id]
    assert deeds == [
        ("aynur", "disclosure_entered"), ("chief", "disclosure_read"), ("chief", "disclosure_corrected"),
        ("chief", "disclosure_read"),
    ]  # fmt: skip
    files = [path.read_bytes() for path in house.settings.state_dir.rglob("*") if path.is_file()]
    assert not any(b"unmistakable" in data for data in files)


async def test_it_is_counted_by_ground_in_its_newest_version(house: House, contact_id: str) -> None:
    desk = wrapup.open_desk(house.settings, house.database)
    await house.add("chief", Role.SUPERVISOR)
    who = disclosing.Who("chief", Role.SUPERVISOR, house.now)
    first = disclosing.Form(**GOOD)
    made = [await disclosing.enter(desk, who, contact_id, first) for _ in range(3)]
    assert all(isinstance(each, str) for each in made)
    assert await disclosing.correct(desk, who, str(made[0]), 1, disclosing.Form(**GOOD | {"ground": "neglect"})) == ()
    today = this_day(house.now)
    assert (await disclosing.counts(desk, today, today))["ground"] == {"physical_violence": 2, "neglect": 1}
    yesterday = today - timedelta(days=1)
    assert (await disclosing.counts(desk, yesterday, yesterday))["ground"] == {}


async def test_whoever_was_slower_is_told_and_keeps_what_they_typed(house: House, contact_id: str) -> None:
    async with house.browser() as chief:
        await chief.enter(await house.add("chief", Role.SUPERVISOR))
        await chief.get(f"/contacts/{contact_id}/duty-of-care")
        page = (await chief.send(f"/contacts/{contact_id}/duty-of-care", **GOOD)).url.path
        await chief.send(page, **GOOD | {"note": "the first one"})
        seen = dict(chief.hidden) | {"seen": "1"}
        chief.hidden = seen
        late = await chief.send(page, **GOOD | {"note": "the slower one"})
        assert late.status_code == 409
        assert "the slower one</textarea>" in late.text
        chief.hidden = seen | {"seen": "9"}
        assert (await chief.send(page, **GOOD)).status_code == 409
    async with house.database.reading() as unit:
        rows = (await unit.execute(select(disclosure.table.c.number, disclosure.table.c.newest))).all()
    assert sorted(map(tuple, rows)) == [(1, False), (2, True)]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"told": "neighbour"}, "Say who was told."),
        ({"ground": ""}, "Say on what ground."),
        ({"when": "2026-11-22T19:00"}, "that are over"),
        ({"when": "1999-11-22T19:00"}, "that are over"),
        ({"when": "soon"}, "that are over"),
        ({"child_told": "perhaps"}, "Say whether the child knew."),
        ({"child_told": "no"}, "Say why the child was not told."),
        ({"decided_by": "nobody"}, "Say who decided it."),
        ({"told": "other", "note": " "}, "what the other one was"),
        ({"note": "x" * 4001}, "what the other one was"),
    ],
)
async def test_what_is_lacking_is_said_and_nothing_is_entered(
    house: House, contact_id: str, wrong: dict[str, str], words: str
) -> None:
    async with house.browser() as chief:
        await chief.enter(await house.add("chief", Role.SUPERVISOR))
        await chief.get(f"/contacts/{contact_id}/duty-of-care")
        answer = await chief.send(f"/contacts/{contact_id}/duty-of-care", **GOOD | wrong)
        assert answer.status_code == 422
        assert words in answer.text
    async with house.database.reading() as unit:
        assert (await unit.execute(select(disclosure.table))).first() is None


async def test_another_counsellor_and_the_administrator_see_nothing_of_it(house: House, contact_id: str) -> None:
    async with house.browser() as aynur, house.browser() as tural, house.browser() as admin:
        await house.add("chief", Role.SUPERVISOR)
        await aynur.enter(await house.add("aynur", extension="101"))
        await tural.enter(await house.add("tural", extension="102"))
        await admin.enter(await house.add("admin2", Role.ADMINISTRATOR))
        await aynur.get(f"/contacts/{contact_id}/duty-of-care")
        page = (await aynur.send(f"/contacts/{contact_id}/duty-of-care", **GOOD)).url.path
        assert page not in (await tural.get("/duty-of-care")).text
        assert (await tural.get(page)).status_code == 403
        await tural.get("/account")
        assert (await tural.send(page, **GOOD, seen="1")).status_code == 403
        await tural.get("/account")
        assert (await tural.send(f"/contacts/{contact_id}/duty-of-care", **GOOD)).status_code == 403
        assert (await admin.get("/duty-of-care")).status_code == 403
        assert (await admin.get(page)).status_code == 403


async def test_a_supervisor_takes_a_year_as_a_file_without_notes_and_on_record(house: House, contact_id: str) -> None:
    async with house.browser() as chief, house.browser() as aynur:
        await chief.enter(await house.add("chief", Role.SUPERVISOR))
        await aynur.enter(await house.add("aynur", extension="101"))
        await aynur.get(f"/contacts/{contact_id}/duty-of-care")
        await aynur.send(f"/contacts/{contact_id}/duty-of-care", **GOOD)
        await aynur.get("/account")
        assert (await aynur.send("/duty-of-care/export.csv")).status_code == 403
        await chief.get("/duty-of-care")
        head, row = (await chief.send("/duty-of-care/export.csv")).text.splitlines()
    assert head.endswith("id,contact_id,at,told,ground,child_told,not_told,decided_by,lists,version")
    assert row.partition(",")[2] == (
        f"{contact_id},2026-11-22T07:30:00Z,police,physical_violence,before,,chief,2026-05,1"
    )
    assert ("chief", "register_exported", "2026") in await house.deeds()


@pytest.mark.parametrize("path", ["/duty-of-care?year=0", "/duty-of-care/1795281001-00000000"])
async def test_what_is_not_there_is_said_so(house: House, path: str) -> None:
    async with house.browser() as chief:
        await chief.enter(await house.add("chief", Role.SUPERVISOR))
        assert (await chief.get(path)).status_code in {200, 404}
