"""READ THIS for the life of a call-back: a promise to ring a child back, from the moment it is due until it is kept.

A promise is a row before anybody works for it: the ledger told it (`records/pledge.py`). Whatever is due is claimed,
and a call file lets the switch begin (`dialplan/callback.conf`), which asks whom to ring and for the child's number
(`ring_back.py`). What came of it stands in the ledger; what follows from that is decided in `routing/promise.py`.
A process that dies here is started again and finds everything in the rows.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from ivr import call_log
from ivr.call_log import CallLog
from ivr.duty import Duty
from ivr.errors import HelplineError, ScriptError
from ivr.in_use import InUse
from ivr.prepare import keep_policy
from ivr.records import call, callback
from ivr.records.callback import Callback
from ivr.records.database import Unit, opened
from ivr.records.keyring import open_keyring
from ivr.routing.plan import Ready, Seat
from ivr.routing.policy import parse as parse_policy
from ivr.routing.promise import Place, Policy, State, lapses_soon, place, standing, waits_its_turn
from ivr.routing.taker import need_of, taker
from ivr.settings import Settings
from ivr.telephony import ami, callfile, queues

LOOK_EVERY_S = 2.0
# No attempt goes on for longer without a word: 4 minutes until somebody has taken it (callback.call), one of ringing at
# the child's. One that is silent for longer is lost, and the promise is open again.
ATTEMPT_S = 360.0

log = structlog.get_logger()

Seats = Callable[[], Awaitable[tuple[Seat, ...]]]
"""Every counsellor now, and whether they are free."""


async def keep_promises(settings: Settings) -> None:
    """For ever: a look every two seconds. What goes wrong in one is tried again in the next; nothing is lost by it."""
    async with call_log.open_log(settings) as record:
        keeping, trouble = Keeping(settings, record, lambda: seats_now(settings), policy_in_use(settings)), ""
        while True:
            try:
                await keeping.look(datetime.now(UTC))
                trouble = ""
            except HelplineError as error:
                if str(error) != trouble:
                    log.warning("callback.not_looked", reason=str(error))
                trouble = str(error)
            await asyncio.sleep(LOOK_EVERY_S)


@dataclass(slots=True)
class Keeping:
    """One line's promises. What it remembers is only what it has said already."""

    settings: Settings
    record: CallLog
    seats: Seats
    policies: InUse[Policy | None]
    warned: set[str] = field(default_factory=set)

    async def look(self, now: datetime) -> None:
        """What came of attempts, what is over, what lapses, what is due."""
        await self.policies.look()
        policy = self.policies.value
        if policy is None:
            raise ScriptError("no call-back policy is in use", remedy="`ivr check` says what is wrong with it.")
        await call_log.catch_up(self.record)
        async with self.record.database.reading() as unit:
            promises = await callback.unsettled(unit)
        if not promises:
            return
        self._warn(policy, promises, now)
        await self._settle(policy, now)
        for promise in await self._due(policy, now):
            await self._place(promise, now)

    def _warn(self, policy: Policy, promises: list[Callback], now: datetime) -> None:
        for promise in promises:
            if promise.id not in self.warned and lapses(policy, promise, now):
                self.warned.add(promise.id)
                log.warning("callback.lapses_soon", callback=promise.id, safe_until=promise.safe_until.isoformat())

    async def _settle(self, policy: Policy, now: datetime) -> None:
        """What attempts made of promises, and which are over. An attempt whose switch has died is lost at once."""
        since = max(now - timedelta(seconds=ATTEMPT_S), _switch_since(self.settings, now))
        async with self.record.database.unit_of_work() as unit:
            for lost in await callback.lose(unit, since):
                callfile.take_back(self.settings.spool_dir, lost)
            for promise_id, state in await settle(unit, policy):
                log.info("callback.settled", callback=promise_id, state=state)
            for lapsed in await callback.lapse(unit, now):
                log.error("callback.lapsed", callback=lapsed)
            await callback.forget_numbers(unit, now, timedelta(hours=self.settings.keep_numbers_hours))

    async def _due(self, policy: Policy, now: datetime) -> list[Callback]:
        """What can be placed now: not before those who stayed on the line, and no more than there is somebody for.
        Without a trunk counsellors are not bothered: nothing could come of it, and `ivr check --live` says so.
        """
        if not self.settings.trunk_host:
            return []
        async with self.record.database.reading() as unit:
            waiting = [place(priority, since) for since, priority in await call.waiting(unit)]
            promises = [
                promise
                for promise in await callback.due(unit, now)
                if not waits_its_turn(_place(promise), waiting, lapses=lapses(policy, promise, now))
            ]
            begun = await callback.not_asked_yet(unit)
        seats = await self.seats() if promises else ()
        free = sum(seat.ready is Ready.FREE for seat in seats)
        found = [promise for promise in promises if _somebody(seats, promise, policy, now)]
        return found[: max(0, free - begun)]

    async def _place(self, promise: Callback, now: datetime) -> None:
        async with self.record.database.unit_of_work(alone=False) as unit:
            number = await callback.claim(unit, promise.id, now)
        if number is None:  # somebody else has, or the caller withdrew it this moment
            return
        template = (self.settings.callbacks_dir / "callback.call").read_text()
        callfile.place(self.settings.spool_dir, template, promise.id)
        log.info("callback.placed", callback=promise.id, attempt=number)


async def settle(unit: Unit, policy: Policy) -> list[tuple[str, State]]:
    """Bring promises up to what their attempts made of them; which changed. Any number of programs may do it."""
    changed = []
    for promise in await callback.unsettled(unit):
        tried = await callback.tried(unit, promise.id)
        now = standing(policy, promise.safe_from, callback.as_attempts(tried))
        if (now.state, now.attempts) != (promise.state, promise.attempts):
            await callback.settle(unit, promise, now)
            changed.append((promise.id, now.state))
    return changed


def lapses(policy: Policy, promise: Callback, now: datetime) -> bool:
    return lapses_soon(policy, promise.state, promise.safe_until, now)


def policy_in_use(settings: Settings) -> InUse[Policy | None]:
    """The policy as it is followed while the line runs; None until there is one without fault."""

    def take(text: str) -> Policy:
        policy = parse_policy(text)
        keep_policy(settings, text)
        return policy

    def given() -> Path:
        return settings.callbacks_dir / "policy.toml"

    kept = settings.policy_in_use
    text = kept.read_text(errors="replace") if kept.exists() else ""
    with suppress(ScriptError):
        return InUse(given, text, parse_policy(text), take)
    return InUse(given, "", None, take)


def kept_policy(settings: Settings) -> Policy:
    """The last one that had no fault."""
    return parse_policy(settings.policy_in_use.read_text())


async def seats_now(settings: Settings) -> tuple[Seat, ...]:
    """Every counsellor, and whether they are free. Raises TelephonyError when the switch does not say."""
    secret = open_keyring(settings.secrets_file).ami
    async with ami.connected("127.0.0.1", settings.ami_port, ami.USER, secret) as switch:
        view = queues.view(await switch.ask("QueueStatus"))
    async with opened(settings.database) as database:
        return await Duty(database, settings.wrap_up_s).seats(view, time.time())


def _somebody(seats: tuple[Seat, ...], promise: Callback, policy: Policy, now: datetime) -> bool:
    need = need_of(promise.language, promise.topic, promise.priority)
    return taker(seats, need, (), lapses=lapses(policy, promise, now)) is not None


def _place(promise: Callback) -> Place:
    """As if the caller had stayed on the line from the moment on at which it was promised, and safe."""
    return place(promise.priority, max(promise.asked_at, promise.safe_from))


def _switch_since(settings: Settings, now: datetime) -> datetime:
    """When the running switch was started; now when none runs, for then no attempt goes on."""
    try:
        return datetime.fromtimestamp((settings.state_dir / "run" / "switch.pid").stat().st_mtime, UTC)
    except OSError:
        return now
