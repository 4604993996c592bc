"""Counsellors' phones: their SIP accounts and their places in the queues, as configuration; who is registered."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

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

_CONTACT = re.compile(r"Contact:\s+(?P<extension>[0-9]+)/sip")


@dataclass(frozen=True, slots=True)
class Phone:
    extension: str
    counsellor: str
    languages: tuple[str, ...]
    password: str = field(repr=False)
    rings_out: bool = False


def accounts(phones: Iterable[Phone], *, behind_nat: bool) -> str:
    """pjsip_phones.conf. One contact per phone: a new registration takes the place of the old one.

    `behind_nat`: phones may sit in other networks, where the address they tell is not the one they are reached at.
    """
    return "\n".join(_account(phone, behind_nat) for phone in phones)


def _account(phone: Phone, behind_nat: bool) -> str:
    number = plain(phone.extension, "extension")
    return "\n".join(
        (
            section(
                number,
                "type = endpoint",
                "transport = udp",
                "context = counsellor",
                "disallow = all",
                "allow = ulaw,alaw",
                f"auth = {number}",
                f"aors = {number}",
                f'callerid = "{plain(phone.counsellor, "name")}" <{number}>',
                f"set_var = {Variable.SPEAKS}={plain(phone.languages[0], 'language')}",
                *((f"set_var = {Variable.RINGS_OUT}=yes",) if phone.rings_out else ()),
                "direct_media = no",
                "rtp_symmetric = yes",
                "force_rport = yes",
                f"rewrite_contact = {'yes' if behind_nat else 'no'}",
                f"rtp_timeout = {SILENT_PHONE_S}",
                f"rtp_timeout_hold = {HELD_PHONE_S}",
                "allow_transfer = no",
            ),
            section(
                number, "type = auth", "auth_type = userpass", f"username = {number}", f"password = {phone.password}"
            ),
            section(number, "type = aor", "max_contacts = 1", "remove_existing = yes"),
        )
    )


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
        *(f"member => PJSIP/{phone.extension},{penalty},{phone.extension}" for phone in members),
    )


def registered(shown: str) -> frozenset[str]:
    """Extensions with a contact, from what the switch prints for `pjsip show contacts`."""
    return frozenset(found["extension"] for found in _CONTACT.finditer(shown))
