"""Certificates of phones by TLS: made, and read whatever they are."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.errors import ScriptError
from ivr.telephony.certificate import LASTS, make, read

NOW = datetime(2026, 11, 30, tzinfo=UTC)
ONE, OTHER = make(("192.0.2.1", "line.example"), NOW), make(("192.0.2.1",), NOW)


def test_one_that_is_made_says_for_whom_and_how_long() -> None:
    made = read(*ONE)
    assert made.names == {"192.0.2.1", "line.example"}
    assert (made.ends - NOW, made.own) == (LASTS, True)
    assert NOW - made.begins == timedelta(days=1)


def test_no_two_are_the_same() -> None:
    assert read(*ONE).fingerprint != read(*OTHER).fingerprint


def test_another_program_takes_it_for_its_own_authority(tmp_path: Path) -> None:
    (tmp_path / "phones.crt").write_bytes(ONE[0])
    argv = ["openssl", "verify", "-attime", str(int(NOW.timestamp())), "-CAfile", "phones.crt", "phones.crt"]
    assert subprocess.run(argv, cwd=tmp_path, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize(
    ("pair", "said"),
    [
        ((b"rubbish", ONE[1]), "certificate is none"),
        ((b"", b""), "certificate is none"),
        ((ONE[0], b"rubbish"), "no private key"),
        ((ONE[0], OTHER[1]), "does not belong"),
        ((ONE[0][:-100], ONE[1]), "certificate is none"),
    ],
)
def test_what_is_of_no_use_says_why(pair: tuple[bytes, bytes], said: str) -> None:
    with pytest.raises(ScriptError, match=said):
        read(*pair)


def test_a_key_with_a_passphrase_says_so(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(ONE[1])
    argv = ["openssl", "pkcs8", "-topk8", "-in", str(tmp_path / "key"), "-passout", "pass:word"]
    sealed = subprocess.run(argv, capture_output=True, check=True).stdout
    with pytest.raises(ScriptError, match="passphrase"):
        read(ONE[0], sealed)


@given(st.binary(max_size=300), st.binary(max_size=300), st.integers(0, len(ONE[0])))
def test_whatever_is_given_it_is_read_or_refused(before: bytes, after: bytes, cut: int) -> None:
    for certificate in (before, before + ONE[0][:cut] + after, ONE[0][:cut] + after + ONE[0][cut:]):
        try:
            read(certificate, ONE[1])
        except ScriptError as error:
            assert str(error)
