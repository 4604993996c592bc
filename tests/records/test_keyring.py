"""The file of secrets: made once, completed when something is missing, never made anew over a damaged one."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ivr.errors import ScriptError
from ivr.records.keyring import open_keyring


def test_first_start_makes_every_key_and_later_ones_keep_them(tmp_path: Path) -> None:
    path = tmp_path / "state" / "secrets.json"
    made = open_keyring(path, ("101",))
    assert open_keyring(path, ("101",)) == made
    assert [len(key) for key in made.sealing_keys.values()] == [32]
    assert path.stat().st_mode & 0o777 == 0o600


def test_older_file_gains_what_it_lacks_and_keeps_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    path.write_text(json.dumps({"caller_key": "ab" * 32, "phones": {"101": "secret"}}))
    keyring = open_keyring(path)
    assert (keyring.hash_key, keyring.phones) == (b"\xab" * 32, {"101": "secret"})
    assert open_keyring(path).sealing_keys == keyring.sealing_keys != {}
    assert open_keyring(path).ami == keyring.ami
    assert len(keyring.ami) >= 20


def test_whoever_opens_an_older_file_at_once_gets_the_same_key(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    path.write_text(json.dumps({"caller_key": "ab" * 32, "phones": {}}))
    with ThreadPoolExecutor(16) as pool:
        opened = list(pool.map(open_keyring, [path] * 64))
    assert {tuple(keyring.sealing.items()) for keyring in opened} == {tuple(open_keyring(path).sealing.items())}


@pytest.mark.parametrize("sealing", [{"1": "abcd"}, {"0": "ab" * 32}, {"256": "ab" * 32}, {"x": "ab" * 32}, 7])
def test_odd_sealing_key_is_damage_and_is_not_replaced(tmp_path: Path, sealing: object) -> None:
    path = tmp_path / "secrets.json"
    text = json.dumps({"caller_key": "ab" * 32, "phones": {}, "sealing": sealing})
    path.write_text(text)
    with pytest.raises(ScriptError, match="damaged"):
        open_keyring(path)
    assert path.read_text() == text


def test_nothing_secret_is_printed(tmp_path: Path) -> None:
    keyring = open_keyring(tmp_path / "secrets.json", ("101",))
    secret = (keyring.caller_key, keyring.phones["101"], keyring.sealing["1"], keyring.ami)
    assert not any(each in repr(keyring) for each in secret)
