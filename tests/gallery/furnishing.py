"""An invented house: people, calls, what was written down. Each function adds its part and says what a path may name.

No name, number or story here is anybody's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ivr import accounts, call_log, wrapup
from ivr.accounts import By
from ivr.desk.access import Role
from ivr.desk.wrapup import Form
from ivr.wrapup import Sheet
from tests.records.switch_log import SwitchLog, answered
from tests.web.house import House

GIVEN = "given"  # has a one-time password and has changed it: a telephone is still to be set up
HALF_WAY = "half-way"  # has typed the password, and no code yet

Known = dict[str, str]
Part = Callable[[House], Awaitable[Known]]


async def people(house: House) -> Known:
    """One in each role, by the role's name, and some more."""
    for name, shown, role, extension in (
        ("leyla", "Leyla", Role.COUNSELLOR, "102"),
        ("tural", "Tural Əliyev", Role.COUNSELLOR, ""),
        ("gunay", "Günay", Role.SUPERVISOR, "103"),
    ):
        await accounts.add(house.database, accounts.NewAccount(name, shown, role, extension), By("test", house.now))
    await accounts.close(house.database, "tural", By("test", house.now))
    return {"name": "leyla"}


async def calls(house: House) -> Known:
    """Three that were answered; one of them is written down."""
    log = SwitchLog()
    made = [answered(log, "101", topic=topic) for topic in ("social", "violence", "psychological")]
    file = house.settings.ledger_file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(log.data)
    await call_log.catch_up(call_log.CallLog(house.database, file))
    desk = wrapup.open_desk(house.settings, house.database)
    form = Form(topic="violence", age_band="11-14", gender="girl", summary="Danışdıq, sabah yenə zəng edəcək.")
    assert not await wrapup.close_contact(desk, Sheet(made[1].row_id, "counsellor", form), house.now)
    return {"contact_id": made[0].row_id, "written_id": made[1].row_id}


async def prompts(house: House) -> Known:
    """Those of the line, not one of them read by a person."""
    return {"code": "az"}


FURNISHED: tuple[Part, ...] = (people, calls, prompts)
