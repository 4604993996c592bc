"""What is told to SIPp and what is read from it, without running it."""

import xml.etree.ElementTree as ET

import pytest

from ivr.telephony.sipp_child import ANONYMOUS, NOBODY, Child
from ivr.telephony.sipp_message import CallLog, Message, Side, fold, read_trace, unforeseen
from ivr.telephony.sipp_scenario import Codec, Nudge, Offer, answering, calling, registering

OFFER = Offer(Codec.ALAW, 40000, 96)
TEXTS = {
    "caller": calling("116111", f"<sip:{NOBODY}@[local_ip]>", OFFER),
    "phone that dials": calling("*21", "<sip:101@[local_ip]>", OFFER, challenged=True),
    "phone": answering(OFFER),
    "registration": registering("101", 40002, 300),
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_scenario_is_xml_and_every_jump_has_its_label(name: str) -> None:
    scenario = ET.fromstring(TEXTS[name])  # noqa: S314 - our own text
    labels = {node.get("id") for node in scenario.iter("label")}
    jumps = {node.get("next") for node in scenario.iter() if node.get("next")}
    assert jumps <= labels


def sent_by(scenario: str) -> list[str]:
    return [(node.text or "").strip() for node in ET.fromstring(scenario).iter("send")]  # noqa: S314


def test_the_offer_names_our_port_codec_and_keys() -> None:
    invite = sent_by(TEXTS["caller"])[0]
    assert "m=audio 40000 RTP/AVP 8 96" in invite
    assert "a=rtpmap:8 PCMA/8000" in invite
    assert "a=rtpmap:96 telephone-event/8000" in invite
    assert "m=audio 40000 RTP/AVP 0 96" in Offer(Codec.ULAW, 40000, 96).sdp


def test_a_cancel_and_the_ack_of_a_refusal_carry_the_branch_of_the_invite() -> None:
    def branch(text: str) -> str:
        return text.split("branch=")[1].splitlines()[0]

    invite, acknowledged, bye, cancel, refused = (
        next(text for text in sent_by(TEXTS["caller"])[at:] if text.startswith(method))
        for at, method in ((0, "INVITE"), (0, "ACK"), (0, "BYE"), (0, "CANCEL"), (-1, "ACK"))
    )
    assert branch(invite) == branch(cancel) == branch(refused)
    assert len({branch(invite), branch(acknowledged), branch(bye)}) == 3


def test_a_phone_that_dials_answers_the_question_for_its_password_in_a_second_invite() -> None:
    texts = sent_by(TEXTS["phone that dials"])
    assert [text.split()[0] for text in texts[:3]] == ["INVITE", "ACK", "INVITE"]
    assert ["[authentication]" in text for text in texts[:3]] == [False, False, True]
    assert ["CSeq: 1 INVITE" in texts[0], "CSeq: 1 ACK" in texts[1], "CSeq: 2 INVITE" in texts[2]] == [True] * 3
    assert not any("CSeq: 1 " in text for text in texts[2:])


def test_a_phone_can_be_told_to_answer_to_refuse_and_to_hang_up() -> None:
    awaited = {node.get("request") for node in ET.fromstring(TEXTS["phone"]).iter("recv")}  # noqa: S314
    assert set(Nudge) <= awaited
    assert {"INVITE", "CANCEL", "ACK", "BYE", "OPTIONS"} <= awaited


def test_a_child_withholds_its_number_or_has_one_of_its_own() -> None:
    assert Child(number=None).header == ANONYMOUS
    assert Child().header == f"<sip:{NOBODY}@[local_ip]>"
    assert Child(number="+99400000#").header == "<sip:+99400000[call_number]@[local_ip]>"


# --- the trace


def told(*lines: str, body: str = "") -> str:
    return "\r\n".join((*lines, "Call-ID: 1@x", "", body))


INVITE = told("INVITE sip:101@127.0.0.1:7 SIP/2.0", 'From: "?" <sip:116111@127.0.0.1>;tag=a', "CSeq: 7 INVITE")
SDP = "c=IN IP4 127.0.0.1\r\nm=audio 12344 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n"
OK = told("SIP/2.0 200 OK", "CSeq: 7 INVITE", body=SDP)
ACK = told("ACK sip:101@127.0.0.1:7 SIP/2.0", "CSeq: 7 ACK")
BYE = told("BYE sip:101@127.0.0.1:7 SIP/2.0", "CSeq: 8 BYE")
CANCEL = told("CANCEL sip:101@127.0.0.1:7 SIP/2.0", "CSeq: 7 CANCEL")
GONE = told("SIP/2.0 487 Request Terminated", "CSeq: 7 INVITE")
RINGING = told("SIP/2.0 180 Ringing", "CSeq: 7 INVITE")


def written(second: int, direction: str, text: str) -> bytes:
    size = f"sent ({len(text)} bytes):" if direction == "sent" else f"received [{len(text)}] bytes :"
    return f"{'-' * 47} 1970-01-01 00:00:{second:02}.500000\nUDP message {size}\n\n{text}\n".encode()


def messages(*told_at: tuple[int, str, str]) -> list[Message]:
    return read_trace(b"".join(written(*one) for one in told_at))[0]


def test_the_trace_is_read_message_by_message() -> None:
    invite, answer = messages((1, "received", INVITE), (3, "sent", OK))
    assert (invite.at, invite.sent, invite.method, invite.status) == (1.5, False, "INVITE", 0)
    assert (answer.at, answer.sent, answer.method, answer.status) == (3.5, True, "INVITE", 200)
    assert invite.call_id == "1@x"
    assert answer.media == ("127.0.0.1", 12344)
    assert answer.key_type == 101
    assert invite.media is None


def test_a_half_written_message_waits_for_its_rest() -> None:
    whole = written(1, "received", INVITE) + written(2, "sent", OK)
    for cut in range(len(whole)):
        first, taken = read_trace(whole[:cut])
        rest, _ = read_trace(whole[taken:])
        assert [m.text for m in first + rest] == [INVITE, OK]


def test_only_a_message_nobody_foresaw_is_a_fault() -> None:
    said = (
        "1: Continuing call on unexpected message for Call-Id '1@x': while {}, received '{} sip:x SIP/2.0\r\nVia: x'\n"
    )
    assert unforeseen(said.format("expecting 'ACK' (index 8)", "PUBLISH")) == ["PUBLISH sip:x SIP/2.0"]
    assert unforeseen(said.format("sending (index 8)", "CANCEL")) == []
    assert unforeseen(said.format("expecting 'ACK' (index 8)", Nudge.HANG_UP)) == []
    assert unforeseen("") == []


def test_an_answered_call_is_folded_with_its_times() -> None:
    log = fold(
        messages(
            (1, "received", INVITE), (1, "sent", RINGING), (3, "sent", OK), (3, "received", ACK), (9, "received", BYE)
        )
    )
    assert (log.invited_at, log.ringing_at, log.answered_at, log.ended_at) == (1.5, 1.5, 3.5, 9.5)
    assert (log.ended_by, log.status, log.talk_s, log.connected) == (Side.THERE, 200, 6.0, True)
    assert log.shown == '"?" <sip:116111@127.0.0.1>;tag=a'


def test_a_call_given_up_while_ringing_was_never_answered() -> None:
    log = fold(messages((1, "sent", INVITE), (2, "received", RINGING), (4, "sent", CANCEL), (4, "received", GONE)))
    assert (log.answered_at, log.ended_at, log.ended_by, log.status) == (None, 4.5, Side.HERE, 487)
    assert log.talk_s is None


def test_a_call_that_nobody_took_notice_of_has_only_begun() -> None:
    log = fold(messages((1, "sent", INVITE)))
    assert (log.invited_at, log.ringing_at, log.ended_at, log.status) == (1.5, None, None, 0)
    assert fold(()) == CallLog()
