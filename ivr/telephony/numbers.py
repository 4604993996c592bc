"""Telephone numbers: one form (E.164) for comparing, one hash for recognising, and nothing that prints them whole."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from phonenumbers import ValidationResult

HOME = "AZ"
HOME_CODE = "+994"
DIALLED_MAX = 32
_DIALLABLE = re.compile(r"\+?[0-9(][0-9 ()./-]{2,30}", re.ASCII)
_HOME = re.compile(r"\+994[0-9]{9}")  # what the library would find too, without its 15 µs
_DEAR = re.compile(r"\+994900")  # dialplan/ring_out.conf has them too
_UNPRINTABLE = re.compile(r"[^\x21-\x7e]")


@dataclass(frozen=True, slots=True, repr=False)
class PhoneNumber:
    """A number in E.164. Printing it, in any way, shows the country and the last two digits."""

    e164: str

    def __str__(self) -> str:
        return f"{self.e164[:4]}…{self.e164[-2:]}"

    def __repr__(self) -> str:
        return f"PhoneNumber({self})"

    @property
    def is_dear(self) -> bool:
        """Whether whoever rings it pays its owner: a promise to ring it back would be a way to the line's money."""
        paid = (phonenumbers.PhoneNumberType.PREMIUM_RATE, phonenumbers.PhoneNumberType.SHARED_COST)
        return bool(_DEAR.match(self.e164)) or phonenumbers.number_type(phonenumbers.parse(self.e164)) in paid

    def caller_hash(self, key: bytes) -> str:
        """32 hex digits that tell the same caller again. Without the key nobody can try all numbers against it."""
        return hmac.digest(key, self.e164.encode(), "sha256").hex()[:32]


def parse(text: str) -> PhoneNumber | None:
    """The number in `text`, read as someone in Azerbaijan would dial it; None when it is not a whole number."""
    if _HOME.fullmatch(text):
        return PhoneNumber(text)
    if not _DIALLABLE.fullmatch(text.strip()):
        return None
    try:
        number = phonenumbers.parse(text, HOME)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        return None
    return PhoneNumber(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


@lru_cache(maxsize=256)
def as_dialled(exten: str) -> str:
    """The number that was dialled, in one form: a full Azerbaijani number in E.164, anything else (116111) as it came.

    A carrier may bring the same number as 050…, 994…, +994… or 00994…; reports must not see four lines.
    """
    number = parse(exten) if len(exten) <= DIALLED_MAX else None
    if number and number.e164.startswith(HOME_CODE):
        return number.e164
    return _UNPRINTABLE.sub("?", exten[:DIALLED_MAX])


def spaced(number: str) -> str:
    """A number of ours as people write it: +994 50 680 22 80. What is no number stays as it is."""
    try:
        return phonenumbers.format_number(phonenumbers.parse(number), phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    except phonenumbers.NumberParseException:
        return number
