"""What once broke a reader stays mended; each reader stands its seeds, and a moment of the fuzzer where it is here."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.fuzz.__main__ import fuzz
from tests.fuzz.harnesses import HARNESSES, KEPT

CRASHES = sorted(path for path in KEPT.rglob("*") if path.is_file())


@pytest.mark.parametrize("name", HARNESSES)
def test_a_reader_stands_its_seeds_cut_anywhere(name: str) -> None:
    harness = HARNESSES[name]
    seeds = list(harness.seeds())
    assert seeds
    for seed in seeds:
        for end in range(0, len(seed) + 1, max(1, len(seed) // 50)):
            harness.one(seed[:end])
            harness.one(seed[end:])


@pytest.mark.parametrize("crash", CRASHES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_what_once_broke_a_reader_breaks_it_no_more(crash: Path) -> None:
    HARNESSES[crash.parent.name].one(crash.read_bytes())


@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris is not installed: an extra")
@pytest.mark.parametrize("name", HARNESSES)
def test_a_moment_of_the_fuzzer_breaks_nothing(name: str) -> None:
    assert not fuzz(name, "-runs=300")
