"""Counsellors' phones: their SIP accounts and their places in the queues, as configuration; who is registered.

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

ON_LOOPBACK = ("media_address = 127.0.0.1", "bind_rtp_to_media_address = yes")

# Of each: where its messages came from, and where it is rung.
_WHERE = re.compile(r'"via_addr":"([^"]+)"|"uri":"sips?:(?:[^"]*@)?(?:\[([^]"]+)\]|([0-9.]+))')
_CONTACT = re.compile(rf"Contact:\s+(?P<extension>[0-9]+)(?:{PAGE})?/sip")


@dataclass(frozen=True, slots=True)
class Phone:
    extension: str
    counsellor: str
    languages: tuple[str, ...]
    password: str = field(repr=False)
    rings_out: bool = False


def accounts(phones: Iterable[Phone], *, behind_nat: bool) -> str:
    """pjsip_phones.conf. One contact per phone, one per page: a new registration takes the place of the old one.

    `behind_nat`: phones may sit in other networks, where the address they tell is not the one they are reached at.
    """
    return "\n".join(_account(phone, behind_nat) for phone in phones)


def _account(phone: Phone, behind_nat: bool) -> str:
    number = plain(phone.extension, "extension")
    known = (
        f'callerid = "{plain(phone.counsellor, "name")}" <{number}>',
        f"set_var = {Variable.SPEAKS}={plain(phone.languages[0], 'language')}",
        *((f"set_var = {Variable.RINGS_OUT}=yes",) if phone.rings_out else ()),
        "set_var = FORWARD_CONTEXT=moved",
        "direct_media = no",
        "rtp_symmetric = yes",
        "force_rport = yes",
        f"rewrite_contact = {'yes' if behind_nat else 'no'}",
        "allow_transfer = no",
    )
    desk, page = (*_ON_DESK, *known), (*_IN_PAGE, *known, *(() if behind_nat else ON_LOOPBACK))
    password = page_password(phone.password)
    return "\n".join((_station(number, phone.password, desk), _station(page_of(number), password, page)))


# A page begins no call of its own: who sits at it is rung.
_ON_DESK = (
    "context = counsellor",
    "transport = udp",
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
    return hmac.new(password.encode(), b"the telephone in the page", hashlib.sha256).hexdigest()


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


def registered(shown: str) -> frozenset[str]:
    """Extensions with a contact, from what the switch prints for `pjsip show contacts`."""
    return frozenset(found["extension"] for found in _CONTACT.finditer(shown))


def hosts(stored: str) -> tuple[str, ...]:
    """From where phones are registered, from what the switch prints for `database show registrar/contact`: whole, where
    `pjsip show contacts` cuts a long one off."""
    return tuple("".join(found) for found in _WHERE.findall(stored))
