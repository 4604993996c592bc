"""The parts of the line as processes, put together: `python -m ivr.app answer|watch|ledger|web|keep`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Coroutine
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

import structlog
import uvloop

from ivr import call_log, messages
from ivr.attempt import Line
from ivr.call import Helpline, hours_by, take_call, take_waiting
from ivr.callback import keep_promises, policy_in_use, seats_now
from ivr.duty import Duty
from ivr.errors import HelplineError, Refused
from ivr.flow.script import Script, parse
from ivr.flow.turn import Settled
from ivr.in_use import InUse
from ivr.keeper import Part, alive, beat, keep, note_pid
from ivr.prepare import bring_switch, keep_flow, keep_hours, prompt_ids
from ivr.presence import take_word
from ivr.promise import Promiser
from ivr.records import ledger_file
from ivr.records.database import Database, opened
from ivr.records.keyring import open_keyring
from ivr.returning import Returning
from ivr.ring_back import ring_child, ring_counsellor
from ivr.routing.hours import Hours, countries
from ivr.routing.hours_file import parse as parse_hours
from ivr.routing.skills import needs
from ivr.settings import Settings
from ivr.telephony.ami import USER as AMI_USER
from ivr.telephony.ami import connections
from ivr.telephony.fastagi import FastAgiServer
from ivr.watch import Watch, keep_queues
from ivr.web.site import serve

log = structlog.get_logger()


def flow_in_use(settings: Settings) -> InUse[Script]:
    """The flow that calls begin with. Calls keep the one they have."""

    def take(text: str) -> Script:
        script = parse(text, prompt_ids(settings))
        keep_flow(settings, text)
        return script

    text = settings.flow_in_use.read_text()
    return InUse(settings.helpline_file, text, parse(text), take)


def hours_in_use(settings: Settings) -> InUse[Hours]:
    """When the line is open."""

    def take(text: str) -> Hours:
        hours = parse_hours(text, countries())
        keep_hours(settings, text)
        return _warm(hours)

    kept = settings.hours_in_use
    text = kept.read_text(errors="replace") if kept.exists() else ""
    return InUse(settings.hours_file, text, _warm(hours_by(kept)), take)


def _warm(hours: Hours) -> Hours:
    """Asked once before a caller does: the first time may load a library."""
    hours.open_at(datetime.now(UTC))
    return hours


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


async def answer(settings: Settings) -> None:
    """Door 1, until SIGTERM."""
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
        )

    async def incoming(line: Line) -> None:
        await take_call(line, helpline())

    async def unanswered(line: Line) -> None:
        await take_waiting(line, helpline())

    async def presence(line: Line) -> None:
        await take_word(line, settings)

    async def callback(line: Line) -> None:
        await ring_counsellor(line, settings, lambda: seats_now(settings))

    async def callback_child(line: Line) -> None:
        await ring_child(line, settings)

    stories = {
        "incoming": incoming,
        "unanswered": unanswered,
        "presence": presence,
        "callback": callback,
        "callback-child": callback_child,
    }

    async def story(line: Line) -> None:
        """By what the dialplan asked for: agi://127.0.0.1:port/<story>."""
        await stories.get(line.header.script, incoming)(line)

    async with FastAgiServer(settings.fastagi_port, story):
        follow = (flow.follow(), hours.follow(), policy.follow(), returning.follow())
        await _until_told(beat(settings.heartbeat_limit_s), *follow)
    await database.close()


async def write_records(settings: Settings) -> None:
    """The ledger into rows, what callers said under seal, until SIGTERM."""
    works = (call_log.follow(settings), messages.keep_sealing(settings))
    await _until_told(beat(settings.heartbeat_limit_s), *works)


async def look_after_queues(settings: Settings) -> None:
    """Who stands in which of the switch's queues, until SIGTERM."""
    script = parse(settings.flow_in_use.read_text())
    secret = open_keyring(settings.secrets_file).ami
    async with opened(settings.database) as database:
        duty = Duty(database, settings.wrap_up_s)
        fresh = aclosing(connections("127.0.0.1", settings.ami_port, AMI_USER, secret))
        await _until_told(beat(settings.heartbeat_limit_s), keep_queues(fresh, Watch(needs(script.queues), duty.seats)))


async def keep_callbacks(settings: Settings) -> None:
    """Promises to ring back, until SIGTERM."""
    await _until_told(beat(settings.heartbeat_limit_s), keep_promises(settings))


async def show_pages(settings: Settings) -> None:
    """The web pages, until SIGTERM."""
    await _until_told(beat(settings.heartbeat_limit_s), serve(settings))


async def keep_line(settings: Settings) -> None:
    """The keeper itself. A second one would fight the first over every part, so it does not start."""
    pid_file = settings.state_dir / "run" / "keeper.pid"
    if alive(pid_file):
        raise Refused("the line is kept already")
    note_pid(pid_file, os.getpid())
    try:
        await keep(parts(settings))
    finally:
        pid_file.unlink(missing_ok=True)


def parts(settings: Settings) -> list[Part]:
    """What runs while the line is open; the switch first, because it is stopped last."""
    program = bring_switch(settings, print)
    run_dir, logs_dir = settings.state_dir / "run", settings.logs_dir

    def marked(what: str) -> None:
        ledger_file.mark(settings.ledger_file, what, time.time())

    switch = Part(
        "switch",
        (*program.argv, "-C", str(settings.switch_dir / "etc/asterisk.conf"), "-f"),
        run_dir,
        logs_dir,
        outlives=True,
        started=lambda: marked("SWITCH_START"),
        ended=lambda: marked("SWITCH_END"),
    )
    limits_s = {"answer": settings.heartbeat_limit_s, "watch": 5.0, "ledger": 30.0, "callbacks": 30.0, "web": 30.0}
    own = [
        Part(name, (sys.executable, "-m", "ivr.app", name), run_dir, logs_dir, beats=True, limit_s=limit)
        for name, limit in limits_s.items()
    ]
    return [switch, *own]


async def _until_told(*works: Coroutine[Any, Any, None]) -> None:
    """Run `works`, none of which ends by itself, until SIGTERM or until one fails: then the keeper starts us again."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    tasks = [asyncio.create_task(work) for work in (stop.wait(), *works)]
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


PARTS = {
    "answer": answer,
    "watch": look_after_queues,
    "ledger": write_records,
    "callbacks": keep_callbacks,
    "web": show_pages,
    "keep": keep_line,
}


def main() -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.dict_tracebacks,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    )
    os.environ["TZ"] = "UTC"
    settings = Settings()
    try:
        run = asyncio.run if sys.argv[1] == "keep" else uvloop.run  # uvloop does not see a pidfd become readable
        run(PARTS[sys.argv[1]](settings))
    except HelplineError as error:
        log.error("part.refused", part=sys.argv[1], reason=str(error), remedy=error.remedy)
        raise SystemExit(2) from error


if __name__ == "__main__":
    main()
