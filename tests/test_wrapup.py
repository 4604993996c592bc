"""After a contact: drafts, closing, correcting, opening, and that a rebuild touches nothing that a person wrote."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text

from ivr import call_log, wrapup, wrapup_reading
from ivr.desk.presence import Said, Word
from ivr.desk.wrapup import Channel, Ended, Form
from ivr.desk.wrapup_form import FORM_LIMIT
from ivr.errors import Conflict, NotFound, Refused
from ivr.hard_call import done_debrief, list_hard, mark_hard
from ivr.records import callback, draft, presence
from ivr.records import wrapup as written
from ivr.records.database import opened
from ivr.records.draft import Of
from ivr.records.sealed import seal
from ivr.settings import Settings
from ivr.wrapup import Desk, Sheet
from ivr.wrapup_reading import Reader
from tests.records.switch_log import FIRST_SECOND, SwitchLog, answered

NOW = datetime.fromtimestamp(FIRST_SECOND + 600, UTC)
GOOD = Form(topic="social", age_band="11-14", gender="girl", summary="She said\0 little. \u202e😢 <b>")
ANNA, BEN = "anna", "ben"


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    told = Settings(state_dir=tmp_path / "var")
    (told.state_dir / "ledger").mkdir(parents=True)
    return told


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[Desk]:
    async with opened(settings.database) as database:
        yield wrapup.open_desk(settings, database)


@pytest.fixture
async def contact_id(settings: Settings, desk: Desk) -> str:
    """An answered call, on record."""
    log = SwitchLog()
    call = answered(log)
    settings.ledger_file.write_bytes(log.data)
    await call_log.catch_up(call_log.CallLog(desk.database, settings.ledger_file))
    return call.row_id


async def test_draft_begins_with_what_the_menus_know_and_is_kept_with_a_revision(desk: Desk, contact_id: str) -> None:
    mine = Of(contact_id, ANNA)
    begun = await wrapup.read_draft(desk, mine)
    assert (begun.revision, begun.saved_at) == (0, None)
    assert begun.form.language in ("az", "ru", "en")
    assert await wrapup.save_draft(desk, Sheet(contact_id, ANNA, GOOD), NOW) == 1
    assert await wrapup.save_draft(desk, Sheet(contact_id, ANNA, replace(GOOD, age="12"), 1), NOW) == 2
    assert await wrapup.read_draft(desk, mine) == draft.Draft(replace(GOOD, age="12"), 2, NOW)
    assert (await wrapup.read_draft(desk, Of(contact_id, BEN))).revision == 0


@pytest.mark.parametrize("seen", [0, 1, 3])
async def test_second_browser_is_told_and_overwrites_nothing(desk: Desk, contact_id: str, seen: int) -> None:
    for revision in (0, 1):
        await wrapup.save_draft(desk, Sheet(contact_id, ANNA, GOOD, revision), NOW)
    with pytest.raises(Conflict):
        await wrapup.save_draft(desk, Sheet(contact_id, ANNA, Form(), seen), NOW)
    with pytest.raises(Conflict):
        await wrapup.close_contact(desk, Sheet(contact_id, ANNA, GOOD, seen), NOW)
    assert (await wrapup.read_draft(desk, Of(contact_id, ANNA))).form == GOOD
    assert await wrapup_reading.history(desk, contact_id) == []


async def test_nothing_typed_lies_on_disk_in_the_clear(desk: Desk, contact_id: str, settings: Settings) -> None:
    form = replace(GOOD, summary="unmistakable words")
    await wrapup.save_draft(desk, Sheet(contact_id, BEN, form), NOW)
    await wrapup.close_contact(desk, Sheet(contact_id, ANNA, form), NOW)
    files = [path.read_bytes() for path in settings.state_dir.rglob("*") if path.is_file()]
    assert files
    assert not any(b"unmistakable" in data for data in files)


async def test_draft_that_was_moved_to_another_row_stays_shut(desk: Desk, contact_id: str) -> None:
    await wrapup.save_draft(desk, Sheet(contact_id, ANNA, GOOD), NOW)
    async with desk.database.unit_of_work() as unit:
        await unit.execute(text("UPDATE wrapup_draft SET account = 'ben'"))
    with pytest.raises(Refused):
        await wrapup.read_draft(desk, Of(contact_id, BEN))


async def test_draft_of_another_version_of_the_program_keeps_what_is_still_known(desk: Desk) -> None:
    of = Of("1-000001", ANNA)
    row = {"contact_id": of.contact_id, "account": ANNA, "revision": 1, "saved_at": NOW}
    async with desk.database.unit_of_work() as unit:
        sealed = seal(desk.keys, '{"topic": "legal", "colour": "red", "groups": ["law"]}', of.about)
        await unit.execute(insert(draft.table).values(row | {"form": sealed}))
    assert (await wrapup.read_draft(desk, of)).form == Form(topic="legal", groups=("law",))
    async with desk.database.unit_of_work() as unit:
        await unit.execute(draft.table.update().values(form=seal(desk.keys, "[", of.about)))
    with pytest.raises(Refused, match="cannot be read"):
        await wrapup.read_draft(desk, of)


async def test_closed_is_on_record_with_who_and_when_and_its_draft_is_gone(desk: Desk, contact_id: str) -> None:
    await wrapup.save_draft(desk, Sheet(contact_id, ANNA, GOOD), NOW)
    assert await wrapup.close_contact(desk, Sheet(contact_id, ANNA, GOOD, 1), NOW) == ()
    (version,) = await wrapup_reading.history(desk, contact_id)
    assert (version.number, version.by, version.at, version.has_summary) == (1, ANNA, NOW, True)
    assert (version.written.ended, version.written.lists) == (Ended.COUNSELLED, desk.newest.version)
    assert version.written.summary == ""
    assert (await wrapup.read_draft(desk, Of(contact_id, ANNA))).revision == 0


async def test_faults_come_at_once_and_what_was_typed_is_kept(desk: Desk, contact_id: str) -> None:
    wrong = Form(age="twelve", summary="x" * 10_001)
    faults = await wrapup.close_contact(desk, Sheet(contact_id, ANNA, wrong), NOW)
    assert {fault.field for fault in faults} == {"topic", "age", "gender", "summary"}
    assert await wrapup.read_draft(desk, Of(contact_id, ANNA)) == draft.Draft(wrong, 1, NOW)
    assert await wrapup_reading.history(desk, contact_id) == []


async def test_what_is_closed_is_not_closed_again_and_nothing_is_not_corrected(desk: Desk, contact_id: str) -> None:
    with pytest.raises(Refused):
        await wrapup.correct_contact(desk, Sheet(contact_id, ANNA, GOOD), NOW)
    await wrapup.close_contact(desk, Sheet(contact_id, ANNA, GOOD), NOW)
    with pytest.raises(Conflict):
        await wrapup.close_contact(desk, Sheet(contact_id, BEN, GOOD), NOW)
    with pytest.raises(Conflict):
        await wrapup.close_in_one_click(desk, Of(contact_id, BEN), Ended.PRANK, NOW)
    with pytest.raises(NotFound):
        await wrapup.close_contact(desk, Sheet("1-000001", ANNA, GOOD), NOW)


async def test_every_version_stays_and_the_newest_counts(desk: Desk, contact_id: str) -> None:
    await wrapup.close_contact(desk, Sheet(contact_id, ANNA, GOOD), NOW)
    later, mended = NOW + timedelta(hours=1), replace(GOOD, topic="legal", summary="other")
    assert await wrapup.correct_contact(desk, Sheet(contact_id, BEN, mended, 1), later) == ()
    assert {fault.field for fault in await wrapup.correct_contact(desk, Sheet(contact_id, BEN, Form(), 2), later)}
    with pytest.raises(Conflict):
        await wrapup.correct_contact(desk, Sheet(contact_id, ANNA, GOOD, 1), later)
    versions = await wrapup_reading.history(desk, contact_id)
    assert [(each.number, each.by, each.written.topic) for each in versions] == [(1, ANNA, "social"), (2, BEN, "legal")]
    async with desk.database.reading() as unit:
        rows = await unit.execute(select(written.table.c.number).where(written.table.c.newest))
        assert [row.number for row in rows] == [2]
    reader = Reader(ANNA, may_read=True, reason="asked")
    old = await wrapup_reading.read_summary(desk, contact_id, reader, NOW, 1)
    assert (old.written.summary, old.number) == (GOOD.summary, 1)
    newest = await wrapup_reading.read_summary(desk, contact_id, reader, NOW)
    assert newest.written.summary == "other"


async def test_version_that_somebody_wrote_this_moment_is_a_conflict(desk: Desk, contact_id: str) -> None:
    await wrapup.close_contact(desk, Sheet(contact_id, ANNA, GOOD), NOW)
    (version,) = await wrapup_reading.history(desk, contact_id)
    async with desk.database.unit_of_work() as unit:
        assert not await written.add(unit, desk.keys, replace(version, by=BEN))
    assert (await wrapup_reading.history(desk, contact_id)) == [version]


async def test_half_a_surrogate_is_text_too(desk: Desk, contact_id: str) -> None:
    odd = replace(GOOD, summary="a\ud800b")
    await wrapup.save_draft(desk, Sheet(contact_id, ANNA, odd), NOW)
    assert (await wrapup.read_draft(desk, Of(contact_id, ANNA))).form == odd
    await wrapup.close_contact(desk, Sheet(contact_id, ANNA, odd, 1), NOW)
    found = await wrapup_reading.read_summary(desk, contact_id, Reader(ANNA, may_read=True), NOW)
    assert found.written.summary == "a\ud800b"


async def test_one_click_closes_with_what_is_known_and_what_was_typed(desk: Desk, contact_id: str) -> None:
    await wrapup.save_draft(desk, Sheet(contact_id, ANNA, Form(summary="laughed")), NOW)
    with pytest.raises(Refused):
        await wrapup.close_in_one_click(desk, Of(contact_id, ANNA), Ended.COUNSELLED, NOW)
    with pytest.raises(NotFound):
        await wrapup.close_in_one_click(desk, Of("1-000001", ANNA), Ended.TEST, NOW)
    await wrapup.close_in_one_click(desk, Of(contact_id, ANNA), Ended.PRANK, NOW)
    (version,) = await wrapup_reading.history(desk, contact_id)
    assert (version.written.ended, version.has_summary) == (Ended.PRANK, True)
    assert version.written.language is not None


async def test_one_click_on_nothing_typed_has_no_text(desk: Desk, contact_id: str) -> None:
    await wrapup.close_in_one_click(desk, Of(contact_id, ANNA), Ended.SILENT, NOW)
    found = await wrapup_reading.read_summary(desk, contact_id, Reader(ANNA, may_read=True), NOW)
    assert (found.has_summary, found.written.summary) == (False, "")


async def test_wrong_click_is_corrected_by_another_and_the_text_stays(desk: Desk, contact_id: str) -> None:
    await wrapup.save_draft(desk, Sheet(contact_id, ANNA, Form(summary="laughed")), NOW)
    of = Of(contact_id, ANNA)
    await wrapup.close_in_one_click(desk, of, Ended.SILENT, NOW)
    for seen in (0, 2):
        with pytest.raises(Conflict):
            await wrapup.close_in_one_click(desk, of, Ended.PRANK, NOW, seen)
    await wrapup.close_in_one_click(desk, Of(contact_id, BEN), Ended.PRANK, NOW, 1)
    found = await wrapup_reading.read_summary(desk, contact_id, Reader(BEN, may_read=True), NOW)
    assert (found.number, found.written.ended, found.written.summary) == (2, Ended.PRANK, "laughed")


async def test_one_click_corrects_nothing_that_is_open(desk: Desk, contact_id: str) -> None:
    with pytest.raises(Refused):
        await wrapup.close_in_one_click(desk, Of(contact_id, ANNA), Ended.PRANK, NOW, 1)


async def test_correction_begins_with_what_is_written_for_those_who_may_read_it(desk: Desk, contact_id: str) -> None:
    await wrapup.close_contact(desk, Sheet(contact_id, ANNA, GOOD), NOW)
    mine, theirs = Of(contact_id, ANNA), Of(contact_id, BEN)
    begun = await wrapup_reading.read_correction(desk, mine, Reader(ANNA, may_read=True), NOW)
    assert begun == draft.Draft(GOOD, 1, NOW)
    assert await wrapup.correct_contact(desk, Sheet(contact_id, ANNA, begun.form, begun.revision), NOW) == ()
    with pytest.raises(Refused):
        await wrapup_reading.read_correction(desk, theirs, Reader(BEN, may_read=False, reason="x"), NOW)


async def test_contact_that_did_not_ring_is_entered_with_the_same_form(desk: Desk) -> None:
    sheet = Sheet("new", ANNA, GOOD)
    await wrapup.save_draft(desk, sheet, NOW)
    wrong = await wrapup.enter_contact(desk, replace(sheet, form=Form()), Channel.LETTER, NOW, NOW)
    assert (wrong.contact_id, len(wrong.faults)) == (None, 3)
    with pytest.raises(Refused):
        await wrapup.enter_contact(desk, sheet, Channel.LETTER, NOW + timedelta(hours=1), NOW)
    came = await wrapup.enter_contact(desk, sheet, Channel.WALK_IN, NOW - timedelta(days=2), NOW)
    assert came.contact_id
    async with desk.database.reading() as unit:
        known = await wrapup.known(unit, came.contact_id)
    assert (known.topic, known.age_band) == ("social", "11-14")
    assert len(await wrapup_reading.history(desk, came.contact_id)) == 1
    assert (await wrapup.read_draft(desk, Of("new", ANNA))).revision == 0


@pytest.mark.parametrize(
    "sheet",
    [
        Sheet("c", "", Form()),
        Sheet("c", "x" * 81, Form()),
        Sheet("", ANNA, Form()),
        Sheet("c" * 41, ANNA, Form()),
        Sheet("c", ANNA, Form(summary="x" * (FORM_LIMIT + 1))),
    ],
)
async def test_what_no_page_of_ours_sends_is_refused(desk: Desk, sheet: Sheet) -> None:
    with pytest.raises(Refused):
        await wrapup.save_draft(desk, sheet, NOW)


async def test_unfinished_are_those_nobody_closed_with_whoever_began(desk: Desk, contact_id: str) -> None:
    async def found(counsellor: str = "", since: datetime = NOW - timedelta(days=1)) -> list[tuple[str, ...]]:
        return [each.drafts for each in await wrapup_reading.unfinished(desk, since, counsellor)]

    (each,) = await wrapup_reading.unfinished(desk, NOW - timedelta(days=1))
    talked = each.contact.counsellor
    assert talked
    await wrapup.save_draft(desk, Sheet(contact_id, ANNA, GOOD), NOW)
    assert await found() == await found(ANNA) == await found(talked) == [(ANNA,)]
    assert await found(BEN) == await found(since=NOW) == []
    await wrapup.close_contact(desk, Sheet(contact_id, ANNA, GOOD, 1), NOW)
    assert await found() == []


async def test_summary_of_somebody_else_needs_leave_and_a_reason_and_is_on_record(desk: Desk, contact_id: str) -> None:
    await wrapup.close_contact(desk, Sheet(contact_id, ANNA, GOOD), NOW)
    for reader in (Reader(BEN, may_read=False, reason="x"), Reader(BEN, may_read=True), Reader(" ", may_read=True),
                   Reader(BEN, may_read=True, reason="x" * 201), Reader(ANNA, may_read=False)):  # fmt: skip
        with pytest.raises(Refused):
            await wrapup_reading.read_summary(desk, contact_id, reader, NOW)
    own = await wrapup_reading.read_summary(desk, contact_id, Reader(ANNA, may_read=True), NOW)
    assert own.written.summary == GOOD.summary
    assert await wrapup_reading.openings(desk) == []
    await wrapup_reading.read_summary(desk, contact_id, Reader(BEN, may_read=True, reason=" asked "), NOW)
    (noted,) = await wrapup_reading.openings(desk, contact_id)
    assert (noted.by, noted.what, noted.of, noted.reason, noted.at) == (BEN, "summary", contact_id, "asked", NOW)
    assert await wrapup_reading.openings(desk, "another") == []
    with pytest.raises(NotFound):
        await wrapup_reading.read_summary(desk, contact_id, Reader(ANNA, may_read=True), NOW, 2)


async def promise(desk: Desk, number: bytes | None) -> None:
    row = {
        "id": "1795281000-0000000a", "call_id": "c", "number": number, "priority": "normal", "only_caller": True,
        "asked_at": NOW, "safe_from": NOW, "safe_until": NOW, "state": "promised", "attempts": 0,
    }  # fmt: skip
    async with desk.database.unit_of_work() as unit:
        await unit.execute(insert(callback.table).values(row))


async def test_number_is_opened_with_a_reason_and_that_is_on_record(desk: Desk) -> None:
    name = "1795281000-0000000a"
    await promise(desk, seal(desk.keys, "+99400000000", name))
    with pytest.raises(Refused):
        await wrapup_reading.open_number(desk, name, Reader(ANNA, may_read=True), NOW)
    with pytest.raises(NotFound):
        await wrapup_reading.open_number(desk, "1", Reader(ANNA, may_read=True, reason="x"), NOW)
    assert await wrapup_reading.openings(desk) == []
    reader = Reader(ANNA, may_read=True, reason="ambulance asks")
    assert await wrapup_reading.open_number(desk, name, reader, NOW) == "+99400000000"
    (noted,) = await wrapup_reading.openings(desk, name)
    assert (noted.what, noted.reason) == ("number", "ambulance asks")


async def test_number_that_is_forgotten_cannot_be_opened_and_nothing_is_noted(desk: Desk) -> None:
    await promise(desk, None)
    with pytest.raises(NotFound):
        await wrapup_reading.open_number(desk, "1795281000-0000000a", Reader(ANNA, may_read=True, reason="x"), NOW)
    assert await wrapup_reading.openings(desk) == []


async def test_hard_call_is_a_pause_at_once_and_a_talk_to_hold(desk: Desk, contact_id: str) -> None:
    of = Of(contact_id, ANNA)
    await mark_hard(desk.database, of, "101", NOW)
    async with desk.database.reading() as unit:
        assert (await presence.all(unit))["101"] == Said("101", Word.PAUSE, NOW)
    with pytest.raises(Conflict):
        await mark_hard(desk.database, of, "101", NOW)
    (task,) = await list_hard(desk.database)
    assert (task.contact_id, task.account, task.extension, task.at) == (contact_id, ANNA, "101", NOW)
    await done_debrief(desk.database, contact_id, "Supervisor", NOW)
    with pytest.raises(Refused):
        await done_debrief(desk.database, contact_id, "Supervisor", NOW)
    assert await list_hard(desk.database) == []
    (held,) = await list_hard(desk.database, only_open=False)
    assert (held.debriefed_by, held.debriefed_at) == ("Supervisor", NOW)


async def test_hard_call_of_one_who_is_gone_is_on_record_and_changes_nothing_else(desk: Desk) -> None:
    out = Said("101", Word.SIGN_OUT, NOW)
    async with desk.database.unit_of_work() as unit:
        await presence.write(unit, replace(out, word=Word.PAUSE))
    await mark_hard(desk.database, Of("c", ANNA), "101", NOW + timedelta(seconds=1))
    async with desk.database.reading() as unit:
        assert (await presence.all(unit))["101"].at == NOW
    with pytest.raises(NotFound):
        await mark_hard(desk.database, Of("d", ANNA), "999", NOW)
    assert [each.contact_id for each in await list_hard(desk.database)] == ["c"]


async def test_rebuild_never_touches_what_people_wrote(desk: Desk, contact_id: str, settings: Settings) -> None:
    """Not even when the ledger no longer knows of the contact."""
    entered = await wrapup.enter_contact(desk, Sheet("new", ANNA, GOOD), Channel.EMAIL, NOW, NOW)
    await wrapup.close_contact(desk, Sheet(contact_id, ANNA, GOOD), NOW)
    await wrapup.save_draft(desk, Sheet(contact_id, BEN, GOOD), NOW)
    await mark_hard(desk.database, Of(contact_id, ANNA), "101", NOW)
    await wrapup_reading.read_summary(desk, contact_id, Reader(BEN, may_read=True, reason="x"), NOW)
    before = await everything(desk)
    log = SwitchLog(FIRST_SECOND - 5)
    log.call()
    settings.ledger_file.write_bytes(log.data)
    await call_log.rebuild(call_log.CallLog(desk.database, settings.ledger_file), lambda *_: None)
    async with desk.database.reading() as unit:
        left = {row.id for row in await unit.execute(text("SELECT id FROM contact"))}
    assert left == {entered.contact_id}
    assert await everything(desk) == before
    found = await wrapup_reading.read_summary(desk, contact_id, Reader(ANNA, may_read=True), NOW)
    assert found.written.summary == GOOD.summary


async def everything(desk: Desk) -> dict[str, list[object]]:
    async with desk.database.reading() as unit:
        tables = ("wrapup", "wrapup_draft", "hard_call", "opening")
        return {name: list(await unit.execute(text(f"SELECT * FROM {name}"))) for name in tables}  # noqa: S608


async def test_secrets_that_may_not_be_read_close_the_desk(
    settings: Settings, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(wrapup, "open_keyring", refuse)
    with pytest.raises(Refused):
        wrapup.open_desk(settings, desk.database)
