"""Passwords, as Argon2id hashes (RFC 9106). None is ever kept, logged, or compared in clear."""

from __future__ import annotations

import asyncio
import secrets
from functools import cache

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import hash_secret_raw

# OWASP's second choice. Enough here: attempts are throttled, and the machine also carries calls.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# For what somebody may carry home and try at for years: the second choice of RFC 9106, 64 MiB.
_SLOWLY = {"time_cost": 3, "memory_cost": 64 * 1024, "parallelism": 4}
SALT_BYTES = 16
_AT_ONCE = 2  # 19 MiB each, whoever knocks how often
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another when read aloud
_GROUPS, _GROUP = 4, 4


def one_time() -> str:
    """A password to be said to somebody once: 79 bits, in four groups."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS))


def hashed(password: str) -> str:
    return _HASHER.hash(password)


def key_of(passphrase: str, salt: bytes) -> bytes:
    """32 bytes that only this passphrase gives with this salt; half a second."""
    return hash_secret_raw(passphrase.encode(errors="replace"), salt, hash_len=32, type=Type.ID, **_SLOWLY)


async def new_hash(password: str) -> str:
    """`hashed`, without keeping anybody waiting meanwhile."""
    async with _turn(asyncio.get_running_loop()):
        return await asyncio.to_thread(hashed, password)


async def fits(password: str, kept: str | None) -> bool:
    """Whether `kept` is its hash. For nobody's (None) it takes as long, and is never so."""
    async with _turn(asyncio.get_running_loop()):
        return await asyncio.to_thread(_fits, password, kept or _nobodys()) and kept is not None


@cache
def _nobodys() -> str:
    return hashed(secrets.token_hex())


def _fits(password: str, kept: str) -> bool:
    try:
        return _HASHER.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _turn(_: asyncio.AbstractEventLoop) -> asyncio.Semaphore:
    return asyncio.Semaphore(_AT_ONCE)
