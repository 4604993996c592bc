"""The carrier's trunk, and the mobiles that are rung over it, as configuration."""

from __future__ import annotations

import re

import pytest

from ivr.errors import ScriptError
from ivr.telephony.trunk import CERTIFICATES, MOBILE_S, OnCall, Trunk, mobiles_conf, trunk_conf
from tests.conftest import PROJECT

TWO = ("+994 (00) 000-00-55", "0000000056")


def test_mobiles_are_rung_all_at_once_by_their_places() -> None:
    assert OnCall(TWO).places == "Local/1@mobile/n&Local/2@mobile/n"
    assert OnCall(TWO).longest_s == MOBILE_S


def test_one_by_one_begins_with_the_first_and_has_time_for_all() -> None:
    assert OnCall(TWO, one_by_one=True).places == "Local/1@mobile/n"
    assert OnCall(TWO, one_by_one=True).longest_s == 2 * MOBILE_S


def test_nobody_on_call_is_nobody_to_dial() -> None:
    assert OnCall().places == ""
    assert "HL_MOBILE" not in mobiles_conf(OnCall())


def test_a_mobiles_number_stands_in_its_own_line_and_in_no_repr() -> None:
    assert re.findall(r"^(HL_MOBILE_\d)=(.*)$", mobiles_conf(OnCall(TWO)), re.MULTILINE) == [
        ("HL_MOBILE_1", "PJSIP/+994000000055@trunk"),
        ("HL_MOBILE_2", "PJSIP/0000000056@trunk"),
    ]
    assert "000000" not in repr(OnCall(TWO))


@pytest.mark.parametrize(
    "number", ["PJSIP/101", "0000000055&PJSIP/101", "12", "0000000055,20", "+", "00000000551234567"]
)
def test_what_is_no_number_is_refused(number: str) -> None:
    with pytest.raises(ScriptError, match="IVR_ONCALL_NUMBERS"):
        mobiles_conf(OnCall((number,)))


def test_tls_verifies_the_carrier() -> None:
    told = trunk_conf(Trunk("sip.carrier.example", transport="tls", srtp=True), "192.0.2.10").splitlines()
    assert {"protocol = tls", "method = tlsv1_2", "verify_server = yes", f"ca_list_file = {CERTIFICATES}"} <= set(told)
    assert "media_encryption = sdes" in told


def test_the_carrier_is_known_by_its_address_and_not_by_a_name_that_anybody_may_take() -> None:
    assert "identify_by = ip" in trunk_conf(Trunk("sip.carrier.example"), "192.0.2.10").splitlines()
    loopback = (PROJECT / "asterisk-conf/pjsip.conf").read_text().partition("[loopback]")[2].partition("[")[0]
    assert "identify_by = ip\n" in loopback
