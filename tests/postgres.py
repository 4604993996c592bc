"""A PostgreSQL of the tests' own: made once a run in a folder of its own, shared by its workers, gone with the run.

`python -m tests.postgres FOLDER PID [SETTING…]` keeps one until the process PID has ended, however that ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pwd
import secrets
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import asyncpg
import pytest

from tests.conftest import PROJECT

PROGRAMS = Path("/usr/lib/postgresql")  # Debian's package keeps each version in a folder there
USER = "ivr_tests"
START_S = 60.0
# What is lost with the machine may be lost: these rows live for minutes.
QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=32MB", "max_connections=60",
         "autovacuum=off", "jit=off", "listen_addresses=", "unix_socket_permissions=0777")  # fmt: skip


def programs() -> Path | None:
    """The newest PostgreSQL that is installed, if any; root cannot run it, and needs the package's own user."""
    found = sorted(PROGRAMS.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    with contextlib.suppress(KeyError):
        return found[-1].parent if found and (os.geteuid() or pwd.getpwnam("postgres")) else None
    return None


@dataclass(frozen=True)
class Cluster:
    """A running PostgreSQL, reached through a socket in its folder."""

    folder: Path
    password: str

    def url(self, name: str) -> str:
        return f"postgresql://{USER}:{self.password}@/{name}?host={self.folder}"

    def new(self, url: str = "") -> str:
        """The address of a new database; `url`: that address."""
        name = name_of(url) or f"it_{secrets.token_hex(6)}"
        self.tell(f"CREATE DATABASE {name}")
        return self.url(name)

    def drop(self, url: str) -> None:
        self.tell(f"DROP DATABASE {name_of(url)} WITH (FORCE)")

    def keep_as_it_is(self, url: str) -> None:
        """Remember the rows that are there, for `clean`."""
        self.tell(_KEEP, name_of(url))

    def clean(self, url: str) -> bool:
        """As it was when it was kept, with nobody in it; ten times quicker than a new database. False: it cannot be."""
        try:
            self.tell(_CLEAN, name_of(url))
        except asyncpg.PostgresError:
            return False
        return True

    def tell(self, command: str, database: str = "postgres") -> None:
        async def run() -> None:
            connection = await asyncpg.connect(
                host=str(self.folder), user=USER, password=self.password, database=database
            )
            try:
                await connection.execute(command)
            finally:
                await connection.close()

        apart(run())


_KEEP = """
DO $$ DECLARE it text; BEGIN
  CREATE SCHEMA kept;
  FOR it IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('CREATE TABLE kept.%I AS TABLE public.%I', it, it);
  END LOOP;
END $$"""
_CLEAN = """
DO $$ DECLARE it text; BEGIN
  PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid();
  SET session_replication_role = replica;  -- no foreign key is looked at, so the order is all one
  FOR it IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('DELETE FROM public.%I', it);
    EXECUTE format('INSERT INTO public.%I SELECT * FROM kept.%I', it, it);
  END LOOP;
  FOR it IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' LOOP
    EXECUTE format('ALTER SEQUENCE public.%I RESTART', it);
  END LOOP;
END $$"""


def name_of(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


def apart(work: Coroutine[Any, Any, None]) -> None:
    """Run it in a loop of its own, whether or not one is running here."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


def shared(folder: Path, until: int) -> Cluster:
    """The cluster that `folder` tells of, started when there is none yet; it runs until the process `until` ends."""
    with (folder / "postgres.lock").open("a+") as told:
        fcntl.flock(told, fcntl.LOCK_EX)
        told.seek(0)
        if known := told.read():
            where, password = known.split()
            return Cluster(Path(where), password)
        cluster = start(until)
        told.write(f"{cluster.folder} {cluster.password}")
        return cluster


def start(until: int, *more: str) -> Cluster:
    """A cluster of its own, which is gone when the process `until` has ended. `more`: settings over QUICK."""
    bin_dir = programs()
    assert bin_dir
    folder, password = Path(tempfile.mkdtemp(prefix="ivr-postgres-")), secrets.token_hex(8)
    folder.chmod(0o755)  # the line under test runs as a user of its own
    _make(bin_dir, folder, password)
    argv = (sys.executable, "-m", "tests.postgres", str(folder), str(until), *more)
    with (folder / "log").open("ab") as log:
        keeper = subprocess.Popen(
            argv, cwd=PROJECT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    keeper.returncode = 0  # it outlives this process, which is not to wait for it, nor to be warned about it
    cluster = Cluster(folder, password)
    _wait(cluster)
    return cluster


def _make(bin_dir: Path, folder: Path, password: str) -> None:
    secret = folder / "password"
    secret.write_text(password)
    if os.geteuid() == 0:
        whom = pwd.getpwnam("postgres")
        for each in (folder, secret):
            os.chown(each, whom.pw_uid, whom.pw_gid)
    argv = (str(bin_dir / "initdb"), "-D", str(folder / "data"), "-U", USER, "--auth=scram-sha-256", "--no-sync",
            f"--pwfile={secret}", "--encoding=UTF8", "--locale=C.UTF-8",
            "--locale-provider=icu", "--icu-locale=az")  # fmt: skip
    subprocess.run(argv, check=True, capture_output=True, cwd="/", **_as_user())
    secret.unlink()


def _as_user() -> dict[str, Any]:
    if os.geteuid():
        return {}
    whom = pwd.getpwnam("postgres")
    return {"user": whom.pw_uid, "group": whom.pw_gid, "extra_groups": ()}


def _wait(cluster: Cluster) -> None:
    deadline = time.monotonic() + START_S
    while True:
        try:
            return cluster.tell("SELECT 1")
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


class Server:
    """A cluster for a story that stops it and starts it again."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def new(cls) -> Server:
        bin_dir = programs()
        if bin_dir is None:
            pytest.skip("PostgreSQL is not installed here")
        folder, password = Path(tempfile.mkdtemp(prefix="ivr-postgres-")), secrets.token_hex(8)
        folder.chmod(0o755)
        _make(bin_dir, folder, password)
        return cls(Cluster(folder, password))

    def start(self) -> None:
        with (self.cluster.folder / "log").open("ab") as log:
            self._process = serve(self.cluster.folder, log)
        _wait(self.cluster)

    def stop(self) -> None:
        """At once, with whoever is connected cut off."""
        if self._process:
            self._process.send_signal(signal.SIGINT)
            self._process.wait()
        self._process = None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.cluster.folder, ignore_errors=True)


def serve(folder: Path, log: IO[bytes] | None = None, more: Sequence[str] = ()) -> subprocess.Popen[bytes]:
    """The server in `folder`, as a child of this process."""
    bin_dir = programs()
    assert bin_dir
    settings = [word for each in (*QUICK, *more, f"unix_socket_directories={folder}") for word in ("-c", each)]
    argv = (str(bin_dir / "postgres"), "-D", str(folder / "data"), *settings)
    return subprocess.Popen(argv, cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log, **_as_user())


def keep(folder: Path, until: int, more: Sequence[str]) -> None:
    """Run the server until that process has ended (pidfd_open(2)), then take everything away."""
    server = serve(folder, more=more)
    try:
        select.select([os.pidfd_open(until)], [], [])
    finally:
        server.send_signal(signal.SIGQUIT)  # immediate shutdown: nothing is wanted any more
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    keep(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
