"""Everything that the line would need on another machine, in one file that a passphrase opens; made while calls run.

The rows first, from one moment, whichever kind of database they are in; then the ledger, which has them all and what
came after; messages, the flow in use, secrets. What is the house's own and lies outside the state folder, menus,
hours, policy, recordings, goes along under `given/`.
"""

from __future__ import annotations

import io
import json
import os
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, cast

from ivr.errors import Refused
from ivr.records import audit, ledger_file
from ivr.records.audit import Deed, Entry
from ivr.records.container import MAGIC, Sealing
from ivr.records.copying import Sum, copy_all
from ivr.records.database import HEAD, Database, opened
from ivr.settings import Settings

LEAST_LETTERS = 12
BY = "ivr"
MANIFEST, ROWS, SECRETS = "manifest.json", "database/helpline.sqlite3", "secrets.json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds: when it was made, its tables' version, each table's rows and hash, and how many files."""

    made_at: str
    revision: str
    sums: tuple[Sum, ...]

    @property
    def rows(self) -> dict[str, int]:
        return {each.table: each.rows for each in self.sums if each.rows}


def thin_out(target: Path, keep: int) -> tuple[Path, ...]:
    """Leave the newest `keep` backups in the folder of `target`, which is one of them; those that went, oldest first.

    Told by what they begin with and their ending, whatever else lies there stays. Raises Refused when one cannot go.
    """
    found = sorted(filter(_is_backup, target.parent.glob(f"*{target.suffix}")), key=lambda file: file.stat().st_mtime)
    gone = tuple(file for file in found[: max(0, len(found) - keep)] if file != target)
    for file in gone:
        try:
            file.unlink()
        except OSError as error:
            raise Refused(f"{file}: {error.strerror}", remedy="The new backup is made; look at that folder.") from error
    return gone


def _is_backup(file: Path) -> bool:
    if not file.is_file():
        return False
    with file.open("rb") as opened_file:
        return opened_file.read(len(MAGIC)) == MAGIC


async def back_up(settings: Settings, target: Path, passphrase: str) -> Manifest:
    """Write the backup to `target`, a new file. Raises Refused."""
    refuse_short(passphrase)
    _refuse_there(target)
    partial = target.with_name(f".{target.name}.partial")
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            manifest = await _write(settings, file, passphrase)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
    except OSError as error:
        raise Refused(
            f"{error.filename or target}: {error.strerror}", remedy="Look at that disk and folder."
        ) from error
    finally:
        partial.unlink(missing_ok=True)
    return manifest


def _refuse_there(target: Path) -> None:
    if target.exists():
        raise Refused(f"{target} is there already.", remedy="Name a new file.")


def refuse_short(passphrase: str) -> None:
    if len(passphrase) < LEAST_LETTERS:
        raise Refused(f"A passphrase has {LEAST_LETTERS} letters or more.", remedy="Take four words of your own.")


async def _write(settings: Settings, file: BinaryIO, passphrase: str) -> Manifest:
    with tempfile.TemporaryDirectory(dir=settings.state_dir, prefix=".backup-") as folder:
        copy = Path(folder) / "rows.sqlite3"
        async with opened(settings.database) as database:
            manifest = await _copy_rows(database, copy)
            sealing = Sealing(file, passphrase)
            with tarfile.open(fileobj=cast(BinaryIO, sealing), mode="w|") as tar:
                _add(tar, MANIFEST, json.dumps(asdict(manifest)).encode())
                tar.add(copy, ROWS)
                for name, path in _files(settings):
                    _add_file(tar, name, path)
            sealing.close()
            async with database.unit_of_work() as unit:
                await audit.write(unit, Entry(datetime.now(UTC), BY, Deed.BACKED_UP, manifest.made_at))
    return manifest


async def _copy_rows(database: Database, copy: Path) -> Manifest:
    """The rows of one moment; nobody waits for it."""
    made_at = datetime.now(UTC)
    async with opened(f"sqlite+aiosqlite:///{copy}") as target:
        sums = await copy_all(database, target)
    return Manifest(made_at.isoformat(timespec="seconds"), HEAD, tuple(sums))


def _files(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Name in the backup and where it lies. The ledger after the rows: it may know more than they do, never less."""
    yield SECRETS, settings.secrets_file
    for path in ledger_file.in_order(settings.ledger_file):
        yield f"ledger/{path.name}", path
    for folder, pattern in (("messages", "*.*"), ("flow", "*.toml")):
        yield from ((f"{folder}/{path.name}", path) for path in sorted((settings.state_dir / folder).glob(pattern)))
    takes = sorted(settings.takes_dir.rglob("*.wav"))
    yield from ((f"recordings/{path.relative_to(settings.takes_dir)}", path) for path in takes)
    yield "given/helpline.toml", settings.helpline_file
    yield "given/hours.toml", settings.hours_file
    for name, given in (("recordings", settings.recordings_dir), ("callbacks", settings.callbacks_dir)):
        own = (path for path in sorted(given.rglob("*")) if path.suffix in {".wav", ".toml"} and path.is_file())
        yield from ((f"given/{name}/{path.relative_to(given)}", path) for path in own)


def _add_file(tar: tarfile.TarFile, name: str, path: Path) -> None:
    """As long as it was when it was opened: the ledger grows meanwhile, and ends at a whole line."""
    with suppress(FileNotFoundError):  # a message that was sealed or deleted this moment
        data = path.read_bytes()
        _add(tar, name, data[: data.rfind(b"\n") + 1] if name.startswith("ledger/") else data)


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(data), 0o600
    tar.addfile(entry, io.BytesIO(data))
