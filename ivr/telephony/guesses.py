"""Guesses at telephones' passwords, counted by address: who is refused for a while, and who never is. Pure.

The switch tells of every wrong password and every right one, and from where (measured on 22.10). What it does not tell
is whether a wrong one answered a challenge of its own: an answer to a nonce that somebody made up is told alike, and
the nonces that it sends it tells nobody. So over UDP wrong passwords can be sent in another's name. A right one cannot:
its sender must have heard the challenge. Hence an address that proved one lately is refused for nothing, as little as
the carrier's and those of phones that are registered: to lie about one's address locks out nobody who is at work.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Any

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

USER = "guard"  # asterisk-conf/manager.conf
WRONG, RIGHT = "ChallengeResponseFailed", "SuccessfulAuth"
HEARD = frozenset({WRONG, RIGHT})
WITHIN_S = 60.0
KNOWN_FOR_S = 30 * 86_400.0  # an address that proved a right password
# However many addresses are made up, no more are kept: the oldest go.
MOST_COUNTED, MOST_REFUSED, MOST_KNOWN = 4_096, 256, 4_096
ONE_OF_IPV6 = 64  # whoever has one address has as many
_NOTHING: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Attempt:
    """At a password. `address` as `network_of` writes it."""

    address: str
    right: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """Times in seconds since 1970."""

    address: str
    since: float
    until: float


@dataclass(frozen=True, slots=True)
class Book:
    """What is kept. `known`: when a right password came from there last. `wrong`, `times`: how many passwords were
    wrong, and how often somebody was refused."""

    refused: tuple[Refused, ...] = ()
    known: Mapping[str, float] = field(default_factory=lambda: _NOTHING)
    wrong: int = 0
    times: int = 0


@dataclass(frozen=True, slots=True)
class Noted:
    """What was heard since the last look. `over`: too many were wrong from there."""

    over: frozenset[str] = frozenset()
    proved: Mapping[str, float] = field(default_factory=lambda: _NOTHING)
    wrong: int = 0


def secret(ami: str) -> str:
    """The password of our user, made from that of the other one, which it does not tell."""
    return hmac.new(ami.encode(), b"who guesses passwords", hashlib.sha256).hexdigest()


def network_of(address: str) -> str | None:
    """192.0.2.7, or 2001:db8::/64; None for what is no address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    return str(found.ipv4_mapped or ipaddress.IPv6Network((int(found), ONE_OF_IPV6), strict=False))


def attempt(name: str, told: Mapping[str, str]) -> Attempt | None:
    """What an event of the switch tells of one; None when it tells none. RemoteAddress: IPV4/UDP/192.0.2.7/5060."""
    where = told.get("RemoteAddress", "").split("/")
    address = network_of(where[2]) if len(where) == 4 else None
    if address is None or name not in HEARD or told.get("Service") != "PJSIP":
        return None
    if name == RIGHT and told.get("UsingPassword") != "1":
        return None
    return Attempt(address, name == RIGHT)


class Counter:
    """Attempts by address. `limit`: so many wrong ones within a minute are too many."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._wrong: dict[str, deque[float]] = {}
        self._over: set[str] = set()
        self._proved: dict[str, float] = {}
        self._count = 0

    @property
    def kept(self) -> int:
        """How much is kept."""
        return len(self._wrong) + len(self._over) + len(self._proved)

    def note(self, heard: Attempt, at: float) -> bool:
        """Whether that one was too many."""
        if heard.right:
            _put(self._proved, heard.address, at, MOST_KNOWN)
            return False
        self._count += 1
        times = self._wrong.pop(heard.address, None) or deque(maxlen=self._limit)
        times.append(at)
        _put(self._wrong, heard.address, times, MOST_COUNTED)
        if len(times) < self._limit or not 0 <= at - times[0] <= WITHIN_S or len(self._over) >= MOST_REFUSED:
            return False
        self._over.add(heard.address)
        return True

    def taken(self) -> Noted:
        """Since this was asked last."""
        noted = Noted(frozenset(self._over), dict(self._proved), self._count)
        for address in self._over:
            self._wrong.pop(address, None)
        self._over, self._proved, self._count = set(), {}, 0
        return noted


def _put(kept: dict[str, Any], address: str, value: Any, most: int) -> None:
    kept.pop(address, None)  # or it would keep the place of the first time
    kept[address] = value
    while len(kept) > most:
        del kept[next(iter(kept))]


def decided(book: Book, noted: Noted, spared: Sequence[Network], refused_s: float, now: float) -> Book:
    """The book after that. `spared`: the carrier, this machine, phones that are registered: none of them is refused.

    Whoever is refused already is not for longer. A clock that was set back refuses nobody for longer than it should.
    """
    known = _newest({**book.known, **noted.proved}, now)
    held = {each.address: each for each in book.refused if each.since <= now < each.until <= now + refused_s}
    fresh = {a: Refused(a, now, now + refused_s) for a in noted.over if a not in held}
    kept = [r for r in (*held.values(), *fresh.values()) if r.address not in known and not is_in(r.address, spared)]
    kept = sorted(kept, key=lambda each: (each.until, each.address))[-MOST_REFUSED:]
    times = sum(each.address in fresh for each in kept)
    return Book(tuple(kept), known, book.wrong + noted.wrong, book.times + times)


def _newest(known: Mapping[str, float], now: float) -> dict[str, float]:
    lately = [(address, at) for address, at in known.items() if 0 <= now - at <= KNOWN_FOR_S]
    return dict(sorted(lately, key=lambda each: each[1])[-MOST_KNOWN:])


def is_in(address: str, networks: Iterable[Network]) -> bool:
    own = ipaddress.ip_network(address)
    return any(own.version == each.version and own.overlaps(each) for each in networks)


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Those of `texts` that are addresses or networks, in order, each once."""
    found = set[Network]()
    for text in texts:
        try:
            found.add(ipaddress.ip_network(text, strict=False))
        except ValueError:  # a name: whoever has only that is known by other means
            continue
    return tuple(sorted(found, key=lambda each: (each.version, each)))


def access_list(book: Book, spared: Iterable[Network]) -> str:
    """acl_refused.conf. The last line that fits decides: so whoever is spared is spared, whatever stands before."""
    if not book.refused:
        return ""
    denied = (f"deny = {each.address}" for each in book.refused)
    return "\n".join((*denied, *(f"permit = {each}" for each in spared), ""))


def as_text(book: Book) -> str:
    refused = [asdict(each) for each in book.refused]
    return json.dumps({"refused": refused, "known": dict(book.known), "wrong": book.wrong, "times": book.times})


def from_text(text: str) -> Book:
    """What cannot be read is an empty book: then nobody is refused."""
    try:
        told = json.loads(text)
        refused = tuple(
            Refused(each["address"], float(each["since"]), float(each["until"]))
            for each in told["refused"][:MOST_REFUSED]
            if network_of(each["address"].partition("/")[0]) == each["address"]
        )
        known = {str(address): float(at) for address, at in told["known"].items()}
        return Book(refused, known, int(told["wrong"]), int(told["times"]))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        return Book()
