"""What a passkey is asked to sign, and whether it did (WebAuthn Level 3). The one place that knows the library."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from cbor2 import CBORDecodeError
from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import bytes_to_base64url, parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from ivr.errors import Refused
from ivr.records.account import Account
from ivr.records.passkey import Passkey

LONGEST_ANSWER = 16 * 1024
NOT_REQUIRED = UserVerificationRequirement.PREFERRED  # a password came before it


@dataclass(frozen=True, slots=True)
class Site:
    """Where the page is, as the browser knows it: a passkey is made for one host and works at no other."""

    host: str
    origin: str  # "https://helpline.example"


@dataclass(frozen=True, slots=True)
class Asked:
    """`options`: JSON for the browser. `challenge`: to be kept until the answer comes."""

    options: str
    challenge: bytes


def to_register(site: Site, person: Account, theirs: Sequence[Passkey]) -> Asked:
    made = generate_registration_options(
        rp_id=site.host,
        rp_name="116111",
        user_id=person.id.encode(),
        user_name=person.name,
        user_display_name=person.shown_name,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.DISCOURAGED, user_verification=NOT_REQUIRED
        ),
        exclude_credentials=_named(theirs),
    )
    return Asked(options_to_json(made), made.challenge)


def to_sign_in(site: Site, theirs: Sequence[Passkey]) -> Asked:
    made = generate_authentication_options(
        rp_id=site.host, allow_credentials=_named(theirs), user_verification=NOT_REQUIRED
    )
    return Asked(options_to_json(made), made.challenge)


def registered(site: Site, challenge: bytes, answer: str, of: Account, named: tuple[str, datetime]) -> Passkey:
    """The passkey that answered; `named`: its name, and now. Raises Refused."""
    with _refusing():
        proven = verify_registration_response(
            credential=_short(answer),
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
        )
    its_id = bytes_to_base64url(proven.credential_id)
    return Passkey(its_id, of.id, named[0], proven.credential_public_key, proven.sign_count, named[1])


def signed(site: Site, challenge: bytes, answer: str, theirs: Sequence[Passkey]) -> tuple[Passkey, int]:
    """Which of them signed, and how often it says that it was used. Raises Refused."""
    with _refusing():
        told = parse_authentication_credential_json(_short(answer))
        of_id = {base64url_to_bytes(each.id): each for each in theirs}
        if told.raw_id not in of_id:
            raise Refused("a passkey of somebody else's")
        ours = of_id[told.raw_id]
        proven = verify_authentication_response(
            credential=told,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=ours.public_key,
            credential_current_sign_count=ours.uses,
        )
    return ours, proven.new_sign_count


def _named(theirs: Sequence[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(each.id)) for each in theirs]


def _short(answer: str) -> str:
    if len(answer) > LONGEST_ANSWER:
        raise Refused("too long for a passkey")
    return answer


@contextmanager
def _refusing() -> Iterator[None]:
    """What is no answer of a passkey at all fails in many ways inside the library."""
    try:
        yield
    except (WebAuthnException, CBORDecodeError, ValueError, TypeError, LookupError, AttributeError) as error:
        raise Refused("this passkey did not sign what it was asked to") from error
