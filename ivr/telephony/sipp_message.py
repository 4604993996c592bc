"""What SIPp wrote down: its message trace read into messages, and a call's messages folded into what happened."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from ivr.telephony.sipp_scenario import Nudge

Address = tuple[str, int]
# "sent (496 bytes):" and "received [266] bytes :"; the text that follows has that many bytes.
HEAD = re.compile(rb"-{20,} (\S+ \S+)\n\w+ message (sent|received) [(\[](\d+)[^\n]*\n\n")


@dataclass(frozen=True, slots=True)
class Message:
    """One SIP message; `at` in seconds since 1970."""

    at: float
    sent: bool
    text: str

    @property
    def start(self) -> str:
        return self.text.split("\r\n", 1)[0]

    @property
    def status(self) -> int:
        """Of a response; 0 for a request."""
        return int(self.start.split()[1]) if self.start.startswith("SIP/2.0") else 0

    @property
    def method(self) -> str:
        """Of a request, or of the request that this response answers."""
        return self.header("CSeq").split()[-1] if self.status else self.start.split(" ", 1)[0]

    @property
    def call_id(self) -> str:
        return self.header("Call-ID")

    def header(self, name: str) -> str:
        """Its value, or nothing."""
        found = re.search(rf"^{name}[ \t]*:[ \t]*(.*?)\r?$", self.text, re.MULTILINE | re.IGNORECASE)
        return found[1] if found else ""

    @property
    def media(self) -> Address | None:
        """Where the sender wants to hear, by its SDP."""
        host = re.search(r"^c=IN IP4 (\S+)", self.text, re.MULTILINE)
        port = re.search(r"^m=audio (\d+)", self.text, re.MULTILINE)
        return (host[1], int(port[1])) if host and port else None

    @property
    def key_type(self) -> int | None:
        """The payload type the sender wants keys in, by its SDP."""
        found = re.search(r"^a=rtpmap:(\d+) telephone-event/8000", self.text, re.MULTILINE)
        return int(found[1]) if found else None


def read_trace(trace: bytes) -> tuple[list[Message], int]:
    """The whole messages in a trace, and how many bytes they took; a half-written one is left for the next time."""
    messages, position = list[Message](), 0
    while head := HEAD.search(trace, position):
        end = head.end() + int(head[3])
        if end > len(trace):
            break
        text = trace[head.end() : end].decode("utf-8", "replace")
        messages.append(Message(_seconds(head[1]), head[2] == b"sent", text))
        position = end
    return messages, position


def _seconds(stamp: bytes) -> float:
    # SIPp writes local time; it is started with TZ=UTC.
    return datetime.fromisoformat(stamp.decode()).replace(tzinfo=UTC).timestamp()


def unforeseen(complaint: str) -> list[str]:
    """The first words of messages that found SIPp waiting for others, in its own error log. Not those that found it
    busy, for they come again; and not our own nudges, which come too late at times.
    """
    words = re.findall(r"unexpected message [^\n]*: while expecting [^\n]*received '(.*)", complaint)
    return [word.strip() for word in words if word.split(" ", 1)[0] not in list(Nudge)]


class Side(StrEnum):
    """Who ended a call, seen from the SIPp that wrote it down."""

    HERE = "here"
    THERE = "there"


@dataclass(frozen=True, slots=True)
class CallLog:
    """What happened in one call. Times in seconds since 1970, None for what did not happen."""

    call_id: str = ""
    invited_at: float | None = None
    ringing_at: float | None = None
    answered_at: float | None = None
    ended_at: float | None = None
    ended_by: Side | None = None
    status: int = 0
    """The final answer to the INVITE: 200, 486, 487 for cancelled; 0 while there is none."""
    shown: str = ""
    """The INVITE's From: what the phone that rings shows."""
    timeline: tuple[tuple[float, bool, str], ...] = ()
    """Every message: time, sent by us, first line."""

    @property
    def connected(self) -> bool:
        """Answered, and the answer acknowledged: only now may either side hang up (RFC 3261 15)."""
        return any(start.startswith("ACK ") for _, _, start in self.timeline) and self.answered_at is not None

    @property
    def talk_s(self) -> float | None:
        if self.answered_at is None or self.ended_at is None:
            return None
        return self.ended_at - self.answered_at


def fold(messages: Iterable[Message]) -> CallLog:
    """A call's messages, in order, to what happened."""
    told = tuple(messages)
    answers = [m for m in told if m.method == "INVITE" and m.status]
    final = _first(m for m in answers if m.status >= 200)
    answered = final if final and final.status < 300 else None
    end = _first(m for m in told if not m.status and m.method in ("BYE", "CANCEL")) or (final if not answered else None)
    invite = _first(m for m in told if m.method == "INVITE" and not m.status)
    return CallLog(
        call_id=told[0].call_id if told else "",
        invited_at=invite.at if invite else None,
        ringing_at=_at(_first(m for m in answers if m.status in (180, 183))),
        answered_at=_at(answered),
        ended_at=_at(end),
        ended_by=None if end is None else Side.HERE if end.sent else Side.THERE,
        status=final.status if final else 0,
        shown=invite.header("From") if invite else "",
        timeline=tuple((m.at, m.sent, m.start) for m in told),
    )


def _first(messages: Iterable[Message]) -> Message | None:
    return next(iter(messages), None)


def _at(message: Message | None) -> float | None:
    return message.at if message else None
