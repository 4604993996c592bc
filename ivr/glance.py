"""What a counsellor's desk shows of this moment: who is on, who waits, what rings or talks at it, and who that may be.

Everything comes from the rows, which follow the switch's log within a blink, and from what the switch says of the
phones: so a page beside a telephone on the desk shows the same as one that has the telephone in it. Never a number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from ivr import presence
from ivr.board.state import Board, Phone
from ivr.desk.presence import Seen, duty
from ivr.errors import NotFound
from ivr.presence import LONGEST_TALK, Shown, State
from ivr.records import call, callback, contact, help_request, wrapup
from ivr.records.call import CALLBACK, Call
from ivr.records.callback import Callback
from ivr.records.contact import Contact
from ivr.records.database import Database, Unit
from ivr.records.help_request import HelpRequest
from ivr.records.story import moment
from ivr.records.wrapup import Version
from ivr.telephony.statuses import PhoneState

__all__ = ["Call", "Callback", "Contact", "Version"]  # what the faces read from here

WEEK = timedelta(days=7)
EARLIER = 5  # contacts shown; who rings often is known by their number
SHIFT = timedelta(hours=12)
# How long a phone is taken to ring after the log said that it began to: while the switch says that it rings, when the
# switch cannot be asked, and before what the switch says is new enough.
RINGS_ON, RINGS_UNTOLD, JUST_NOW = timedelta(minutes=5), timedelta(seconds=20), timedelta(seconds=2)
_NO_PHONE = Phone(PhoneState.AWAY)


class Stage(StrEnum):
    QUIET = "quiet"
    RINGING = "ringing"
    TALKING = "talking"


@dataclass(frozen=True, slots=True)
class People:
    """Who is on, as far as it is known. `asked`: the switch was; else their phones are not known."""

    shown: tuple[Shown, ...] = ()
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Traffic:
    """Calls that go on, call-backs that are due or ring a counsellor now, and who asked for help: one look for all."""

    calls: tuple[Call, ...] = ()
    due: int = 0
    ringing_back: Mapping[str, Callback] = field(default_factory=dict)
    help: tuple[HelpRequest, ...] = ()

    @property
    def waiting(self) -> tuple[tuple[str, int], ...]:
        """How many wait for a person, by language, the most first; empty language: not chosen yet."""
        found = Counter(each.language or "" for each in self.calls if each.state is call.State.WAITING)
        return tuple(found.most_common())

    @property
    def open_help(self) -> tuple[HelpRequest, ...]:
        return tuple(each for each in self.help if each.is_open)


@dataclass(frozen=True, slots=True)
class Mine:
    """What goes on at one desk. `since`: when the talk began. `promise`: the call-back that this is, or will be."""

    stage: Stage = Stage.QUIET
    call: Call | None = None
    since: datetime | None = None
    promise: Callback | None = None
    help: HelpRequest | None = None

    @property
    def contact_id(self) -> str:
        """Of the contact to be written down."""
        return self.call.id if self.call and self.stage is Stage.TALKING else ""


@dataclass(frozen=True, slots=True)
class Earlier:
    """A contact of the same caller: when, with whom, and what was written down, without its text."""

    contact: Contact
    version: Version | None


@dataclass(frozen=True, slots=True)
class Caller:
    """What is known of who rings. `week`: how often they did in the seven days before; None: the number is withheld."""

    week: int | None = None
    earlier: tuple[Earlier, ...] = ()
    promise: Callback | None = None


async def traffic(database: Database, now: datetime) -> Traffic:
    async with database.reading() as unit:
        return Traffic(
            tuple(await call.going_on(unit, now - LONGEST_TALK)),
            len(await callback.due(unit, now)),
            await callback.ringing(unit),
            tuple(await help_request.since(unit, now - SHIFT)),
        )


async def people(database: Database, board: Board, wrap_up: timedelta, now: datetime) -> People:
    async with database.reading() as unit:
        rows, talking = await presence.read_rows(unit), await call.talking(unit, now - LONGEST_TALK)
    found = []
    for extension, person in rows.people.items():
        phone = board.phones.get(extension, _NO_PHONE)
        ended = datetime.fromtimestamp(phone.last_call_at, UTC) if phone.last_call_at else None
        known = rows.presence(extension, Seen() if board.away else Seen(phone.state, ended), wrap_up, now)
        since = talking.get(extension) if known.state is State.ON_CALL else known.since
        on_rota = duty(rows.rota, extension, None, now).on_rota
        registered = None if board.away else phone.state is not PhoneState.AWAY
        found.append(Shown(extension, person.name, known.state, since, on_rota, registered))
    return People(tuple(found), not board.away)


@dataclass(frozen=True, slots=True)
class Said:
    """What the switch says of one phone. `rings`: for a caller or for a call-back; None: it cannot be asked.
    `for_call`: the call that it rings for, or that it has just picked up."""

    rings: bool | None = None
    for_call: str = ""


def said_of(board: Board, extension: str | None) -> Said:
    if board.away or not extension:
        return Said()
    phone, calls = board.phones.get(extension, _NO_PHONE), board.calls.values()
    ringing = [each.id for each in calls if extension in each.ringing]
    taken = [each.id for each in calls if each.counsellor == extension]
    is_ringing = phone.state is PhoneState.RINGING or bool(ringing)
    return Said(is_ringing, next(iter(ringing + taken), ""))


def mine(seen: Traffic, extension: str, said: Said, now: datetime) -> Mine:
    """The log brings a ring to the rows a moment after the switch has said it, so the switch's word is taken first."""
    for each in seen.calls:
        met = _last(each, "talking")
        if each.state is call.State.TALKING and met.get("extension") == extension:
            asked = [one for one in seen.help if one.contact_id == each.id]
            return Mine(Stage.TALKING, each, _at(met), help=asked[-1] if asked else None)
    if said.rings and extension in seen.ringing_back:
        return Mine(Stage.RINGING, promise=seen.ringing_back[extension])
    for each in seen.calls:
        if each.id == said.for_call and each.state is not call.State.TALKING:
            return Mine(Stage.RINGING, each)
    since = now - (RINGS_ON if said.rings else RINGS_UNTOLD if said.rings is None else JUST_NOW)
    ringing = [(at, each.id, each) for each in seen.calls if (at := _rang_at(each, extension)) and at > since]
    return Mine(Stage.RINGING, max(ringing)[2]) if ringing else Mine()


async def caller(database: Database, call_id: str) -> Caller:
    """Who that may be. Raises NotFound for a call that is none."""
    async with database.reading() as unit:
        this, who = await call.find(unit, call_id), await call.caller_of(unit, call_id)
        if this is None or who is None:
            raise NotFound(f"There is no call {call_id}.", remedy="`ivr calls` lists them.")
        kept = await callback.of_call(unit, call_id) if this.dialled == CALLBACK else None
        if not who:
            return Caller(promise=kept)
        before = await call.of_caller(unit, who, call_id, 200)
        week = sum(each.started_at >= this.started_at - WEEK for each in before)
        earlier = await _earlier(unit, [each.id for each in before])
        return Caller(week, earlier, kept or await callback.open_for(unit, who, this.started_at))


async def took_part(database: Database, call_id: str, extension: str) -> bool:
    """Whether that phone talked in that call, first or later."""
    async with database.reading() as unit:
        this = await call.find(unit, call_id)
    return bool(this and _last(this, "talking", extension))


async def _earlier(unit: Unit, ids: list[str]) -> tuple[Earlier, ...]:
    newest = (await contact.some(unit, ids))[-EARLIER:]
    found = [(each, await wrapup.versions(unit, each.id)) for each in reversed(newest)]
    return tuple(Earlier(each, versions[-1] if versions else None) for each, versions in found)


def _rang_at(each: Call, extension: str) -> datetime | None:
    """When that phone began to ring for a caller who still waits."""
    step = _last(each, "rang", extension) if each.state is call.State.WAITING else None
    return _at(step) if step else None


def _last(each: Call, step: str, extension: str = "") -> Mapping[str, str]:
    found = [one for one in each.steps if one["step"] == step and extension in ("", one.get("extension"))]
    return found[-1] if found else {}


def _at(step: Mapping[str, str]) -> datetime:
    return datetime.fromisoformat(step["at"]) if step else datetime.fromisoformat(moment(0))
