"""A caller of whom there is something of every kind, made as the line makes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from ivr import call_log, messages, wrapup
from ivr.desk.rubric import Mark
from ivr.desk.wrapup import Form
from ivr.records import block, callback, copying, draft, message, opening, review
from ivr.records.database import Database
from ivr.records.draft import Draft, Of
from ivr.records.keyring import open_keyring
from ivr.records.sealed import seal, seal_bytes, to_text
from ivr.settings import Settings
from ivr.telephony.numbers import PhoneNumber
from ivr.wrapup import Sheet
from tests.records.switch_log import FIRST_SECOND, Calling, SwitchLog

AT = datetime.fromtimestamp(FIRST_SECOND + 600, UTC)
WORDS = "Her name is Nərgiz and she lives at the mill"


@dataclass(frozen=True, slots=True)
class Somebody:
    """`talked`: the call that became a contact, `asked`: the one that ended with a promise."""

    number: str
    caller: str
    talked: str
    asked: str
    promise: str
    message: str


def _talk(log: SwitchLog, caller: str, seconds: float = 60) -> Calling:
    call = log.call()
    call.chose(language="az", caller=caller)
    call.decided(language="az", topic="social", age_band="11-14")
    call.queued()
    channel = call.rings("101")
    bridge = call.talks(channel)
    call.parts(bridge, channel)
    call.hangs_up()
    log.at += seconds
    return call


def _asks(log: SwitchLog, caller: str, promise: str, number: str) -> Calling:
    call = log.call()
    call.chose(language="ru", caller=caller)
    call.decided(language="ru", topic="legal")
    now = int(log.at)
    told = {"id": promise, "number": number, "caller": caller, "safe_from": now, "safe_until": now + 7200}
    call.step("promised", "", **told | {"only": "yes", "language": "ru"})
    call.hangs_up()
    return call


def write_ledger(settings: Settings, number: str, name: str, start: float = FIRST_SECOND) -> Somebody:
    """Two calls of theirs, appended to the ledger."""
    keys = open_keyring(settings.secrets_file)
    caller, promise = PhoneNumber(number).caller_hash(keys.hash_key), f"{int(start)}-{name}"
    log = SwitchLog(start)
    talked = _talk(log, caller)
    asked = _asks(log, caller, promise, to_text(seal(keys.sealing_keys, number, promise)))
    settings.ledger_file.parent.mkdir(parents=True, exist_ok=True)
    with settings.ledger_file.open("ab") as ledger:
        ledger.write(log.data)
    second, _, count = talked.row_id.partition("-")
    return Somebody(number, caller, talked.row_id, asked.row_id, promise, f"{second}-{int(count)}")


async def write_down(settings: Settings, database: Database, who: Somebody, at: datetime = AT) -> None:
    """What people write and say: a wrap-up, a draft, a review, a block, an opening, a message."""
    await call_log.catch_up(call_log.CallLog(database, settings.ledger_file))
    desk = wrapup.open_desk(settings, database)
    form = Form(topic="social", age="12", age_band="11-14", gender="girl", region="AZ-BA", summary=WORDS)
    await wrapup.close_contact(desk, Sheet(who.talked, "anna", form), at)
    box = messages.open_box(settings, database)
    box.folder.mkdir(parents=True, exist_ok=True)
    box.sealed(who.message).write_bytes(seal_bytes(desk.keys, b"a voice", f"message:{who.message}"))
    talk = review.Review(who.talked, "101", "leyla", at, "2026-11", {"safety": Mark.DONE}, remark=WORDS)
    made = block.Block(who.talked, who.talked, at, "leyla", f"reason {WORDS}", at + timedelta(hours=1))
    async with database.unit_of_work() as unit:
        await message.add(unit, who.message, at, {"seconds": 3.0, "caller": who.caller})
        await draft.save(unit, desk.keys, Of(who.talked, "ben"), Draft(Form(summary=WORDS), 0, at))
        await review.write(unit, desk.keys, talk)
        await block.make(unit, who.caller, made)
        opened = opening.Opening(who.talked, at, "leyla", opening.What.SUMMARY, who.talked, f"reason {WORDS}")
        await opening.note(unit, opened)


async def everything(database: Database) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table."""
    async with database.reading() as unit:
        return {
            table.name: [
                dict(row._mapping) for row in await unit.execute(select(table).order_by(*table.primary_key.columns))
            ]
            for table in copying.tables()
        }


async def keep(database: Database, who: Somebody, at: datetime) -> None:
    """Their promise is kept."""
    async with database.unit_of_work() as unit:
        this = update(callback.table).where(callback.table.c.id == who.promise)
        await unit.execute(this.values(state="kept", safe_until=at, next_at=None))
