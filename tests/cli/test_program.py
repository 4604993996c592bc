"""The program by the verb: what is asked for is loaded, and nothing else."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.main import get_command

from ivr.cli import GROUPS, program
from ivr.cli.every import app

VERBS = [(module, verb) for module, verbs in GROUPS.items() for verb in verbs]


def known(verb: str = "") -> set[str]:
    return set(get_command(program(verb)).commands)  # type: ignore[attr-defined]


def test_every_verb_is_in_the_whole_program_and_stands_once() -> None:
    assert sorted(get_command(app).commands) == sorted(verb for _, verb in VERBS)  # type: ignore[attr-defined]


@pytest.mark.parametrize(("module", "verb"), VERBS)
def test_a_verb_brings_its_own_group(module: str, verb: str) -> None:
    assert known(verb) == set(GROUPS[module])


def test_any_other_word_brings_all() -> None:
    assert known("--help") == known("nonsense") == {verb for _, verb in VERBS}


def test_a_verb_loads_no_other_group() -> None:
    asked = "import sys; from ivr.cli import program; program('calls'); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout.split()
    assert "ivr.cli.calls" in loaded
    assert not {"ivr.cli.rota", "ivr.cli.report", "icalendar", "weasyprint"} & set(loaded)
