"""Door 1: what the switch asks over FastAGI is answered here."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from datetime import UTC, datetime
from typing import Any

from ivr.app.until import until_told
from ivr.attempt import Line
from ivr.call import Helpline, hours_by, older_flow, take_call, take_waiting
from ivr.callback import policy_in_use, seats_now
from ivr.flow.script import Script, parse
from ivr.flow.turn import Settled
from ivr.in_use import InUse
from ivr.keeper import beat
from ivr.menus_call import take_trial
from ivr.prepare import flow_file, keep_flow, keep_hours, prompt_ids
from ivr.presence import take_word
from ivr.promise import Promiser
from ivr.records import ledger_file
from ivr.records.database import Database
from ivr.records.keyring import open_keyring
from ivr.returning import Returning
from ivr.ring_back import ring_child, ring_counsellor
from ivr.routing.hours import Hours, countries
from ivr.routing.hours_file import parse as parse_hours
from ivr.settings import Settings
from ivr.telephony.fastagi import FastAgiServer


def flow_in_use(settings: Settings) -> InUse[Script]:
    """The flow that calls begin with. Calls keep the one they have."""

    def take(text: str) -> Script:
        script = parse(text, prompt_ids(settings))
        keep_flow(settings, text)
        return script

    text = settings.flow_in_use.read_text()
    return InUse(lambda: flow_file(settings), text, parse(text), take)


def hours_in_use(settings: Settings) -> InUse[Hours]:
    """When the line is open."""

    def take(text: str) -> Hours:
        hours = parse_hours(text, countries())
        keep_hours(settings, text)
        return _warm(hours)

    kept = settings.hours_in_use
    text = kept.read_text(errors="replace") if kept.exists() else ""
    return InUse(lambda: settings.hours_file, text, _warm(hours_by(kept)), take)


def _warm(hours: Hours) -> Hours:
    """Asked once before a caller does: the first time may load a library."""
    hours.open_at(datetime.now(UTC))
    return hours


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


class Door:
    """Whatever the switch may ask for, answered by what is in use at that moment."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings, self._database = settings, database
        self._flow, self._hours, self._policy = flow_in_use(settings), hours_in_use(settings), policy_in_use(settings)
        self._returning, self._keyring = Returning(database), open_keyring(settings.secrets_file)
        self._stories: dict[str, Callable[[Line], Awaitable[object]]] = {
            "incoming": lambda line: take_call(line, self._helpline()),
            "unanswered": lambda line: take_waiting(line, self._helpline()),
            "presence": lambda line: take_word(line, settings),
            "menus": lambda line: take_trial(line, settings, database),
            "callback": lambda line: ring_counsellor(line, settings, lambda: seats_now(settings)),
            "callback-child": lambda line: ring_child(line, settings),
        }

    async def story(self, line: Line) -> None:
        """By what the dialplan asked for: agi://127.0.0.1:port/<story>; for any other word a caller is answered."""
        await self._stories.get(line.header.script, self._stories["incoming"])(line)

    def follow(self) -> Iterable[Coroutine[Any, Any, None]]:
        """Files and rows that may change meanwhile."""
        return self._flow.follow(), self._hours.follow(), self._policy.follow(), self._returning.follow()

    def _helpline(self) -> Helpline:
        script, is_open = self._flow.value, self._hours.value.open_at
        promiser = Promiser(self._keyring, lambda: self._policy.value, (script.number, *script.mobile_numbers))
        return Helpline(
            script,
            self._keyring.hash_key,
            self._returning.arrived,
            promise=promiser.promise,
            noted=self._noted,
            countries=promiser.countries,
            afternoon_over=promiser.afternoon_over,
            is_open=lambda now: is_open(_moment(now)),
            older=lambda mark: older_flow(self._settings.flow_in_use.parent, mark),
        )

    async def _noted(self, words: Settled) -> bool:
        return await asyncio.to_thread(ledger_file.is_kept, self._settings.ledger_file, dict(words)["id"])


async def run(settings: Settings) -> None:
    database = Database(settings.database)
    door = Door(settings, database)
    async with FastAgiServer(settings.fastagi_port, door.story):
        await until_told(beat(settings.heartbeat_limit_s), *door.follow())
    await database.close()
