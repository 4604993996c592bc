"""The line's secrets: made on first start, kept in one file that only its user may read, never printed."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from ivr.errors import Refused, ScriptError

KEY_BYTES = 32
LAST_KEY = 255  # one byte names a key


@dataclass(frozen=True, slots=True)
class Keyring:
    caller_key: str = field(
        default_factory=lambda: secrets.token_hex(KEY_BYTES), repr=False
    )  # HMAC of callers' numbers
    phones: dict[str, str] = field(default_factory=dict, repr=False)  # extension → SIP password
    sealing: dict[str, str] = field(default_factory=dict, repr=False)  # key id → key, see `records/sealed.py`
    ami: str = field(default="", repr=False)  # our password for the switch's manager interface

    @property
    def hash_key(self) -> bytes:
        return bytes.fromhex(self.caller_key)

    @property
    def sealing_keys(self) -> dict[int, bytes]:
        return {int(name): bytes.fromhex(key) for name, key in self.sealing.items()}


def open_keyring(path: Path, extensions: tuple[str, ...] = ()) -> Keyring:
    """The secrets in `path`, with a password for each of `extensions`; what is missing is made and written.

    Raises ScriptError when the file is there and cannot be read: making a new key would forget every caller.
    """
    keyring = _read(path) if path.exists() else None
    if keyring and _complete(keyring, extensions) == keyring:
        return keyring
    with _alone(path.parent):  # of two that make a key at once, one would seal with a key that nobody has
        keyring = _complete((_read(path) if path.exists() else None) or Keyring(), extensions)
        _write(path, keyring)
    return keyring


def add_key(path: Path) -> Keyring:
    """With a new sealing key, which seals from now on; the one before opens still. While there are two already, a
    change of keys is going on: they stay as they are."""
    open_keyring(path)
    with _alone(path.parent):
        keyring = _read(path)
        if len(keyring.sealing) == 1:
            number = max(keyring.sealing_keys) + 1
            if number > LAST_KEY:
                raise Refused("The keys have no numbers left.", remedy="Nothing was changed.")
            keyring = replace(keyring, sealing={**keyring.sealing, str(number): secrets.token_hex(KEY_BYTES)})
            _write(path, keyring)
    return keyring


def drop_older(path: Path) -> None:
    """Forget every sealing key but the newest. What they sealed is lost."""
    with _alone(path.parent):
        keyring = _read(path)
        newest = str(max(keyring.sealing_keys))
        _write(path, replace(keyring, sealing={newest: keyring.sealing[newest]}))


def _complete(keyring: Keyring, extensions: tuple[str, ...]) -> Keyring:
    """With everything that is missing; itself when nothing is."""
    passwords = {extension: _password() for extension in extensions if extension not in keyring.phones}
    sealing = keyring.sealing or {"1": secrets.token_hex(KEY_BYTES)}
    return replace(keyring, phones={**keyring.phones, **passwords}, sealing=sealing, ami=keyring.ami or _password())


def _password() -> str:
    return secrets.token_urlsafe(18)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _read(path: Path) -> Keyring:
    try:
        told = json.loads(path.read_text())
        # a file of an older version has no sealing keys and no password for the manager interface yet
        sealing, ami = dict(told.get("sealing", {})), str(told.get("ami", ""))
        keyring = Keyring(str(told["caller_key"]), dict(told["phones"]), sealing, ami)
        _refuse_odd(keyring)
        return keyring
    except (ValueError, KeyError, TypeError) as error:
        raise ScriptError(
            f"{path.name} is damaged",
            remedy="Put back the copy from your backup, or remove it to start with new secrets.",
        ) from error


def _refuse_odd(keyring: Keyring) -> None:
    if len(keyring.hash_key) < KEY_BYTES:
        raise ValueError("the key is too short")
    if any(not 0 < name < 256 or len(key) != KEY_BYTES for name, key in keyring.sealing_keys.items()):
        raise ValueError("a sealing key is no key")


def _write(path: Path, keyring: Keyring) -> None:
    """Whole or not at all: a file half written would lock everybody out."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".secrets")  # 0600 by mkstemp
    with os.fdopen(handle, "w") as file:
        json.dump(asdict(keyring), file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    if os.geteuid() == 0:
        os.chown(name, path.parent.stat().st_uid, path.parent.stat().st_gid)
    Path(name).replace(path)
