"""The second factor: six digits that a telephone shows, new every 30 s (TOTP, RFC 6238)."""

from __future__ import annotations

import hmac
from datetime import datetime

import pyotp

STEP_S = 30
ISSUER = "116111"
_DRIFT = (0, -1, 1)  # steps by which a telephone's clock may be off


def new_secret() -> str:
    """160 bits in base32."""
    return pyotp.random_base32()


def address(secret: str, name: str) -> str:
    """The otpauth:// address that a telephone's camera reads."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER)


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """Which step's code it is, counted from 1970; None when it is none of now. A step is to be accepted once."""
    current = int(now.timestamp()) // STEP_S
    generator = pyotp.HOTP(secret)
    return next((current + by for by in _DRIFT if hmac.compare_digest(generator.at(current + by), code)), None)
