"""The line calls itself every few minutes, and remembers what came of it: would a child who rang now be answered?

It is made by call file and comes in over SIP as any call does (`dialplan/trial.conf`). No counsellor is rung, no row is
written, one at a time, and none while many talk. The results are a small file: they are there with the database away.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from ivr.errors import Refused, TelephonyError
from ivr.line import tell_switch
from ivr.records import ownership
from ivr.records.ledger_file import in_order
from ivr.settings import Settings
from ivr.telephony import callfile
from ivr.telephony.events import Event, parse
from ivr.telephony.trial import CALL_FILE, MOST_CHANNELS, WITHIN_S, Came, Trial, from_json, judge, last, steps, to_json

__all__ = ["Came", "Trial", "last"]  # what the faces read from here

LOOK_EVERY_S = 0.25
AFTER_TROUBLE_S = 20.0
GRACE = timedelta(minutes=2)  # a trial takes half a minute, and a part that died is back by then
_CHANNELS = re.compile(r"^(\d+) active channels?", re.MULTILINE)

log = structlog.get_logger()


async def keep_trying(settings: Settings) -> None:
    """For ever, one every IVR_TEST_CALL_EVERY_MIN; for ever nothing where that is 0."""
    every_s = settings.test_call_every_min * 60
    while every_s:
        await asyncio.sleep(_left_s(settings, every_s))
        try:
            made = await try_out(settings)
            (log.error if made.failed else log.info)("trial.made", came=made.came, door=made.door, took_s=made.took_s)
        except Refused:  # somebody is at it by hand
            await asyncio.sleep(WITHIN_S)
        except (TelephonyError, OSError) as error:
            log.error("trial.not_made", reason=str(error))
            await asyncio.sleep(AFTER_TROUBLE_S)
    await asyncio.Event().wait()


def _left_s(settings: Settings, every_s: float) -> float:
    """Until the next one: a part that is started again does not begin anew with waiting, nor call at once."""
    found = results(settings)
    since = (datetime.now(UTC) - found[-1].at).total_seconds() if found else 0.0
    return max(min(every_s, 20.0), every_s - since)


async def try_out(settings: Settings) -> Trial:
    """One trial, now. Raises Refused when one is going on, TelephonyError when the switch is away: on record too."""
    if not _file(settings).parent.is_dir():
        raise TelephonyError("the line was never opened here", remedy="Run `make up`.")
    with _alone(settings):
        at = datetime.now(UTC)
        try:
            found = Trial(at, Came.POSTPONED) if await _is_busy(settings) else await _call(settings, at)
        except TelephonyError:
            _remember(settings, Trial(at, Came.UNANSWERED))
            raise
        _remember(settings, found)
    return found


async def _is_busy(settings: Settings) -> bool:
    told = await asyncio.to_thread(tell_switch, settings, "core show channels count")
    channels = _CHANNELS.search(told)
    if channels is None:
        raise TelephonyError("the switch is not running", remedy="Run `make up`.")
    return int(channels[1]) > MOST_CHANNELS


async def _call(settings: Settings, at: datetime) -> Trial:
    name = f"trial-{time.time_ns()}"
    start = _size(settings.ledger_file)
    with _placed(settings.spool_dir, name):
        deadline = time.monotonic() + WITHIN_S
        told: dict[str, Event] = {}
        while "over" not in told and time.monotonic() < deadline:
            await asyncio.sleep(LOOK_EVERY_S)
            told = await asyncio.to_thread(_told, settings.ledger_file, start, name)
    return judge(at, told)


@contextmanager
def _placed(spool: Path, name: str) -> Iterator[None]:
    callfile.place(spool, CALL_FILE, name)
    try:
        yield
    finally:
        callfile.take_back(spool, name)


def _size(ledger: Path) -> int:
    return ledger.stat().st_size if ledger.exists() else 0


def _told(ledger: Path, start: int, name: str) -> dict[str, Event]:
    """Of that trial, from what was written after `start`; from every file where the ledger was begun anew."""
    whole = _size(ledger) >= start
    found = [event for file in ([ledger] if whole else in_order(ledger)) for event in _of(file, start * whole, name)]
    return steps(found, name)


def _of(file: Path, start: int, name: str) -> list[Event]:
    if not file.exists():
        return []
    with file.open("rb") as opened:
        opened.seek(start)
        return [event for line in opened if name.encode() in line and (event := parse(line))]


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    handle = ownership.open_own(_file(settings).with_suffix(".lock"), os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise Refused("a trial is going on", remedy="It is over within a minute.") from error
    finally:
        os.close(handle)


def results(settings: Settings) -> tuple[Trial, ...]:
    """The last hundred, oldest first."""
    try:
        return from_json(_file(settings).read_text())
    except (OSError, ValueError):
        return ()


def _remember(settings: Settings, trial: Trial) -> None:
    """Whole or not at all."""
    partial = _file(settings).with_suffix(".new")
    partial.unlink(missing_ok=True)
    text = to_json((*results(settings), trial))
    with os.fdopen(ownership.open_own(partial, os.O_WRONLY), "w") as file:
        file.write(text)
    partial.replace(_file(settings))


def _file(settings: Settings) -> Path:
    return settings.state_dir / "run" / "trials.json"


def is_overdue(settings: Settings, now: datetime) -> bool:
    """Whether there should have been a trial by now. One that was put off because the line is busy is no fault."""
    if not settings.test_call_every_min:
        return False
    found = results(settings)
    since = found[-1].at if found else _opened_at(settings)
    return since is not None and now - since > timedelta(minutes=settings.test_call_every_min) * 2 + GRACE


def _opened_at(settings: Settings) -> datetime | None:
    keeper = settings.state_dir / "run" / "keeper.pid"
    return datetime.fromtimestamp(keeper.stat().st_mtime, UTC) if keeper.exists() else None
