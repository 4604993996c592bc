"""The carrier's trunk as configuration, and whether it is up. Without a host there is none: only loopback may call."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from ivr.errors import ScriptError
from ivr.telephony.conffile import plain, section

MOBILE_S = 40  # of one mobile at most: 20 s of ringing, then up to two announcements
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"


@dataclass(frozen=True, slots=True)
class Trunk:
    host: str
    port: int = 5060
    transport: str = "udp"
    addresses: tuple[str, ...] = ()
    register: bool = False
    username: str = ""
    password: str = field(default="", repr=False)
    codecs: tuple[str, ...] = ("alaw", "ulaw")
    numbers: tuple[str, ...] = ()
    srtp: bool = False


def trunk_conf(trunk: Trunk | None, bind_address: str) -> str:
    """pjsip_trunk.conf."""
    if trunk is None:
        return "; No trunk: only calls from this machine reach the line.\n"
    parts = [_endpoint(trunk), _aor(trunk), _identify(trunk)]
    parts += [_auth(trunk)] if trunk.username else []
    parts += [_registration(trunk)] if trunk.register else []
    parts += [_transport(trunk, bind_address)] if trunk.transport != "udp" else []
    return "\n".join(parts)


@dataclass(frozen=True, slots=True)
class OnCall:
    """Mobiles of counsellors on call: rung all at once, or in their order. See `dialplan/mobile.conf`."""

    numbers: tuple[str, ...] = field(default=(), repr=False)
    one_by_one: bool = False

    @property
    def places(self) -> str:
        """Dial string by places in the list, never by number; empty when there is nobody.

        /n: the Local channel stays, so that the caller never changes bridges and the record shows one talk.
        """
        first = self.numbers[:1] if self.one_by_one else self.numbers
        return "&".join(f"Local/{place}@mobile/n" for place, _ in enumerate(first, 1))

    @property
    def longest_s(self) -> int:
        """From the first ring until the last mobile has been given up."""
        return MOBILE_S * (len(self.numbers) if self.one_by_one else 1)


def mobiles_conf(on_call: OnCall) -> str:
    """globals_mobiles.conf: each mobile's dial string, by its place in the list."""
    lines = (f"HL_MOBILE_{place}=PJSIP/{_digits(number)}@trunk" for place, number in enumerate(on_call.numbers, 1))
    return "\n".join(("; Mobiles of counsellors on call.", *lines, ""))


def outside_conf(patterns: Iterable[str]) -> str:
    """extensions_outside.conf: which numbers a counsellor may ring. `patterns` are the switch's own: 0ZXXXXXXXX.

    Raises ScriptError for one that is no pattern of digits, or that matches without an end.
    """
    lines = (f"exten => _{_pattern(pattern)},1,NoOp()" for pattern in patterns)
    return "\n".join(("; Numbers that may be rung by dialplan/ring_out.conf.", "[outside]", *lines, ""))


def _pattern(pattern: str) -> str:
    if not re.fullmatch(r"[0-9XZN]{2,15}", pattern):
        raise ScriptError(
            f"IVR_RING_OUT_NUMBERS: {pattern!r} is no pattern of a number",
            remedy="Digits, X (0 to 9), Z (1 to 9) and N (2 to 9): 0ZXXXXXXXX is any national number.",
        )
    return pattern


def _digits(number: str) -> str:
    kept = re.sub(r"[ ().-]", "", number)
    if not re.fullmatch(r"\+?\d{3,15}", kept):
        raise ScriptError("IVR_ONCALL_NUMBERS holds something that is no telephone number")
    return kept


def _uri(trunk: Trunk) -> str:
    return f"sip:{plain(trunk.host, 'trunk host')}:{trunk.port}" + (
        f"\\;transport={trunk.transport}" if trunk.transport != "udp" else ""
    )


def _endpoint(trunk: Trunk) -> str:
    return section(
        "trunk",
        "type = endpoint",
        "identify_by = ip",  # else whoever calls himself "trunk" is the carrier, from anywhere
        f"transport = {trunk.transport}",
        "context = incoming",
        "disallow = all",
        f"allow = {plain(','.join(trunk.codecs), 'trunk codecs')}",
        "aors = trunk",
        "direct_media = no",
        "dtmf_mode = auto",
        "rtp_symmetric = yes",
        "force_rport = yes",
        "send_pai = no",
        "send_rpid = no",
        "allow_transfer = no",
        *(("outbound_auth = trunk",) if trunk.username else ()),
        *(("media_encryption = sdes",) if trunk.srtp else ()),
    )


def _aor(trunk: Trunk) -> str:
    return section("trunk", "type = aor", f"contact = {_uri(trunk)}", "qualify_frequency = 60")


def _identify(trunk: Trunk) -> str:
    addresses = trunk.addresses or (trunk.host,)
    return section(
        "trunk", "type = identify", "endpoint = trunk", *(f"match = {plain(a, 'address')}" for a in addresses)
    )


def _auth(trunk: Trunk) -> str:
    return section(
        "trunk",
        "type = auth",
        "auth_type = userpass",
        f"username = {plain(trunk.username, 'trunk user name')}",
        f"password = {plain(trunk.password, 'trunk password')}",
    )


def _registration(trunk: Trunk) -> str:
    return section(
        "trunk",
        "type = registration",
        f"transport = {trunk.transport}",
        f"server_uri = {_uri(trunk)}",
        f"client_uri = sip:{plain(trunk.username, 'trunk user name')}@{plain(trunk.host, 'trunk host')}",
        f"contact_user = {plain(trunk.numbers[0], 'trunk number') if trunk.numbers else trunk.username}",
        "retry_interval = 20",
        "forbidden_retry_interval = 60",
        "max_retries = 1000000",
        *(("outbound_auth = trunk",) if trunk.username else ()),
    )


def _transport(trunk: Trunk, bind_address: str) -> str:
    secure = ("method = tlsv1_2", "verify_server = yes", f"ca_list_file = {CERTIFICATES}")
    return section(
        trunk.transport,
        "type = transport",
        f"protocol = {trunk.transport}",
        f"bind = {bind_address}:0",
        *(secure if trunk.transport == "tls" else ()),
    )


def is_up(contacts: str, registrations: str, trunk: Trunk) -> bool:
    """Whether the carrier answers, from what the switch prints for `pjsip show contacts` and `… registrations`."""
    if trunk.register:
        return bool(re.search(r"^\s*trunk/\S+\s.*Registered", registrations, re.MULTILINE))
    return bool(re.search(r"Contact:\s+trunk/\S+\s.*Avail", contacts))


def matches(identifies: str) -> tuple[str, ...]:
    """From where calls come without a password, from what the switch prints for `pjsip show identifies`."""
    return tuple(re.findall(r"^\s*Match:\s+(\S+/\S+)", identifies, re.MULTILINE))
