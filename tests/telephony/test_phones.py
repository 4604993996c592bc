"""Counsellors' phones as configuration: one on the desk, one in the page, one name for both."""

from __future__ import annotations

import re

import pytest

from ivr.telephony.addresses import ice_hosts, own
from ivr.telephony.phones import Phone, accounts, page_password, queues, registered
from tests.conftest import PROJECT

PAGE = Phone("101", "Demo", ("az",), "a-secret")
DESK = Phone("102", "Demo", ("az",), "another")
CONF = PROJECT / "asterisk-conf"


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


def test_the_manager_interface_is_on_loopback_and_on_no_page() -> None:
    text = (CONF / "manager.conf").read_text()
    told = dict(re.findall(r"^(\w+) = (.+)$", text, re.MULTILINE))
    assert (told["bindaddr"], told["webenabled"]) == ("127.0.0.1", "no")
    assert (told["deny"], told["permit"]) == ("0.0.0.0/0.0.0.0", "127.0.0.1/255.255.255.255")
    assert "tlsenable" not in told


def test_whoever_has_a_phone_or_a_page_is_registered() -> None:
    page, phone = "101-page/sip:101-page@127.0.0.1:5", "102/sip:102@127.0.0.1:6"
    assert registered(f"  Contact:  {page}  x  NonQual\n  Contact:  {phone}  y  NonQual\n") == {"101", "102"}
