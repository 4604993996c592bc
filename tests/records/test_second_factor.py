"""Codes and passwords."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from ivr.records import password
from ivr.records.keyring import Keyring
from ivr.records.sealed import seal
from ivr.records.second_factor import address, new_secret, step_of

# RFC 6238, appendix B: the key "12345678901234567890" in second 1111111109
# gives 07081804, of which six digits are shown.
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
THEN = datetime.fromtimestamp(1111111109, UTC)
STEP = 1111111109 // 30


@pytest.mark.parametrize(("off_s", "step"), [(0, STEP), (-30, STEP), (30, STEP), (31, None), (-60, None)])
def test_a_code_of_the_standard_is_known_within_one_step(off_s: int, step: int | None) -> None:
    assert step_of(RFC_SECRET, "081804", THEN + timedelta(seconds=off_s)) == step


def test_what_is_no_code_is_none() -> None:
    assert step_of(RFC_SECRET, "", THEN) is None
    assert step_of(RFC_SECRET, "081805", THEN) is None


def test_a_telephone_is_told_whose_key_it_is() -> None:
    secret = new_secret()
    assert address(secret, "aynur") == f"otpauth://totp/116111:aynur?secret={secret}&issuer=116111"


async def test_a_password_is_known_by_its_hash_and_nobodys_never() -> None:
    kept = password.hashed("four quiet words")
    assert kept.startswith("$argon2id$")
    assert password.hashed("four quiet words") != kept  # salted
    assert await password.fits("four quiet words", kept)
    assert not await password.fits("four quiet word", kept)
    assert not await password.fits("four quiet words", None)
    assert not await password.fits("four quiet words", "damaged")


def test_one_time_passwords_are_never_the_same() -> None:
    assert len({password.one_time() for _ in range(1000)}) == 1000


def test_no_seed_brings_the_same_chance_again() -> None:
    made = list[object]()
    for _ in range(2):
        random.seed(1)
        made += [password.one_time(), new_secret(), Keyring().caller_key, seal({1: bytes(32)}, "", "")]
    assert len(set(made)) == len(made)
