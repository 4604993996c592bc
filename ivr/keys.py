"""A new sealing key: everything sealed is sealed again, and the old key goes once nothing and nobody needs it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ivr import call_log, line, messages, retention
from ivr.errors import Conflict, Refused
from ivr.records import audit
from ivr.records.audit import Deed, Entry
from ivr.records.database import Database, opened
from ivr.records.keyring import add_key, drop_older
from ivr.records.resealing import Resealed, reseal
from ivr.settings import Settings

BY = "ivr"


@dataclass(frozen=True, slots=True)
class Rotated:
    """`dropped`: the old key is gone. If it is not: `shut` cannot be opened, or `holding` may still seal with it."""

    key: int
    resealed: int
    shut: tuple[str, ...]
    holding: tuple[str, ...]
    dropped: bool


async def rotate(settings: Settings) -> Rotated:
    """Begin a change of keys, or go on with one that was cut off. Both keys open meanwhile.

    The old key stays while a part of the line runs that was started before the new one was there: it would go on
    sealing with what it knows. Then this is to be run again, when the line was closed and opened.
    """
    keys = add_key(settings.secrets_file).sealing_keys
    holding = _holding(settings)
    async with opened(settings.database) as database:
        await call_log.catch_up(call_log.CallLog(database, settings.ledger_file))
        done = await reseal(database, keys) + await _reseal_messages(settings, database)
        dropped = not done.shut and not holding
        if dropped:
            drop_older(settings.secrets_file)
            await _renew_ledger(settings, database)
        async with database.unit_of_work() as unit:
            await audit.write(unit, Entry(datetime.now(UTC), BY, Deed.KEYS_ROTATED, f"{max(keys)} {done.done}"))
    return Rotated(max(keys), done.done, done.shut, holding, dropped)


async def _renew_ledger(settings: Settings, database: Database) -> None:
    """Numbers in older files of the ledger get the new key with the rows, or go. What the switch is writing in just now
    follows in the night."""
    with suppress(Conflict):
        await retention.prune_ledger(settings, database, datetime.now(UTC))


def _holding(settings: Settings) -> tuple[str, ...]:
    """Parts that run since before the new key was written."""
    since = settings.secrets_file.stat().st_mtime
    pid_files = {part.name: settings.state_dir / "run" / f"{part.name}.pid" for part in line.states(settings)}
    running = [part.name for part in line.states(settings) if part.pid and part.name not in {"keeper", "switch"}]
    return tuple(name for name in running if pid_files[name].stat().st_mtime <= since)


async def _reseal_messages(settings: Settings, database: Database) -> Resealed:
    box, found = messages.open_box(settings, database), Resealed()
    for file in sorted(box.folder.glob("*.sealed")):
        found += _reseal_message(box, file)
    return found


def _reseal_message(box: messages.Box, file: Path) -> Resealed:
    try:
        return Resealed(done=int(messages.reseal(box, file)))
    except Refused:
        return Resealed(shut=(f"message {file.stem}",))
