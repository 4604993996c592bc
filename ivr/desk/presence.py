"""Whether a counsellor is there for callers: what they said, the rota, and what the switch sees of their phone. Pure.

A counsellor's word holds until the rota turns against it: who signed out is there again when their next shift begins,
and who signed in by hand, or took a break, is out when a shift of theirs ends. A call that is going on goes on.
Where no rota is kept everybody is on, and a word holds until the next one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from ivr.routing.rota import Rota, spans
from ivr.telephony.statuses import PhoneState

LOOK_BACK = timedelta(days=8)  # a weekly rota has turned by then, or does not turn for this counsellor at all
_INSTANT = timedelta(microseconds=1)


class State(StrEnum):
    SIGNED_OUT = "signed_out"
    AVAILABLE = "available"
    RINGING = "ringing"
    ON_CALL = "on_call"
    WRAP_UP = "wrap_up"
    BREAK = "break"


class Word(StrEnum):
    """What a counsellor can say."""

    SIGN_IN = "sign_in"
    SIGN_OUT = "sign_out"
    PAUSE = "pause"
    RESUME = "resume"
    DONE = "done"  # the wrap-up is


# What a word leads to. What the phone does (it rings, is picked up, is hung up) is seen by the switch, see `derive`.
# In a call a word is heard and changes nothing yet: it decides what comes after the call.
TRANSITIONS: dict[State, dict[Word, State]] = {
    State.SIGNED_OUT: {Word.SIGN_IN: State.AVAILABLE, Word.SIGN_OUT: State.SIGNED_OUT},
    State.AVAILABLE: {
        Word.SIGN_IN: State.AVAILABLE,
        Word.SIGN_OUT: State.SIGNED_OUT,
        Word.PAUSE: State.BREAK,
    },
    State.RINGING: {Word.SIGN_IN: State.RINGING, Word.SIGN_OUT: State.SIGNED_OUT, Word.PAUSE: State.BREAK},
    State.ON_CALL: {Word.SIGN_IN: State.ON_CALL, Word.SIGN_OUT: State.ON_CALL, Word.PAUSE: State.ON_CALL},
    State.WRAP_UP: {
        Word.SIGN_IN: State.AVAILABLE,
        Word.SIGN_OUT: State.SIGNED_OUT,
        Word.PAUSE: State.BREAK,
        Word.DONE: State.AVAILABLE,
    },
    State.BREAK: {
        Word.SIGN_IN: State.AVAILABLE,
        Word.SIGN_OUT: State.SIGNED_OUT,
        Word.RESUME: State.AVAILABLE,
    },
}

SPOKEN: dict[Word, str] = {
    Word.SIGN_IN: "presence-available",
    Word.SIGN_OUT: "presence-out",
    Word.PAUSE: "presence-break",
    Word.RESUME: "presence-back",
    Word.DONE: "presence-available",
}
"""The prompt that confirms a word."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a counsellor said last."""

    extension: str
    word: Word
    at: datetime


@dataclass(frozen=True, slots=True)
class Duty:
    """The rota's part. `said`: their last word, if the rota has not turned against it. `turned_at`: when their last
    shift began or ended, None when that is long ago.
    """

    on_rota: bool
    said: Said | None = None
    turned_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """The switch's part. `last_call_at`: when their last call with a caller ended."""

    phone: PhoneState = PhoneState.IDLE
    last_call_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Presence:
    """`since` is None when nobody noted it. `is_there`: whether callers count on them; in a call someone may be on
    their way out.
    """

    state: State
    since: datetime | None
    is_there: bool


def advance(state: State, word: Word) -> State | None:
    """Where `word` leads; None when it may not be said here."""
    return TRANSITIONS[state].get(word)


def meant(word: Word, state: State) -> Word:
    """*23 is one key for both ways: on a break it ends it."""
    return Word.RESUME if word is Word.PAUSE and state is State.BREAK else word


def duty(rota: Rota, extension: str, said: Said | None, now: datetime) -> Duty:
    window = (now - LOOK_BACK, now + _INSTANT)
    mine = spans(replace(rota, people=rota.people & {extension}), *window)
    on = bool(mine) and mine[-1].ends > now
    began = [span.starts for span in mine if span.starts > window[0]]
    ended = [span.ends for span in mine if span.ends <= now]
    turned_at = max(began if on else ended, default=None)
    return Duty(on, said if said and _holds(said, began, ended) else None, turned_at)


def _holds(said: Said, began: list[datetime], ended: list[datetime]) -> bool:
    against = began if said.word is Word.SIGN_OUT else ended
    return not any(at > said.at for at in against)


def derive(known: Duty, seen: Seen, wrap_up: timedelta, now: datetime) -> Presence:
    said = known.said
    is_there = said.word is not Word.SIGN_OUT if said else known.on_rota
    said_at = said.at if said else None
    if seen.phone is PhoneState.TALKING:
        return Presence(State.ON_CALL, None, is_there)
    if not is_there:
        return Presence(State.SIGNED_OUT, said_at or known.turned_at, is_there)
    if said and said.word is Word.PAUSE:
        return Presence(State.BREAK, said_at, is_there)
    if seen.phone is PhoneState.RINGING:
        return Presence(State.RINGING, None, is_there)
    ended = _unrested(seen, said)
    if ended and ended <= now < ended + wrap_up:
        return Presence(State.WRAP_UP, ended, is_there)
    since = [at for at in (known.turned_at, said_at, ended and ended + wrap_up, seen.last_call_at) if at]
    return Presence(State.AVAILABLE, max(since, default=None), is_there)


def _unrested(seen: Seen, said: Said | None) -> datetime | None:
    """When the last call ended, if a wrap-up follows it: a word after the call cuts it short."""
    ended = seen.last_call_at
    return ended if ended and (said is None or said.at < ended) else None
