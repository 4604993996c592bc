"""Whether a script is sound: every way leads somewhere, and a caller who does nothing arrives where a caller may."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ivr.errors import Said
from ivr.flow.menu import OTHERWISE, THEN, Beginning, End, Menu
from ivr.flow.problems import Faults
from ivr.flow.steps import READ_BACK, Begun, Language, Priority

if TYPE_CHECKING:  # script.py reads a flow, and asks here whether it is sound
    from ivr.flow.script import Script

WHILE_WAITING = frozenset({Begun.NOBODY, Begun.UNANSWERED, Begun.ASKED})


def check(script: Script, faults: Faults, prompt_ids: frozenset[str] | None) -> None:
    """Every fault of `script` as a whole. `prompt_ids`: the prompts there are; None leaves them unchecked."""
    _check_targets(script, faults)
    for begun in Begun:
        _Story(script, faults, begun).check()
    _check_reached(script, faults)
    _check_danger(script, faults)
    _check_queues(script, faults)
    _check_prompts(script, faults, prompt_ids)


def _check_targets(script: Script, faults: Faults) -> None:
    known = script.menus.keys() | script.routes.keys()
    for begun, beginning in script.begins.items():
        for key in ("at", "then", "otherwise"):
            to = getattr(beginning, key)
            if to and to not in known:
                faults.add(f"begin.{begun}", key, _nowhere(to))
    for name, menu in script.menus.items():
        for key, to in _exits(script, menu):
            if to and to not in known | {THEN, OTHERWISE}:
                faults.add(f"{name}.on" if key in menu.on else name, key, _nowhere(to))
        for fact, to in menu.instead.items():
            if to not in script.menus or fact in script.menus[to].instead:
                values = {"to": to, "fact": fact}
                faults.add(
                    name, "instead", Said("'%(to)s' must be a menu that is not left out itself when %(fact)s", values)
                )


def _nowhere(to: str) -> Said:
    return Said("leads to '%(to)s', which is not there", {"to": to})


def _exits(script: Script, menu: Menu) -> Iterator[tuple[str, str]]:
    """(word of the flow, target) of every way out of `menu`."""
    yield from ((key, choice.to) for key, choice in script.everywhere.items())
    yield from ((key, choice.to) for key, choice in menu.exits())


@dataclass(frozen=True, slots=True)
class _Story:
    """The script as it is in one kind of story, where `begin.then` and `begin.otherwise` mean something definite."""

    script: Script
    faults: Faults
    begun: Begun

    @property
    def beginning(self) -> Beginning:
        return self.script.begins[self.begun]

    def check(self) -> None:
        if not self.beginning.at:
            return
        reached = self.reached()
        for target, key in ((THEN, "then"), (OTHERWISE, "otherwise")):
            wanted = any(to == target for name in reached for to in self._targets(name))
            if wanted and not getattr(self.beginning, key):
                what = Said("is missing: '%(target)s' is a target in this story", {"target": target})
                self.faults.add(f"begin.{self.begun}", key, what)
        self._check_ends(reached)
        for name in sorted(reached & self.script.menus.keys()):
            self._check_doing_nothing(name)

    def reached(self) -> set[str]:
        found: set[str] = set()
        ahead = [self.beginning.at]
        while ahead:
            node = ahead.pop()
            if node and node not in found:
                found.add(node)
                ahead += map(self._meant, self._targets(node))
        return found

    def _targets(self, node: str) -> list[str]:
        menu = self.script.menus.get(node)
        return [*(to for _, to in _exits(self.script, menu)), *menu.instead.values()] if menu else []

    def _meant(self, to: str) -> str:
        return {THEN: self.beginning.then, OTHERWISE: self.beginning.otherwise}.get(to, to)

    def _check_ends(self, reached: set[str]) -> None:
        ends = {self.script.routes[name].end for name in reached if name in self.script.routes}
        where = f"begin.{self.begun}"
        if End.WAIT in ends and self.begun not in WHILE_WAITING:
            self.faults.add(where, "", Said("leads to a wait, and the caller was not waiting"))
        if End.CALLBACK in ends and not self.beginning.otherwise:
            self.faults.add(where, "otherwise", Said("is missing: a call-back may be impossible"))

    def _check_doing_nothing(self, name: str) -> None:
        """A caller who does nothing arrives at a person, a message, a goodbye, or waits on. Nobody is promised a
        call-back for having done nothing."""
        for silent in (False, True):
            node = self._end_of_doing_nothing(name, silent)
            route = self.script.routes.get(node)
            if node in self.script.menus:
                self.faults.add(name, "give_up", Said("a caller who does nothing never reaches a person"))
            elif route and route.end is End.CALLBACK:
                self.faults.add(name, "give_up", Said("a caller who does nothing is promised a call-back"))

    def _end_of_doing_nothing(self, node: str, silent: bool) -> str:
        seen: set[str] = set()
        while node in self.script.menus and node not in seen:
            seen.add(node)
            menu = self.script.menus[node]
            node = self._meant(menu.silent if silent and menu.silent else menu.give_up.to)
        return node


def _check_reached(script: Script, faults: Faults) -> None:
    reached = set().union(*(_Story(script, faults, begun).reached() for begun in Begun))
    for name in sorted((script.menus.keys() | script.routes.keys()) - reached):
        faults.add(name, "", Said("nothing leads here"))


def _check_danger(script: Script, faults: Faults) -> None:
    """9 is danger at any time: the contract with every child who was ever told so."""
    danger = script.everywhere.get("9")
    route = script.routes.get(danger.to) if danger else None
    if danger is None or danger.priority is not Priority.DANGER or route is None or route.end is not End.PERSON:
        faults.add("everywhere", "9", Said("must have priority danger and lead straight to a person"))
    for name, menu in script.menus.items():
        if "9" in menu.on:
            faults.add(f"{name}.on", "9", Said("is taken: 9 means danger everywhere"))


def _check_queues(script: Script, faults: Faults) -> None:
    for language in (*Language, "everybody"):
        if language not in script.queues:
            faults.add("queues", str(language), Said("has no queue"))


def _check_prompts(script: Script, faults: Faults, prompt_ids: frozenset[str] | None) -> None:
    for name, menu in script.menus.items():
        told = (*menu.prompts, *menu.after_silence, *menu.after_wrong_key)
        if any(p.startswith("{") and p != READ_BACK for p in told):
            only = Said("only %(word)s stands for something else than a prompt", {"word": READ_BACK})
            faults.add(name, "prompts", only)
    if prompt_ids is None:
        return
    for prompt in sorted(script.prompts() - prompt_ids - {""}):
        wordless = Said("prompt '%(prompt)s' has no words in recordings/prompts.toml", {"prompt": prompt})
        faults.add_at(f'{prompt}"', wordless)
