"""Call-backs as people look at them and step in: listed, shown, withdrawn, hurried. Never with a number."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from ivr import call_log
from ivr.callback import kept_policy, lapses, settle
from ivr.errors import Refused
from ivr.prepare import load_policy
from ivr.records import callback
from ivr.records.callback import Callback, Tried
from ivr.records.database import Database
from ivr.routing.promise import OPEN, Policy, State
from ivr.settings import Settings

__all__ = ["Callback", "State", "Tried"]  # what the faces read from here

FAILED = (State.LAPSED, State.GIVEN_UP)
SHOWN_FOR = timedelta(days=1)  # a promise that was not kept stands among the open ones for so long


@dataclass(frozen=True, slots=True)
class Promises:
    """The record of call-backs. Get one from `open_promises`."""

    database: Database
    policy: Policy


@asynccontextmanager
async def open_promises(settings: Settings) -> AsyncIterator[Promises]:
    """The record, brought up to the ledger's end."""
    followed = policy(settings)
    async with call_log.open_log(settings) as record:
        await call_log.catch_up(record)
        async with record.database.unit_of_work() as unit:
            await settle(unit, followed)
        yield Promises(record.database, followed)


def policy(settings: Settings) -> Policy:
    """The one in use, or the one to open with."""
    return kept_policy(settings) if settings.policy_in_use.exists() else load_policy(settings)[0]


async def every(promises: Promises) -> list[Callback]:
    async with promises.database.reading() as unit:
        return await callback.listed(unit)


async def to_look_at(promises: Promises, now: datetime) -> list[Callback]:
    """Those that are open, and those that failed since yesterday."""
    return of_interest(await every(promises), now)


def of_interest(listed: Iterable[Callback], now: datetime) -> list[Callback]:
    return [
        each for each in listed if each.state in OPEN or (each.state in FAILED and each.safe_until > now - SHOWN_FOR)
    ]


async def due(promises: Promises, now: datetime) -> list[Callback]:
    """What could be rung this moment, the most urgent first."""
    async with promises.database.reading() as unit:
        return await callback.due(unit, now)


async def show(promises: Promises, callback_id: str) -> tuple[Callback, Sequence[Tried]]:
    """One, and its attempts. Raises NotFound."""
    async with promises.database.reading() as unit:
        return await callback.get(unit, callback_id), await callback.tried(unit, callback_id)


async def withdraw(promises: Promises, callback_id: str) -> None:
    """Raises NotFound; Refused when it is over already."""
    async with promises.database.unit_of_work() as unit:
        found = await callback.get(unit, callback_id)
        if not await callback.withdraw(unit, callback.table.c.id == callback_id):
            raise Refused(f"call-back {callback_id} is {found.state} already", remedy="Nothing is left to withdraw.")


async def hurry(promises: Promises, callback_id: str, now: datetime) -> None:
    """Let it be rung as soon as a counsellor is free. Raises NotFound; Refused when the child would be at risk."""
    async with promises.database.unit_of_work() as unit:
        found = await callback.get(unit, callback_id)
        if found.state is not State.PROMISED:
            raise Refused(f"call-back {callback_id} is {found.state}", remedy="`ivr callbacks` lists those to come.")
        if not await callback.hurry(unit, callback_id, now):
            raise Refused(
                "it is not safe to ring now: that telephone may ring in its safe hours alone",
                remedy=f"`ivr callbacks show {callback_id}` says when these are.",
            )


def is_late(promises: Promises, found: Callback, now: datetime) -> bool:
    """Whether somebody must look at it now: it lapses soon, or was not kept."""
    return is_late_by(promises.policy, found, now)


def is_late_by(followed: Policy, found: Callback, now: datetime) -> bool:
    return found.state in FAILED or lapses(followed, found, now)
