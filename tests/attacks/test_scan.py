"""SIPVicious, and our own closer look: no extension is told from none, no password is guessed, the switch stands."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest

from ivr.telephony.sipp_message import Message
from tests.attacks.wire import HERE, SDP, STRANGER, Wire, is_alive, request
from tests.live.line import LiveLine

pytestmark = pytest.mark.live

THERE = ("101", "103", "101-page", "trunk", "loopback")
NOT_THERE = "199"
GUESSER = "127.0.0.67"  # refused for it afterwards, see test_guessing.py
METHODS = ("REGISTER", "INVITE", "OPTIONS", "SUBSCRIBE", "MESSAGE", "PUBLISH", "NOTIFY", "INFO")
# SIPVicious binds to every address; from ours it would be a caller of the trunk.
AS_STRANGER = """
import socket, sys
class Bound(socket.socket):
    def bind(self, where): super().bind((HOST, where[1]))
HOST, name = sys.argv[1], sys.argv[2]
socket.socket = Bound
sys.argv = [name, *sys.argv[3:]]
__import__("sipvicious." + name, fromlist=["main"]).main()
"""


async def scan(
    name: str, line: LiveLine, *words: str, host: str = STRANGER, within_s: float = 60, ended_after_s: int = 0
) -> str:
    """What one of SIPVicious's programs prints; one that would not end by itself is ended."""
    home = line.folder()
    process = await asyncio.create_subprocess_exec(
        "timeout", str(ended_after_s), sys.executable, "-c", AS_STRANGER, host, name, *words, HERE,
        cwd=home, env=os.environ | {"HOME": str(home), "PYTHONUNBUFFERED": "1"},
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        async with asyncio.timeout(within_s):
            told, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    return told.decode(errors="replace")


def alike(answer: Message | None, name: str) -> str:
    """An answer without what is different each time, and without the name that was asked for."""
    if answer is None:
        return "nothing"
    text = re.sub(r'(?i)(nonce|opaque|tag|branch|rport|received)=("[^"]*"|[^;,\r\n]*)', r"\1", answer.text)
    text = re.sub(r"(?im)^(Call-ID|CSeq|Date|Via|From|To|Contact):.*$", r"\1", text)
    return text.replace(name, "NAME")


async def asked(line: LiveLine, method: str, name: str, host: str, *headers: str) -> str:
    own = f"{line.address[0]}:{line.address[1]}"
    uri = f"sip:{own}" if method == "REGISTER" else f"sip:{name}@{own}"
    with Wire(line.address, host) as wire:
        body = SDP if method == "INVITE" else ""
        text = request(method, uri, *headers, sender=f"sip:{name}@{own}", to=f"sip:{name}@{own}", body=body)
        return alike(await wire.ask(text), name)


@pytest.mark.parametrize("method", METHODS)
async def test_an_extension_answers_a_stranger_as_one_that_is_not_there(attacked: LiveLine, method: str) -> None:
    none = await asked(attacked, method, NOT_THERE, STRANGER)
    assert none.startswith("SIP/2.0 401")
    for name in THERE:
        assert await asked(attacked, method, name, STRANGER) == none, name


async def test_a_wrong_password_is_told_as_an_account_that_is_not_there(attacked: LiveLine) -> None:
    def proof(name: str) -> str:
        return (
            f'Authorization: Digest username="{name}", realm="asterisk", nonce="1/1", uri="sip:{HERE}", '
            'response="0123456789abcdef0123456789abcdef", algorithm=MD5'
        )

    none = await asked(attacked, "REGISTER", NOT_THERE, STRANGER, proof(NOT_THERE))
    for name in ("101", "101-page"):
        assert await asked(attacked, "REGISTER", name, STRANGER, proof(name)) == none


@pytest.mark.parametrize("name", ["loopback", "trunk", "101"])
async def test_who_calls_himself_the_trunk_is_not_let_in_for_it(attacked: LiveLine, name: str) -> None:
    answer = await asked(attacked, "INVITE", name, STRANGER)
    assert answer.startswith("SIP/2.0 401")


@pytest.mark.attack
async def test_sipvicious_finds_a_switch_and_nothing_in_it(attacked: LiveLine, tmp_path: Path) -> None:
    port = str(attacked.sip_port)
    found = await scan("svmap", attacked, "-p", port)
    assert "Asterisk" not in found
    for method in ("REGISTER", "INVITE", "OPTIONS"):
        told = await scan("svwar", attacked, "-p", port, "-m", method, "-e", "95-115", "--force")
        assert not re.search(r"\b1(?:0[0-9]|1[0-5])\b *\|", told), told
    words = tmp_path / "words"
    words.write_text("\n".join(("101", "1234", "password", "116111", *(f"{n:04}" for n in range(500)))))
    told = await scan("svcrack", attacked, "-p", port, "-u", "101", "-d", str(words), host=GUESSER, ended_after_s=20)
    assert GUESSER in attacked.run("guesses")
    assert "101" not in re.sub(r"username|-u 101", "", told), told
    assert await is_alive(attacked.address)


@pytest.mark.attack
async def test_a_scan_would_be_seen_to_find_what_can_be_found(attacked: LiveLine, tmp_path: Path) -> None:
    """With the password among the words, it is found: it is the words that fail, not the program."""
    words = tmp_path / "words"
    words.write_text("wrong\n" + attacked._password("101") + "\n")
    told = await scan("svcrack", attacked, "-p", str(attacked.sip_port), "-u", "101", "-d", str(words))
    assert attacked._password("101") in told


async def test_passwords_are_long_enough_for_any_number_of_guesses(attacked: LiveLine) -> None:
    """Also from as many addresses as anybody has. 18 bytes of chance: at a million guesses a second more than the age
    of the world."""
    for phone in attacked.rows("phones"):
        assert len(phone["password"]) >= 24
    assert len({phone["password"] for phone in attacked.rows("phones")}) == len(attacked.rows("phones"))
