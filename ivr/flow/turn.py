"""The engine: `begin`, `resume_at` and `resume`. Pure; it plays nothing and waits for nobody."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from ivr.flow.menu import OTHERWISE, THEN, Beginning, Choice, Menu
from ivr.flow.script import Script
from ivr.flow.steps import SETTLED, UNKNOWN, Ask, Begun, Caller, Fact, Heard, HeardStatus, Session, Turn

MOST_TURNS = 24  # attempts at menus of one story; whoever presses on for ever is taken to its end
OFTEN = 3  # calls within ten minutes, before this one
Settled = tuple[tuple[str, str], ...]


def begin(script: Script, caller: Caller = UNKNOWN, facts: Collection[Fact] = ()) -> Turn:
    """The first turn of a call."""
    begun = greeted_as(caller)
    at = script.begins[begun].at
    if begun is Begun.USUAL:
        return _arrive(script, Session(node=at, facts=tuple(facts), flow=script.mark or None), ())
    session = Session(node=at, begun=begun, facts=tuple(facts), flow=script.mark or None)
    return _arrive(script, session, (("begun", begun),))


def greeted_as(caller: Caller) -> Begun:
    """What counts most comes first. Often before back: a child who tests the line hears the shorter words."""
    cases = (
        (caller.blocked, Begun.BLOCKED),
        (not caller.line_open, Begun.CLOSED),
        (caller.promised, Begun.PROMISED),
        (caller.calls_lately >= OFTEN, Begun.OFTEN),
        (caller.silent_before, Begun.BACK),
    )
    return next((begun for so, begun in cases if so), Begun.USUAL)


def resume_at(script: Script, begun: Begun, session: Session | None, facts: Collection[Fact] = ()) -> Turn:
    """The first turn of a story that interrupts the wait. What the caller said before is still known."""
    known = session or Session(node="")
    fresh = Session(
        node=script.begins[begun].at,
        begun=begun,
        facts=tuple(facts),
        keys=known.keys,
        language=known.language,
        topic=known.topic,
        age_band=known.age_band,
        priority=known.priority,
        flow=script.mark or None,
    )
    return _arrive(script, fresh, ())


def ask_again(script: Script, session: Session) -> Turn:
    """The turn that `session` stands in, once more: another door goes on where the last one was lost."""
    if session.node not in script.menus:
        return begin(script)
    return _arrive(script, session, ())


def resume(script: Script, session: Session, heard: Heard) -> Turn:
    """The turn after `heard`. A session of an older flow, whose menu is gone, begins anew."""
    menu = script.menus.get(session.node)
    if menu is None:
        return begin(script)
    keys = session.keys + (heard.status in {HeardStatus.KEY, HeardStatus.TYPED})
    session = replace(session, turns=session.turns + 1, keys=keys)
    return _bounded(script, _next(script, session, menu, heard))


def _next(script: Script, session: Session, menu: Menu, heard: Heard) -> Turn:
    choice = _choice(script, menu, heard)
    if choice:
        return _follow(script, session, choice, choice.settles())
    if session.attempt < menu.attempts:
        return _arrive(script, replace(session, attempt=session.attempt + 1, last=heard.status), ())
    return _give_up(script, session, menu)


def _choice(script: Script, menu: Menu, heard: Heard) -> Choice | None:
    if heard.status is HeardStatus.TYPED:
        return menu.typed
    if heard.status is not HeardStatus.KEY:
        return None
    return menu.on.get(heard.key) or script.everywhere.get(heard.key)


def _bounded(script: Script, turn: Turn) -> Turn:
    """`turn`, or the end to which giving up leads from there, when this has gone on for too long."""
    while turn.ask and turn.session.turns >= MOST_TURNS:
        ahead = _give_up(script, turn.session, script.menus[turn.session.node])
        turn = replace(ahead, chose=turn.chose + ahead.chose)
    return turn


def give_up(script: Script, turn: Turn) -> Turn:
    """What follows when the end of `turn` cannot be had: the story's other way, to its end."""
    other = _follow(script, replace(turn.session, turns=MOST_TURNS), Choice(OTHERWISE), ())
    return _bounded(script, other)


def _give_up(script: Script, session: Session, menu: Menu) -> Turn:
    if menu.silent and session.silent:
        return _follow(script, session, replace(menu.give_up, to=menu.silent), ())
    return _follow(script, session, menu.give_up, menu.give_up.settles())


def _follow(script: Script, session: Session, choice: Choice, chose: Settled) -> Turn:
    settled: dict[str, Any] = {name: value for name in SETTLED if (value := getattr(choice, name)) is not None}
    node = _target(beginning_of(script, session), choice.to)
    moved = replace(session, node=node, attempt=1, last=HeardStatus.KEY, **settled)
    return _arrive(script, moved, chose)


def beginning_of(script: Script, session: Session) -> Beginning:
    return script.begins[session.begun or Begun.USUAL]


def _target(beginning: Beginning, to: str) -> str:
    return {THEN: beginning.then, OTHERWISE: beginning.otherwise}.get(to, to)


def _arrive(script: Script, session: Session, chose: Settled) -> Turn:
    menu = script.menus.get(session.node)
    if menu is None:
        return Turn(session, chose, route=session.node)
    for fact in session.facts:
        if fact in menu.instead:
            return _arrive(script, replace(session, node=menu.instead[fact]), chose)
    return Turn(session, chose, ask=_ask(script, session, menu))


def _ask(script: Script, session: Session, menu: Menu) -> Ask:
    language = session.language or script.default_language
    names = menu.words(session.attempt, session.last)
    beginning = beginning_of(script, session)
    if session.turns == 0 and beginning.prompts:
        names = beginning.prompts
    spoken = tuple(name if "/" in name or name.startswith("{") else f"{language}/{name}" for name in names)
    return Ask(menu.name, session.attempt, spoken, menu.wait_s, menu.most_digits)
