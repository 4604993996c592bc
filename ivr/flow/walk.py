"""What callers did in the menus, counted from the steps of their calls: which keys, and where they hung up. Pure.

A step is written when an attempt has ended, so who hangs up while a menu plays leaves no step for it: the menu they
were in is the one that their last key leads to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ivr.flow.menu import OTHERWISE, THEN, Choice
from ivr.flow.script import Script
from ivr.flow.steps import Begun

NO_KEY = ""
TYPED = "typed"
NOTHING_MORE: Mapping[str, Any] = {}
Step = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Branch:
    """A key of one menu: where it leads, what it settles, how many callers pressed it in the end."""

    key: str
    to: str
    settles: tuple[tuple[str, str], ...]
    callers: int


@dataclass(frozen=True, slots=True)
class Place:
    """One menu: how many came to it, what each of them did, how many hung up in it."""

    name: str
    callers: int
    branches: tuple[Branch, ...]
    left: int


def count(script: Script, calls: Iterable[Sequence[Step]]) -> tuple[Place, ...]:
    """Every menu of the flow in the order in which a caller may meet it, with what the callers of `calls` did."""
    pressed, left = Counter[tuple[str, str]](), Counter[str]()
    for steps in calls:
        for menu, key in _passed(steps):
            pressed[menu, _said(script, menu, key)] += 1
        if where := _hung_up_in(script, steps):
            left[where] += 1
    return tuple(_place(script, name, pressed, left) for name in in_order(script))


def in_order(script: Script) -> tuple[str, ...]:
    """The menus, those of an ordinary call first, each before those that it leads to."""
    return tuple(dict.fromkeys(name for begun in (Begun.USUAL, *Begun) for name in met(script, begun)))


def met(script: Script, begun: Begun) -> list[str]:
    """The menus of a story that begins so."""
    found, todo = list[str](), [script.begins[begun].at]
    while todo:
        name = todo.pop(0)
        if name in script.menus and name not in found:
            found.append(name)
            todo += [leads(script, choice, begun) for _, choice in script.menus[name].exits()]
            todo += script.menus[name].instead.values()
    return found


def leads(script: Script, choice: Choice, begun: Begun = Begun.USUAL) -> str:
    """Where a choice leads in a story that began so."""
    beginning = script.begins[begun]
    return {THEN: beginning.then, OTHERWISE: beginning.otherwise}.get(choice.to, choice.to)


def _place(script: Script, name: str, pressed: Counter[tuple[str, str]], left: Counter[str]) -> Place:
    menu = script.menus[name]
    ways = [(key, choice) for key, choice in (*menu.on.items(), *script.everywhere.items())]
    ways += [(TYPED, menu.typed)] if menu.typed else []
    branches = [_branch(script, key, choice, pressed[name, key]) for key, choice in ways]
    branches.append(_branch(script, NO_KEY, menu.give_up, pressed[name, NO_KEY]))
    return Place(name, left[name] + sum(each.callers for each in branches), tuple(branches), left[name])


def _branch(script: Script, key: str, choice: Choice, callers: int) -> Branch:
    return Branch(key, leads(script, choice), choice.settles(), callers)


def _passed(steps: Sequence[Step]) -> Iterator[tuple[str, str]]:
    """Each menu that was left by a key or by giving up, with the last key: the last attempt of each visit counts."""
    asked = [step for step in steps if step.get("step") == "asked" and step.get("menu") and step.get("attempt")]
    for now, after in zip(asked, [*asked[1:], NOTHING_MORE], strict=False):
        if after.get("menu") != now.get("menu") or after["attempt"] <= now["attempt"]:
            yield _node(now), TYPED if now.get("typed") else now.get("key") or NO_KEY


def _node(step: Step) -> str:
    return f"{'ask' if 'typed' in step else 'menu'}.{step.get('menu')}"


def _said(script: Script, name: str, key: str) -> str:
    """A key that means nothing there is giving up."""
    menu = script.menus.get(name)
    known = menu is not None and (key in menu.on or key in script.everywhere or (key == TYPED and menu.typed))
    return key if known else NO_KEY


def _hung_up_in(script: Script, steps: Sequence[Step]) -> str:
    """The menu that a caller was in when they hung up; empty for who reached an end of the menus."""
    over = any(step.get("step") in {"decided", "queued", "promised"} or "told" in step for step in steps)
    if over or not steps or steps[-1].get("step") != "ended":
        return ""
    asked = [step for step in steps if step.get("step") == "asked"]
    return _next(script, asked[-1]) if asked else script.start


def _next(script: Script, last: Step) -> str:
    name = _node(last)
    menu = script.menus.get(name)
    if menu is None:  # of a flow that is no more
        return ""
    key = last.get("key") or NO_KEY
    if key not in menu.on and last.get("attempt", 1) < menu.attempts:
        return name
    to = leads(script, menu.on.get(key, menu.give_up))
    return to if to in script.menus else name
