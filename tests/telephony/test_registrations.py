"""Who is registered, and of whom nothing comes in the clear, from what the switch prints."""

from __future__ import annotations

import pytest

from ivr.telephony.registrations import known


def test_whoever_has_a_phone_or_a_page_is_registered() -> None:
    page, phone = "101-page/sip:101-page@127.0.0.1:5", "102/sip:102@127.0.0.1:6"
    assert known(f"  Contact:  {page}  x  NonQual\n  Contact:  {phone}  y  NonQual\n", "").registered == {"101", "102"}


@pytest.mark.parametrize(
    ("uri", "encrypted"),
    [
        ("sip:101@192.0.2.1:5061^3Btransport=TLS", True),
        ("sip:101@192.0.2.1:5061^3Btransport=tls^3Bob", True),
        ("sips:101@192.0.2.1:5061", True),
        ("sip:101@192.0.2.1:5060", False),
        ("sip:101@192.0.2.1:5060^3Btransport=tcp", False),
        ("sip:transport=tls@192.0.2.1:5060", False),
    ],
)
def test_a_phone_by_tls_is_told_from_one_in_the_clear(uri: str, encrypted: bool) -> None:
    shown = "  Contact:  101/sip:101@192.0.2.1:50; 623add8bbb NonQual  -nan\n"
    stored = f'/registrar/contact/101;@623add8bbb: {{"via_addr":"","uri":"{uri}","path":""}}\n'
    assert known(shown, stored).encrypted == (frozenset({"101"}) if encrypted else frozenset())


def test_a_page_beside_a_phone_in_the_clear_does_not_hide_it() -> None:
    shown = "  Contact:  101-page/sip:x  a  NonQual\n  Contact:  101/sip:y  b  NonQual\n"
    stored = (
        '/registrar/contact/101-page;@a: {"uri":"sip:x^3Btransport=ws"}\n/registrar/contact/101;@b: {"uri":"sip:y"}\n'
    )
    assert known(shown, stored).encrypted == frozenset()
    assert known("  Contact:  101-page/sip:x  a  NonQual\n", "").encrypted == {"101"}
