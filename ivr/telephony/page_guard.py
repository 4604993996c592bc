"""What a telephone in a page may say to the switch: nothing under another name than its own.

The page does digest as any phone does, with a password that it makes up. The answer that this leads to is put right
here, on its way, so no page ever holds a password. Reference: RFC 3261, 22; RFC 2617, 3.2.2.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field

from ivr.errors import Refused

IN_A_CALL = frozenset({"INVITE", "ACK", "BYE", "CANCEL", "INFO", "UPDATE", "PRACK", "REFER", "NOTIFY"})
ALONE = frozenset({"REGISTER"})
_REQUEST = re.compile(r"([A-Z]+) sips?:[^ \r\n]{1,200} SIP/2\.0")
_ANSWER = re.compile(r"SIP/2\.0 [1-6][0-9]{2} ")
_USER = re.compile(r"[^<]{0,100}<?sips?:([A-Za-z0-9_.-]{1,64})@[^>;]{1,100}>?(;.*)?")
_PART = re.compile(r'(\w+)\s*=\s*(?:"([^"\\]*)"|([^\s",]+))')
# A name that can be written short, or over two lines, could be read differently by the switch.
_SHORT = {"f": "from", "t": "to", "m": "contact", "i": "call-id", "v": "via", "l": "content-length"}


@dataclass(frozen=True, slots=True)
class Guard:
    """`user`: the page's account on the switch."""

    user: str
    password: str = field(repr=False)

    def passed(self, message: str) -> str:
        """The message as the switch may get it. Raises Refused."""
        if not message.strip():
            return message  # two line ends keep the connection alive: RFC 5626, 3.5.1
        head, end, body = message.partition("\r\n\r\n")
        start, *lines = head.split("\r\n")
        if any(line[:1] in " \t" or "\n" in line or "\r" in line for line in lines) or not end:
            raise _refused("it is not written plainly")
        if _ANSWER.match(start):
            return message
        request = _REQUEST.fullmatch(start)
        if request is None:
            raise _refused("it is no SIP")
        self._look(request[1], lines)
        return "\r\n".join((start, *(self._answered(request[1], line) for line in lines))) + end + body

    def _look(self, method: str, lines: list[str]) -> None:
        """A request that begins something is REGISTER, of itself; all others belong to a call that the switch began."""
        (sender,), (to,) = _values(lines, "from"), _values(lines, "to")
        if _user(sender) != self.user:
            raise _refused("it speaks for somebody else")
        if method in ALONE:
            if _user(to) != self.user:
                raise _refused("it registers somebody else")
        elif method not in IN_A_CALL or ";tag=" not in to:
            raise _refused(f"{method} begins something")

    def _answered(self, method: str, line: str) -> str:
        name, _, value = line.partition(":")
        if name.strip().lower() not in ("authorization", "proxy-authorization"):
            return line
        parts = {found[1].lower(): found[2] or found[3] or "" for found in _PART.finditer(value)}
        if parts.get("username") != self.user or not value.strip().lower().startswith("digest "):
            raise _refused("it answers for somebody else")
        return re.sub(r'(?<![\w-])response\s*=\s*"[^"]*"', f'response="{self._digest(method, parts)}"', line)

    def _digest(self, method: str, parts: dict[str, str]) -> str:
        try:
            who = _md5(f"{self.user}:{parts['realm']}:{self.password}")
            what = _md5(f"{method}:{parts['uri']}")
            if "qop" not in parts:
                return _md5(f"{who}:{parts['nonce']}:{what}")
            middle = ":".join(parts[name] for name in ("nonce", "nc", "cnonce", "qop"))
        except KeyError:
            raise _refused("its answer lacks a part") from None
        return _md5(f"{who}:{middle}:{what}")


def _values(lines: list[str], name: str) -> tuple[str]:
    """The one value of a header. Raises Refused for none, and for two of which the switch could take the other."""
    split = [line.partition(":") for line in lines]
    found = [value.strip() for key, _, value in split if _long(key) == name]
    if len(found) != 1:
        raise _refused(f"it has {len(found)} headers of the name {name}")
    return (found[0],)


def _long(name: str) -> str:
    plain = name.strip().lower()
    return _SHORT.get(plain, plain)


def _user(value: str) -> str:
    """The user of a name-addr; nothing when it could be read in two ways."""
    quoted = re.sub(r'^"[^"\\<>]{0,60}"\s*', "", value)
    found = _USER.fullmatch(quoted)
    return found[1] if found and quoted.lower().count("sip:") + quoted.lower().count("sips:") == 1 else ""


def _md5(text: str) -> str:
    """RFC 2617 knows no other."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _refused(why: str) -> Refused:
    return Refused(f"a message of a telephone in a page: {why}", remedy="Load the page again.")
