"""A backup made into a state folder again. All of it is opened and looked at before the first file is in place."""

from __future__ import annotations

import json
import shutil
import tarfile
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from ivr import line
from ivr.backup import BY, MANIFEST, ROWS, Manifest
from ivr.errors import Refused
from ivr.privileges import hand_over
from ivr.records import audit
from ivr.records.audit import Deed, Entry
from ivr.records.container import Opening
from ivr.records.copying import Sum, copy_all, is_filled, sums
from ivr.records.database import HEAD, Database, opened
from ivr.settings import Settings

PARTS = ("secrets.json", "ledger", "messages", "flow", "recordings", "given", "database")


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put in place; `aside` is where that went which was there before, `given` what is to be looked at."""

    manifest: Manifest
    aside: Path | None
    given: Path


async def restore(settings: Settings, source: Path, passphrase: str, *, force: bool = False) -> Restored:
    """Put a backup in place. Raises Refused, with everything as it was: a line that is open, a state folder that holds
    anything (unless `force`, which puts that aside), a wrong passphrase, a backup of which a single byte is changed.
    """
    if any(state.pid for state in line.states(settings)):
        raise Refused("The line is open.", remedy="make down")
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    await _refuse_filled(settings, force=force)
    with tempfile.TemporaryDirectory(dir=settings.state_dir, prefix=".restore-") as name:
        beside = Path(name)
        manifest = _open(source, passphrase, beside)
        await _compare(beside / ROWS, manifest)
        aside = _put_aside(settings) if force else None
        await _put_in_place(settings, beside)
    hand_over(settings.state_dir, settings.run_uid)
    return Restored(manifest, aside, settings.state_dir / "given")


def holds(settings: Settings) -> list[str]:
    """What a restore would have to put aside."""
    ledger = settings.ledger_file
    takes = settings.takes_dir.rglob("*.wav")
    found = (settings.secrets_file, settings.own_database, *settings.messages_dir.glob("*"), *takes)
    there = [path.name for path in found if path.exists()]
    return [*there, ledger.name] if ledger.exists() and ledger.stat().st_size else there


async def _refuse_filled(settings: Settings, *, force: bool) -> None:
    if settings.database_url and not Database(settings.database_url).is_sqlite:
        async with opened(settings.database) as database, database.reading() as unit:
            if await is_filled(unit):
                remedy = "Name a new, empty database in IVR_DATABASE_URL."
                raise Refused("There are rows in that database.", remedy=remedy)
    if not force and (there := holds(settings)):
        why = f"{settings.state_dir} is in use: {', '.join(there[:4])}."
        raise Refused(why, remedy="Choose an empty IVR_STATE_DIR, or put what is there aside with --force.")


def _open(source: Path, passphrase: str, beside: Path) -> Manifest:
    """Every file of it into `beside`, once the last byte was authenticated none of them is in doubt."""
    try:
        with source.open("rb") as file:
            opening = Opening(file, passphrase)
            with tarfile.open(fileobj=cast(BinaryIO, opening), mode="r|") as tar:
                for entry in tar:
                    _extract(tar, entry, beside)
            opening.finish()
        told = json.loads((beside / MANIFEST).read_bytes())
    except OSError as error:
        raise Refused(f"{error.filename or source}: {error.strerror}", remedy="Nothing was changed.") from error
    except (tarfile.TarError, ValueError) as error:
        raise Refused("This backup is not whole.", remedy="Nothing was changed.") from error
    return Manifest(told["made_at"], told["revision"], tuple(Sum(**each) for each in told["sums"]))


def _extract(tar: tarfile.TarFile, entry: tarfile.TarInfo, beside: Path) -> None:
    path, content = PurePosixPath(entry.name), tar.extractfile(entry)
    if content is None or path.is_absolute() or ".." in path.parts:
        raise ValueError(entry.name)
    target = beside / path
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    target.touch(mode=0o600)
    with target.open("wb") as file:
        shutil.copyfileobj(content, file)


async def _compare(rows: Path, manifest: Manifest) -> None:
    """Whether the rows are what was written down of them; those of an older version are then brought up to date."""
    async with opened(f"sqlite+aiosqlite:///{rows}") as database, database.reading() as unit:
        if manifest.revision == HEAD and tuple(await sums(unit)) != manifest.sums:
            raise Refused("The rows of this backup are not what was counted.", remedy="Nothing was changed.")


def _put_aside(settings: Settings) -> Path:
    aside = settings.state_dir / f"before-restore-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    aside.mkdir(mode=0o700)
    for name in PARTS:
        if (settings.state_dir / name).exists():
            (settings.state_dir / name).rename(aside / name)
    return aside


async def _put_in_place(settings: Settings, beside: Path) -> None:
    if not Database(settings.database).is_sqlite:
        async with opened(f"sqlite+aiosqlite:///{beside / ROWS}") as source, opened(settings.database) as target:
            await copy_all(source, target)
        (beside / ROWS).unlink()
    for name in PARTS:
        place = settings.state_dir / name
        if (beside / name).is_dir():
            shutil.rmtree(place, ignore_errors=True)  # empty: it was looked at
        if (beside / name).exists():
            (beside / name).rename(place)
    async with opened(settings.database) as database, database.unit_of_work() as unit:
        await audit.write(unit, Entry(datetime.now(UTC), BY, Deed.RESTORED))
