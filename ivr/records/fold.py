"""What the switch's events say about one call: a pure fold, event by event, from first ring to hang-up.

Two counsellors may talk to the same caller one after the other: the talk is the sum, the wait ends with the first.
Where the first one's phone died the counsellor on record stays the first, since a name that was shown must not change;
where they handed the caller over it is whoever took it. The steps name them all. Whoever is first comes before a
mobile rung over the trunk, of whom we know no name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ivr.flow.questions import NAME, Answer, By
from ivr.records.call import CALLBACK, Move, Outcome, State, advance
from ivr.records.message import MESSAGE_ID
from ivr.records.promised import CALLBACK_ID, attempt_of, promise_of
from ivr.records.story import Story, moment
from ivr.telephony.events import Event, Kind, call_id
from ivr.telephony.numbers import as_dialled

INCOMING = "incoming"
CALLBACKS = "callback"
SHORT_NUMBER = "116111"
COUNSELLORS = "counsellor"
TRUNK = "trunk"
MOST_STEPS = 1_000  # a night in a queue that nobody answers; more says nothing new
_PHONE = re.compile(r"PJSIP/([0-9]{2,8}|trunk)(?:-page)?-[0-9a-f]{1,16}", re.ASCII)
_LOCAL = re.compile(r"(Local/.{1,120});[12]", re.ASCII)
_WORD = re.compile(r"[a-z][a-z_-]{0,31}")
# Only what looks as it should gets into a row: no way in for a number, whatever an event may carry.
_CHOICES: Mapping[str, re.Pattern[str]] = {
    "language": re.compile("[a-z]{2}"),
    "topic": _WORD,
    "age_band": re.compile(r"[0-9]{1,2}-[0-9]{1,2}|adult"),
    "priority": re.compile("danger|high|normal"),
    "silent": re.compile("yes|no"),
    "caller": re.compile("[0-9a-f]{32}"),
    "queue": _WORD,
    "door": re.compile("[123]"),
    "reason": _WORD,
    "because": _WORD,
    "callback": CALLBACK_ID,
    "first_call": re.compile(r"[0-9]{10,11}-[0-9]{6,12}"),
    "begun": _WORD,
    "told": re.compile("wait|callback|message|goodbye"),
    "number": re.compile("seen|typed"),
    "safe": re.compile("now|afternoon|tomorrow"),
    "who": re.compile("caller|anybody"),
    "promise": re.compile("withdrawn"),
}
_NEVER_SHOWN = frozenset({"caller"})
# The penalty of a queue member, in words: routing/skills.py, Fit, and the queues that have members of their own.
_FITS: Mapping[str, str] = {
    "0": "everybody-rings",
    "1": "best-fit",
    "2": "next-best-fit",
    "3": "shares-the-language",
    "4": "anybody",
    "5": "talked-before",
}
_SECONDS = re.compile(r"[0-9]{1,3}(\.[0-9]{1,20})?")
_ANSWERS, _BY = frozenset[str](Answer), frozenset[str](By)
_HANDED_TO = re.compile(r"[0-9]{2,8}|outside", re.ASCII)
_ATTEMPT, _KEY = re.compile("[1-9]"), re.compile("[0-9*#]")


def begins(event: Event) -> bool:
    """Whether a call begins: from outside, from a counsellor's phone that dials the line itself, or ours to a child."""
    if event.kind is not Kind.CHAN_START or not event.of_first_channel:
        return False
    return event.context in (INCOMING, CALLBACKS) or (event.context == COUNSELLORS and event.exten == SHORT_NUMBER)


def begin(event: Event) -> Story:
    dialled = CALLBACK if event.context == CALLBACKS else as_dialled(event.exten)
    return Story(call_id(event.linkedid), event.linkedid, event.at, dialled)


def fold(story: Story, event: Event) -> Story:
    """The story after one more event. What cannot be (a step after the end) is counted and changes nothing else."""
    told = _TOLD.get(event.kind)
    return told(story, event) if told else story


def _moved(story: Story, move: Move, **changes: Any) -> Story:
    state = advance(story.state, move)
    if state is None:
        return replace(story, refused=story.refused + 1)
    return replace(story, state=state, **changes)


def _with_step(story: Story, at: float, step: str, details: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    if len(story.steps) >= MOST_STEPS and step != "ended":
        return story.steps
    return (*story.steps, {"at": moment(at), "step": step, **details})


def _choices(words: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in words.items() if (form := _CHOICES.get(name)) and form.fullmatch(value)}


def _shown(choices: Mapping[str, str]) -> dict[str, Any]:
    """As a step says it: typed as in the call's row, and never who called."""
    typed: dict[str, Any] = {name: value for name, value in choices.items() if name not in _NEVER_SHOWN}
    if "silent" in typed:
        typed["silent"] = typed["silent"] == "yes"
    if "door" in typed:
        typed["door"] = int(typed["door"])
    return typed


def _asked(story: Story, event: Event) -> Story:
    words, details = event.words, dict[str, Any]()
    if _WORD.fullmatch(words.get("menu", "")):
        details["menu"] = words["menu"]
    if _ATTEMPT.fullmatch(words.get("attempt", "")):
        details["attempt"] = int(words["attempt"])
    key = words.get("key", "")
    details["key"] = key if _KEY.fullmatch(key) else None
    if words.get("typed") in {"yes", "no"}:
        details["typed"] = words["typed"] == "yes"
    return _moved(story, Move.NOTED, steps=_with_step(story, event.at, "asked", details))


def _chose(story: Story, event: Event) -> Story:
    choices = _choices(event.words)
    shown = _shown(choices)
    steps = _with_step(story, event.at, "chose", shown) if shown else story.steps
    return _moved(story, Move.NOTED, chosen={**story.chosen, **choices}, steps=steps)


def _said(story: Story, event: Event) -> Story:
    """An answer given without speaking. `question` is None for what is said before anything was asked."""
    words = event.words
    question, answer, by = words.get("question", ""), words.get("answer", ""), words.get("by", "")
    if answer not in _ANSWERS or by not in _BY:
        return replace(story, refused=story.refused + 1)
    told = {"question": question if NAME.fullmatch(question) else None, "answer": answer, "by": by}
    danger = {"priority": "danger"} if answer == Answer.DANGER else {}
    return _moved(story, Move.NOTED, chosen={**story.chosen, **danger}, steps=_with_step(story, event.at, "said", told))


def _decided(story: Story, event: Event) -> Story:
    """A caller who waits may be asked again and say danger: that settles anew, and the wait counts from the first."""
    choices = _choices(event.words)
    steps = _with_step(story, event.at, "decided", _shown(choices))
    move = Move.NOTED if story.state is State.WAITING else Move.DECIDED
    decided_at = event.at if story.decided_at is None else story.decided_at
    return _moved(story, move, chosen={**story.chosen, **choices}, decided_at=decided_at, steps=steps)


def _promised(story: Story, event: Event) -> Story:
    promise = promise_of(event)
    if promise is None:
        return replace(story, refused=story.refused + 1)
    told = {"callback": promise["id"], "only_caller": promise["only_caller"]}
    safe = {name: moment(promise[name].timestamp()) for name in ("safe_from", "safe_until")}
    return _moved(story, Move.NOTED, promised=True, steps=_with_step(story, event.at, "promised", told | safe))


def _recorded(story: Story, event: Event) -> Story:
    """The caller left a message. What was said is nobody's here: its name and its length."""
    words = event.words
    if not (MESSAGE_ID.fullmatch(words.get("message", "")) and _SECONDS.fullmatch(words.get("seconds", ""))):
        return replace(story, refused=story.refused + 1)
    told = {"message": words["message"], "seconds": round(float(words["seconds"]), 1)}
    left = (*story.messages, {"id": told["message"], "at": event.at, "seconds": told["seconds"]})
    return _moved(story, Move.NOTED, messages=left, steps=_with_step(story, event.at, "recorded", told))


def _tried(story: Story, event: Event) -> Story:
    attempt = attempt_of(event)
    told = {"outcome": attempt["outcome"], "attempt": attempt["number"]} if attempt else {}
    return _moved(story, Move.NOTED, steps=_with_step(story, event.at, "tried", told)) if told else story


def _queued(story: Story, event: Event) -> Story:
    """Into the queue. In mid-talk the switch says so again after each key that did something on the caller's side."""
    if event.app != "Queue" or not event.of_first_channel or story.talking_with:
        return story
    return _moved(story, Move.NOTED, steps=_with_step(story, event.at, "queued", {}))


def _rang(story: Story, event: Event) -> Story:
    who = None if event.of_first_channel else _who(event.channel)
    if not who or who.startswith("Local/"):
        return story
    return _moved(story, Move.NOTED, steps=_with_step(story, event.at, "rang", _party(who)))


def _party(who: str) -> dict[str, str]:
    return {"over": TRUNK} if who == TRUNK else {"extension": who}


def _matched(story: Story, event: Event) -> Story:
    """A counsellor has picked up; why this one and no other."""
    why = _FITS.get(event.words.get("fit", ""))
    details = _party(_who(event.channel)) | ({"why": why} if why else {})
    return _moved(story, Move.NOTED, steps=_with_step(story, event.at, "matched", details))


def _who(channel: str) -> str:
    """The extension a channel belongs to, `trunk`, the pair a Local channel is half of; empty for anything else."""
    if phone := _PHONE.fullmatch(channel):
        return phone[1]
    half = _LOCAL.fullmatch(channel)
    return half[1] if half else ""


def _entered(story: Story, event: Event) -> Story:
    who = "" if event.of_first_channel and not story.is_callback else _who(event.channel)
    places = {**story.places, event.uniqueid: (event.bridge, who)}
    return _seen(replace(story, places=places), event.at)


def _left(story: Story, event: Event) -> Story:
    if event.uniqueid not in story.places:
        return story
    places = {channel: place for channel, place in story.places.items() if channel != event.uniqueid}
    return _seen(replace(story, places=places), event.at)


def _seen(story: Story, at: float) -> Story:
    """Whom the caller is with now, after somebody came or went."""
    if story.state is State.ENDED:
        return story
    who = _with_caller(story)
    if who == story.talking_with:
        return story
    return _met(story, at, who) if who else _parted(story, at)


def _met(story: Story, at: float, who: str) -> Story:
    move = Move.NOTED if story.talking_with else Move.MET  # one counsellor hands the caller to the other
    return _moved(
        story, move, talking_with=who,
        met_at=at if story.met_at is None else story.met_at,
        talking_since=at if story.talking_since is None else story.talking_since,
        counsellor=who if _is_handed(story) and who != TRUNK else story.counsellor or (None if who == TRUNK else who),
        steps=_with_step(story, at, "talking", _party(who)),
    )  # fmt: skip


def _is_handed(story: Story) -> bool:
    """Whether the last of them gave the caller away, and nobody else was there since."""
    last = next((step["step"] for step in reversed(story.steps) if step["step"] in {"handed", "talking"}), "")
    return last == "handed"


def _handed(story: Story, event: Event) -> Story:
    to = event.words.get("to", "")
    if not _HANDED_TO.fullmatch(to):
        return replace(story, refused=story.refused + 1)
    return _moved(story, Move.NOTED, steps=_with_step(story, event.at, "handed", {"to": to}))


def _parted(story: Story, at: float) -> Story:
    steps = _with_step(story, at, "parted", _party(story.talking_with or ""))
    return _moved(story, Move.PARTED, talking_with=None, talking_since=None, talked_s=_talked(story, at), steps=steps)


def _talked(story: Story, until: float) -> float | None:
    if story.talking_since is None:
        return story.talked_s
    return (story.talked_s or 0.0) + max(0.0, until - story.talking_since)


def _with_caller(story: Story) -> str | None:
    """Who shares the caller's bridge; who did so before comes first, a counsellor before the trunk."""
    mine = _callers_bridge(story)
    if not mine:
        return None
    bridges = _joined(mine, list(story.places.values()))
    there = {who for bridge, who in story.places.values() if bridge in bridges and who and not who.startswith("Local/")}
    there -= {TRUNK} if story.is_callback else set()
    if story.talking_with in there:
        return story.talking_with
    return min(there, default=None)  # digits sort before letters


def _callers_bridge(story: Story) -> str:
    """Where we rang, the child is whoever is on the trunk."""
    if story.is_callback:
        return next((bridge for bridge, who in story.places.values() if who == TRUNK), "")
    return story.places.get(story.linkedid, ("", ""))[0]


def _joined(bridge: str, places: list[tuple[str, str]]) -> set[str]:
    """That bridge, and those that Local channels join to it: the two halves of a pair stand in two bridges."""
    bridges, grown = {bridge}, True
    while grown:
        pairs = {who for where, who in places if where in bridges and who.startswith("Local/")}
        more = {where for where, who in places if who in pairs} - bridges
        bridges, grown = bridges | more, bool(more)
    return bridges


def _gone(story: Story, event: Event) -> Story:
    """A channel has ended. The caller's ends the call; another may have ended without leaving its bridge first."""
    if not event.of_first_channel:
        return _left(story, event)
    if story.state is State.ENDED:  # the hang-up was told before; CHAN_END and LINKEDID_END follow it
        return story
    return _ended(story, event.at, Move.HUNG_UP, _outcome(story))


def _outcome(story: Story) -> Outcome:
    if story.counsellor:
        return Outcome.ANSWERED
    if story.met_at is not None:
        return Outcome.FORWARDED
    if story.promised:
        return Outcome.CALLBACK_PROMISED
    if story.messages:
        return Outcome.MESSAGE_LEFT
    return Outcome.ABANDONED_IN_MENU if story.decided_at is None else Outcome.ABANDONED_IN_QUEUE


def _ended(story: Story, at: float, move: Move, outcome: Outcome) -> Story:
    at = max(at, story.started_at)
    steps = _with_step(story, at, "ended", {"outcome": outcome.value})
    return _moved(
        story, move, ended_at=at, outcome=outcome, talked_s=_talked(story, at), steps=steps,
        talking_with=None, talking_since=None, places={},
    )  # fmt: skip


def _over(story: Story, event: Event) -> Story:
    """Nothing more comes of this call: if its end was never written down, this was it."""
    return story if story.state is State.ENDED else _ended(story, event.at, Move.HUNG_UP, _outcome(story))


def _lost(story: Story, event: Event) -> Story:
    return story if story.state is State.ENDED else _ended(story, event.at, Move.LOST, Outcome.LOST)


_TOLD: Mapping[Kind, Callable[[Story, Event], Story]] = {
    Kind.CHAN_START: _rang,
    Kind.ASKED: _asked,
    Kind.CHOSE: _chose,
    Kind.DECIDED: _decided,
    Kind.SAID: _said,
    Kind.MATCHED: _matched,
    Kind.HANDED: _handed,
    Kind.PROMISED: _promised,
    Kind.TRIED: _tried,
    Kind.RECORDED: _recorded,
    Kind.APP_START: _queued,
    Kind.BRIDGE_ENTER: _entered,
    Kind.BRIDGE_EXIT: _left,
    Kind.HANGUP: _gone,
    Kind.CHAN_END: _gone,
    Kind.LINKEDID_END: _over,
    Kind.SWITCH_START: _lost,
    Kind.SWITCH_END: _lost,
}
