"""Sealing: what must be kept and must not lie around in clear, a caller's number above all, as AES-256-GCM bytes.

A sealed value is one byte that names the key, 12 of nonce, then the cipher text with its tag (NIST SP 800-38D).
"""

from __future__ import annotations

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ivr.errors import Refused

Keys = Mapping[int, bytes]
"""Key id (1 to 255) to 32 bytes. The highest seals; every one opens, so that old values outlive a change of keys."""

NONCE_BYTES = 12


def seal(keys: Keys, text: str, about: str) -> bytes:
    """`text` so that only a holder of the keys reads it. `about` names the row it is for and is needed to open it:
    a sealed value that somebody moved to another row stays shut.
    """
    return seal_bytes(keys, text.encode(), about)


def seal_bytes(keys: Keys, data: bytes, about: str) -> bytes:
    """The same of bytes, as of a recorded message."""
    newest, nonce = max(keys), os.urandom(NONCE_BYTES)
    return bytes((newest,)) + nonce + AESGCM(keys[newest]).encrypt(nonce, data, about.encode())


def unseal(keys: Keys, sealed: bytes, about: str) -> str:
    """The text again. Raises Refused when it was sealed with another key, for another row, or was changed."""
    try:
        return unseal_bytes(keys, sealed, about).decode()
    except UnicodeDecodeError:
        raise Refused("a sealed value is no text") from None


def unseal_bytes(keys: Keys, sealed: bytes, about: str) -> bytes:
    """The bytes again; raises as `unseal` does."""
    key, nonce, rest = sealed[:1], sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
    try:
        return AESGCM(keys[key[0]]).decrypt(nonce, rest, about.encode())
    except (IndexError, KeyError, InvalidTag, ValueError):
        remedy = "Put back the secrets.json that it was sealed with, from your backup."
        raise Refused("a sealed value cannot be opened: another key, another row, or damaged", remedy=remedy) from None


def to_text(sealed: bytes) -> str:
    """As letters that no dialplan and no query string reads as its own (RFC 4648 base64url without padding)."""
    return urlsafe_b64encode(sealed).decode().rstrip("=")


def from_text(text: str) -> bytes:
    """Raises ValueError for what `to_text` never wrote."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
