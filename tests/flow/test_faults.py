"""Faults as sentences that the catalogues can have: none in plain English, none with the values written into it."""

from __future__ import annotations

import ast
import inspect
import tomllib
from collections.abc import Iterator
from types import ModuleType

import pytest

from ivr.errors import Fault, Said, ScriptError
from ivr.flow import problems, script, soundness
from ivr.flow.problems import Faults
from ivr.flow.script import parse
from ivr.flow.toml_faults import fault_of


def _added(module: ModuleType) -> Iterator[str]:
    """What each call of `Faults.add` and `Faults.add_at` says, as written; both ways of a choice, names looked up."""
    nodes = list(ast.walk(ast.parse(inspect.getsource(module))))
    named = {ast.unparse(node.targets[0]): node.value for node in nodes if isinstance(node, ast.Assign)}
    for call in (node for node in nodes if isinstance(node, ast.Call) and len(node.args) > 1):
        if isinstance(call.func, ast.Attribute) and call.func.attr in ("add", "add_at"):
            told = call.args[-1]
            ways = (told.body, told.orelse) if isinstance(told, ast.IfExp) else (told,)
            yield from (ast.unparse(named.get(ast.unparse(way), way)) for way in ways)


@pytest.mark.parametrize("module", [problems, script, soundness], ids=lambda module: module.__name__)
def test_no_fault_of_a_flow_is_plain_text(module: ModuleType) -> None:
    added = list(_added(module))
    assert len(added) > 3
    assert [told for told in added if not told.startswith(("Said(", "_nowhere("))] == []


def _reader_says() -> list[str]:
    """Every sentence of the TOML reader's, from its own source; what it fills in is a letter here."""
    source = ast.parse(inspect.getsource(inspect.getmodule(tomllib.loads)))  # type: ignore[arg-type]
    calls = [node for node in ast.walk(source) if isinstance(node, ast.Call) and len(node.args) > 2]
    return [_text(node.args[2]) for node in calls if ast.unparse(node.func) == "suffixed_err"]


def _text(told: ast.expr) -> str:
    parts = told.values if isinstance(told, ast.JoinedStr) else [told]
    return "".join(str(each.value) if isinstance(each, ast.Constant) else "'x'" for each in parts)


def test_the_toml_readers_sentences_are_read_from_its_source() -> None:
    assert {"Invalid value", "Cannot declare 'x' twice"} < set(_reader_says())


@pytest.mark.parametrize("what", _reader_says())
@pytest.mark.parametrize("place", ["line 3, column 14", "end of document"])
def test_every_sentence_of_the_toml_readers_is_known_and_stays_as_it_is_in_english(what: str, place: str) -> None:
    fault = fault_of(tomllib.TOMLDecodeError(f"{what} (at {place})"), 3)
    assert str(fault) == f"line 3: {what} (at {place})"
    assert isinstance(fault.what, Said)
    assert isinstance(fault.what.values["what"], Said)


def test_a_sentence_that_the_toml_reader_never_said_before_stays_in_english() -> None:
    fault = fault_of(tomllib.TOMLDecodeError("Unheard of (at line 2, column 1)"), 9)
    assert str(fault) == "line 2: Unheard of (at line 2, column 1)"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = " + "[" * 5000, "line 2: nested too deeply"),
        ("a = " + "9" * 5000, "line 2: has a number of too many digits"),
        ("[line]\ndefault_language = 0x" + "f" * 9000, "line 3: has a number of too many digits"),
    ],
    ids=["deep", "long", "long-in-hexadecimal"],
)
def test_what_stops_the_toml_reader_itself_is_a_fault(text: str, said: str) -> None:
    with pytest.raises(ScriptError) as caught:
        parse(text + "\n")
    assert caught.value.problems == (said,)


def test_faults_and_problems_tell_the_same_in_the_order_of_the_file() -> None:
    with pytest.raises(ScriptError) as caught:
        parse("[line]\nnumber = 116\nlanguages = 3\n[queues]\n[menu.x]\nwait_s = 99\n")
    assert caught.value.problems == tuple(map(str, caught.value.faults))
    lines = [fault.line for fault in caught.value.faults]
    assert lines == sorted(lines)


def test_a_fault_that_is_told_twice_is_one() -> None:
    faults = Faults("[menu.x]\n")
    for _ in range(2):
        faults.add("menu.x", "", Said("nothing leads here"))
    with pytest.raises(ScriptError) as caught:
        faults.raise_if_any()
    assert caught.value.faults == (Fault(Said("nothing leads here"), "menu.x", 1),)


def test_plain_text_is_no_template() -> None:
    """Other files tell their faults in plain English, with whatever somebody wrote into them."""
    assert str(Fault("'100%(x)s' is no day", "week", 3)) == "line 3: week: '100%(x)s' is no day"
