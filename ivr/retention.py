"""What is older than the house keeps it is taken away: once a day by the line itself, and by command.

In small transactions, never in the way of a call. Cut off, it goes on where it was: what is due is always worked out
from what is there. The first time the line only writes down what would go, and takes it the day after.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path

import structlog

from ivr import messages
from ivr.errors import Conflict, HelplineError
from ivr.records import audit, erasure, keeping, ledger, ledger_file, ledger_pruning, ownership
from ivr.records.audit import Deed, Entry
from ivr.records.database import Database, opened
from ivr.records.keeping import AT_ONCE, BY, PLACES, Kind, Place
from ivr.records.keeping import Due as DueRows
from ivr.settings import Settings

AT = time_of_day(23, 30, tzinfo=UTC)  # half past three at night in Baku
LOOK_EVERY_S = 300.0
BREATHER_S = 0.05  # between two transactions others have their turn
QUIET_TRIES, QUIET_EVERY_S = 20, 3.0
YEAR = timedelta(days=365.25)
_FIRST: keeping.Key = ()

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Due:
    """What of a kind is older than it is kept. `setting`: its name; `kept_s`: seconds; `oldest`: of what is due."""

    kind: Kind
    setting: str
    kept_s: float
    before: datetime
    due: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class Rule:
    setting: str
    unit: timedelta


RULES: Mapping[Kind, Rule] = {
    Kind.NUMBERS: Rule("keep_numbers_hours", timedelta(hours=1)),
    Kind.CALLERS: Rule("keep_callers_days", timedelta(days=1)),
    Kind.TEXTS: Rule("keep_texts_years", YEAR),
    Kind.DRAFTS: Rule("keep_drafts_days", timedelta(days=1)),
    Kind.HEARD_MESSAGES: Rule("keep_heard_messages_days", timedelta(days=1)),
    Kind.MESSAGES: Rule("keep_messages_days", timedelta(days=1)),
    Kind.REVIEWS: Rule("keep_reviews_years", YEAR),
    Kind.REGISTER: Rule("keep_register_years", YEAR),
    Kind.SESSIONS: Rule("keep_sessions_days", timedelta(days=1)),
    Kind.LEDGER: Rule("keep_ledger_days", timedelta(days=1)),
}


def kept(settings: Settings, kind: Kind) -> timedelta:
    """The ledger tells who called: it is kept no longer than callers are known."""
    rule = RULES[kind]
    own: timedelta = getattr(settings, rule.setting) * rule.unit
    return min(own, kept(settings, Kind.CALLERS)) if kind is Kind.LEDGER else own


async def look(settings: Settings, now: datetime) -> list[Due]:
    """What is due of every kind. Changes nothing."""
    async with opened(settings.database) as database:
        return [await _look_at(settings, database, kind, now) for kind in Kind]


async def _look_at(settings: Settings, database: Database, kind: Kind, now: datetime) -> Due:
    age = kept(settings, kind)
    async with database.reading() as unit:
        if kind is Kind.LEDGER:
            place = (await ledger.where(unit)).place
            found = await asyncio.to_thread(_old_files, settings.ledger_file, place, now - age)
        else:
            found = sum([await keeping.due(unit, place, now - age) for place in _places(kind)], DueRows())
    return Due(kind, f"IVR_{RULES[kind].setting.upper()}", age.total_seconds(), now - age, found.count, found.oldest)


def _places(kind: Kind) -> list[Place]:
    return [place for place in PLACES if place.kind is kind]


def _old_files(file: Path, place: ledger_file.Place, before: datetime) -> DueRows:
    files = ledger_pruning.older(file, place, before)
    return DueRows(len(files), datetime.fromtimestamp(files[0][1], UTC) if files else None)


async def run(settings: Settings, now: datetime, by: str = BY) -> dict[Kind, int]:
    """Take what is due, and put on record how much of each kind. What cannot be taken just now, because the switch is
    too busy or the ledger is being rebuilt, is taken the next time."""
    async with opened(settings.database) as database:
        taken = {kind: await _take(database, kind, now - kept(settings, kind), now) for kind in Kind}
        messages.sweep(settings, await messages.deleted(database))
        taken[Kind.LEDGER] = await _prune_ledger(settings, database, now)
        async with database.unit_of_work() as unit:
            await audit.write(unit, Entry(now, by, Deed.AGED_TAKEN, told(taken)))
        await database.leave_nothing_behind()
    return taken


def told(counts: Mapping[Kind, int]) -> str:
    return " ".join(f"{kind}={count}" for kind, count in counts.items() if count) or "nothing"


async def _take(database: Database, kind: Kind, before: datetime, now: datetime) -> int:
    return sum([await _take_from(database, place, before, now) for place in _places(kind)])


async def _take_from(database: Database, place: Place, before: datetime, now: datetime) -> int:
    total, after = 0, _FIRST
    while True:
        async with database.unit_of_work() as unit:
            taken = await keeping.take(unit, place, before, now, after)
        total += len(taken)
        if len(taken) < AT_ONCE:
            return total
        after = taken[-1]
        await asyncio.sleep(BREATHER_S)


async def _prune_ledger(settings: Settings, database: Database, now: datetime) -> int:
    """How many of its files went."""
    try:
        return await prune_ledger(settings, database, now)
    except (Conflict, OSError) as error:
        log.warning("retention.ledger_not_pruned", why=getattr(error, "strerror", None) or str(error))
        return 0


async def prune_ledger(
    settings: Settings, database: Database, now: datetime, callers: frozenset[str] = frozenset()
) -> int:
    """Put the ledger's file away, so that it can be pruned; bring what stands in older files up to what the rows still
    have; remove those that are too old: how many. Raises Conflict when the ledger is being rebuilt."""
    file = settings.ledger_file
    await _put_away(file, now)
    with ledger_file.held(file, alone=True):
        await ledger.Reader(database, file).catch_up()
        async with database.reading() as unit:
            place = (await ledger.where(unit)).place
            numbers, erased = await keeping.numbers(unit), await erasure.ids(unit)
        old = await asyncio.to_thread(ledger_pruning.older, file, place, now - kept(settings, Kind.LEDGER))
        for each, _ in old:
            each.unlink(missing_ok=True)
        await asyncio.to_thread(ledger_pruning.prune, file, place, numbers, erased, callers)
    return len(old)


async def _put_away(file: Path, now: datetime) -> None:
    """In a moment in which nothing happens, if one comes; else the next time."""
    for _ in range(QUIET_TRIES):
        if not ledger_file.is_busy(file):
            break
        await asyncio.sleep(QUIET_EVERY_S)
    await asyncio.to_thread(ledger_file.put_away, file, now)


# ---- once a day


async def keep_daily(settings: Settings) -> None:
    """For ever: each night, and after a night with the line closed as soon as it is open."""
    while True:
        try:
            await run_if_due(settings, datetime.now(UTC))
        except (HelplineError, OSError) as error:
            log.warning("retention.not_run", why=getattr(error, "strerror", None) or str(error))
        await asyncio.sleep(LOOK_EVERY_S)


async def run_if_due(settings: Settings, now: datetime) -> bool:
    """Whether it was time, and it was done. The first time nothing goes: it is put on record what would."""
    last = last_run(settings)
    if last is not None and last >= _last_night(now):
        return False
    if last is None:
        found = {each.kind: each.due for each in await look(settings, now)}
        async with opened(settings.database) as database, database.unit_of_work() as unit:
            await audit.write(unit, Entry(now, BY, Deed.AGED_FOUND, told(found)))
    else:
        log.info("retention.taken", what=told(await run(settings, now)))
    _note_run(settings, now)
    return True


def _last_night(now: datetime) -> datetime:
    tonight = datetime.combine(now.date(), AT)
    return tonight if tonight <= now else tonight - timedelta(days=1)


def _stamp(settings: Settings) -> Path:
    return settings.state_dir / "run" / "retention"


def last_run(settings: Settings) -> datetime | None:
    """None: never, or nobody knows."""
    try:
        return datetime.fromisoformat(_stamp(settings).read_text().strip()).astimezone(UTC)
    except (OSError, ValueError):
        return None


def _note_run(settings: Settings, now: datetime) -> None:
    partial = _stamp(settings).with_suffix(".new")
    ownership.make_folder(partial.parent)
    partial.write_text(now.isoformat())
    partial.replace(_stamp(settings))
