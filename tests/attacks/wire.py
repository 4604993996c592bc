"""SIP by hand, well formed or not: bytes to the switch from any address of this machine, and what it answers."""

from __future__ import annotations

import asyncio
import itertools
import socket
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from ivr.telephony.sipp_message import Address, Message

STRANGER, CARRIER, HERE = "127.0.0.66", "127.0.0.9", "127.0.0.1"
"""Nobody's address, the trunk's in these stories, and that of a caller on this machine."""
_TURN = itertools.count(1)


def request(method: str, uri: str, *headers: str, sender: str, to: str = "", body: str = "") -> str:
    """One that is well formed; `{host}` and `{port}` are filled in when it is sent. `headers` go before our own."""
    turn = next(_TURN)
    own = {
        "Via": f"SIP/2.0/UDP {{host}}:{{port}};rport;branch=z9hG4bK-attack-{turn}",
        "From": f"<{sender}>;tag=a{turn}",
        "To": f"<{to or uri}>",
        "Call-ID": f"attack-{turn}-{time.time():.6f}@attacks.invalid",
        "CSeq": f"{turn} {method}",
        "Contact": "<sip:attack@{host}:{port}>",
        "Max-Forwards": "70",
    }
    told = {name: line for line in headers if (name := line.split(":")[0]) in own}
    lines = [told.get(name, f"{name}: {value}") for name, value in own.items()]
    lines += [line for line in headers if line.split(":")[0] not in own]
    kind = ["Content-Type: application/sdp"] if body else []
    return "\r\n".join((f"{method} {uri} SIP/2.0", *lines, *kind, f"Content-Length: {len(body)}", "", body))


SDP = "\r\n".join(
    ("v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0", "m=audio 9 RTP/AVP 8", "a=recvonly", "")
)


@dataclass
class Wire:
    """A UDP socket on `host`. `answers`: everything that came, oldest first."""

    line: Address
    host: str = STRANGER
    answers: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((self.host, 0))
        self._socket.setblocking(False)
        self.port: int = self._socket.getsockname()[1]

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, message: str | bytes) -> None:
        if isinstance(message, str):
            message = message.replace("{host}", self.host).replace("{port}", str(self.port)).encode()
        self._socket.sendto(message, self.line)

    async def ask(self, message: str | bytes, within_s: float = 2.0) -> Message | None:
        """The final answer to it; the last provisional one, or nothing, when `within_s` is over."""
        before = len(self.answers)
        self.send(message)
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            self.read()
            if any(answer.status >= 200 for answer in self.answers[before:]):
                break
            await asyncio.sleep(0.01)
        return next(iter(self.answers[before:][::-1]), None)

    def read(self) -> None:
        while True:
            try:
                told = self._socket.recv(65536)
            except BlockingIOError:
                return
            self.answers.append(Message(time.time(), False, told.decode("utf-8", "replace")))


async def is_alive(line: Address) -> bool:
    """Whether the switch answers a plain question at once."""
    with Wire(line, HERE) as wire:
        answer = await wire.ask(request("OPTIONS", f"sip:{line[0]}:{line[1]}", sender="sip:ping@attacks.invalid"), 3.0)
        return answer is not None


async def say_on_tcp(port: int, message: bytes, within_s: float = 0.3) -> bytes:
    """What comes back until `within_s` is over, on a connection of its own from this machine."""
    reader, writer = await asyncio.open_connection(HERE, port)
    heard = b""
    try:
        writer.write(message)
        async with asyncio.timeout(within_s):
            while piece := await reader.read(65536):
                heard += piece
    except (TimeoutError, ConnectionError):
        pass
    finally:
        writer.close()
    return heard


def tcp_ports(pid: int) -> set[int]:
    """On which a process listens (proc(5): state 0A, address and inode in /proc/net/tcp)."""
    inodes = {str(handle.readlink()) for handle in Path(f"/proc/{pid}/fd").iterdir() if handle.is_symlink()}
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    ours = [row for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in inodes]
    return {int(row[1].rpartition(":")[2], 16) for row in ours}


class Rogue:
    """A telephone that does as it pleases, on a socket of its own: answers, or sends elsewhere; then asks for more.

    `on_invite`: `answer`, or the URI that it says it has moved to.
    """

    def __init__(self, line: Address, on_invite: str = "answer", host: str = HERE) -> None:
        self.wire, self._on_invite = Wire(line, host), on_invite
        self.invites: list[Message] = []
        self._turn = itertools.count(100)
        self._seen = 0

    async def __aenter__(self) -> Rogue:
        self._reading = asyncio.create_task(self._read_on())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._reading.cancel()
        self.wire.__exit__()

    async def _read_on(self) -> None:
        while True:
            self.wire.read()
            for message in self.wire.answers[self._seen :]:
                self._take(message)
            self._seen = len(self.wire.answers)
            await asyncio.sleep(0.01)

    def _take(self, message: Message) -> None:
        if message.status:
            return
        if message.method == "INVITE":
            self.invites.append(message)
            if self._on_invite == "answer":
                self._reply(message, "200 OK", "Contact: <sip:rogue@{host}:{port}>", body=SDP)
            else:
                self._reply(message, "302 Moved Temporarily", f"Contact: <{self._on_invite}>")
        elif message.method != "ACK":
            self._reply(message, "200 OK")

    def _reply(self, asked: Message, status: str, *headers: str, body: str = "") -> None:
        tag = "" if ";tag=" in asked.header("To") else ";tag=rogue"
        echoed = [f"{name}: {asked.header(name)}" for name in ("Via", "From", "Call-ID", "CSeq")]
        kind = ["Content-Type: application/sdp"] if body else []
        lines = (f"SIP/2.0 {status}", *echoed, f"To: {asked.header('To')}{tag}", *headers, *kind)
        self.wire.send("\r\n".join((*lines, f"Content-Length: {len(body)}", "", body)))

    async def ask_in_call(self, invite: Message, method: str, *headers: str) -> Message | None:
        """A request inside the call that `invite` began, from the side that answered it."""
        turn = next(self._turn)
        target = invite.header("Contact").strip("<>").split(">")[0]
        lines = (
            f"{method} {target} SIP/2.0",
            f"Via: SIP/2.0/UDP {{host}}:{{port}};rport;branch=z9hG4bK-rogue-{turn}",
            f"From: {invite.header('To')};tag=rogue",
            f"To: {invite.header('From')}",
            f"Call-ID: {invite.call_id}",
            f"CSeq: {turn} {method}",
            "Max-Forwards: 70",
            "Contact: <sip:rogue@{host}:{port}>",
            *headers,
            "Content-Length: 0",
            "",
            "",
        )
        seen = len(self.wire.answers)
        self.wire.send("\r\n".join(lines))
        for _ in range(200):
            await asyncio.sleep(0.01)
            told = [m for m in self.wire.answers[seen:] if m.status >= 200 and m.header("CSeq").endswith(method)]
            if told:
                return told[0]
        return None


class Carrier(threading.Thread):
    """Behind the trunk: answers that it is there, writes down every number that it is asked to ring, and is busy."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((HERE, 0))
        self._socket.settimeout(0.2)
        self.port: int = self._socket.getsockname()[1]
        self._asked = dict[str, str]()  # by Call-ID: an INVITE is sent again until it is answered
        self._over = threading.Event()

    @property
    def rung(self) -> list[str]:
        return list(self._asked.values())

    def __enter__(self) -> Carrier:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()
        self._socket.close()

    def run(self) -> None:
        while not self._over.is_set():
            try:
                told, where = self._socket.recvfrom(65536)
            except TimeoutError:
                continue
            message = Message(time.time(), False, told.decode("utf-8", "replace"))
            if message.status or message.method == "ACK":
                continue
            if message.method not in ("OPTIONS", "CANCEL", "BYE"):
                self._asked[message.call_id] = message.start.split()[1].partition("@")[0].removeprefix("sip:")
            status = "486 Busy Here" if message.method == "INVITE" else "200 OK"
            echoed = [f"{name}: {message.header(name)}" for name in ("Via", "From", "Call-ID", "CSeq")]
            answer = (
                f"SIP/2.0 {status}",
                *echoed,
                f"To: {message.header('To')};tag=carrier",
                "Content-Length: 0",
                "",
                "",
            )
            self._socket.sendto("\r\n".join(answer).encode(), where)
