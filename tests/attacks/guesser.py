"""A telephone on some address of this machine that tries passwords, and one that lies about where it is."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from ivr.telephony.sipp_message import Address, Message
from tests.attacks.wire import HERE, Wire, request

REFUSED, WRONG, RIGHT = 403, 401, 200


@dataclass(frozen=True, slots=True)
class Guesser:
    line: Address
    host: str

    async def tries(self, name: str, password: str, expires_s: int = 60) -> int:
        """REGISTER as an honest phone does: the status of the last answer; 0 for none."""
        with Wire(self.line, self.host) as wire:
            asked = await wire.ask(self._register(name, f"Expires: {expires_s}"))
            if asked is None or asked.status != WRONG:
                return asked.status if asked else 0
            proof = self._proof(name, password, _nonce(asked))
            answer = await wire.ask(self._register(name, proof, f"Expires: {expires_s}"))
            return answer.status if answer else 0

    def lies(self, name: str, times: int) -> None:
        """Wrong passwords in the name of `host`, by somebody elsewhere: no answer to them is ever heard."""
        with Wire(self.line, self.host) as wire:
            for turn in range(times):
                wire.send(self._register(name, self._proof(name, "made up", f"{1_700_000_000 + turn}/{turn:032x}")))

    def _register(self, name: str, *headers: str) -> str:
        who = f"sip:{name}@{HERE}"
        return request("REGISTER", self._uri, *headers, sender=who, to=who)

    @property
    def _uri(self) -> str:
        return f"sip:{HERE}:{self.line[1]}"

    def _proof(self, name: str, password: str, nonce: str) -> str:
        """RFC 2617, 3.2.2."""
        who, what = _md5(f"{name}:asterisk:{password}"), _md5(f"REGISTER:{self._uri}")
        response = _md5(f"{who}:{nonce}:00000001:abc:auth:{what}")
        return (
            f'Authorization: Digest username="{name}", realm="asterisk", nonce="{nonce}", uri="{self._uri}", '
            f'response="{response}", algorithm=MD5, cnonce="abc", nc=00000001, qop=auth'
        )


def _nonce(asked: Message) -> str:
    found = re.search(r'nonce="([^"]*)"', asked.header("WWW-Authenticate"))
    return found[1] if found else ""


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
