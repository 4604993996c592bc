"""Whether the line is open at some moment, why, when that changes, and what a caller would hear."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ivr.errors import ScriptError
from ivr.flow.script import Script
from ivr.flow.steps import Caller, Turn, pressed
from ivr.flow.turn import begin, resume
from ivr.prepare import load_flow, load_hours, words_of_prompts
from ivr.routing.hours import Hours, Why, holidays_of
from ivr.settings import Settings


@dataclass(frozen=True, slots=True)
class Said:
    """Words that a caller hears, after pressing `key`; empty: as the first of all."""

    key: str
    prompt: str  # "<lang>/<prompt id>"
    words: str

    @property
    def language(self) -> str:
        return self.prompt.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Preview:
    at: datetime
    why: Why
    opens_at: datetime | None
    closes_at: datetime | None
    hears: tuple[Said, ...]
    hours: Hours


@dataclass(frozen=True, slots=True)
class Listed:
    """A day, or a stretch of time, about which something is written down."""

    kind: str  # holiday, closure or opening
    name: str
    starts: datetime
    ends: datetime
    open_s: float  # how long the line is open in it, all things considered


def preview(settings: Settings, at: datetime) -> Preview:
    """What is so at `at`. Raises ScriptError when the hours or the flow have faults."""
    hours, _ = load_hours(settings)
    script, words = load_flow(settings), words_of_prompts(settings)
    why = hours.why(at)
    hears = tuple(Said(key, prompt, words.get(prompt, "")) for key, prompt in heard(script, why.open))
    return Preview(at, why, hours.next_open(at), hours.next_close(at), hears, hours)


def heard(script: Script, line_open: bool) -> list[tuple[str, str]]:
    """(key, prompt) of what is played first of all, and then after each key that chooses a language."""
    first = begin(script, Caller(line_open=line_open))
    told = [("", prompt) for prompt in _prompts(script, first)]
    menu = script.menus.get(first.session.node)
    for key, choice in menu.on.items() if menu else ():
        if choice.language:
            told += [(key, prompt) for prompt in _prompts(script, resume(script, first.session, pressed(key)))]
    return told


def _prompts(script: Script, turn: Turn) -> tuple[str, ...]:
    if turn.ask:
        return turn.ask.prompts
    language = turn.session.language or script.default_language
    route = script.routes.get(turn.route or "")
    return (f"{language}/{route.say}",) if route else ()


def listed(hours: Hours, today: date, days: int) -> list[Listed]:
    """Holidays, closures and openings in so many days from `today` on, in order."""
    clock = hours.clock
    told = [("closure", each.name, each.starts, each.ends) for each in hours.closures]
    told += [("opening", each.name, each.starts, each.ends) for each in hours.openings]
    for day in (today + timedelta(days=n) for n in range(days)):
        if name := holidays_of(hours.country, day.year).get(day):
            told.append(("holiday", name, clock.moment(day), clock.moment(day + timedelta(days=1))))
    since, until = clock.moment(today), clock.moment(today + timedelta(days=days))
    ahead = sorted((each for each in told if each[2] < until and since < each[3]), key=lambda each: each[2])
    return [Listed(*each, open_s=_open_s(hours, each[2], each[3])) for each in ahead]


def _open_s(hours: Hours, starts: datetime, ends: datetime) -> float:
    return sum((end - start).total_seconds() for start, end in hours.stretches(starts, ends))


def read_moment(text: str, hours: Hours) -> datetime:
    """A moment as people write it, by the helpline's clock unless it says otherwise. Raises ScriptError."""
    try:
        told = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ScriptError(f"'{text}' is no date and time", remedy="As in 2027-03-21T09:00") from None
    return told if told.tzinfo else hours.clock.moment(told.date(), told.hour * 60 + told.minute)
