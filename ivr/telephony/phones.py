"""Counsellors' phones: their SIP accounts and their places in the queues, as configuration; who is registered."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ivr.telephony.conffile import plain, section

RING_S = 20  # then the queue may speak to the caller (comfort) and rings again at once
COMFORT_EVERY_S = 20
SILENT_PHONE_S = 30  # a phone that sends no sound for so long is gone; some suppress silence, so not shorter
HELD_PHONE_S = 300

_CONTACT = re.compile(r"Contact:\s+(?P<extension>[0-9]+)/sip")


@dataclass(frozen=True, slots=True)
class Phone:
    extension: str
    counsellor: str
    languages: tuple[str, ...]
    password: str = field(repr=False)


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


def queues(phones: Iterable[Phone], names: Mapping[str, str]) -> str:
    """queues_counsellors.conf. `names`: language, or "everybody", to queue (`helpline.toml`)."""
    known = tuple(phones)
    return "\n".join(
        _queue(queue, [p for p in known if what == "everybody" or what in p.languages]) for what, queue in names.items()
    )


def _queue(name: str, members: list[Phone]) -> str:
    return section(
        plain(name, "queue"),
        "strategy = ringall",
        f"timeout = {RING_S}",
        "retry = 1",
        "joinempty = yes",
        "leavewhenempty = no",
        "ringinuse = no",
        "context = waiting",
        "musicclass = default",
        # found by the caller's language: sounds/<lang>/helpline/comfort
        "periodic-announce = helpline/comfort",
        f"periodic-announce-frequency = {COMFORT_EVERY_S}",
        *(f"member => PJSIP/{phone.extension}" for phone in members),
    )


def registered(shown: str) -> frozenset[str]:
    """Extensions with a contact, from what the switch prints for `pjsip show contacts`."""
    return frozenset(found["extension"] for found in _CONTACT.finditer(shown))
