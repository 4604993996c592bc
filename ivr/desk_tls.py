"""The certificate of phones on desks that speak TLS: taken over or made when the line opens, and how it is.

Nothing here keeps the line shut. What was given and cannot be used leaves the one before in its place, or one is made.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from ivr.errors import ScriptError
from ivr.records.ownership import PRIVATE_FILE, PRIVATE_FOLDER
from ivr.settings import Settings
from ivr.telephony import addresses, certificate
from ivr.telephony.certificate import Certificate

RENEW_BEFORE = timedelta(days=365)  # of one that we made; phones may have to be told of the next
WITHIN_S = 2.0
ANYWHERE = "0.0.0.0"  # noqa: S104  compared with, not bound to

Pair = tuple[bytes, bytes]


def take(settings: Settings, now: datetime, tell: Callable[[str], None]) -> None:
    """What the switch is to show, in `desk_certificate` and `desk_key`. Raises OSError when these cannot be written."""
    if not settings.sip_tls_port:
        return
    try:
        found = given(settings)
    except ScriptError as error:
        tell(f"{error}; phones by TLS are shown another")
        if in_place(settings):
            return
        found = None
    if found is None and _stays(settings, in_place(settings), now):
        return
    if found is None:
        tell("making a certificate for phones on desks")
    _keep(settings, found or certificate.make(_names(settings), now))


def given(settings: Settings) -> Pair | None:
    """The certificate of the settings and its key; None where none is set. Raises ScriptError for one of no use."""
    if settings.sip_tls_certificate is None:
        return None
    pair = _text(settings.sip_tls_certificate), _text(settings.sip_tls_key or settings.sip_tls_certificate)
    try:
        certificate.read(*pair)
    except ScriptError as error:
        raise ScriptError(f"{settings.sip_tls_certificate}: {error}", remedy=REMEDY) from error
    return pair


REMEDY = "Look at IVR_SIP_TLS_CERTIFICATE and IVR_SIP_TLS_KEY, then `ivr up --renew`."


def _text(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(certificate.LONGEST)
    except OSError as error:
        raise ScriptError(f"{path}: {error.strerror}", remedy=REMEDY) from error


def in_place(settings: Settings) -> Certificate | None:
    """What is shown from the next reload on. None where it cannot be read."""
    try:
        return certificate.read(_text(settings.desk_certificate), _text(settings.desk_key))
    except ScriptError:
        return None


def _stays(settings: Settings, there: Certificate | None, now: datetime) -> bool:
    """Whether it is one that we made, for long, and for the address that phones were told; others come and go."""
    if there is None or not there.own or there.ends - now < RENEW_BEFORE:
        return False
    return settings.bind_address in {ANYWHERE, *there.names}


def _names(settings: Settings) -> tuple[str, ...]:
    known = addresses.own() if settings.bind_address == ANYWHERE else (settings.bind_address,)
    return (*known, addresses.LOOPBACK) if addresses.LOOPBACK not in known else known


def _keep(settings: Settings, pair: Pair) -> None:
    folder = settings.desk_certificate.parent
    folder.mkdir(PRIVATE_FOLDER, exist_ok=True)
    for path, text in zip((settings.desk_certificate, settings.desk_key), pair, strict=True):
        if path.exists() and path.read_bytes() == text:
            continue
        partial = path.with_suffix(".new")
        partial.unlink(missing_ok=True)
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE), "wb") as file:
            file.write(text)
        partial.replace(path)


def served(settings: Settings) -> Certificate | None:
    """What a phone is shown at this moment; None when nobody answers by TLS there. Waits WITHIN_S at most."""
    try:
        shown = ssl.get_server_certificate((settings.own_address, settings.sip_tls_port), timeout=WITHIN_S)
        return certificate.look(shown.encode())
    except (OSError, ScriptError, ValueError):
        return None


def look(pair: Pair) -> Certificate:
    return certificate.read(*pair)


def warning(settings: Settings) -> str:
    """Of an open line: why phones by TLS are not shown what was given, or cannot connect. Empty when all is well."""
    if not settings.sip_tls_port:
        return ""
    try:
        given(settings)
    except ScriptError as error:
        return f"{error}; phones by TLS are shown another certificate"
    if served(settings):
        return ""
    return f"phones cannot connect by TLS: port {settings.sip_tls_port} is closed, or another's; calls are answered"
