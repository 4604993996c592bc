"""`helpline.toml` as values. `parse` never stops at the first fault: it names all of them, with their lines."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ivr.errors import ScriptError
from ivr.flow.menu import Choice, Menu
from ivr.flow.problems import Faults
from ivr.flow.steps import AgeBand, Language, Priority, Topic

WAIT_S = (0.5, 10.0)  # shorter, and a child cannot react; longer, and the line seems dead
SIZE_LIMIT = 200_000  # characters of a flow file; the shipped one has under 4,000
SETTLES = {"language", "topic", "age_band", "priority"}
KEYS = frozenset("0123456789*#")


@dataclass(frozen=True, slots=True)
class Route:
    """A way to a person. `say` is the prompt played first."""

    name: str
    say: str


@dataclass(frozen=True, slots=True)
class Script:
    number: str
    mobile_numbers: tuple[str, ...]
    default_language: Language
    start: str
    queues: Mapping[str, str]  # language, or "everybody", to the switch's queue
    everywhere: Mapping[str, Choice] = field(default_factory=dict)
    menus: Mapping[str, Menu] = field(default_factory=dict)
    routes: Mapping[str, Route] = field(default_factory=dict)

    def prompts(self) -> frozenset[str]:
        """Every prompt id the flow can play, languages taken off."""
        spoken = [p for m in self.menus.values() for p in (*m.prompts, *m.after_silence, *m.after_wrong_key)]
        return frozenset(p.split("/")[-1] for p in spoken) | {r.say for r in self.routes.values()}


def parse(text: str, prompt_ids: frozenset[str] | None = None) -> Script:
    """The script in `text`.

    `prompt_ids`: the prompts there are; None leaves them unchecked.
    Raises ScriptError whose `problems` are "line N: where: what", every one of them.
    """
    faults = Faults(text)
    if len(text) > SIZE_LIMIT:
        faults.add("", "", f"the file is longer than {SIZE_LIMIT} characters")
        faults.raise_if_any()
    script = _script(_toml(text, faults), faults)
    _check(script, faults, prompt_ids)
    faults.raise_if_any()
    return script


def _toml(text: str, faults: Faults) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        said = str(error) or "nested too deeply"
        at = re.search(r"at line (\d+)", said)
        line = at[1] if at else str(text.count("\n") + 1)
        raise ScriptError("the flow cannot be read as TOML", problems=(f"line {line}: {said}",)) from error


def _script(data: dict[str, Any], faults: Faults) -> Script:
    faults.unknown("", data, {"line", "queues", "everywhere", "menu", "route"})
    line = faults.table("line", data.get("line"))
    faults.unknown("line", line, {"number", "mobile_numbers", "default_language", "start"})
    return Script(
        number=faults.text("line", "number", line.get("number")),
        mobile_numbers=faults.texts("line", "mobile_numbers", line.get("mobile_numbers", [])),
        default_language=faults.one_of("line", "default_language", line.get("default_language"), Language, Language.AZ),
        start=faults.text("line", "start", line.get("start")),
        queues={k: faults.text("queues", k, v) for k, v in faults.table("queues", data.get("queues")).items()},
        everywhere=_choices("everywhere", data.get("everywhere", {}), faults),
        menus={f"menu.{n}": _menu(n, t, faults) for n, t in faults.table("menu", data.get("menu")).items()},
        routes={f"route.{n}": _route(n, t, faults) for n, t in faults.table("route", data.get("route")).items()},
    )


def _menu(name: str, told: Any, faults: Faults) -> Menu:
    where = f"menu.{name}"
    table = faults.table(where, told)
    faults.unknown(where, table, {"prompts", "after_silence", "after_wrong_key", "wait_s", "give_up", "silent", "on"})
    return Menu(
        name=name,
        prompts=faults.texts(where, "prompts", table.get("prompts")),
        after_silence=faults.texts(where, "after_silence", table.get("after_silence")),
        after_wrong_key=faults.texts(where, "after_wrong_key", table.get("after_wrong_key")),
        wait_s=faults.number(where, "wait_s", table.get("wait_s"), WAIT_S),
        give_up=_choice(where, "give_up", table.get("give_up"), faults),
        silent=faults.text(where, "silent", table["silent"]) if "silent" in table else "",
        on=_choices(f"{where}.on", table.get("on"), faults),
    )


def _route(name: str, told: Any, faults: Faults) -> Route:
    where = f"route.{name}"
    table = faults.table(where, told)
    faults.unknown(where, table, {"say"})
    return Route(where, faults.text(where, "say", table.get("say")))


def _choices(where: str, told: Any, faults: Faults) -> dict[str, Choice]:
    table = faults.table(where, told)
    for key in table.keys() - KEYS:
        faults.add(where, key, "is not a key of a telephone (0 to 9, * or #)")
    return {key: _choice(where, key, value, faults) for key, value in table.items()}


def _choice(where: str, key: str, told: Any, faults: Faults) -> Choice:
    if not isinstance(told, dict):
        faults.add(where, key, 'is missing or no table: write { to = "…" }')
        return Choice(to="")
    faults.unknown(where, told, {"to", *SETTLES}, key)
    return Choice(
        to=faults.text(where, key, told.get("to")),
        language=faults.one_of(where, key, told.get("language"), Language, None),
        topic=faults.one_of(where, key, told.get("topic"), Topic, None),
        age_band=faults.one_of(where, key, told.get("age_band"), AgeBand, None),
        priority=faults.one_of(where, key, told.get("priority"), Priority, None),
    )


def _check(script: Script, faults: Faults, prompt_ids: frozenset[str] | None) -> None:
    _check_targets(script, faults)
    _check_reached(script, faults)
    _check_endings(script, faults)
    _check_danger(script, faults)
    _check_queues(script, faults)
    if prompt_ids is not None:
        for prompt in sorted(script.prompts() - prompt_ids - {""}):
            faults.add_at(f'{prompt}"', f"prompt '{prompt}' has no words in recordings/prompts.toml")


def _exits(script: Script, menu: Menu) -> list[tuple[str, str]]:
    """(key or word, target) of every way out of `menu`."""
    keys = [(key, choice.to) for key, choice in {**script.everywhere, **menu.on}.items()]
    return [*keys, ("give_up", menu.give_up.to), *([("silent", menu.silent)] if menu.silent else [])]


def _check_targets(script: Script, faults: Faults) -> None:
    known = script.menus.keys() | script.routes.keys()
    if script.start not in script.menus:
        faults.add("line", "start", f"'{script.start}' is no menu")
    for name, menu in script.menus.items():
        for key, to in _exits(script, menu):
            if to and to not in known:
                where = name if key in {"give_up", "silent"} else f"{name}.on"
                faults.add(where, key, f"leads to '{to}', which is not there")


def _check_reached(script: Script, faults: Faults) -> None:
    reached: set[str] = set()
    ahead = [script.start]
    while ahead:
        node = ahead.pop()
        if node not in reached:
            reached.add(node)
            ahead += [to for _, to in _exits(script, script.menus[node])] if node in script.menus else []
    for name in sorted((script.menus.keys() | script.routes.keys()) - reached):
        faults.add(name, "", "nothing leads here")


def _check_endings(script: Script, faults: Faults) -> None:
    """A caller who does nothing must arrive at a person from every menu."""
    for name in script.menus:
        seen: set[str] = set()
        node = name
        while node in script.menus and node not in seen:
            seen.add(node)
            node = script.menus[node].give_up.to
        if node in script.menus:
            faults.add(name, "give_up", "a caller who does nothing never reaches a person")


def _check_danger(script: Script, faults: Faults) -> None:
    """9 is danger at any time: the contract with every child who was ever told so."""
    danger = script.everywhere.get("9")
    if danger is None or danger.priority is not Priority.DANGER or danger.to not in script.routes:
        faults.add("everywhere", "9", "must have priority danger and lead straight to a person")
    for name, menu in script.menus.items():
        if "9" in menu.on:
            faults.add(f"{name}.on", "9", "is taken: 9 means danger everywhere")


def _check_queues(script: Script, faults: Faults) -> None:
    for language in (*Language, "everybody"):
        if language not in script.queues:
            faults.add("queues", str(language), "has no queue")
