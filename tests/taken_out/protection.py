"""A protection, the lines that are it, and the tests that must fail without them: the lists are `*.toml` beside this.

    [[protection]]
    claims = ["SECURITY 4.2.2"]              # a line of SECURITY.md, or "README <first words of the row>"
    what = "a form without its token is refused"
    tests = ["tests/web/test_guarded.py::test_no_form_is_taken_without_its_token_or_from_another_site"]
    # any of a test's cases may fail; "…::test_name[case]" stands for that one
    faults = ["disk-full"]                   # those of `make chaos` that must not be borne any more; else left out
    live = true                              # its tests open a line; else left out
    needs = "atheris"                        # an extra without which its tests are skipped, and this too; else left out
      [[protection.out]]
      file = "ivr/web/forms.py"
      take = "if not compare_digest(token, wanted):"   # stands exactly once in that file
      put = "if False:"

What cannot be taken out by a few lines says so instead of `out`: `because = "…"`.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Out:
    """`take` stands exactly once in `file`, a path from the project's root; `put` is put in its place."""

    file: str
    take: str
    put: str


@dataclass(frozen=True, slots=True)
class Protection:
    """Each of `tests` and `faults` must fail once all of `out` is done. Without `out` it is told why: `because`."""

    claims: tuple[str, ...]
    what: str
    tests: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    out: tuple[Out, ...] = ()
    live: bool = False
    because: str = ""
    needs: str = ""


def protections(folder: Path = HERE) -> tuple[Protection, ...]:
    """Of every list in `folder`, in the order of their names."""
    return tuple(each for file in sorted(folder.glob("*.toml")) for each in _read(file))


def _read(file: Path) -> tuple[Protection, ...]:
    return tuple(_protection(told) for told in tomllib.loads(file.read_text())["protection"])


def _protection(told: dict[str, Any]) -> Protection:
    out = tuple(Out(**each) for each in told.pop("out", ()))
    rest: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in told.items()}
    return Protection(out=out, **rest)
