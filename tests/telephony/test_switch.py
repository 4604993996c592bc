"""Which Asterisk may answer children."""

from __future__ import annotations

import pytest

from ivr.errors import TelephonyError
from ivr.telephony.switch import SAFE_VERSIONS, refuse_unsafe


@pytest.mark.parametrize(
    "version", [(18, 26, 4), (20, 20, 0), (21, 9, 0), (22, 10, 0), (22, 9, 9), (23, 4, 0), (99, 0, 0)]
)
def test_unsafe_versions_are_refused(version: tuple[int, ...]) -> None:
    with pytest.raises(TelephonyError, match="not safe") as refused:
        refuse_unsafe(version)
    assert "IVR_ASTERISK" in refused.value.remedy


@pytest.mark.parametrize("version", SAFE_VERSIONS.values())
def test_versions_in_which_the_holes_are_closed_are_taken(version: tuple[int, ...]) -> None:
    refuse_unsafe(version)
