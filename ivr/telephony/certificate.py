"""A certificate and its key for phones that speak TLS: read and looked at, or made. PEM throughout."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from ivr.errors import ScriptError

LASTS = timedelta(days=3650)  # whoever gives it to a phone by hand should not have to again
STARTED_BEFORE = timedelta(days=1)  # a phone's clock may be behind
LONGEST = 1_000_000  # of a file with a chain of certificates
_CALLED = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "helpline")])


@dataclass(frozen=True, slots=True)
class Certificate:
    """`names`: DNS names and addresses that it is for. `fingerprint`: SHA-256, in hex. `own`: made here."""

    begins: datetime
    ends: datetime
    names: frozenset[str]
    fingerprint: str
    own: bool


def read(certificate: bytes, key: bytes) -> Certificate:
    """The first of a chain. Raises ScriptError when either cannot be read, or the key is another's."""
    seen = look(certificate)
    try:
        private = serialization.load_pem_private_key(key[:LONGEST], password=None)
        public = x509.load_pem_x509_certificate(certificate[:LONGEST]).public_key()
    except TypeError as error:
        raise ScriptError("the key needs a passphrase, which the switch cannot be told") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ScriptError("the key is no private key as PEM") from error
    if private.public_key() != public:
        raise ScriptError("the key does not belong to the certificate")
    return seen


def look(certificate: bytes) -> Certificate:
    """The first of a chain, without its key. Raises ScriptError when it cannot be read."""
    try:
        found = x509.load_pem_x509_certificate(certificate[:LONGEST])
        names, at = _names(found), (found.not_valid_before_utc, found.not_valid_after_utc)
    except (ValueError, UnsupportedAlgorithm, x509.DuplicateExtension) as error:
        raise ScriptError("the certificate is none as PEM") from error
    encoded = found.public_bytes(serialization.Encoding.DER)
    own = found.issuer == found.subject == _CALLED
    return Certificate(*at, names, hashlib.sha256(encoded).hexdigest(), own)


def _names(found: x509.Certificate) -> frozenset[str]:
    try:
        said = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return frozenset()
    addresses = said.get_values_for_type(x509.IPAddress)
    return frozenset((*said.get_values_for_type(x509.DNSName), *map(str, addresses)))


def make(names: Iterable[str], now: datetime) -> tuple[bytes, bytes]:
    """A self-signed one for `names`, DNS names or addresses, and its key."""
    key = rsa.generate_private_key(65537, 2048)  # what every phone knows, old ones too
    called = _CALLED
    made = (
        x509.CertificateBuilder(called, called, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - STARTED_BEFORE)
        .not_valid_after(now + LASTS)
        .add_extension(x509.SubjectAlternativeName([_name(name) for name in names]), critical=False)
        # A phone takes it for its own authority or for the switch's certificate, whichever it has a field for.
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return made.public_bytes(serialization.Encoding.PEM), key.private_bytes(*form)


def _name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
