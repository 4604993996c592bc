"""A telephone in a page speaks for itself alone, and its digest is put right on the way."""

from __future__ import annotations

import pytest

from ivr.errors import Refused
from ivr.telephony.page_guard import Guard

GUARD = Guard("101-page", "Circle Of Life")
OWN = "<sip:101-page@helpline.invalid>"


def said(method: str, *more: str, sender: str = OWN + ";tag=a", to: str = OWN) -> str:
    lines = (f"{method} sip:helpline.invalid SIP/2.0", f"From: {sender}", f"To: {to}", *more)
    return "\r\n".join(lines) + "\r\n\r\nbody: From: somebody"


@pytest.mark.parametrize(
    "message",
    [
        said("REGISTER"),
        said("REGISTER", sender='"A name" <sip:101-page@h.invalid>;tag=1'),
        said("BYE", to="<sip:116111@127.0.0.1>;tag=b"),
        said("INVITE", to="<sip:116111@127.0.0.1>;tag=b"),
        "SIP/2.0 200 OK\r\nFrom: <sip:116111@127.0.0.1>;tag=b\r\nTo: <sip:x@y>\r\n\r\n",
        "\r\n\r\n",
    ],
)
def test_what_belongs_to_it_passes_as_it_is(message: str) -> None:
    assert GUARD.passed(message) == message


OTHER = "<sip:102-page@helpline.invalid>"


@pytest.mark.parametrize(
    "message",
    [
        said("REGISTER", sender=OTHER),
        said("REGISTER", to=OTHER),
        said("REGISTER", to="<sip:101@helpline.invalid>"),
        said("REGISTER", sender='"<sip:101-page@h>" <sip:102-page@h>;tag=1'),
        said("REGISTER", sender='"\\"<sip:101-page@h>;" <sip:102-page@h>'),
        said("REGISTER", f"f: {OTHER}"),
        said("REGISTER", f"FROM : {OTHER}"),
        said("REGISTER", " folded"),
        said("REGISTER", f"X: y\nFrom: {OTHER}"),
        said("INVITE", to="<sip:102@127.0.0.1>"),
        said("MESSAGE", to="<sip:102@127.0.0.1>;tag=x"),
        said("BYE", sender=OTHER, to="<sip:116111@127.0.0.1>;tag=b"),
        said("REGISTER", 'Authorization: Digest username="102-page", realm="a", nonce="n", uri="sip:h", response="x"'),
        said("REGISTER", 'Authorization: Digest username="101-page", response="x"'),
        "REGISTER sip:helpline.invalid SIP/2.0\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "nonsense",
        "REGISTER sip:helpline.invalid SIP/2.0\r\nFrom: " + OWN,
    ],
)
def test_whatever_speaks_for_another_or_cannot_be_read_in_one_way_is_refused(message: str) -> None:
    with pytest.raises(Refused):
        GUARD.passed(message)


def test_the_answer_to_a_challenge_is_put_right() -> None:
    """The example of RFC 2617, 3.5, for REGISTER in place of GET."""
    guard = Guard("Mufasa", "Circle Of Life")
    own = "<sip:Mufasa@testrealm.invalid>"
    answer = (
        'Authorization: Digest algorithm=MD5, username="Mufasa", realm="testrealm@host.com", '
        'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", uri="/dir/index.html", response="{}", '
        'opaque="5ccc069c403ebaf9f0171e9517f40e41", qop=auth, cnonce="0a4f113b", nc=00000001'
    )
    wrong = said("REGISTER", answer.format("0" * 32), sender=own, to=own)
    passed = guard.passed(wrong)
    assert passed.replace(_response(passed), "0" * 32) == wrong
    assert _response(passed) == "59d17b90f0e821045ecceb843e5b38c4"
    assert "Circle" not in repr(guard)


def _response(message: str) -> str:
    return message.partition('response="')[2][:32]
