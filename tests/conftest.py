"""For every test: the shipped flow, databases of both kinds, and examples that may take their time."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from ivr.flow.script import Script, parse
from ivr.records.database import migrate

if TYPE_CHECKING:
    from tests.postgres import Cluster

PROJECT = Path(__file__).resolve().parent.parent

hypothesis.settings.register_profile("patient", deadline=None)  # a busy machine is no fault
hypothesis.settings.load_profile("patient")


@pytest.fixture(scope="session")
def script() -> Script:
    return parse((PROJECT / "ivr/flow/helpline.toml").read_text())


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Cluster:
    """PostgreSQL, one for all workers of a run; it ends with the run."""
    from tests.postgres import programs, shared

    if programs() is None:
        pytest.skip("PostgreSQL is not installed here")
    own = tmp_path_factory.getbasetemp()
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    return shared(own.parent, os.getppid()) if is_worker else shared(own, os.getpid())


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database on SQLite that is ready, to be copied: migrated once."""
    file = tmp_path_factory.mktemp("empty") / "empty.sqlite3"
    migrate(f"sqlite+aiosqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def postgresql_url(cluster: Cluster) -> Iterator[str]:
    """One of the worker's own on PostgreSQL, migrated once; every test that is given it finds it clean."""
    url = ready(cluster, cluster.new())
    yield url
    cluster.drop(url)


def ready(cluster: Cluster, url: str) -> str:
    migrate(url)
    cluster.keep_as_it_is(url)
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database that is ready, of the one kind and then of the other, where one is installed. It is that of settings
    whose state folder is `tmp_path / "var"`."""
    if request.param == "sqlite":
        folder = tmp_path / "var" / "database"
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(request.getfixturevalue("empty_file"), folder / "helpline.sqlite3")
        return f"sqlite+aiosqlite:///{folder / 'helpline.sqlite3'}"
    cluster: Cluster = request.getfixturevalue("cluster")
    url: str = request.getfixturevalue("postgresql_url")
    if not cluster.clean(url):  # a test has changed more than rows
        cluster.drop(url)
        ready(cluster, cluster.new(url))
    monkeypatch.setenv("IVR_DATABASE_URL", url)
    return url
