"""Counsellors' phones as configuration: one on the desk, one in the page, one name for both."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ivr.telephony.addresses import ice_hosts, own
from ivr.telephony.phones import (
    ALL,
    BY_TLS,
    PLAIN,
    Encryption,
    Phone,
    accounts,
    desk_transport,
    page_password,
    queues,
)
from ivr.telephony.trunk import Trunk, trunk_conf
from tests.conftest import PROJECT

PAGE = Phone("101", "Demo", ("az",), "a-secret")
DESK = Phone("102", "Demo", ("az",), "another")
CONF = PROJECT / "asterisk-conf"
KEY = Path("/key")


def section(kind: str, name: str, *, behind_nat: bool = False) -> dict[str, str]:
    written = accounts([PAGE, DESK], behind_nat=behind_nat)
    bodies = re.findall(rf"^\[{name}\]\n((?:.+\n)+)", written, re.MULTILINE)
    found = [dict(line.split(" = ", 1) for line in body.splitlines()) for body in bodies]
    return next(body for body in found if body["type"] == kind)


def test_where_no_program_looks_both_ring_under_one_name() -> None:
    assert re.findall(r"^member => PJSIP/(\S+),\d,(\d+)$", queues([PAGE], []), re.MULTILINE) == 2 * [
        ("101", "101"),
        ("101-page", "101"),
    ]


@pytest.mark.parametrize("name", ["102", "101-page"])
def test_each_has_one_contact_and_the_newest_counts(name: str) -> None:
    aor = section("aor", name)
    assert (aor["max_contacts"], aor["remove_existing"]) == ("1", "yes")


def test_the_page_has_a_password_of_its_own_and_may_begin_nothing() -> None:
    page = section("auth", "101-page")
    assert page["username"] == "101-page"
    assert page["password"] == page_password("a-secret") != section("auth", "101")["password"]
    assert section("endpoint", "101-page")["context"] == "page"
    assert section("endpoint", "101-page")["transport"] == "ws"


def test_a_phone_on_the_desk_is_offered_nothing_that_only_browsers_know() -> None:
    assert section("endpoint", "102-page")["webrtc"] == "yes"
    phone = section("endpoint", "102")
    assert (phone["transport"], phone["aors"], phone["rtp_timeout"]) == ("udp", "102", "30")
    assert not {"webrtc", "media_encryption", "ice_support", "media_address"} & phone.keys()


def test_what_is_allowed_is_said_after_all_is_disallowed() -> None:
    assert len(re.findall(r"disallow = all\nallow = ulaw", accounts([PAGE], behind_nat=False))) == 2


def test_sound_stays_on_loopback_where_the_line_does() -> None:
    assert section("endpoint", "101-page")["media_address"] == "127.0.0.1"
    assert "media_address" not in section("endpoint", "101-page", behind_nat=True)
    assert ice_hosts("192.0.2.1") == "[ice_host_candidates]\n"
    assert [line.split(" => ") for line in ice_hosts("127.0.0.1").splitlines()[1:]] == [[a, "127.0.0.1"] for a in own()]


def test_the_switchs_web_server_is_on_loopback_and_gives_nothing_else() -> None:
    told = dict(re.findall(r"^(\w+) = (.+)$", (CONF / "http.conf").read_text(), re.MULTILINE))
    assert (told["bindaddr"], told["enable_static"], told["enable_status"]) == ("127.0.0.1", "no", "no")
    assert told["tlsenable"] == "no"  # it would listen at an address of its own
    loaded = (CONF / "modules.conf").read_text()
    assert all(f"load = {name}.so\n" in loaded for name in ("res_http_websocket", "res_pjsip_transport_websocket"))


def desk(name: str, encryption: Encryption) -> dict[str, str]:
    written = accounts([PAGE, DESK], behind_nat=False, encryption=encryption)
    (body,) = re.findall(rf"^\[{re.escape(name)}\]\n(type = endpoint\n(?:.+\n)+)", written, re.MULTILINE)
    return dict(line.split(" = ", 1) for line in body.splitlines())


@pytest.mark.parametrize("compulsory", [{"101"}, {ALL}])
def test_a_phone_that_must_be_encrypted_is_known_by_tls_alone_and_offered_nothing_else(compulsory: set[str]) -> None:
    asked = Encryption(offered=True, compulsory=frozenset(compulsory))
    must = desk("101", asked)
    assert (must["transport"], must["media_encryption"], must["rewrite_contact"]) == (BY_TLS, "sdes", "yes")
    assert "media_encryption_optimistic" not in must
    refused = desk(f"101@{PLAIN}", asked)
    assert (refused["auth"], "aors" in refused) == (f"101@{PLAIN}", False)
    assert "101-page" in accounts([PAGE], behind_nat=False, encryption=asked)


def test_who_comes_in_the_clear_in_its_place_needs_a_password_that_nobody_was_told() -> None:
    written = accounts([PAGE], behind_nat=False, encryption=Encryption(offered=True, compulsory=frozenset({ALL})))
    (secret,) = re.findall(rf"\[101@{PLAIN}\]\ntype = auth\n.*\nusername = 101\npassword = (.+)\n", written)
    assert secret not in {PAGE.password, page_password(PAGE.password)}
    assert len(secret) == 64


def test_a_phone_that_may_is_offered_both_by_any_transport() -> None:
    may = desk("102", Encryption(offered=True, compulsory=frozenset({"101"})))
    assert (may["media_encryption"], may["media_encryption_optimistic"]) == ("sdes", "yes")
    assert "transport" not in may


def test_where_it_is_not_offered_nobody_is_asked_for_it() -> None:
    written = accounts([PAGE], behind_nat=False, encryption=Encryption(compulsory=frozenset({ALL})))
    assert written == accounts([PAGE], behind_nat=False)
    assert PLAIN not in written


def test_every_transport_that_is_not_encrypted_says_so() -> None:
    assert f"[udp]\ntype = transport\nprotocol = udp\ndomain = {PLAIN}\n" in (CONF / "pjsip.conf").read_text()
    assert f"domain = {PLAIN}\n" in trunk_conf(Trunk("sip.example", transport="tcp"), "192.0.2.1")
    for transport in (trunk_conf(Trunk("sip.example", transport="tls"), "192.0.2.1"), desk_transport("x:1", KEY, KEY)):
        assert "domain" not in transport


def test_the_manager_interface_is_on_loopback_and_on_no_page() -> None:
    text = (CONF / "manager.conf").read_text()
    told = dict(re.findall(r"^(\w+) = (.+)$", text, re.MULTILINE))
    assert (told["bindaddr"], told["webenabled"]) == ("127.0.0.1", "no")
    assert (told["deny"], told["permit"]) == ("0.0.0.0/0.0.0.0", "127.0.0.1/255.255.255.255")
    assert "tlsenable" not in told
