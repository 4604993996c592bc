"""The site as a browser sees it, over a line whose state the test says."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from ivr.records.database import Database
from ivr.settings import Settings
from ivr.web.pulse import Pulse
from ivr.web.site import site
from tests.web.house import House

Visit = Callable[[Pulse], AbstractAsyncContextManager[httpx.AsyncClient]]


@dataclass(frozen=True)
class KnownPulse:
    """A line whose state is known beforehand."""

    pulse: Pulse

    async def is_open(self) -> bool:
        return self.pulse.open

    async def read(self) -> Pulse:
        return self.pulse


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(state_dir=tmp_path / "var")


@pytest.fixture
def visit(settings: Settings) -> Visit:
    @asynccontextmanager
    async def browser(pulse: Pulse) -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(site(settings, KnownPulse(pulse)), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            yield client

    return browser


@pytest.fixture
async def house(empty_file: Path, settings: Settings) -> AsyncIterator[House]:
    """The site over a real database, with a clock that the test sets."""
    settings.own_database.parent.mkdir(parents=True)
    shutil.copy(empty_file, settings.own_database)
    database = Database(settings.database)
    yield House(settings, database)
    await database.close()
