"""What is wrong with the line stands on the board, with what to do; on the wall without."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ivr.alarms import Vitals
from ivr.desk.access import Role
from ivr.records.database import Database
from ivr.settings import Settings
from tests.test_alarms import WELL
from tests.web.house import House

MEANS = "Heç bir məsləhətçinin telefonu qoşulmayıb"
REMEDY = "Hansı telefon qoşulub: ivr phones."


@pytest.mark.parametrize(
    ("vitals", "board", "wall"),
    [
        (WELL, (False, False), (False, False)),
        (replace(WELL, phones=0), (True, True), (True, False)),
        (replace(WELL, phones=0, answers=False), (False, False), (False, False)),  # closed: the board says so itself
    ],
)
async def test_alarms_stand_on_the_board(
    house: House,
    monkeypatch: pytest.MonkeyPatch,
    vitals: Vitals,
    board: tuple[bool, bool],
    wall: tuple[bool, bool],
) -> None:
    async def known(settings: Settings, database: Database) -> Vitals:
        """No switch runs here."""
        return vitals

    monkeypatch.setattr("ivr.web.board_alarms.look_at", known)
    async with house.browser() as browser:
        await browser.enter(await house.add("nigar", Role.SUPERVISOR))
        for path, told in (("/board?lang=az", board), ("/board/wall?lang=az", wall)):
            text = (await browser.get(path)).text.replace("&#39;", "'")
            assert (MEANS in text, REMEDY in text) == told
