"""A database that is ready, quickly: migrated once, then copied."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ivr.records.database import Database, migrate, opened


def url_of(file: Path) -> str:
    return f"sqlite+aiosqlite:///{file}"


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("empty") / "empty.sqlite3"
    migrate(url_of(file))
    return file


@pytest.fixture
def database_file(empty_file: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(empty_file, tmp_path / "helpline.sqlite3"))


@pytest.fixture
async def database(database_file: Path) -> AsyncIterator[Database]:
    async with opened(url_of(database_file)) as found:
        yield found


@pytest.fixture
def ledger_path(tmp_path: Path) -> Path:
    folder = tmp_path / "ledger"
    folder.mkdir()
    return folder / "cel.jsonl"
