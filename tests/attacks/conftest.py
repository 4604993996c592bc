"""A line with a carrier, a little of everything switched on, for whoever attacks it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.live.conftest import new_line, switch_there
from tests.live.line import LiveLine

__all__ = ["new_line", "switch_there"]


@pytest.fixture(scope="module")
def attacked(switch_there: None) -> Iterator[LiveLine]:
    """With a trunk over TCP to a port where nobody is, so that the switch listens on TCP too."""
    own = LiveLine(trunk_host="127.0.0.9", trunk_port="9", trunk_transport="tcp")
    own.open()
    yield own
    own.close()
