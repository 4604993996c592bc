"""A caller is erased at their wish: all that tells of them, found by the keyed hash, in rows, files and ledger."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from ivr import messages, retention
from ivr.errors import Conflict, NotFound, Refused
from ivr.records import audit, call, callback, contact, disclosure, erasing, erasure, ledger, ledger_pruning
from ivr.records.audit import Deed, Entry
from ivr.records.database import Database, Unit, opened
from ivr.records.erasing import Theirs
from ivr.records.erasure import Erasure
from ivr.records.keyring import open_keyring
from ivr.settings import Settings
from ivr.telephony import numbers

NAME_MAX, REASON_MAX = 80, 200
_LOOKS_LIKE_A_NUMBER = re.compile(r"[0-9](?:[ ()./-]{0,2}[0-9]){5,}")
LEDGER = "lines of the ledger"


@dataclass(frozen=True, slots=True)
class Found:
    """What tells of a caller: how many rows, files and lines of each kind."""

    counts: Mapping[str, int]
    calls: int
    contacts: int
    in_register: int  # entries of the duty-of-care register: these stay


@dataclass(frozen=True, slots=True)
class Erased:
    """`left`: lines of the ledger that could not be changed while the switch writes; the next night takes them."""

    id: str
    counts: Mapping[str, int]
    left: int


@asynccontextmanager
async def _record(settings: Settings) -> AsyncIterator[Database]:
    async with opened(settings.database) as database:
        await ledger.Reader(database, settings.ledger_file).catch_up()
        yield database


async def look(settings: Settings, told: str, *, is_number: bool) -> Found:
    """What would be erased. Changes nothing. `told`: the id of a call, a contact or a call-back, or a number.

    Raises NotFound, and Refused for what is no number.
    """
    async with _record(settings) as database, database.reading() as unit:
        theirs = await _theirs(unit, settings, told, is_number)
        counts = await erasing.count(unit, theirs, datetime.now(UTC))
        kept = await disclosure.count_of(unit, theirs.contacts)
        lines = ledger_pruning.lines_with(settings.ledger_file, theirs.caller) if theirs.caller else 0
    return Found(counts | {LEDGER: lines}, len(theirs.calls), len(theirs.contacts), kept)


async def erase(settings: Settings, told: str, by: str, reason: str, *, is_number: bool) -> Erased:
    """Take everything away, in one transaction; then files and ledger. Raises as `look`, and Conflict while they are on
    the line. Cut off after the transaction, the next night does the rest.
    """
    name, why = _line(by, NAME_MAX, "who does it"), _line(reason, REASON_MAX, "why")
    now = datetime.now(UTC)
    made = Erasure(f"{int(now.timestamp())}-{secrets.token_hex(4)}", now, name, why)
    async with _record(settings) as database:
        async with database.unit_of_work() as unit:
            theirs = await _theirs(unit, settings, told, is_number)
            counts = await _erase(unit, theirs, made)
        messages.sweep(settings, await messages.deleted(database))
        lines = ledger_pruning.lines_with(settings.ledger_file, theirs.caller) if theirs.caller else 0
        left = await _prune(settings, database, theirs.caller)
        await database.leave_nothing_behind()
    return Erased(made.id, counts | {LEDGER: lines - left}, left)


async def _erase(unit: Unit, theirs: Theirs, made: Erasure) -> dict[str, int]:
    if await erasing.is_on_the_line(unit, theirs):
        raise Conflict("They are on the line now.", remedy="Wait until the call is over, then run it again.")
    counts = await erasing.erase(unit, theirs, made.by, made.at)
    await erasure.note(unit, made, (*theirs.calls, *theirs.callbacks))
    entry = f"{made.id} calls={len(theirs.calls)} contacts={len(theirs.contacts)}"
    await audit.write(unit, Entry(made.at, made.by, Deed.ERASED, entry))
    return counts


async def _prune(settings: Settings, database: Database, caller: str) -> int:
    """Lines of the ledger that tell of them still."""
    with suppress(Conflict):  # it is being rebuilt; the next night takes them
        await retention.prune_ledger(settings, database, datetime.now(UTC), frozenset({caller} - {""}))
    return ledger_pruning.lines_with(settings.ledger_file, caller) if caller else 0


async def _theirs(unit: Unit, settings: Settings, told: str, is_number: bool) -> Theirs:
    if is_number:
        number = numbers.parse(told.strip())
        if number is None:
            raise Refused("That is no telephone number.", remedy="As in +994 50 123 45 67. Nothing was changed.")
        key = (await asyncio.to_thread(open_keyring, settings.secrets_file)).hash_key
        return _refuse_nothing(await erasing.of_caller(unit, number.caller_hash(key)))
    return await _of_id(unit, told.strip())


def _refuse_nothing(theirs: Theirs) -> Theirs:
    if not (theirs.calls or theirs.callbacks):
        raise NotFound("Nothing here tells of that number.", remedy="Nothing was changed.")
    return theirs


async def _of_id(unit: Unit, told: str) -> Theirs:
    if (caller := await call.caller_of(unit, told)) is not None:
        return await (erasing.of_caller(unit, caller) if caller else erasing.of_call(unit, told))
    if found := await contact.some(unit, [told]):
        return await (_of_id(unit, found[0].call_id) if found[0].call_id else erasing.of_contact(unit, told))
    promise = await callback.find(unit, told)
    if promise is None:
        raise NotFound("Nothing has that id.", remedy="`ivr calls` and `ivr contacts` show them.")
    caller = await callback.caller_hash(unit, told)
    return await (erasing.of_caller(unit, caller) if caller else _of_id(unit, promise.call_id))


def _line(text: str, limit: int, what: str) -> str:
    told = " ".join(text.split())
    if not 0 < len(told) <= limit:
        raise Refused(f"An erasure says {what}.", remedy="--by NAME --reason WHY; nothing was changed.")
    if _LOOKS_LIKE_A_NUMBER.search(told):
        raise Refused("That looks like a telephone number.", remedy="It stays on record: say why without saying who.")
    return told
