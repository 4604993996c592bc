"""How a line is: everything that is looked at for `ivr check --live`, the board's alarm and the metrics."""

from __future__ import annotations

import asyncio
import shutil
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from ivr import call_log, callback_log, guard, line, retention, trial
from ivr.alarms import Vitals
from ivr.errors import HelplineError, TelephonyError
from ivr.prepare import carriers_trunk
from ivr.records import audit, call, callback, ledger, ledger_file
from ivr.records.audit import Deed, Wanted
from ivr.records.database import Database
from ivr.settings import Settings
from ivr.telephony import phones, switch, trunk

WITHIN_S = 5.0  # a database that hangs is away


@dataclass(frozen=True, slots=True)
class Rows:
    """What is known from the database. `unread`: bytes of the ledger that are in no row yet."""

    due: int = 0
    still: int = 0
    late: int = 0
    unread: int = 0
    oldest: datetime | None = None
    backed_up: datetime | None = None


async def look(settings: Settings) -> Vitals:
    """One look from a shell: the rows are brought up to the ledger's end first. Raises nothing for what is away, as
    that is what is to be told.
    """
    database = Database(settings.database)
    try:
        if call_log.is_there(settings):
            with suppress(HelplineError, TimeoutError):
                async with asyncio.timeout(WITHIN_S):
                    await call_log.catch_up(call_log.CallLog(database, settings.ledger_file))
        return await look_at(settings, database)
    finally:
        await database.close()


async def look_at(settings: Settings, database: Database) -> Vitals:
    now = datetime.now(UTC)
    parts, answers, known, carrier = await asyncio.to_thread(_switch, settings)
    rows = await _rows(settings, database, now)
    free = shutil.disk_usage(settings.state_dir).free if settings.state_dir.exists() else 0
    known_rows = rows or Rows()
    return Vitals(
        now,
        parts,
        answers,
        known,
        carrier,
        has_trunk=carriers_trunk(settings) is not None,
        database=rows is not None,
        promises_open=known_rows.still,
        promises_late=known_rows.late,
        promises_due=known_rows.due,
        unread_bytes=known_rows.unread,
        free_bytes=free,
        trial=trial.last(trial.results(settings)),
        overdue=trial.is_overdue(settings, now),
        guesses=guard.book(settings, now),
        oldest=known_rows.oldest,
        backed_up=known_rows.backed_up,
        aged=retention.last_run(settings),
    )


def _switch(settings: Settings) -> tuple[dict[str, bool], bool, int | None, bool | None]:
    """Which parts run, whether SIP answers, how many phones there are, whether the carrier answers."""
    parts = {state.name: bool(state.pid) for state in line.states(settings)}
    answers = switch.answers_sip(settings.own_address, settings.sip_port)
    if not parts["switch"]:
        return parts, answers, None, None
    try:
        contacts = line.tell_switch(settings, "pjsip show contacts")
        carrier = carriers_trunk(settings)
        registrations = line.tell_switch(settings, "pjsip show registrations") if carrier else ""
    except TelephonyError:
        return parts, answers, None, None
    up = trunk.is_up(contacts, registrations, carrier) if carrier else None
    return parts, answers, len(phones.registered(contacts)), up


async def _rows(settings: Settings, database: Database, now: datetime) -> Rows | None:
    """None while the database is away."""
    if not call_log.is_there(settings):
        return Rows()
    try:
        async with asyncio.timeout(WITHIN_S):
            policy = callback_log.policy(settings)
            async with database.reading() as unit:
                place = (await ledger.where(unit)).place
                due, every = len(await callback.due(unit, now)), await callback.listed(unit)
                oldest, last = await call.oldest(unit), await audit.newest(unit, 1, Wanted(deed=Deed.BACKED_UP))
        found = callback_log.of_interest(every, now)
        late = sum(callback_log.is_late_by(policy, each, now) for each in found)
        still = sum(each.state not in callback_log.FAILED for each in found)
        unread = await asyncio.to_thread(ledger_file.unread, settings.ledger_file, place)
        return Rows(due, still, late, unread, oldest, last[0].at if last else None)
    except (HelplineError, TimeoutError, OSError):
        return None
