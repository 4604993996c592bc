"""The line that the live stories share, and one for each story that breaks something."""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import Callable, Iterator

import pytest

from ivr import studio
from ivr.prepare import bring_switch, make_folders
from ivr.settings import Settings
from tests.live.line import LiveLine


@pytest.fixture(scope="session")
def switch_there() -> None:
    """Asterisk and the sounds are made once, where `make up` would have them, whoever of several runners is first."""
    settings = Settings()
    make_folders(settings)
    with (settings.state_dir / "run/tests.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        bring_switch(settings, print)
        asyncio.run(studio.build(settings))


@pytest.fixture(scope="session")
def line(switch_there: None) -> Iterator[LiveLine]:
    """A line for stories that leave it as they found it."""
    shared = LiveLine()
    shared.open()
    yield shared
    shared.close()


@pytest.fixture
def new_line(switch_there: None) -> Iterator[Callable[..., LiveLine]]:
    """Lines to break: `new_line(trunk_host="…")` opens one; all are closed in the end. `tls="yes"`: with a port for
    phones by TLS.
    """
    opened: list[LiveLine] = []

    def make(**settings: str) -> LiveLine:
        own = LiveLine(**settings)
        opened.append(own)
        own.open()
        return own

    yield make
    for own in opened:
        own.close()
