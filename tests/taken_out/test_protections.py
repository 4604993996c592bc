"""Every claim has a protection that can be taken out, and the lists fit the code as it stands."""

from __future__ import annotations

import pytest

from tests.chaos.faults import BY_NAME
from tests.conftest import PROJECT
from tests.taken_out.protection import Protection, protections
from tests.test_security_md import names_in

LISTED = protections()


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
