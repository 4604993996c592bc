"""Every claim has a protection that can be taken out, and the lists fit the code as it stands."""

from __future__ import annotations

import pytest

from tests.chaos.faults import BY_NAME
from tests.conftest import PROJECT
from tests.taken_out.protection import Protection, protections
from tests.test_security_md import NAMED, names_in

LISTED = protections()
README = (PROJECT / "README.md").read_text().partition("## What happens when something fails")[2].partition("\n## ")[0]
ROWS = [line.split("|")[1].strip() for line in README.splitlines() if line.startswith("| ")][1:]
OF_README = [claim.removeprefix("README ") for p in LISTED for claim in p.claims if claim.startswith("README ")]


@pytest.mark.parametrize("row", ROWS)
def test_what_every_row_of_the_readme_rests_on_is_taken_out(row: str) -> None:
    assert any(row.startswith(claim) for claim in OF_README)


@pytest.mark.parametrize("claim", OF_README)
def test_it_is_a_row_of_the_readme(claim: str) -> None:
    assert sum(row.startswith(claim) for row in ROWS) == 1


@pytest.mark.parametrize("test", sorted(f"{path}::{name}" for path, name in NAMED))
def test_what_every_test_of_the_security_page_shows_is_taken_out(test: str) -> None:
    assert test in {named.partition("[")[0] for each in LISTED for named in each.tests}


@pytest.mark.parametrize("each", LISTED, ids=lambda each: each.what)
def test_it_can_be_taken_out_or_says_why_not(each: Protection) -> None:
    assert bool(each.out) != bool(each.because)
    for out in each.out:
        assert (PROJECT / out.file).read_text().count(out.take) == 1, f"{out.file} says this once no more: {out.take}"
        assert out.take != out.put


@pytest.mark.parametrize("each", LISTED, ids=lambda each: each.what)
def test_its_tests_are_there(each: Protection) -> None:
    assert each.tests or each.faults
    assert set(each.faults) <= set(BY_NAME)
    for test in each.tests:
        path, _, name = test.partition("::")
        assert name.partition("[")[0] in names_in(PROJECT / path)
