"""A year of calls and a rota for it, drawn from a seed: the same seed, the same year.

Published (what the helpline and others have told):
    TOPICS             contacts by topic, July to September 2025. "Other" presses 0, straight to a person
    ADULTS             of those whose age is known, January to May 2022; CHILDREN by age band, July to September 2025
    SILENT             about a third of the calls to one national line; here they press nothing either
    NOT_COUNSELLING    60 to 85 % of answered calls at large lines, silent ones included; the middle of it
    SILENT_TALK_S      good practice is to stay up to two minutes
    CALLS_PER_DAY      about 15 contacts a day here; ten and a thousand times as many, because other lines are larger

Assumed (nobody has published it; change a number and look):
    LANGUAGES          of the callers
    DANGER             of all callers press 9
    RANG_BEFORE, RINGS_OFTEN   rang within the hour and nobody answered; rang three times within ten minutes
    HOURS, DAYS        how calls spread over the day and the week: few before dawn, most after school, fewer on weekends
    PATIENCE_S         mean wait until a caller gives up, exponential: children sooner, the silent soonest; nobody does
                       in the first LEAST_PATIENCE_S
    SHORT_TALK_S, COUNSELLING_S   mean talk, exponential
    PICKS_UP_S         from the first ring until a counsellor answers; nobody lets it ring out
    SHIFTS             three a day; the same people every day
    SERVED, WITHIN_S   as many are on as Erlang's formula asks for so that 80 % wait no longer than 20 s in the busiest
                       hour of the shift: the usual planner's rule, which knows nothing of languages and skills
    SHORT              of those, when staff is short
    PEOPLE             who they are: each shift is filled from this list, in turn, so every shift has all languages

A counsellor whose shift ends finishes the call. Nobody accepts the call-back that is offered, no mobile is rung, and
those who gave up and ring again are in the calls already (RANG_BEFORE).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TypeVar

from ivr.flow.steps import AgeBand, Caller, Language, Priority, Session, Topic
from ivr.routing.rota import Rota, Shift, spans
from ivr.routing.skills import Person
from tests.bench.erlang import Hour, counsellors_needed

HOUR_S, DAY_S = 3600.0, 86_400.0

CALLS_PER_DAY = (15, 150, 15_000)
TOPICS = {
    Topic.PSYCHOLOGICAL: 512, Topic.SOCIAL: 261, Topic.VIOLENCE: 232, Topic.LEGAL: 227, Topic.EDUCATION: 98,
    Topic.HEALTH: 14, None: 250,
}  # fmt: skip
ADULTS = 1772 / 2278
CHILDREN = {AgeBand.UP_TO_10: 112, AgeBand.FROM_11_TO_14: 335, AgeBand.FROM_15_TO_18: 1147}
SILENT = 1 / 3
NOT_COUNSELLING = 0.70
SILENT_TALK_S = 120.0

LANGUAGES = {Language.AZ: 85, Language.RU: 12, Language.EN: 3}
DANGER = 0.02
RANG_BEFORE, RINGS_OFTEN = 0.08, 0.02
HOURS = (3, 2, 1, 1, 1, 1, 2, 3, 5, 6, 7, 7, 7, 7, 8, 9, 10, 10, 9, 9, 8, 7, 6, 4)
DAYS = (11, 11, 11, 11, 11, 8, 7)
PATIENCE_S = {"silent": 60.0, "child": 150.0, "adult": 300.0}
LEAST_PATIENCE_S = 10.0
SHORT_TALK_S, COUNSELLING_S = 90.0, 900.0
PICKS_UP_S = 6.0
WRAP_UP_S = 120.0
SHIFTS = ((0, 8), (8, 16), (16, 24))  # hours of the day
SERVED, WITHIN_S = 0.80, 20.0
SHORT = 2 / 3
BEGINS = datetime(2026, 1, 4, 20, tzinfo=UTC)  # a Monday's midnight in Baku

_HEART = ("psychological", "social", "violence")
_LAW = ("legal", "education", "health", "social")
PEOPLE = (
    Person("", ("az", "ru", "en"), (), danger=True),
    Person("", ("az",), _HEART, danger=True),
    Person("", ("az", "ru"), _LAW, danger=False),
)
Kind = TypeVar("Kind")
_COUNSELS = 1 - (NOT_COUNSELLING - SILENT) / (1 - SILENT)  # of those who are not silent


@dataclass(frozen=True, slots=True)
class Call:
    """One caller, as they come out of the menus. `at`: seconds since the first midnight."""

    at: float
    session: Session
    caller: Caller
    patience_s: float
    talk_s: float


@dataclass(frozen=True, slots=True)
class Duty:
    """A counsellor on duty, in seconds since the first midnight."""

    person: Person
    starts: float
    ends: float


def calls(per_day: int, days: int, seed: int) -> Iterator[Call]:
    """In order of arrival; within an hour they come as they please (Poisson)."""
    draw = Random(f"{seed} {per_day}")  # noqa: S311  no secret
    for hour in range(days * 24):
        pace = expected(per_day, hour) / HOUR_S
        at = hour * HOUR_S + draw.expovariate(pace)
        while at < (hour + 1) * HOUR_S:
            yield _call(draw, at)
            at += draw.expovariate(pace)


def expected(per_day: int, hour: int) -> float:
    """Calls in this hour, counted from the first midnight."""
    day, of_day = divmod(hour, 24)
    return per_day * HOURS[of_day] / sum(HOURS) * DAYS[day % 7] * 7 / sum(DAYS)


def _call(draw: Random, at: float) -> Call:
    language, age = _one_of(draw, LANGUAGES), _age(draw)
    known = draw.random()
    caller = Caller(unanswered=known < RANG_BEFORE, calls_lately=3 if known > 1 - RINGS_OFTEN else 0)
    patience = PATIENCE_S["adult" if age is AgeBand.ADULT else "child"]
    kind = draw.random()
    if kind < DANGER:
        session = Session("", language=language, age_band=age, priority=Priority.DANGER, keys=2)
        talk = COUNSELLING_S
    elif kind < DANGER + SILENT:
        session = Session("", language=Language.AZ)
        patience, talk = PATIENCE_S["silent"], SILENT_TALK_S
    else:
        session = Session("", language=language, topic=_one_of(draw, TOPICS), age_band=age, keys=3)
        talk = COUNSELLING_S if draw.random() < _COUNSELS else SHORT_TALK_S
    gives_up = LEAST_PATIENCE_S + draw.expovariate(1 / (patience - LEAST_PATIENCE_S))
    return Call(at, session, caller, gives_up, draw.expovariate(1 / talk))


def _age(draw: Random) -> AgeBand:
    return AgeBand.ADULT if draw.random() < ADULTS else _one_of(draw, CHILDREN)


def _one_of(draw: Random, weights: dict[Kind, int]) -> Kind:
    return draw.choices(tuple(weights), tuple(weights.values()))[0]


def handling_s() -> float:
    """How long a call keeps a counsellor on average, from the first ring to the end of the wrap-up."""
    others = 1 - SILENT - DANGER
    counselling = DANGER + others * _COUNSELS
    talk = SILENT * SILENT_TALK_S + others * (1 - _COUNSELS) * SHORT_TALK_S + counselling * COUNSELLING_S
    return PICKS_UP_S + talk + WRAP_UP_S


def staffed(per_day: int, there: float = 1.0) -> tuple[int, ...]:
    """How many are on in each shift; `there` is the share of those planned who came, and one always does."""
    handling = handling_s()
    busiest = (
        max(expected(per_day, day * 24 + hour) for day in range(7) for hour in range(*shift)) for shift in SHIFTS
    )
    planned = (counsellors_needed(calls, handling, SERVED, WITHIN_S) for calls in busiest)
    return tuple(max(1, round(number * there)) for number in planned)


def hours(per_day: int, on: Sequence[int]) -> list[Hour]:
    """The hours of a week, as a planner sees them. `on`: how many are on in each shift."""
    return [Hour(expected(per_day, hour), on[hour % 24 // 8], handling_s()) for hour in range(7 * 24)]


def duties(on: Sequence[int], days: int) -> list[Duty]:
    """The rota of that many days, as the program's own rota reads it."""
    people = {f"{shift}-{place:03}": shift for shift, number in enumerate(on) for place in range(number)}
    weekly = tuple(
        Shift(extension, weekday, SHIFTS[shift][0] * 60, SHIFTS[shift][1] * 60 % 1440)
        for extension, shift in people.items()
        for weekday in range(7)
    )
    found = spans(Rota(frozenset(people), weekly), BEGINS, BEGINS + timedelta(days=days))
    return [
        Duty(_person(span.extension), (span.starts - BEGINS).total_seconds(), (span.ends - BEGINS).total_seconds())
        for span in found
    ]


def _person(extension: str) -> Person:
    like = PEOPLE[int(extension.partition("-")[2]) % len(PEOPLE)]
    return Person(extension, like.languages, like.topics, like.danger)
