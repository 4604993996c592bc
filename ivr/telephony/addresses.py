"""This machine's addresses, as far as the switch must be told about them."""

from __future__ import annotations

import contextlib
import fcntl
import socket
import struct

from ivr.telephony.conffile import section

LOOPBACK = "127.0.0.1"
_SIOCGIFADDR = 0x8915  # netdevice(7)


def own() -> tuple[str, ...]:
    """IPv4 addresses of the interfaces of this machine, loopback left out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        found = [_address(asked, name) for _, name in socket.if_nameindex()]
    return tuple(address for address in found if address and not address.startswith("127."))


def _address(asked: socket.socket, interface: str) -> str | None:
    with contextlib.suppress(OSError):  # an interface without an address
        told = fcntl.ioctl(asked, _SIOCGIFADDR, struct.pack("256s", interface.encode()[:15]))
        return socket.inet_ntoa(told[20:24])
    return None


def ice_hosts(bind_address: str) -> str:
    """rtp_addresses.conf: a line on loopback offers loopback in place of every address that it would offer."""
    hosts = own() if bind_address.startswith("127.") else ()
    return section("ice_host_candidates", *(f"{address} => {LOOPBACK}" for address in hosts))
