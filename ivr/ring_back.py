"""The two questions that the switch asks while it keeps a promise (`dialplan/callback.conf`): whom to ring, first; and,
once a counsellor has taken it, for the child's number, which is unsealed for that answer and no sooner.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from ivr.attempt import Line
from ivr.callback import Seats, kept_policy, lapses
from ivr.records import callback, counsellor
from ivr.records.callback import Callback
from ivr.records.counsellor import Counsellor
from ivr.records.database import Unit, opened
from ivr.records.keyring import open_keyring
from ivr.records.sealed import unseal
from ivr.routing.plan import Seat
from ivr.routing.promise import Outcome, Policy, Shown, Window
from ivr.routing.taker import need_of, taker
from ivr.settings import Settings
from ivr.telephony.agi import gosub
from ivr.telephony.events import call_id

PRESENTATION = {Shown.LINE: "allowed", Shown.WITHHELD: "prohib"}  # CALLERID(pres)
AGES = {"0-10": "child", "11-14": "teen", "15-18": "youth", "adult": "adult"}

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Asked:
    """An attempt that the switch asks about. `caller`: keyed hash of the number that is to be rung."""

    promise: Callback
    number: int
    caller: str


async def ring_counsellor(line: Line, settings: Settings, seats: Seats) -> None:
    """Whom to ring: agi://…/callback,<call-back>,<linkedid>,<who did not take it>. Asked again after each of them."""
    callback_id, linkedid, tried = line.header.arguments
    policy = kept_policy(settings)
    there = await seats()
    async with opened(settings.database) as database, database.unit_of_work() as unit:
        asked = await _asked(unit, callback_id, linkedid)
        person = await _give(unit, asked, there, policy, tried) if asked else None
    if asked:
        await line.send(_counsellor_is(asked, person, policy, first=not tried))


async def _asked(unit: Unit, callback_id: str, linkedid: str) -> Asked | None:
    """None: withdrawn meanwhile, or a call that a file left in the spool of a dead switch has begun."""
    number = await callback.answer_for(unit, callback_id, call_id(linkedid))
    if number is None:
        log.warning("callback.needless", callback=callback_id)
        return None
    return Asked(await callback.get(unit, callback_id), number, await callback.caller_hash(unit, callback_id))


async def _give(unit: Unit, asked: Asked, seats: tuple[Seat, ...], policy: Policy, tried: str) -> Counsellor | None:
    """The counsellor to be rung, noted so that no other call-back rings them at the same time."""
    promise = asked.promise
    passed_over = {*tried.split("-"), *await callback.asked_now(unit, besides=promise.id)}
    need = need_of(promise.language, promise.topic, promise.priority)
    found = taker(seats, need, passed_over, lapses=lapses(policy, promise, datetime.now(UTC)))
    if found is None:
        return None
    await callback.give_to(unit, promise.id, asked.number, found.extension)
    return next(each for each in await counsellor.all(unit) if each.extension == found.extension)


def _counsellor_is(asked: Asked, person: Counsellor | None, policy: Policy, *, first: bool) -> str:
    record = _record(asked) if first else ""
    if person is None:
        return gosub("callback", "counsellor_is", str(asked.number), "", "", "", "0", record)
    spoken = spoken_to(person, asked.promise.language)
    words = "&".join(f"helpline/{spoken}/{prompt}" for prompt in words_for(asked.promise))
    ring_s = str(policy.ring_counsellor_s)
    return gosub(
        "callback", "counsellor_is", str(asked.number), person.extension, shown(asked.promise), words, ring_s, record
    )


def spoken_to(person: Counsellor, language: str | None) -> str:
    """The language in which a counsellor is told: the caller's if they speak it, else their own first one."""
    return language if language and language in person.languages else person.languages[0]


def words_for(promise: Callback) -> tuple[str, ...]:
    """What was agreed, as prompts for whoever takes it."""
    told = (("language", promise.language), ("topic", promise.topic), ("age", AGES.get(promise.age_band or "")))
    known = [f"call-back-{what}-{word}" for what, word in told if word]
    who = "call-back-only-caller" if promise.only_caller else "call-back-anybody"
    danger = ["call-back-danger"] if promise.priority == "danger" else []
    return ("call-back-promised", *danger, *known, who, "call-back-take")


def shown(promise: Callback) -> str:
    """What the counsellor's phone shows. Plain letters: many desk phones show nothing else."""
    flag = "DANGER" if promise.priority == "danger" else None
    return " ".join(word for word in ("call-back", flag, promise.language, promise.topic, promise.age_band) if word)


def _record(asked: Asked) -> str:
    """What our own call is about, for the ledger: as the first call was, which it names."""
    promise = asked.promise
    told = {
        "language": promise.language,
        "topic": promise.topic,
        "age_band": promise.age_band,
        "priority": promise.priority,
        "caller": asked.caller,
        "callback": promise.id,
        "first_call": promise.call_id,
    }
    return "&".join(f"{name}={value}" for name, value in told.items() if value)


async def ring_child(line: Line, settings: Settings) -> None:
    """The child's number: agi://…/callback-child,<call-back>,<linkedid>. The safe hours are looked at once more."""
    callback_id, linkedid, _ = line.header.arguments
    now = datetime.now(UTC)
    async with opened(settings.database) as database, database.unit_of_work() as unit:
        asked = await _asked(unit, callback_id, linkedid)
        if asked is None:
            return
        sealed = await callback.sealed_number(unit, callback_id)
        taken_by = await callback.taken_by(unit, callback_id, asked.number) or ""
        person = next((each for each in await counsellor.all(unit) if each.extension == taken_by), None)
    spoken = spoken_to(person, asked.promise.language) if person else ""
    promise, policy = asked.promise, kept_policy(settings)
    left_s = int((promise.safe_until - now).total_seconds())
    if sealed is None or left_s < 1 or not Window(promise.safe_from, promise.safe_until).holds(now):
        told = (Outcome.TOO_LATE, "", "", "0")
    else:
        number = unseal(open_keyring(settings.secrets_file).sealing_keys, sealed, callback_id)
        ring_s = str(min(policy.ring_child_s, left_s))
        told = (Outcome.CALLED_OFF, number, PRESENTATION[policy.shows(promise.only_caller)], ring_s)
    await line.send(gosub("callback", "child_is", str(asked.number), *told, spoken, taken_by))
