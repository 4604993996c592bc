"""What SIPp says, as scenario text: a caller, a counsellor's phone, and a registration.

A scenario is a fixed text; when to answer or to hang up is decided outside. SIPp cannot be told so while it
runs, but it matches any message by its Call-ID, so we send it one of our own inventions, a `Nudge`, and the
scenario takes it for the finger on the button. A nudge repeats the headers of the last message that SIPp
received in that call, so that `[last_…]` in the scenario still means what it meant.
"""

from dataclasses import dataclass
from enum import StrEnum
from xml.sax.saxutils import quoteattr

# The branch is our own and not SIPp's [branch], which changes with every message: the CANCEL of an INVITE and the
# ACK of its refusal carry the INVITE's (RFC 3261 9.1, 17.1.1.3). %s names the transaction.
VIA = "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=z9hG4bK-[pid]-[call_number]-%s"
REFUSALS = (
    400,
    401,
    403,
    404,
    405,
    407,
    408,
    410,
    415,
    420,
    480,
    481,
    484,
    486,
    487,
    488,
    491,
    500,
    501,
    503,
    600,
    603,
)
ASIDES = ("OPTIONS", "UPDATE", "INFO", "NOTIFY", "MESSAGE", "CANCEL")


class Nudge(StrEnum):
    """A finger on a button: method names that exist between us and SIPp only."""

    ANSWER = "ANSWER"
    REFUSE = "REFUSE"
    HANG_UP = "HANGUP"


class Codec(StrEnum):
    """What is offered; the value is the static RTP payload type (RFC 3551)."""

    ALAW = "8"
    ULAW = "0"
    G722 = "9"  # which the line does not speak


RTPMAP = {Codec.ALAW: "8 PCMA/8000", Codec.ULAW: "0 PCMU/8000", Codec.G722: "9 G722/8000"}


@dataclass(frozen=True, slots=True)
class Offer:
    """One codec and keys (RFC 4733), to be sent to `media_port`, which is a socket of ours and not SIPp's."""

    codec: Codec
    media_port: int
    key_type: int

    @property
    def sdp(self) -> str:
        return "\n".join(
            (
                "v=0",
                "o=- 1 1 IN IP4 [local_ip]",
                "s=-",
                "c=IN IP4 [local_ip]",
                "t=0 0",
                f"m=audio {self.media_port} RTP/AVP {self.codec} {self.key_type}",
                f"a=rtpmap:{RTPMAP[self.codec]}",
                f"a=rtpmap:{self.key_type} telephone-event/8000",
                f"a=fmtp:{self.key_type} 0-15",
                "a=ptime:20",
            )
        )


def send(start: str, headers: tuple[str, ...], body: str = "", *, again: bool = False, then: str = "") -> str:
    """One message to send; `again` repeats it every 500 ms and slower until it is answered; `then` goes on there."""
    kind = ("Content-Type: application/sdp",) if body else ()
    text = "\n".join((start, *headers, *kind, "Content-Length: [len]", "", body))
    attributes = (' retrans="500"' if again else "") + (f" next={quoteattr(then)}" if then else "")
    return f"<send{attributes}><![CDATA[\n{text}\n]]></send>"


def recv(what: int | str, *, then: str = "", **more: str) -> str:
    """One message to wait for: a status or a method. With `then` it need not come, and says where to go on."""
    return received(what, optional="true", next=then, **more) if then else received(what, **more)


def received(what: int | str, *, note: str = "", **more: str) -> str:
    """The same with any of SIPp's own attributes; `note` is done with the message.

    Going on is always an attribute of the message itself. A step of its own (`nop`) would be taken a moment later, and
    a second message that is already there would find SIPp in between and be lost.
    """
    named = {"response" if isinstance(what, int) else "request": str(what)} | more
    attributes = " ".join(f"{name}={quoteattr(value)}" for name, value in named.items())
    return f"<recv {attributes}>{f'<action>{note}</action>' if note else ''}</recv>"


def keep(header: str, name: str, pattern: str = ".*") -> str:
    """Remember (part of) a header of the message received, as `[$name]`."""
    return f'<ereg regexp={quoteattr(pattern)} search_in="hdr" header="{header}:" assign_to="{name}"/>'


def label(name: str) -> str:
    return f'<label id="{name}"/>'


def scenario(name: str, *parts: str) -> str:
    text = "\n".join(parts)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<scenario name={quoteattr(name)}>\n{text}\n</scenario>\n'


def reply(status: str, *, tag: str = "", body: str = "", again: bool = False, then: str = "") -> str:
    """An answer to the message received last. `tag` names our side of the dialog where its To does not yet."""
    echoed = ("[last_Via:]", "[last_From:]", f"[last_To:]{tag}", "[last_Call-ID:]", "[last_CSeq:]")
    contact = "Contact: <sip:[local_ip]:[local_port]>"
    return send(f"SIP/2.0 {status}", (*echoed, contact), body, again=again, then=then)


def talking(offer: Offer, bye: str, *late: str) -> tuple[str, ...]:
    """From answer to end, for both sides: put through anew, asked aside, hung up there, hung up here; and `late`
    repetitions, when the machine is slow.
    """
    return (
        label("talking"),
        *late,
        recv("INVITE", then="reinvite"),
        *(recv(method, then="aside") for method in ASIDES),
        recv(Nudge.HANG_UP, then="hang_up"),
        recv("BYE"),
        label("bye"),
        reply("200 OK", then="end"),
        label("aside"),
        reply("200 OK", then="talking"),
        label("reinvite"),
        reply("200 OK", body=offer.sdp, again=True),
        received("ACK", next="talking"),
        label("hang_up"),
        bye,
        # The far end may hang up in the same instant.
        recv("BYE", then="bye"),
        # The switch was started anew and knows nothing of the call.
        recv(481, then="end"),
        received(200, next="end"),
    )


def calling(dials: str, who: str, offer: Offer, *, challenged: bool = False) -> str:
    """A caller `who` (the From header's value): INVITE, and CANCEL or the conversation.

    `challenged`: a phone of the line's own, which is asked for its password first (RFC 3261 22.2).
    """

    def request(method: str, uri: str, headers: tuple[str, ...], body: str = "", then: str = "") -> str:
        ours = (f"From: {who};tag=[pid]C[call_number]", "Call-ID: [call_id]", "Max-Forwards: 70")
        contact = "Contact: <sip:caller@[local_ip]:[local_port]>"
        return send(f"{method} {uri} SIP/2.0", (*headers, *ours, contact), body, again=method != "ACK", then=then)

    line = f"sip:{dials}@[remote_ip]:[remote_port]"
    to = f"To: <sip:{dials}@[remote_ip]>"
    number = 2 if challenged else 1
    invite = (VIA % "invite", to, f"CSeq: {number} INVITE", *(("[authentication]",) if challenged else ()))
    acknowledge = (VIA % "ack", "[routes]", "To:[$them]", f"CSeq: {number} ACK")
    farewell = (VIA % "bye", "[routes]", "To:[$them]", f"CSeq: {number + 1} BYE")
    challenge = (
        request("INVITE", line, (VIA % "asked", to, "CSeq: 1 INVITE"), offer.sdp),
        label("asked"),
        recv(100, then="asked"),
        received(401, auth="true"),
        request("ACK", line, (VIA % "asked", "[last_To:]", "CSeq: 1 ACK")),
    )
    # Which of the two requests it answers is in its CSeq: the CANCEL may have crossed the answer to the INVITE.
    which = keep("To", "them") + keep("CSeq", "crossed", "INVITE")
    return scenario(
        "caller",
        *(challenge if challenged else ()),
        request("INVITE", line, invite, offer.sdp),
        label("ringing"),
        *(recv(status, then="ringing") for status in (100, 180, 183)),
        *(recv(status, then="refused") for status in REFUSALS),
        recv(Nudge.HANG_UP, then="cancel"),
        received(200, rrs="true", note=keep("To", "them")),
        label("answered"),
        request("ACK", "[next_url]", acknowledge),
        *talking(offer, request("BYE", "[next_url]", farewell), recv(200, then="answered")),
        label("cancel"),
        request("CANCEL", line, (VIA % "invite", to, f"CSeq: {number} CANCEL")),
        recv(487, then="refused"),
        received(200, rrs="true", note=which, next="answered_late", test="crossed"),
        received(487, next="refused"),
        label("answered_late"),
        request("ACK", "[next_url]", acknowledge, then="hang_up"),
        label("refused"),
        request("ACK", line, (VIA % "invite", "[last_To:]", f"CSeq: {number} ACK")),
        label("end"),
        "<nop/>",
    )


def answering(offer: Offer) -> str:
    """A counsellor's phone: rings, then answered, refused or given up by the far end, as it is nudged."""
    tag = ";tag=[pid]P[call_number]"
    store = keep("From", "them") + keep("To", "us") + keep("CSeq", "number", "[0-9]+")
    bye = send(
        "BYE [next_url] SIP/2.0",
        (
            VIA % "bye",
            "[routes]",
            f"From:[$us]{tag}",
            "To:[$them]",
            "Call-ID: [call_id]",
            "CSeq: 1 BYE",
            "Max-Forwards: 70",
        ),
        again=True,
    )
    gave_up = ("[last_Via:]", "[last_From:]", f"[last_To:]{tag}", "[last_Call-ID:]", "CSeq: [$number] INVITE")
    return scenario(
        "phone",
        recv("OPTIONS", then="asked"),
        received("INVITE", note=store, rrs="true"),
        reply("180 Ringing", tag=tag),
        recv("CANCEL", then="cancelled"),
        recv(Nudge.REFUSE, then="busy"),
        recv(Nudge.ANSWER),
        reply("200 OK", tag=tag, body=offer.sdp, again=True),
        # A CANCEL that crossed the answer changes nothing; SIPp could not answer it while it repeats the 200.
        label("answered"),
        recv("CANCEL", then="answered"),
        recv("ACK"),
        *talking(offer, bye, recv("ACK", then="talking")),
        label("cancelled"),
        reply("200 OK", tag=tag),
        send("SIP/2.0 487 Request Terminated", gave_up, again=True, then="ending"),
        label("busy"),
        reply("486 Busy Here", tag=tag, again=True),
        label("ending"),
        recv("CANCEL", then="ending"),
        received("ACK", next="end"),
        label("asked"),
        reply("200 OK", tag=tag),
        label("end"),
        "<nop/>",
    )


def registering(extension: str, phone_port: int, expires_s: int) -> str:
    """REGISTER for a phone on another port, with digest; `expires_s` 0 takes it back."""

    def request(number: int, *more: str) -> str:
        who = f"<sip:{extension}@[remote_ip]>"
        headers = (VIA % number, f"From: {who};tag=[pid]R[call_number]", f"To: {who}", "Call-ID: [call_id]")
        contact = f"Contact: <sip:{extension}@[local_ip]:{phone_port}>"
        rest = (f"CSeq: {number} REGISTER", "Max-Forwards: 70", contact, f"Expires: {expires_s}")
        return send("REGISTER sip:[remote_ip]:[remote_port] SIP/2.0", (*headers, *rest, *more), again=True)

    challenged = '<recv response="401" auth="true"/>'
    return scenario("registration", request(1), challenged, request(2, "[authentication]"), recv(200))
