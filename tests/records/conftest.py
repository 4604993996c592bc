"""A database that is ready, of either kind; and the file of one on SQLite."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ivr.records.database import Database, opened
from tests.postgres import Cluster


def url_of(file: Path) -> str:
    return f"sqlite+aiosqlite:///{file}"


@pytest.fixture
def database_file(empty_file: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(empty_file, tmp_path / "helpline.sqlite3"))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url) as found:
        yield found


@pytest.fixture
def ledger_path(tmp_path: Path) -> Path:
    folder = tmp_path / "ledger"
    folder.mkdir()
    return folder / "cel.jsonl"


@pytest.fixture
def clean(cluster: Cluster, postgresql_url: str) -> None:
    """The worker's database on PostgreSQL is as new."""
    assert cluster.clean(postgresql_url)
