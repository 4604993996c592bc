"""The test call of menus on trial, at door 1: the same turns, and an end that is told and not taken."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ivr import new_flow
from ivr.attempt import Line
from ivr.flow.menu import End
from ivr.menus_call import DANGER, NONE, SAYS, take_trial
from ivr.new_flow import By
from ivr.prepare import make_folders, take_flow
from ivr.records.database import Database
from ivr.records.flow import Flow
from ivr.settings import Settings
from ivr.telephony.fastagi import FastAgiServer
from tests.fake_asterisk import dialplan, header, ring
from tests.test_new_flow import slower

GUNAY = By("gunay", datetime(2026, 11, 29, 20, tzinfo=UTC))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    found = Settings(state_dir=tmp_path / "var")
    make_folders(found)
    take_flow(found)
    return found


@pytest.fixture
async def database(settings: Settings, empty_file: Path) -> AsyncIterator[Database]:
    shutil.copy(empty_file, settings.own_database)
    found = Database(settings.database)
    yield found
    await found.close()


async def heard(settings: Settings, database: Database, *keys: str) -> list[str]:
    async def story(line: Line) -> None:
        await take_trial(line, settings, database)

    async with FastAgiServer(0, story) as server:
        return await ring(server.port, dialplan(keys), header(caller="103", session="103-page", script="menus"))


async def trial(settings: Settings, database: Database) -> Flow:
    found = (await new_flow.shelf(settings, database)).trial
    assert found
    return found


async def test_it_ends_where_a_caller_would_have_gone_and_is_on_record(settings: Settings, database: Database) -> None:
    await new_flow.put_on_trial(settings, database, slower(2.5), GUNAY)
    told = await heard(settings, database, "2", "1", "3")
    assert "helpline/az/welcome" in told[0]
    assert "helpline/ru/connecting" not in "".join(told[:-1])
    assert told[-1].startswith("GOSUB")
    assert all(word in told[-1] for word in ("menus", "over", "ru", "connecting", "trial-person"))
    assert not [each for each in told if "queue" in each]
    found = await trial(settings, database)
    assert (found.called_by, found.went) == ("103", "person ru normal")


async def test_danger_is_told_as_danger(settings: Settings, database: Database) -> None:
    await new_flow.put_on_trial(settings, database, slower(2.5), GUNAY)
    assert DANGER in (await heard(settings, database, "9"))[-1]
    assert (await trial(settings, database)).went == "person az danger"


async def test_whoever_hangs_up_before_the_end_has_tried_nothing(settings: Settings, database: Database) -> None:
    await new_flow.put_on_trial(settings, database, slower(2.5), GUNAY)
    await heard(settings, database, "1", "hangup")
    assert (await trial(settings, database)).called_at is None


async def test_without_menus_on_trial_it_says_so(settings: Settings, database: Database) -> None:
    (told,) = await heard(settings, database)
    assert NONE in told
    settings.flow_on_trial.write_text("rubbish")
    (told,) = await heard(settings, database)
    assert NONE in told


async def test_menus_that_were_changed_meanwhile_are_not_taken_for_tried(
    settings: Settings, database: Database
) -> None:
    await new_flow.put_on_trial(settings, database, slower(2.5), GUNAY)
    settings.flow_on_trial.write_text(slower(2.6))
    await heard(settings, database, "1", "3")
    assert (await trial(settings, database)).called_at is None


async def test_many_test_calls_at_once_are_each_led_through(settings: Settings, database: Database) -> None:
    await new_flow.put_on_trial(settings, database, slower(2.5), GUNAY)
    calls = await asyncio.gather(*(heard(settings, database, "1", "3") for _ in range(10)))
    assert all("trial-person" in told[-1] for told in calls)


def test_every_end_is_said() -> None:
    assert len(set(SAYS.values())) == len(SAYS)
    assert set(SAYS) == set(End)
