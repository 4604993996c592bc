"""What callers have said when nobody could answer: sealed as soon as it is complete, opened for a named person alone.

The switch records in the clear, into a folder of the line's own user. As soon as the ledger says that a message is
kept, its sound is sealed and the clear file removed. Sound that no line of the ledger tells of is what a switch that
died left behind: it is a message too, as long as there is something to hear in it.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from ivr.errors import HelplineError, NotFound, Refused
from ivr.records import message, ownership
from ivr.records.database import Database, opened
from ivr.records.keyring import open_keyring
from ivr.records.message import MESSAGE_ID, Message
from ivr.records.sealed import Keys, seal_bytes, unseal_bytes
from ivr.settings import Settings

__all__ = ["Message"]  # what the faces read from here

POLL_S = 1.0
AFTER_TROUBLE_S = 5.0
LOST_AFTER = timedelta(hours=1)  # no caller records and listens for so long
HEAD_BYTES, BYTES_A_SECOND = 44, 16_000
LEAST_S = 2.0
NAME_MAX = 80

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Box:
    """The folder with the messages, the rows about them, and the keys that open them."""

    folder: Path
    database: Database
    keys: Keys

    def clear(self, message_id: str) -> Path:
        return self.folder / f"{message_id}.wav"

    def sealed(self, message_id: str) -> Path:
        return self.folder / f"{message_id}.sealed"


async def keep_sealing(settings: Settings) -> None:
    """Seal what is new, for ever. A disk that is full or a database that is busy is waited for."""
    async with opened(settings.database) as database:
        while True:
            try:
                await seal_new(open_box(settings, database), datetime.now(UTC))
                await asyncio.sleep(POLL_S)
            except (HelplineError, OSError) as error:
                log.warning("messages.not_sealed", why=getattr(error, "strerror", None) or str(error))
                await asyncio.sleep(AFTER_TROUBLE_S)


async def seal_new(box: Box, now: datetime) -> int:
    """Seal the messages that are complete; how many these were."""
    found = [file for file in sorted(box.folder.glob("*.wav")) if MESSAGE_ID.fullmatch(file.stem)]
    if not found:
        return 0
    await _take_lost(box, found, now)
    async with box.database.reading() as unit:
        wanted = await message.standing(unit, [file.stem for file in found])
    for file in found:
        if wanted.get(file.stem):
            await asyncio.to_thread(_seal, box, file)
        elif file.stem in wanted:
            file.unlink(missing_ok=True)
    return sum(wanted.values())


async def _take_lost(box: Box, found: list[Path], now: datetime) -> None:
    """Sound that nobody told of for so long: a message, or nothing to hear."""
    for file in found:
        at = datetime.fromtimestamp(file.stat().st_mtime, UTC)
        if now - at < LOST_AFTER:
            continue
        seconds = (file.stat().st_size - HEAD_BYTES) / BYTES_A_SECOND
        async with box.database.unit_of_work() as unit:
            if file.stem in await message.standing(unit, [file.stem]):
                continue
            if seconds >= LEAST_S:
                await message.add(unit, file.stem, at, {"seconds": round(seconds, 1)})
            else:
                file.unlink(missing_ok=True)


def _seal(box: Box, file: Path) -> None:
    """Whole, on disk and under its own name before the clear file goes; a second time changes nothing."""
    _write(box.sealed(file.stem), seal_bytes(box.keys, file.read_bytes(), _about(file.stem)))
    file.unlink()


def reseal(box: Box, file: Path) -> bool:
    """Seal a sealed message with the newest key; False when it has that one, or is gone. Raises Refused."""
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        return False
    if data[:1] == bytes((max(box.keys),)):
        return False
    _write(file, seal_bytes(box.keys, unseal_bytes(box.keys, data, _about(file.stem)), _about(file.stem)))
    return True


def _write(path: Path, data: bytes) -> None:
    partial = path.with_suffix(".new")
    partial.unlink(missing_ok=True)
    handle = ownership.open_own(partial, os.O_WRONLY)
    with os.fdopen(handle, "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(handle)
    partial.replace(path)


def _about(message_id: str) -> str:
    return f"message:{message_id}"


def open_box(settings: Settings, database: Database) -> Box:
    """The one place where it is decided who may listen: whoever may read the line's secrets, which are for its own user
    and root. Raises Refused.
    """
    try:
        keys = open_keyring(settings.secrets_file).sealing_keys
    except PermissionError as error:
        remedy = "Run this as root, or as the user who opened the line."
        raise Refused("messages are for the line's own people", remedy=remedy) from error
    return Box(settings.messages_dir, database, keys)


async def listed(database: Database) -> list[Message]:
    async with database.reading() as unit:
        return await message.listed(unit)


async def save(box: Box, message_id: str, target: Path, by: str) -> None:
    """Unseal a message into `target`, a new file of the reader's own; `by` stands on record before it can be heard.

    Raises NotFound, and Refused when the file is there already, cannot be written, or nobody is named.
    """
    name = _named(by)
    data = await asyncio.to_thread(_sound, box, message_id)
    async with box.database.unit_of_work() as unit:
        await message.hear(unit, message_id, name, datetime.now(UTC))
        _put(target, data)


async def hear(box: Box, message_id: str, by: str) -> bytes:
    """The sound of a message, as a WAV file; `by` stands on record before. Raises NotFound, and Refused."""
    name = _named(by)
    data = await asyncio.to_thread(_sound, box, message_id)
    async with box.database.unit_of_work() as unit:
        await message.hear(unit, message_id, name, datetime.now(UTC))
    return data


def _named(by: str) -> str:
    name = " ".join(by.split())
    if not 0 < len(name) <= NAME_MAX:
        raise Refused("a message is opened by somebody with a name", remedy="Say who listens: --by NAME")
    return name


def _sound(box: Box, message_id: str) -> bytes:
    """The sound of a message, sealed or, while the program that seals was away, still in the clear."""
    if MESSAGE_ID.fullmatch(message_id):
        if box.sealed(message_id).exists():
            return unseal_bytes(box.keys, box.sealed(message_id).read_bytes(), _about(message_id))
        if box.clear(message_id).exists():
            return box.clear(message_id).read_bytes()
    raise NotFound(f"there is no message {message_id}", remedy="`ivr messages` lists them.")


def _put(target: Path, data: bytes) -> None:
    try:
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
    except OSError as error:
        raise Refused(f"{target}: {error.strerror}", remedy="Name a new file that you may write.") from error


async def delete(box: Box, message_id: str, by: str) -> None:
    """Take a message away for good; its row stays, without its sound. Raises NotFound."""
    async with box.database.unit_of_work() as unit:
        await message.delete(unit, message_id, _named(by), datetime.now(UTC))
    for file in (box.sealed(message_id), box.clear(message_id)):
        file.unlink(missing_ok=True)


async def deleted(database: Database) -> frozenset[str]:
    """Ids of the messages that are wanted no more."""
    async with database.reading() as unit:
        return await message.deleted(unit)


def sweep(settings: Settings, gone: frozenset[str]) -> int:
    """Remove the sound of these; how many files that were."""
    found = [file for file in settings.messages_dir.glob("*.*") if file.stem in gone]
    for file in found:
        file.unlink(missing_ok=True)
    return len(found)
