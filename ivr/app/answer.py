"""Door 1: what the switch asks over FastAGI is answered here."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

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


async def run(settings: Settings) -> None:
    flow, hours, policy = flow_in_use(settings), hours_in_use(settings), policy_in_use(settings)
    keyring = open_keyring(settings.secrets_file)
    database = Database(settings.database)
    returning = Returning(database)

    async def noted(words: Settled) -> bool:
        return await asyncio.to_thread(ledger_file.is_kept, settings.ledger_file, dict(words)["id"])

    def helpline() -> Helpline:
        script, is_open = flow.value, hours.value.open_at
        promiser = Promiser(keyring, lambda: policy.value, (script.number, *script.mobile_numbers))
        return Helpline(
            script,
            keyring.hash_key,
            returning.arrived,
            promise=promiser.promise,
            noted=noted,
            countries=promiser.countries,
            afternoon_over=promiser.afternoon_over,
            is_open=lambda now: is_open(_moment(now)),
            older=lambda mark: older_flow(settings.flow_in_use.parent, mark),
        )

    async def incoming(line: Line) -> None:
        await take_call(line, helpline())

    async def unanswered(line: Line) -> None:
        await take_waiting(line, helpline())

    async def presence(line: Line) -> None:
        await take_word(line, settings)

    async def menus(line: Line) -> None:
        await take_trial(line, settings, database)

    async def callback(line: Line) -> None:
        await ring_counsellor(line, settings, lambda: seats_now(settings))

    async def callback_child(line: Line) -> None:
        await ring_child(line, settings)

    stories = {
        "incoming": incoming,
        "unanswered": unanswered,
        "presence": presence,
        "menus": menus,
        "callback": callback,
        "callback-child": callback_child,
    }

    async def story(line: Line) -> None:
        """By what the dialplan asked for: agi://127.0.0.1:port/<story>."""
        await stories.get(line.header.script, incoming)(line)

    async with FastAgiServer(settings.fastagi_port, story):
        follow = (flow.follow(), hours.follow(), policy.follow(), returning.follow())
        await until_told(beat(settings.heartbeat_limit_s), *follow)
    await database.close()
