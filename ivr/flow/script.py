"""`helpline.toml` as values. `parse` never stops at the first fault: it names all of them, with their lines."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ivr.errors import Said
from ivr.flow.menu import ATTEMPTS, Beginning, Choice, End, Menu, Route
from ivr.flow.problems import FLOW, Faults, read_toml
from ivr.flow.soundness import check
from ivr.flow.steps import DIGITS, READ_BACK, SETTLED, Begun, Fact, HeardStatus, Language

WAIT_S = (0.5, 10.0)  # shorter, and a child cannot react; longer, and the line seems dead
SIZE_LIMIT = 200_000  # characters of a flow file; the shipped one has under 10,000
KEYS = frozenset("0123456789*#")
MENU_WORDS = {
    "prompts", "after_silence", "after_wrong_key", "wait_s", "attempts", "instead", "give_up", "silent", "on"
}  # fmt: skip
ASK_WORDS = {"prompts", "after_silence", "after_wrong_number", "wait_s", "most_digits", "typed", "give_up"}
MOST_DIGITS = (7, 15)  # E.164 has 15 at most
MARK_LENGTH = 12
SWITCH_KNOWS = Said(
    "is what the switch was opened with: close the line, change the file of IVR_HELPLINE_FILE, `ivr flow file`, open it"
)


@dataclass(frozen=True, slots=True)
class Script:
    number: str
    mobile_numbers: tuple[str, ...]
    default_language: Language
    queues: Mapping[str, str]  # language, or "everybody", to the switch's queue
    begins: Mapping[Begun, Beginning]
    everywhere: Mapping[str, Choice] = field(default_factory=dict)
    menus: Mapping[str, Menu] = field(default_factory=dict)
    routes: Mapping[str, Route] = field(default_factory=dict)
    mark: str = ""  # of the text it was read from: a call goes on with the flow it began with

    @property
    def start(self) -> str:
        """The first menu of an ordinary call."""
        return self.begins[Begun.USUAL].at

    def prompts(self) -> frozenset[str]:
        """Every prompt id the flow can play, languages taken off."""
        spoken = [p for m in self.menus.values() for p in (*m.prompts, *m.after_silence, *m.after_wrong_key)]
        spoken += [p for beginning in self.begins.values() for p in beginning.prompts]
        digits = {f"digit-{name}" for name in DIGITS} if READ_BACK in spoken else set()
        words = frozenset(p.split("/")[-1] for p in spoken) - {READ_BACK}
        return words | digits | {r.say for r in self.routes.values()}


def mark_of(text: str) -> str:
    """The same for the same text, and for no other."""
    return hashlib.sha256(text.encode()).hexdigest()[:MARK_LENGTH]


def parse(text: str, prompt_ids: frozenset[str] | None = None, like: Script | None = None) -> Script:
    """The script in `text`.

    `prompt_ids`: the prompts there are; None leaves them unchecked. `like`: the flow of a switch that runs, which knows
    its number and its queues only.
    Raises ScriptError whose `problems` are "line N: where: what", every one of them.
    """
    faults = Faults(text)
    if len(text) > SIZE_LIMIT:
        faults.add("", "", Said("the file is longer than %(most)s characters", {"most": SIZE_LIMIT}))
        faults.raise_if_any()
    script = _script(read_toml(text, FLOW), faults)
    check(script, faults, prompt_ids)
    if like:
        _check_same_switch(script, like, faults)
    faults.raise_if_any()
    return replace(script, mark=mark_of(text))


def _check_same_switch(script: Script, like: Script, faults: Faults) -> None:
    for key in ("number", "mobile_numbers", "default_language"):
        if getattr(script, key) != getattr(like, key):
            faults.add("line", key, SWITCH_KNOWS)
    if script.queues != like.queues:
        faults.add("queues", "", SWITCH_KNOWS)


def _script(data: dict[str, Any], faults: Faults) -> Script:
    faults.unknown("", data, {"line", "queues", "begin", "everywhere", "menu", "ask", "route"})
    line = faults.table("line", data.get("line"))
    faults.unknown("line", line, {"number", "mobile_numbers", "default_language"})
    menus = {f"menu.{n}": _menu(n, t, faults) for n, t in faults.table("menu", data.get("menu")).items()}
    asks = {f"ask.{n}": _ask(n, t, faults) for n, t in faults.table("ask", data.get("ask", {})).items()}
    return Script(
        number=faults.text("line", "number", line.get("number")),
        mobile_numbers=faults.texts("line", "mobile_numbers", line.get("mobile_numbers", [])),
        default_language=faults.one_of("line", "default_language", line.get("default_language"), Language, Language.AZ),
        queues={k: faults.text("queues", k, v) for k, v in faults.table("queues", data.get("queues")).items()},
        begins=_begins(faults.table("begin", data.get("begin")), faults),
        everywhere=_choices("everywhere", data.get("everywhere", {}), faults),
        menus=menus | asks,
        routes={f"route.{n}": _route(n, t, faults) for n, t in faults.table("route", data.get("route")).items()},
    )


def _begins(told: dict[str, Any], faults: Faults) -> dict[Begun, Beginning]:
    faults.unknown("begin", told, set(Begun))
    return {begun: _beginning(f"begin.{begun}", told.get(begun), faults) for begun in Begun}


def _beginning(where: str, told: Any, faults: Faults) -> Beginning:
    table = faults.table(where, told)
    faults.unknown(where, table, {"at", "prompts", "then", "otherwise"})
    return Beginning(
        at=faults.text(where, "at", table.get("at")),
        prompts=faults.texts(where, "prompts", table["prompts"]) if "prompts" in table else (),
        then=faults.text(where, "then", table["then"]) if "then" in table else "",
        otherwise=faults.text(where, "otherwise", table["otherwise"]) if "otherwise" in table else "",
    )


def _menu(name: str, told: Any, faults: Faults) -> Menu:
    where = f"menu.{name}"
    table = faults.table(where, told)
    faults.unknown(where, table, MENU_WORDS)
    attempts = int(faults.number(where, "attempts", table.get("attempts", ATTEMPTS), (1, ATTEMPTS)))
    again = {"after_silence", "after_wrong_key"} if attempts > 1 else set()
    return Menu(
        name=name,
        prompts=faults.texts(where, "prompts", table.get("prompts")),
        after_silence=_again(where, "after_silence", table, again, faults),
        after_wrong_key=_again(where, "after_wrong_key", table, again, faults),
        wait_s=faults.number(where, "wait_s", table.get("wait_s"), WAIT_S),
        give_up=_choice(where, "give_up", table.get("give_up"), faults),
        silent=faults.text(where, "silent", table["silent"]) if "silent" in table else "",
        on=_choices(f"{where}.on", table.get("on"), faults),
        attempts=attempts,
        instead=_instead(where, table.get("instead", {}), faults),
    )


def _again(where: str, key: str, table: dict[str, Any], wanted: set[str], faults: Faults) -> tuple[str, ...]:
    """Words of a second attempt; there are none where there is no such attempt."""
    return faults.texts(where, key, table.get(key)) if key in wanted or key in table else ()


def _instead(where: str, told: Any, faults: Faults) -> dict[Fact, str]:
    table = told if isinstance(told, dict) else {}
    if table is not told:
        faults.add(where, "instead", Said('must be a table: write { withheld = "…" }'))
    faults.unknown(where, table, set(Fact), "instead")
    return {fact: faults.text(where, "instead", table[fact]) for fact in Fact if fact in table}


def _ask(name: str, told: Any, faults: Faults) -> Menu:
    """A place where a number is keyed in: a menu without choices."""
    where = f"ask.{name}"
    table = faults.table(where, told)
    faults.unknown(where, table, ASK_WORDS)
    return Menu(
        name=name,
        prompts=faults.texts(where, "prompts", table.get("prompts")),
        after_silence=faults.texts(where, "after_silence", table.get("after_silence")),
        after_wrong_key=faults.texts(where, "after_wrong_number", table.get("after_wrong_number")),
        wait_s=faults.number(where, "wait_s", table.get("wait_s"), WAIT_S),
        give_up=_choice(where, "give_up", table.get("give_up"), faults),
        most_digits=int(faults.number(where, "most_digits", table.get("most_digits"), MOST_DIGITS)),
        typed=_choice(where, HeardStatus.TYPED, table.get("typed"), faults),
    )


def _route(name: str, told: Any, faults: Faults) -> Route:
    where = f"route.{name}"
    table = faults.table(where, told)
    faults.unknown(where, table, {"say", "end"})
    end = faults.one_of(where, "end", table.get("end"), End, End.PERSON)
    return Route(where, faults.text(where, "say", table.get("say")), end)


def _choices(where: str, told: Any, faults: Faults) -> dict[str, Choice]:
    table = faults.table(where, told)
    for key in table.keys() - KEYS:
        faults.add(where, key, Said("is not a key of a telephone (0 to 9, * or #)"))
    return {key: _choice(where, key, value, faults) for key, value in table.items()}


def _choice(where: str, key: str, told: Any, faults: Faults) -> Choice:
    if not isinstance(told, dict):
        faults.add(where, key, Said('is missing or no table: write { to = "…" }'))
        return Choice(to="")
    faults.unknown(where, told, {"to", *SETTLED}, key)
    settled = {name: faults.one_of(where, key, told.get(name), kind, None) for name, kind in SETTLED.items()}
    return Choice(faults.text(where, key, told.get("to")), **settled)  # type: ignore[arg-type]
