"""SECURITY.md says nothing that no test shows: each line names one, or says that it is not met and why."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.conftest import PROJECT

TEXT = (PROJECT / "SECURITY.md").read_text()
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)))
ROWS = [row for row in TEXT.partition("## OWASP")[2].splitlines() if row.startswith("| ") and not row.startswith("| |")]


def names_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    return {each.name for each in tree.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_every_test_that_is_named_is_there(path: str, name: str) -> None:
    assert (PROJECT / path).exists()
    assert name.startswith("test_")
    assert name in names_in(PROJECT / path)


def test_every_line_names_a_test_or_says_that_it_is_not_met_and_why() -> None:
    silent = [row for row in ROWS if "::test_" not in row and not re.search(r"\*\*not met\*\*[^|:]*: \w+", row)]
    assert len(ROWS) > 60
    assert silent == []


def test_every_chapter_is_there() -> None:
    assert re.findall(r"^### V(\d+) ", TEXT, re.MULTILINE) == [str(number) for number in range(1, 15)]
