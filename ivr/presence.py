"""Who is there: a counsellor says so from their own phone (*21, *22, *23) or by command, and `ivr presence` shows it.

The rows say what was said and who is on the rota; the switch says what the phones do and when they were last in a call.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from ivr.attempt import Line
from ivr.desk.presence import SPOKEN, Presence, Said, Seen, State, Word, advance, derive, duty, meant
from ivr.errors import NotFound, Refused, TelephonyError
from ivr.line import states
from ivr.records import call, counsellor, hard_call, presence, rota
from ivr.records.counsellor import Counsellor
from ivr.records.database import Database, Unit, opened
from ivr.records.keyring import open_keyring
from ivr.routing.plan import SPARED_FOR
from ivr.routing.rota import Rota
from ivr.settings import Settings
from ivr.telephony import queues
from ivr.telephony.agi import gosub
from ivr.telephony.ami import USER, Switch, connected
from ivr.telephony.queues import Phone
from ivr.telephony.statuses import PhoneState

__all__ = ["Presence", "State", "Unit", "Word"]  # what the faces read from here

OUT = SPOKEN[Word.SIGN_OUT]
LONGEST_REST = timedelta(hours=1)  # no wrap-up is longer
LONGEST_TALK = timedelta(hours=12)  # an open call that began before is one whose end was lost


@dataclass(frozen=True, slots=True)
class Rows:
    """What is written down about who is there. `people`: the active counsellors, by extension."""

    people: Mapping[str, Counsellor] = field(default_factory=dict)
    said: Mapping[str, Said] = field(default_factory=dict)
    rota: Rota = field(default_factory=lambda: Rota(frozenset()))
    rang_back: Mapping[str, datetime] = field(
        default_factory=dict
    )  # the end of their last call-back, if it is not long ago
    hard: Mapping[str, datetime] = field(default_factory=dict)  # their last hard call within the hour

    def presence(self, extension: str, seen: Seen, wrap_up: timedelta, now: datetime) -> Presence:
        ended = [at for at in (seen.last_call_at, self.rang_back.get(extension)) if at]
        seen = replace(seen, last_call_at=max(ended, default=None))
        return derive(duty(self.rota, extension, self.said.get(extension), now), seen, wrap_up, now)


@dataclass(frozen=True, slots=True)
class Shown:
    """One counsellor, as `ivr presence` shows it. `registered` is None when the switch cannot be asked."""

    extension: str
    counsellor: str
    state: State
    since: datetime | None
    on_rota: bool
    registered: bool | None


async def is_on_duty(database: Database, extension: str, now: datetime) -> bool:
    """Whether a call may ring there: signed in or on the rota, and on no break. The switch is not asked."""
    async with database.reading() as unit:
        rows = await read_rows(unit)
    is_free = rows.presence(extension, Seen(), timedelta(0), now).state is State.AVAILABLE
    return is_free and extension in rows.people


async def read_rows(unit: Unit) -> Rows:
    people = {person.extension: person for person in await counsellor.all(unit) if person.active}
    now = datetime.now(UTC)
    rang_back, hard = await call.rang_back(unit, now - LONGEST_REST), await hard_call.lately(unit, now - SPARED_FOR)
    return Rows(people, await presence.all(unit), await rota.all(unit), rang_back, hard)


def seen(phone: Phone | None) -> Seen:
    """What the switch's queues tell of a phone, as presence wants it."""
    if phone is None:
        return Seen(PhoneState.AWAY)
    return Seen(phone.state, datetime.fromtimestamp(phone.last_call_at, UTC) if phone.last_call_at else None)


async def take_word(line: Line, settings: Settings) -> None:
    """The AGI story of *21, *22 and *23: write it down, and let the phone hear what is so now.

    The phone is known by its account, never by what it calls itself. That it is in use is this call's own doing.
    """
    extension, word, _ = line.header.arguments
    async with opened(settings.database) as database:
        prompt, language = await hear(database, extension, Word(word), datetime.now(UTC))
    await line.send(gosub("presence", "said", prompt, language))


async def hear(database: Database, extension: str, word: Word, now: datetime) -> tuple[str, str]:
    """The prompt that answers `word`, and its language. Raises NotFound for somebody who is no active counsellor."""
    async with database.unit_of_work() as unit:
        rows = await read_rows(unit)
        person = _person(rows, extension)
        state = rows.presence(extension, Seen(), timedelta(0), now).state
        word = meant(word, state)
        if advance(state, word) is None:  # a break of one who is not there
            return OUT, person.languages[0]
        await presence.write(unit, Said(extension, word, now))
    return SPOKEN[word], person.languages[0]


def _person(rows: Rows, extension: str) -> Counsellor:
    if extension not in rows.people:
        raise NotFound(f"No active counsellor has the extension {extension}.", remedy="`ivr phones` lists them.")
    return rows.people[extension]


OnRecord = Callable[[Unit], Awaitable[None]]


async def nothing_more(unit: Unit) -> None:
    """What the command line puts on record: it is the word itself."""


async def say(settings: Settings, extension: str, word: Word, on_record: OnRecord = nothing_more) -> Shown:
    """`word` in the name of a counsellor. Raises Refused when it may not be said now. `on_record`: what else is written
    in the same transaction."""
    async with opened(settings.database) as database, switch_of(settings) as switch:
        phones = await _phones(switch)
        now = datetime.now(UTC)
        async with database.unit_of_work() as unit:
            await _write(unit, Said(extension, word, now), phones, settings)
            await on_record(unit)
        if switch:
            with suppress(TelephonyError):  # it only makes the watch look at once
                await switch.tell("UserEvent", UserEvent="Presence", Extension=extension)
        (shown,) = await _shown(database, phones, settings, extension)
    return shown


async def _write(unit: Unit, said: Said, phones: Mapping[str, Phone] | None, settings: Settings) -> None:
    rows = await read_rows(unit)
    _person(rows, said.extension)
    state = rows.presence(said.extension, _seen_by(phones, said.extension), _wrap_up(settings), said.at).state
    if advance(state, said.word) is None:
        raise Refused(
            f"{said.extension} is {state.replace('_', ' ')}: {said.word.replace('_', ' ')} means nothing now.",
            remedy="`ivr presence` shows who is what.",
        )
    await presence.write(unit, said)


async def everybody(settings: Settings, only: str = "") -> tuple[list[Shown], bool]:
    """Every active counsellor, or `only` one, and whether the switch was asked: it is not when the line is closed."""
    async with opened(settings.database) as database, switch_of(settings) as switch:
        phones = await _phones(switch)
        return await _shown(database, phones, settings, only), phones is not None


async def _shown(
    database: Database, phones: Mapping[str, Phone] | None, settings: Settings, only: str = ""
) -> list[Shown]:
    now = datetime.now(UTC)
    async with database.reading() as unit:
        rows, talking = await read_rows(unit), await call.talking(unit, now - LONGEST_TALK)
    if only:
        _person(rows, only)
    found = []
    for extension, person in rows.people.items():
        if only in ("", extension):
            told = _seen_by(phones, extension)
            known = rows.presence(extension, told, _wrap_up(settings), now)
            since = talking.get(extension) if known.state is State.ON_CALL else known.since
            on_rota = duty(rows.rota, extension, None, now).on_rota
            registered = None if phones is None else told.phone is not PhoneState.AWAY
            found.append(Shown(extension, person.name, known.state, since, on_rota, registered))
    return found


def _wrap_up(settings: Settings) -> timedelta:
    return timedelta(seconds=settings.wrap_up_s)


def _seen_by(phones: Mapping[str, Phone] | None, extension: str) -> Seen:
    return Seen() if phones is None else seen(phones.get(extension))


async def _phones(switch: Switch | None) -> Mapping[str, Phone] | None:
    return queues.view(await switch.ask("QueueStatus")).phones if switch else None


@asynccontextmanager
async def switch_of(settings: Settings) -> AsyncIterator[Switch | None]:
    """The line's switch; None when it is closed, or does not answer."""
    if not any(part.pid for part in states(settings) if part.name == "switch"):
        yield None
        return
    secret = open_keyring(settings.secrets_file).ami
    async with AsyncExitStack() as stack:
        switch = None
        with suppress(TelephonyError):
            switch = await stack.enter_async_context(connected("127.0.0.1", settings.ami_port, USER, secret))
        yield switch
