"""Who is registered, and of whom nothing comes in the clear, from what the switch prints."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ivr.routing.plan import PAGE

SHOWN = "pjsip show contacts"
STORED = "database show registrar/contact"  # the former cuts an address short where it says how it is reached
_CONTACT = re.compile(rf"Contact:\s+(?P<extension>[0-9]+)(?:{PAGE})?/sip")
_STORED = re.compile(r'/registrar/contact/(?P<extension>[0-9]+);@.*?"uri":"(?P<uri>[^"]*)"')
_BY_TLS = re.compile(r"(?i)sips:|.*(?:;|\^3B)transport=tls\b")  # the database writes ; as ^3B


@dataclass(frozen=True, slots=True)
class Known:
    """Extensions with a contact; `encrypted`: those of them whose desk phone is there by TLS, or is not there at all: a
    page is always encrypted.
    """

    registered: frozenset[str]
    encrypted: frozenset[str]


def known(shown: str, stored: str) -> Known:
    """What the switch prints for SHOWN and for STORED."""
    everybody = frozenset(found["extension"] for found in _CONTACT.finditer(shown))
    clear = {found["extension"] for found in _STORED.finditer(stored) if not _BY_TLS.match(found["uri"])}
    return Known(everybody, everybody - clear)
