"""Counsellors' phones: their SIP accounts and their places in the queues, as configuration.

A counsellor has a phone on the desk (PJSIP/101), a telephone in the page (PJSIP/101-page), or both. Two accounts, as
one offer for both kinds is not to be had: to a phone that answers an offer of DTLS without it, the switch sends no
sound (measured on 22.10). The page rings where one is there, else the phone (routing/plan.py); where no program looks
after the queues, both.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ivr.routing.plan import PAGE
from ivr.routing.skills import ANYBODY_QUEUE, is_for_danger
from ivr.telephony.conffile import plain, section
from ivr.telephony.variables import Variable

RING_S = 15  # then the queue may speak to the caller and rings again, the next one if there is another
SAME = 5  # the penalty that tells the ledger: tried first, because they talked before
LEAST_RECENT, RING_ALL = "leastrecent", "ringall"
# Words for who waits, one after another: at 20 s, 45 s, 70 s, 95 s. For a caller in danger the first come sooner.
WORDS = ("wait-presence", "wait-ways", "comfort", "wait-honest")
DANGER_WORD = "danger-waiting"
WORDS_AT_S, WORDS_EVERY_S, DANGER_WORDS_AT_S = 20, 25, 6
SILENT_PHONE_S = 30  # a phone that sends no sound for so long is gone; some suppress silence, so not shorter
HELD_PHONE_S = 300
SILENT_PAGE_S, HELD_PAGE_S = 10, 60  # a browser always sends; a cut connection costs no call

ALL = "all"
PLAIN = "plain"  # the domain of every transport that is not encrypted
BY_TLS = "desk-tls"
ON_LOOPBACK = ("media_address = 127.0.0.1", "bind_rtp_to_media_address = yes")

# Of each: where its messages came from, and where it is rung.
_WHERE = re.compile(r'"via_addr":"([^"]+)"|"uri":"sips?:(?:[^"]*@)?(?:\[([^]"]+)\]|([0-9.]+))')


@dataclass(frozen=True, slots=True)
class Phone:
    extension: str
    counsellor: str
    languages: tuple[str, ...]
    password: str = field(repr=False)
    rings_out: bool = False


@dataclass(frozen=True, slots=True)
class Encryption:
    """Whether phones on desks are offered TLS and SRTP, and which must use it: extensions, or `ALL` among them."""

    offered: bool = False
    compulsory: frozenset[str] = frozenset()

    def must(self, extension: str) -> bool:
        """Never where it is not offered: such a phone could not be reached at all."""
        return self.offered and not self.compulsory.isdisjoint((extension, ALL))


def accounts(phones: Iterable[Phone], *, behind_nat: bool, encryption: Encryption = Encryption()) -> str:
    """pjsip_phones.conf. One contact per phone, one per page: a new registration takes the place of the old one.

    `behind_nat`: phones may sit in other networks, where the address they tell is not the one they are reached at.
    """
    return "\n".join(_account(phone, behind_nat, encryption) for phone in phones)


def _account(phone: Phone, behind_nat: bool, encryption: Encryption) -> str:
    number = plain(phone.extension, "extension")
    known = (
        f'callerid = "{plain(phone.counsellor, "name")}" <{number}>',
        f"set_var = {Variable.SPEAKS}={plain(phone.languages[0], 'language')}",
        *((f"set_var = {Variable.RINGS_OUT}=yes",) if phone.rings_out else ()),
        "set_var = FORWARD_CONTEXT=moved",
        "direct_media = no",
        "rtp_symmetric = yes",
        "force_rport = yes",
        "allow_transfer = no",
    )
    must = encryption.must(number)
    # A phone by TLS takes no connection, it is reached by the one it made.
    desk = (*_ON_DESK, *known, _rewritten(behind_nat or must), *_encrypted(encryption, must))
    page = (*_IN_PAGE, *known, _rewritten(behind_nat), *(() if behind_nat else ON_LOOPBACK))
    stations = [_station(number, phone.password, desk), _station(page_of(number), page_password(phone.password), page)]
    return "\n".join((*stations, *((_refused(number, phone.password),) if must else ())))


def _rewritten(is_so: bool) -> str:
    return f"rewrite_contact = {'yes' if is_so else 'no'}"


def _encrypted(encryption: Encryption, must: bool) -> tuple[str, ...]:
    """Keys by SDES. A phone that may offers RTP/AVP with a key or without; one that must, RTP/SAVP or nothing."""
    if not encryption.offered:
        return ("transport = udp",)
    if must:
        return (f"transport = {BY_TLS}", "media_encryption = sdes")
    return ("media_encryption = sdes", "media_encryption_optimistic = yes")


def _refused(number: str, password: str) -> str:
    """Whom the switch takes a phone for that must be encrypted and comes by a transport that is not: the domain of the
    transport is looked at before the name alone. Nobody knows the password, so it is answered as with a wrong one.
    """
    name, secret = f"{number}@{PLAIN}", _made_from(password, b"not encrypted")
    auth = section(name, "type = auth", "auth_type = userpass", f"username = {number}", f"password = {secret}")
    return "\n".join((section(name, "type = endpoint", "context = refused", "disallow = all", f"auth = {name}"), auth))


def desk_transport(address: str, certificate: Path, key: Path) -> str:
    """pjsip_tls.conf: the port of phones by TLS, `address` with its port. Read again on reload, the files too."""
    return section(
        BY_TLS,
        "type = transport",
        "protocol = tls",
        f"bind = {address}",
        "method = tlsv1_2",
        f"cert_file = {plain(str(certificate), 'the certificate')}",
        f"priv_key_file = {plain(str(key), 'the key')}",
    )


# A page begins no call of its own: who sits at it is rung.
_ON_DESK = (
    "context = counsellor",
    "disallow = all",
    "allow = ulaw,alaw",
    f"rtp_timeout = {SILENT_PHONE_S}",
    f"rtp_timeout_hold = {HELD_PHONE_S}",
)
_IN_PAGE = (
    "context = page",
    "transport = ws",
    "webrtc = yes",
    "disallow = all",
    "allow = ulaw",
    f"rtp_timeout = {SILENT_PAGE_S}",
    f"rtp_timeout_hold = {HELD_PAGE_S}",
)


def _station(name: str, password: str, endpoint: tuple[str, ...]) -> str:
    return "\n".join(
        (
            section(name, "type = endpoint", *endpoint, f"auth = {name}", f"aors = {name}"),
            section(name, "type = auth", "auth_type = userpass", f"username = {name}", f"password = {password}"),
            section(name, "type = aor", "max_contacts = 1", "remove_existing = yes"),
        )
    )


def page_of(extension: str) -> str:
    """The SIP account of a counsellor's page."""
    return extension + PAGE


def extension_of(station: str) -> str:
    """Whose phone or page that account is."""
    return station.removesuffix(PAGE)


def page_password(password: str) -> str:
    """Made from that of the phone on the desk, which it does not tell. Only the site and the switch know it."""
    return _made_from(password, b"the telephone in the page")


def _made_from(password: str, what: bytes) -> str:
    return hmac.new(password.encode(), what, hashlib.sha256).hexdigest()


def queues(phones: Iterable[Phone], needs: Iterable[str]) -> str:
    """queues_counsellors.conf. `needs`: the queues of routing/skills.py; who stands in them is told over AMI.

    Two kinds have their members written down, so that they are there when no program is: everybody's, and one for each
    counsellor alone, for the caller who talked with them lately.
    """
    known = tuple(phones)
    return "\n".join(
        (
            *(_queue(plain(need, "queue"), (), _strategy(need), danger=is_for_danger(need)) for need in needs),
            _queue("everybody", known, RING_ALL),
            *(_queue(f"same-{phone.extension}", (phone,), RING_ALL, penalty=SAME) for phone in known),
        )
    )


def _strategy(need: str) -> str:
    return RING_ALL if need == ANYBODY_QUEUE else LEAST_RECENT


def _queue(name: str, members: Iterable[Phone], strategy: str, *, danger: bool = False, penalty: int = 0) -> str:
    words = (DANGER_WORD, *WORDS) if danger else WORDS
    return section(
        name,
        f"strategy = {strategy}",
        f"timeout = {RING_S}",
        "retry = 1",
        "joinempty = yes",
        "leavewhenempty = no",
        "ringinuse = no",
        "autofill = yes",
        f"weight = {int(danger)}",
        "setinterfacevar = yes",
        "context = waiting",
        "musicclass = default",
        # found by the caller's language: sounds/<lang>/helpline/…
        f"periodic-announce = {','.join(f'helpline/{word}' for word in words)}",
        f"periodic-announce-startdelay = {DANGER_WORDS_AT_S if danger else WORDS_AT_S}",
        f"periodic-announce-frequency = {WORDS_EVERY_S}",
        *(
            f"member => PJSIP/{station},{penalty},{phone.extension}"
            for phone in members
            for station in (phone.extension, page_of(phone.extension))
        ),
    )


def hosts(stored: str) -> tuple[str, ...]:
    """From where phones are registered, from what the switch prints for `database show registrar/contact`: whole, where
    `pjsip show contacts` cuts a long one off."""
    return tuple("".join(found) for found in _WHERE.findall(stored))
