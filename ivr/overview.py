"""What the live board shows beside the calls: who is there, the day so far, what is due. Read from the rows, seldom."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from ivr import help_request
from ivr.board.curve import Curve
from ivr.board.state import Board, Phone
from ivr.board.view import Beside, HelpCall, Limits, Person, Today, View, view
from ivr.desk.presence import Duty, Seen, derive, duty
from ivr.help_request import HelpRequest
from ivr.presence import Rows, read_rows
from ivr.records import call_day, callback
from ivr.records.call import Outcome
from ivr.records.database import Database
from ivr.routing.hours import BAKU
from ivr.routing.rota import Rota, gaps
from ivr.settings import Settings
from ivr.telephony.statuses import PhoneState
from ivr.usual_day import UsualDay

FRESH_S = 2.0
GAP_FRESH_S = 60.0
GAP_DAYS = 7
DOORS = (1, 2, 3)
ABANDONED = (Outcome.ABANDONED_IN_MENU, Outcome.ABANDONED_IN_QUEUE)
_NO_PHONE = Phone(PhoneState.AWAY)


@dataclass(frozen=True, slots=True)
class Known:
    rows: Rows = field(default_factory=Rows)
    duties: Mapping[str, Duty] = field(default_factory=dict)
    today: Today = field(default_factory=Today)
    spoke: Mapping[str, float] = field(default_factory=dict)
    help: tuple[HelpCall, ...] = ()
    curve: Curve | None = None


class Overview:
    """Reads the rows again when they are two seconds old, or when a counsellor has said something."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._database, self._settings = database, settings
        waits = settings.board_wait_attention_s, settings.board_wait_danger_s
        self._limits = Limits(*waits, settings.service_level_s, settings.service_level_percent)
        self._known, self._stale_at = Known(), 0.0
        self._gap: tuple[datetime, datetime] | None = None
        self._gap_stale_at = 0.0
        self._usual = UsualDay()
        self._reading = asyncio.Lock()

    async def view(self, board: Board, now: datetime) -> View:
        known = await self._rows(board, now)
        people = [_person(known, board, extension, self._wrap_up, now) for extension in known.rows.people]
        beside = Beside(people, known.today, known.help, known.curve)
        return view(board, beside, self._limits, now.timestamp())

    def forget(self) -> None:
        """Something was changed: the next look reads the rows."""
        self._stale_at = 0.0

    @property
    def _wrap_up(self) -> timedelta:
        return timedelta(seconds=self._settings.wrap_up_s)

    async def _rows(self, board: Board, now: datetime) -> Known:
        async with self._reading:
            if time.monotonic() >= self._stale_at or board.spoke != self._known.spoke:
                self._known = await self._read(board, now)
                self._stale_at = time.monotonic() + FRESH_S
            return self._known

    async def _read(self, board: Board, now: datetime) -> Known:
        midnight = BAKU.moment(BAKU.day(now))
        async with self._database.reading() as unit:
            rows = await read_rows(unit)
            counted = await call_day.by_outcome(unit, midnight, self._settings.service_level_s)
            due = len(await callback.due(unit, now))
            asked = await help_request.read_open(unit, now)
            curve = await self._usual.read(unit, now)
        duties = {name: duty(rows.rota, name, rows.said.get(name), now) for name in rows.people}
        gap = await asyncio.to_thread(self._next_gap, rows.rota, now)
        help_calls = tuple(_help_call(rows, each) for each in asked)
        return Known(rows, duties, _today(counted, due, gap), dict(board.spoke), help_calls, curve)

    def _next_gap(self, rota: Rota, now: datetime) -> tuple[datetime, datetime] | None:
        """None too where no rota is kept: then everybody is on."""
        if time.monotonic() >= self._gap_stale_at:
            found = gaps(rota, now.astimezone(UTC), GAP_DAYS) if rota.shifts else ()
            self._gap = (found[0].starts, found[0].ends) if found else None
            self._gap_stale_at = time.monotonic() + GAP_FRESH_S
        return self._gap


@dataclass(frozen=True, slots=True)
class Day:
    """Since midnight on the helpline's clock. `waits`: seconds to how many callers had met somebody within them."""

    waits: tuple[tuple[float, int], ...]
    answered: int
    waited_s: float
    outcomes: Mapping[str, int]
    doors: Mapping[str, int]


async def day(database: Database, now: datetime) -> Day:
    midnight = BAKU.moment(BAKU.day(now))
    async with database.reading() as unit:
        waits, doors = await call_day.waits(unit, midnight), await call_day.by_door(unit, midnight)
        counted = await call_day.by_outcome(unit, midnight, 0)
    outcomes = {str(outcome): counted[outcome].calls if outcome in counted else 0 for outcome in Outcome}
    by_door = {str(door): doors.get(door, 0) for door in DOORS}
    return Day(waits.within, waits.met, waits.total_s, outcomes, by_door)


def _today(counted: Mapping[Outcome, call_day.Count], due: int, gap: tuple[datetime, datetime] | None) -> Today:
    calls = {outcome: counted[outcome].calls if outcome in counted else 0 for outcome in Outcome}
    longest = [each.longest_wait_s for each in counted.values() if each.longest_wait_s is not None]
    return Today(
        answered=calls[Outcome.ANSWERED] + calls[Outcome.FORWARDED],
        abandoned=sum(calls[outcome] for outcome in ABANDONED),
        promised=calls[Outcome.CALLBACK_PROMISED],
        messages=calls[Outcome.MESSAGE_LEFT],
        wanted=sum(each.waited for each in counted.values()),
        in_time=sum(each.in_time for each in counted.values()),
        longest_wait_s=max(longest, default=None),
        callbacks_due=due,
        gap=gap,
    )


def _help_call(rows: Rows, asked: HelpRequest) -> HelpCall:
    person = rows.people.get(asked.extension)
    name = person.name if person else asked.account
    return HelpCall(asked.contact_id, asked.extension, name, asked.why, asked.asked_at.timestamp())


def _person(known: Known, board: Board, extension: str, wrap_up: timedelta, now: datetime) -> Person:
    person, phone = known.rows.people[extension], board.phones.get(extension, _NO_PHONE)
    ended = [datetime.fromtimestamp(phone.last_call_at, UTC)] if phone.last_call_at else []
    if extension in known.rows.rang_back:
        ended.append(known.rows.rang_back[extension])
    seen = Seen(phone.state, max(ended, default=None))
    found = derive(known.duties[extension], seen, wrap_up, now)
    since = found.since.timestamp() if found.since else phone.since or None
    return Person(extension, person.name, person.languages, found.state, since)
