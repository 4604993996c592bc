"""A supervisor asks a caller to wait: for a day at most, on record with who and why, and key 9 stays open.

A caller is named by one of their calls, never by a number. Two seconds later the flow greets them so (`begin.blocked`
in `helpline.toml`); nothing else knows of it.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from ivr.call_log import CallLog, catch_up, is_there, open_log
from ivr.errors import Conflict, NotFound, Refused
from ivr.records import block, call
from ivr.records.block import Block
from ivr.records.database import Unit
from ivr.settings import Settings

__all__ = ["Block"]  # what the faces read from here

LONGEST = timedelta(hours=24)
REASON_LIMIT = 200
NAME_LIMIT = 80


@dataclass(frozen=True, slots=True)
class Wish:
    """What a supervisor wants. `call_id`: a call of the caller's."""

    call_id: str
    lasts: timedelta
    reason: str
    by: str

    def refuse_odd(self) -> None:
        """Raises Refused when a rule says no."""
        if not timedelta() < self.lasts <= LONGEST:
            raise Refused(
                "A block lasts 24 hours at most: a prankster may be tomorrow's victim.",
                remedy="Use --hours with a number above 0 and up to 24.",
            )
        for name, told, limit in (("reason", self.reason, REASON_LIMIT), ("by", self.by, NAME_LIMIT)):
            if not 0 < len(told.strip()) <= limit:
                raise Refused(
                    f"Every block has its {name} on record.", remedy=f"Say --{name} in up to {limit} letters."
                )


async def block_caller(settings: Settings, wish: Wish, now: datetime) -> Block:
    """Ask the caller of that call to wait. Raises Refused, NotFound, or Conflict when they are blocked already."""
    wish.refuse_odd()
    async with _opened(settings) as record:
        await catch_up(record)
        async with record.database.unit_of_work() as unit:
            caller = await _caller(unit, wish.call_id)
            there = await block.of_caller(unit, caller, now)
            if there:
                raise Conflict(f"They are blocked already: {there.id}.", remedy=f"First: ivr block lift {there.id}")
            made_by, reason = wish.by.strip(), wish.reason.strip()
            made = Block(_new_id(now), wish.call_id, now, made_by, reason, now + wish.lasts)
            await block.make(unit, caller, made)
    return made


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[CallLog]:
    """The record. Raises NotFound for a line that was never opened: looking must not make folders for it."""
    if not is_there(settings):
        raise NotFound("Nothing is on record yet: the line was never opened.", remedy="make up")
    async with open_log(settings) as record:
        yield record


async def _caller(unit: Unit, call_id: str) -> str:
    found = await call.caller_of(unit, call_id)
    if found is None:
        raise NotFound(f"There is no call {call_id}.", remedy="`ivr calls` lists them.")
    if not found:
        raise Refused("That caller withheld their number: they would not be known again.")
    return found


def _new_id(now: datetime) -> str:
    """Opaque, and sorts by time."""
    return f"{int(now.timestamp())}-{secrets.token_hex(4)}"


async def lift_block(settings: Settings, block_id: str, by: str, now: datetime) -> Block:
    """Take a block back. Raises NotFound; Refused when it does not hold any more."""
    async with _opened(settings) as record, record.database.unit_of_work() as unit:
        if await block.find(unit, block_id) is None:
            raise NotFound(f"There is no block {block_id}.", remedy="`ivr block list` shows them.")
        if not await block.lift(unit, block_id, by.strip()[:NAME_LIMIT] or "?", now):
            raise Refused(f"Block {block_id} is over already.")
        lifted = await block.find(unit, block_id)
    assert lifted is not None  # noqa: S101  it was there a moment ago, and nothing removes one
    return lifted


async def list_blocks(settings: Settings, now: datetime | None) -> Sequence[Block]:
    """Every block, oldest first; `now`: only those that hold."""
    if not is_there(settings):
        return ()
    async with open_log(settings) as record, record.database.reading() as unit:
        return await block.all(unit, now)
