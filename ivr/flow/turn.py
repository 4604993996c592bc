"""The engine: `begin` and `resume`. Pure; it plays nothing and waits for nobody."""

from __future__ import annotations

from dataclasses import replace

from ivr.flow.menu import ATTEMPTS, Choice, Menu
from ivr.flow.script import Script
from ivr.flow.steps import Ask, Heard, HeardStatus, Session, Turn


def begin(script: Script) -> Turn:
    """The first turn of a call."""
    return _arrive(script, Session(node=script.start), ())


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
    if heard.status is HeardStatus.KEY:
        session = replace(session, keys=session.keys + 1)
    choice = _choice(script, menu, heard)
    if choice:
        return _follow(script, session, choice, choice.settles())
    if session.attempt < ATTEMPTS:
        return _arrive(script, replace(session, attempt=session.attempt + 1, last=heard.status), ())
    return _give_up(script, session, menu)


def _choice(script: Script, menu: Menu, heard: Heard) -> Choice | None:
    if heard.status is not HeardStatus.KEY:
        return None
    return menu.on.get(heard.key) or script.everywhere.get(heard.key)


def _give_up(script: Script, session: Session, menu: Menu) -> Turn:
    if menu.silent and session.silent:
        return _follow(script, session, replace(menu.give_up, to=menu.silent), ())
    return _follow(script, session, menu.give_up, menu.give_up.settles())


def _follow(script: Script, session: Session, choice: Choice, chose: tuple[tuple[str, str], ...]) -> Turn:
    moved = Session(
        node=choice.to,
        language=choice.language or session.language,
        topic=choice.topic or session.topic,
        age_band=choice.age_band or session.age_band,
        priority=choice.priority or session.priority,
        keys=session.keys,
    )
    return _arrive(script, moved, chose)


def _arrive(script: Script, session: Session, chose: tuple[tuple[str, str], ...]) -> Turn:
    menu = script.menus.get(session.node)
    if menu is None:
        return Turn(session, chose, route=session.node)
    return Turn(session, chose, ask=_ask(script, session, menu))


def _ask(script: Script, session: Session, menu: Menu) -> Ask:
    language = session.language or script.default_language
    names = menu.words(session.attempt, session.last)
    spoken = tuple(name if "/" in name else f"{language}/{name}" for name in names)
    return Ask(menu.name, session.attempt, spoken, menu.wait_s)
