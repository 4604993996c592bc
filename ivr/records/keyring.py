"""The line's secrets: made on first start, kept in one file that only its user may read, never printed."""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from ivr.errors import ScriptError

KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Keyring:
    caller_key: str = field(
        default_factory=lambda: secrets.token_hex(KEY_BYTES), repr=False
    )  # HMAC of callers' numbers
    phones: dict[str, str] = field(default_factory=dict, repr=False)  # extension → SIP password

    @property
    def hash_key(self) -> bytes:
        return bytes.fromhex(self.caller_key)


def open_keyring(path: Path, extensions: tuple[str, ...] = ()) -> Keyring:
    """The secrets in `path`, with a password for each of `extensions`; what is missing is made and written.

    Raises ScriptError when the file is there and cannot be read: making a new key would forget every caller.
    """
    found = _read(path) if path.exists() else None
    keyring = found or Keyring()
    missing = {extension: secrets.token_urlsafe(18) for extension in extensions if extension not in keyring.phones}
    if missing:
        keyring = replace(keyring, phones={**keyring.phones, **missing})
    if missing or found is None:
        _write(path, keyring)
    return keyring


def _read(path: Path) -> Keyring:
    try:
        told = json.loads(path.read_text())
        keyring = Keyring(caller_key=str(told["caller_key"]), phones=dict(told["phones"]))
        if len(keyring.hash_key) < KEY_BYTES:
            raise ValueError("the key is too short")
        return keyring
    except (ValueError, KeyError, TypeError) as error:
        raise ScriptError(
            f"{path.name} is damaged",
            remedy="Put back the copy from your backup, or remove it to start with new secrets.",
        ) from error


def _write(path: Path, keyring: Keyring) -> None:
    """Whole or not at all: a file half written would lock everybody out."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".secrets")  # 0600 by mkstemp
    with os.fdopen(handle, "w") as file:
        json.dump(asdict(keyring), file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    if os.geteuid() == 0:
        os.chown(name, path.parent.stat().st_uid, path.parent.stat().st_gid)
    Path(name).replace(path)
