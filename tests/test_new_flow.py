"""Other menus: every fault at once, tried before they take over, one step back; and the file that wins."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ivr import new_flow
from ivr.app.answer import flow_in_use
from ivr.call import MARK, WAS, Helpline, older_flow, on_its_flow
from ivr.errors import Conflict, NotFound, Refused, ScriptError
from ivr.flow.script import Script, parse
from ivr.flow.steps import Begun
from ivr.flow.turn import begin, resume_at
from ivr.keeper import note_pid
from ivr.new_flow import By
from ivr.prepare import MOST_FLOWS, flow_file, keep_flow, make_folders, take_flow
from ivr.records import audit, flow
from ivr.records.database import Database
from ivr.records.flow import Flow
from ivr.settings import Settings
from tests.conftest import PROJECT

NOW = datetime(2026, 11, 29, 20, tzinfo=UTC)
GUNAY = By("gunay", NOW, "127.0.0.1")
SHIPPED = (PROJECT / "ivr/flow/helpline.toml").read_text()


def slower(seconds: float) -> str:
    """The shipped menus, with another wait."""
    return SHIPPED.replace("wait_s = 2.3", f"wait_s = {seconds:g}")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    file = tmp_path / "helpline.toml"
    file.write_text(SHIPPED)
    found = Settings(state_dir=tmp_path / "var", helpline_file=file)
    make_folders(found)
    take_flow(found)
    return found


@pytest.fixture
async def database(settings: Settings, empty_file: Path) -> AsyncIterator[Database]:
    shutil.copy(empty_file, settings.own_database)
    found = Database(settings.database)
    yield found
    await found.close()


async def tried(database: Database, trial: Flow | None) -> str:
    """Heard to an end both ways; its id."""
    assert trial
    assert (await new_flow.try_keys(database, trial, ["1", "3"], Begun.USUAL, GUNAY)).is_through
    async with database.unit_of_work() as unit:
        assert await flow.note_called(unit, trial.mark, "103", NOW, "person az normal")
    return trial.id


async def bring_in(settings: Settings, database: Database, text: str, hours: int = 0) -> Flow:
    """Brought in, tried, taken over."""
    by = By("gunay", NOW + timedelta(hours=hours))
    await new_flow.put_on_trial(settings, database, text, by)
    identity = await tried(database, (await new_flow.shelf(settings, database)).trial)
    return await new_flow.take_over(settings, database, identity, by)


def in_use(settings: Settings) -> str:
    return settings.flow_in_use.read_text()


async def test_every_fault_is_told_with_its_line_and_nothing_is_kept(settings: Settings, database: Database) -> None:
    bad = SHIPPED.replace('number = "116111"', 'number = "112"').replace('to = "menu.age" }', 'to = "menu.agee" }')
    with pytest.raises(ScriptError) as told:
        await new_flow.put_on_trial(settings, database, bad, GUNAY)
    assert len([fault for fault in told.value.problems if "'menu.agee', which is not there" in fault]) == 5
    assert any(fault.startswith("line 9: line.number: is what the switch") for fault in told.value.problems)
    assert (await new_flow.shelf(settings, database)).trial is None
    assert not settings.flow_on_trial.exists()


@pytest.mark.parametrize("text", ["", "\0", "[line", SHIPPED[:5000], "x" * 200_001, 'az = "\U0001f642"'])
async def test_what_is_no_flow_is_refused(settings: Settings, database: Database, text: str) -> None:
    with pytest.raises(ScriptError):
        await new_flow.put_on_trial(settings, database, text, GUNAY)
    assert in_use(settings) == SHIPPED


async def test_queues_that_the_switch_does_not_know_are_a_fault(settings: Settings, database: Database) -> None:
    with pytest.raises(ScriptError) as told:
        await new_flow.put_on_trial(settings, database, SHIPPED.replace('en = "en"', 'en = "english"'), GUNAY)
    assert [fault for fault in told.value.problems if "queues: is what the switch was opened with" in fault]


async def test_the_menus_in_use_are_no_others(settings: Settings, database: Database) -> None:
    with pytest.raises(Refused):
        await new_flow.put_on_trial(settings, database, SHIPPED.replace("\n", "\r\n"), GUNAY)


@pytest.mark.parametrize("by", ["nothing", "keys", "call"])
async def test_nothing_takes_over_that_was_not_tried_both_ways(settings: Settings, database: Database, by: str) -> None:
    await new_flow.put_on_trial(settings, database, slower(2.5), GUNAY)
    trial = (await new_flow.shelf(settings, database)).trial
    assert trial
    if by == "keys":
        await new_flow.try_keys(database, trial, ["1", "3"], Begun.USUAL, GUNAY)
    if by == "call":
        async with database.unit_of_work() as unit:
            await flow.note_called(unit, trial.mark, "103", NOW, "person az normal")
    with pytest.raises(Refused):
        await new_flow.take_over(settings, database, trial.id, GUNAY)
    assert in_use(settings) == SHIPPED


@pytest.mark.parametrize("words", [[], ["1"], ["1", "hangup"], ["hangup"], ["1", "x"], ["typed"]])
async def test_keys_that_lead_to_no_end_do_not_count(settings: Settings, database: Database, words: list[str]) -> None:
    await new_flow.put_on_trial(settings, database, slower(2.5), GUNAY)
    trial = (await new_flow.shelf(settings, database)).trial
    assert trial
    played = await new_flow.try_keys(database, trial, words, Begun.USUAL, GUNAY)
    assert not played.is_through
    assert played.refused == (words[-1] if words and words[-1] in {"x", "typed"} else "")
    trial = (await new_flow.shelf(settings, database)).trial
    assert trial
    assert trial.keyed_at is None


async def test_what_is_changed_after_it_was_tried_must_be_tried_again(settings: Settings, database: Database) -> None:
    await new_flow.put_on_trial(settings, database, slower(2.5), GUNAY)
    first = (await new_flow.shelf(settings, database)).trial
    await tried(database, first)
    await new_flow.put_on_trial(settings, database, slower(2.6), GUNAY)
    second = (await new_flow.shelf(settings, database)).trial
    assert first
    assert second
    assert not second.is_tried
    with pytest.raises(NotFound):
        await new_flow.take_over(settings, database, first.id, GUNAY)
    async with database.unit_of_work() as unit:
        assert not await flow.note_called(unit, first.mark, "103", NOW, "person az normal")


async def test_it_takes_over_and_the_old_one_is_one_step_back(settings: Settings, database: Database) -> None:
    await bring_in(settings, database, slower(2.5))
    await bring_in(settings, database, slower(2.6), 1)
    assert in_use(settings) == slower(2.6)
    await new_flow.go_back(settings, database, GUNAY)
    assert in_use(settings) == slower(2.5)
    shelf = await new_flow.shelf(settings, database)
    assert [str(each.origin) for each in shelf.kept].count("file") == 1
    await new_flow.go_back(settings, database, GUNAY)
    assert in_use(settings) == SHIPPED
    assert not settings.flow_of_page.exists()
    with pytest.raises(Refused):
        await new_flow.go_back(settings, database, GUNAY)
    async with database.reading() as unit:
        deeds = [str(each.deed) for each in reversed(await audit.newest(unit, 50))]
    assert deeds == ["flow_on_trial", "flow_taken_over"] * 2 + ["flow_taken_back"] * 2


async def test_what_was_in_use_takes_over_again_without_being_tried_anew(
    settings: Settings, database: Database
) -> None:
    first = await bring_in(settings, database, slower(2.5))
    await bring_in(settings, database, slower(2.6), 1)
    await new_flow.take_over(settings, database, first.id, By("leyla", NOW + timedelta(hours=2)))
    assert in_use(settings) == slower(2.5)
    await new_flow.go_back(settings, database, By("leyla", NOW + timedelta(hours=3)))
    assert in_use(settings) == slower(2.6)


async def test_menus_of_the_page_win_over_the_file_after_a_restart_too(settings: Settings, database: Database) -> None:
    await bring_in(settings, database, slower(2.5))
    settings.helpline_file.write_text(slower(3))
    assert take_flow(settings).menus["menu.topic"].wait_s == 2.5
    following = flow_in_use(settings)
    await following.look()
    assert following.value.menus["menu.topic"].wait_s == 2.5
    assert (await new_flow.shelf(settings, database)).of_page
    await new_flow.follow_file(settings, database, GUNAY)
    await following.look()
    assert following.value.menus["menu.topic"].wait_s == 3
    settings.helpline_file.write_text(slower(3.5))
    await following.look()
    assert following.value.menus["menu.topic"].wait_s == 3.5


async def test_a_file_with_faults_is_not_gone_back_to(settings: Settings, database: Database) -> None:
    await bring_in(settings, database, slower(2.5))
    settings.helpline_file.write_text("rubbish")
    with pytest.raises(ScriptError):
        await new_flow.follow_file(settings, database, GUNAY)
    assert flow_file(settings) == settings.flow_of_page
    await new_flow.go_back(settings, database, GUNAY)  # to the file as it was then
    assert in_use(settings) == SHIPPED
    assert flow_file(settings) == settings.flow_of_page


async def test_another_number_comes_with_the_file_while_the_line_is_closed(
    settings: Settings, database: Database
) -> None:
    await bring_in(settings, database, slower(2.5))
    settings.helpline_file.write_text(SHIPPED.replace('"116111"', '"112"'))
    running = settings.state_dir / "run/switch.pid"
    note_pid(running, os.getpid())
    with pytest.raises(ScriptError):
        await new_flow.follow_file(settings, database, GUNAY)
    assert in_use(settings) == slower(2.5)
    running.unlink()
    assert (await new_flow.follow_file(settings, database, GUNAY)).number == "112"
    assert take_flow(settings).number == "112"


def test_menus_of_the_page_that_no_longer_fit_do_not_close_the_line(settings: Settings) -> None:
    settings.flow_of_page.write_text(SHIPPED.replace('prompts = ["topic"]', 'prompts = ["gone"]'))
    told = list[str]()
    assert take_flow(settings, told.append).mark == parse(SHIPPED).mark
    assert "gone" in told[0]
    assert in_use(settings) == SHIPPED


async def test_two_at_once_are_told_so_and_only_one_is_heard(settings: Settings, database: Database) -> None:
    seen = By("leyla", NOW, seen=(await new_flow.shelf(settings, database)).version)
    await new_flow.put_on_trial(settings, database, slower(2.5), GUNAY)
    with pytest.raises(Conflict):
        await new_flow.put_on_trial(settings, database, slower(2.6), seen)
    with pytest.raises(Conflict):
        await new_flow.drop_trial(settings, database, seen)
    trial = (await new_flow.shelf(settings, database)).trial
    assert trial
    assert trial.text == slower(2.5)


async def test_many_at_once_leave_one_on_trial_that_file_and_row_agree_on(
    settings: Settings, database: Database
) -> None:
    texts = [slower(2 + n / 10) for n in range(4, 10)]
    await asyncio.gather(*(new_flow.put_on_trial(settings, database, text, GUNAY) for text in texts))
    shelf = await new_flow.shelf(settings, database)
    assert shelf.trial
    assert shelf.trial.text == settings.flow_on_trial.read_text()


async def test_what_cannot_be_written_changes_no_row(settings: Settings, database: Database) -> None:
    await new_flow.put_on_trial(settings, database, slower(2.5), GUNAY)
    identity = await tried(database, (await new_flow.shelf(settings, database)).trial)
    settings.flow_of_page.with_suffix(".new").mkdir()
    with pytest.raises(OSError):
        await new_flow.take_over(settings, database, identity, GUNAY)
    shelf = await new_flow.shelf(settings, database)
    assert shelf.trial
    assert shelf.kept == ()
    assert in_use(settings) == SHIPPED


async def test_the_oldest_are_forgotten(settings: Settings, database: Database) -> None:
    for n in range(flow.MOST + 2):
        await bring_in(settings, database, slower(2.5 + n / 100), n)
    shelf = await new_flow.shelf(settings, database)
    assert len(shelf.kept) == flow.MOST
    assert shelf.current
    assert shelf.before
    for n in range(MOST_FLOWS + 2):
        keep_flow(settings, slower(3 + n / 100))
    assert len(list(settings.flow_in_use.parent.glob(f"{WAS}*.toml"))) == MOST_FLOWS


def line_of(settings: Settings, script: Script) -> Helpline:
    return Helpline(script, b"k", older=lambda mark: older_flow(settings.flow_in_use.parent, mark))


async def test_a_call_ends_on_the_menus_it_began_with(settings: Settings, database: Database) -> None:
    """Also where another door goes on, and where the wait is interrupted."""
    began = begin(parse(SHIPPED)).session
    await bring_in(settings, database, slower(2.5))
    now = line_of(settings, parse(in_use(settings)))
    assert on_its_flow(now, began).script.menus["menu.topic"].wait_s == 2.3
    later = resume_at(on_its_flow(now, began).script, Begun.UNANSWERED, began).session
    assert on_its_flow(now, later).script.menus["menu.topic"].wait_s == 2.3
    assert on_its_flow(now, begin(now.script).session).script.menus["menu.topic"].wait_s == 2.5


@pytest.mark.parametrize("mark", ["", "../../secrets", "0" * 12, "\u0660" * 12])
def test_a_mark_of_nothing_leads_to_no_file(settings: Settings, mark: str) -> None:
    assert older_flow(settings.flow_in_use.parent, mark) is None
    assert MARK.fullmatch(parse(SHIPPED).mark)
