"""An invented house: people, calls, what was written down. Each function adds its part and says what a path may name.

No name, number or story here is anybody's.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, timedelta

from ivr import accounts, call_log, disclosing, help_request, new_flow, rota, wrapup
from ivr.accounts import By
from ivr.board.state import Board, Call, Phone, Stage
from ivr.contact_import import bring_in
from ivr.desk.access import Role
from ivr.desk.disclosure import Form as RegisterForm
from ivr.desk.wrapup import Form
from ivr.disclosing import Who
from ivr.flow.steps import Begun
from ivr.help_request import Why
from ivr.prepare import make_folders, take_flow
from ivr.records import contact, flow, message
from ivr.records.draft import Of
from ivr.routing.hours import BAKU
from ivr.routing.rota import ExceptionKind, Shift, ShiftException
from ivr.telephony.statuses import PhoneState
from ivr.wrapup import Sheet
from tests.records.rung import rang
from tests.records.switch_log import Calling, SwitchLog, answered
from tests.reports.test_contact_rows import GOOD, as_csv
from tests.web.house import House

GIVEN = "given"  # has a one-time password and has changed it: a telephone is still to be set up
HALF_WAY = "half-way"  # has typed the password, and no code yet
# Counsellors by what happens at their desk, with their extensions.
LOCKED, RUNG, TALKING = "rena", "konul", "nermin"
AT_DESKS = {LOCKED: "104", RUNG: "105", TALKING: "106"}

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
    assert not await wrapup.close_contact(desk, Sheet(made[1].row_id, "aynur", form), house.now)
    return {
        "contact_id": made[0].row_id,
        "written_id": made[1].row_id,
        "callback_id": made[2].row_id,
        "call_id": made[1].row_id,
    }


async def desks(house: House) -> Known:
    """A call rings now, and one goes on, with a child who does not speak. After `calls`."""
    log = SwitchLog(time.time() - 60)
    _now(log, AT_DESKS[RUNG], language="az", topic="violence", age_band="11-14", priority="danger")
    talks, channel = _now(log, AT_DESKS[TALKING], language="ru", topic="psychological", age_band="15-18", silent="yes")
    log.at = time.time() - 4
    talks.talks(channel)
    file = house.settings.ledger_file
    file.write_bytes(file.read_bytes() + log.data)
    await call_log.catch_up(call_log.CallLog(house.database, file))
    return {}


def _now(log: SwitchLog, extension: str, **said: object) -> tuple[Calling, str]:
    """Somebody waits, and that counsellor's telephone rings for them this second."""
    log.at = time.time() - 40
    call = log.call()
    call.decided(**said)
    call.queued()
    log.at = time.time() + 3600  # it rings for as long as all the pictures take
    return call, call.rings(extension)


async def register(house: House) -> Known:
    """What was told of children: two entries, one of them corrected."""
    desk = wrapup.open_desk(house.settings, house.database)
    aynur, gunay = Who("aynur", Role.COUNSELLOR, house.now), Who("gunay", Role.SUPERVISOR, house.now)
    contact_id = (await call_log_ids(house))[0]
    told = {"when": "2026-11-22T10:40", "decided_by": "gunay"}
    note = "Növbətçi polis əməkdaşı qeydə aldı, bir saatdan sonra geri zəng edəcəklər."
    first = RegisterForm("police", "physical_violence", child_told="before", note=note, **told)
    made = str(await disclosing.enter(desk, aynur, contact_id, first))
    await disclosing.correct(desk, gunay, made, 1, replace(first, ground="danger_to_life"))
    second = RegisterForm("child_protection", "neglect", child_told="no", not_told="would_endanger", **told)
    await disclosing.enter(desk, gunay, contact_id, second)
    return {"entry_id": made}


async def call_log_ids(house: House) -> list[str]:
    async with house.database.reading() as unit:
        return [each.id for each in await contact.page(unit, limit=3)]


async def years_before(house: House) -> Known:
    """Two quarters of contacts, shaped as the helpline has published of others."""
    topics = (
        ["psychological"] * 32
        + ["social"] * 16
        + ["violence"] * 15
        + ["legal"] * 14
        + ["education"] * 6
        + ["other"] * 16
    )
    bands, genders = ["15-18"] * 72 + ["11-14"] * 21 + ["0-10"] * 7, ["girl"] * 59 + ["boy"] * 29 + ["not_stated"] * 12
    channels = ["telephone"] * 50 + ["instagram"] * 20 + ["facebook"] * 14 + ["webchat"] * 9 + ["app"] * 6
    rows = [
        GOOD | {
            "id": str(n), "received_at": f"2026-{4 + n % 6:02d}-{n % 30 + 1:02d}T{n % 24:02d}:00", "chi_category": "",
            "topic": "health" if n % 199 == 0 else topics[n * 7 % 99], "age_band": bands[n * 11 % 100],
            "gender": genders[n * 13 % 100], "channel": channels[n * 17 % 99], "first_time": "yes" if n % 3 else "no",
        }
        for n in range(600)
    ]  # fmt: skip
    file = house.settings.state_dir / "before.csv"
    file.write_text(as_csv(*rows))
    desk = wrapup.open_desk(house.settings, house.database)
    assert (await bring_in(desk, file, house.now, lambda *_: None)).new == len(rows)
    file.unlink()
    return {}


async def prompts(house: House) -> Known:
    """Those of the line, not one of them read by a person."""
    return {"code": "az"}


async def menus(house: House) -> Known:
    """An hour of callers in them; others on trial, heard by keyboard; and one step back."""
    log = SwitchLog(house.now.timestamp() - 7200, pace_s=0.5)
    for n in range(60):
        call = log.call()
        if n % 10:
            call.asked("language", "123"[n % 7 % 3] if n % 6 else "")
        if n % 10 > 1:
            topic = "1234560"[n % 7]
            call.asked("topic", topic if n % 9 else "")
            if topic in "12456" and n % 9:
                call.asked("age", str(1 + n % 4))
            call.decided(language="az")
        call.hangs_up()
    with house.settings.ledger_file.open("ab") as file:
        file.write(log.data)
    await call_log.catch_up(call_log.CallLog(house.database, house.settings.ledger_file))
    make_folders(house.settings)
    take_flow(house.settings)
    text = house.settings.helpline_file.read_text()
    by = new_flow.By("gunay", house.now)
    for wait_s in ("2.4", "2.5"):
        await new_flow.put_on_trial(
            house.settings, house.database, text.replace("wait_s = 2.3", f"wait_s = {wait_s}"), by
        )
        await tried(house, by)
        shelf = await new_flow.shelf(house.settings, house.database)
        await new_flow.take_over(house.settings, house.database, shelf.trial.id if shelf.trial else "", by)
    other = text.replace('4 = { topic = "legal", to = "menu.age" }', '4 = { topic = "legal", to = "route.counsellor" }')
    other = other.replace('6 = { topic = "health", to = "menu.age" }', '7 = { topic = "health", to = "menu.age" }')
    await new_flow.put_on_trial(house.settings, house.database, other, by)
    return {}


async def tried(house: House, by: new_flow.By) -> None:
    trial = (await new_flow.shelf(house.settings, house.database)).trial
    assert trial
    assert (await new_flow.try_keys(house.database, trial, ("1", "2", "3"), Begun.USUAL, by)).is_through
    async with house.database.unit_of_work() as unit:
        await flow.note_called(unit, trial.mark, "103", by.at, "person az normal")


async def line(house: House) -> Known:
    """Two wait, one in danger; two talk; one is in the menus."""
    now = house.now.timestamp()
    made = (
        ("1795293485-000901", Stage.RINGING, "az", "violence", "11-14", "danger", 12, ""),
        ("1795293485-000902", Stage.WAITING, "ru", "psychological", "15-18", "normal", 75, ""),
        ("1795293485-000903", Stage.TALKING, "az", "legal", "adult", "normal", 320, "101"),
        ("1795293485-000904", Stage.TALKING, "en", None, None, "high", 45, ""),
        ("1795293485-000905", Stage.ASKING, None, None, None, "normal", 4, ""),
    )
    calls = {}
    for name, stage, language, topic, age_band, priority, since_s, who in made:
        call = Call(name, "", stage, now - since_s, language, topic, age_band, priority, counsellor=who)
        waits = {"waiting_since": now - since_s, "place": 9000 if priority == "danger" else 100}
        talks = {"talking_since": now - since_s if stage is Stage.TALKING else None}
        calls[name] = replace(call, **waits if call.waits else talks)
    phones = {"101": PhoneState.TALKING, "102": PhoneState.RINGING, "103": PhoneState.IDLE}
    phones |= {AT_DESKS[RUNG]: PhoneState.RINGING, AT_DESKS[TALKING]: PhoneState.TALKING}
    calls["1795293485-000901"] = replace(calls["1795293485-000901"], ringing=("102",))
    house.feed.board = Board(calls, {name: Phone(state) for name, state in phones.items()}, away=False)
    return {}


async def help_asked(house: House) -> Known:
    """In one of the talks that go on."""
    of = Of("1795293485-000903", "aynur")
    await help_request.ask(house.database, of, "101", Why.UNSURE, house.now - timedelta(seconds=40))
    return {}


async def days(house: House) -> Known:
    """Today until now, and the same weekday of the four weeks before."""
    midnight = BAKU.moment(BAKU.day(house.now))
    today = "0100001243350"
    before = "100000124234533334543321"
    moments = [
        midnight + timedelta(hours=hour, minutes=2 * n) for hour, calls in enumerate(today) for n in range(int(calls))
    ]
    moments += [
        midnight - timedelta(weeks=week) + timedelta(hours=hour, minutes=5 * n)
        for week in range(1, 5)
        for hour, calls in enumerate(before)
        for n in range(int(calls) + week % 2)
    ]
    async with house.database.unit_of_work() as unit:
        await rang(unit, *moments)
    return {}


async def shifts(house: House) -> Known:
    """A week with a night that nobody has, a day off, and a swap."""
    weekly = [Shift("101", day, 9 * 60, 17 * 60) for day in range(5)] + [
        Shift("102", day, 17 * 60, 60) for day in range(7)
    ]
    day = date(2026, 11, 18)
    single = (
        ShiftException("101", ExceptionKind.ABSENT, day, 0, 1440),
        ShiftException("103", ExceptionKind.EXTRA, day, 9 * 60, 17 * 60),
    )
    await rota.add(house.settings, (*weekly, *single), house.now)
    return {}


async def messages(house: House) -> Known:
    """Two that were left by night; one of them was heard."""
    async with house.database.unit_of_work() as unit:
        for name, hours, known in (
            ("1795281000-7", 9, {"seconds": 48.0, "language": "az", "topic": "psychological"}),
            ("1795281600-8", 6, {"seconds": 17.0, "language": "ru"}),
        ):
            await message.add(unit, name, house.now - timedelta(hours=hours), known)
        await message.hear(unit, "1795281000-7", "sevda", house.now - timedelta(hours=1))
    return {}


FURNISHED: tuple[Part, ...] = (
    people, calls, desks, register, years_before, prompts, line, help_asked, days, shifts, menus, messages,
)  # fmt: skip
