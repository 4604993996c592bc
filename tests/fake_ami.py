"""Plays the switch's manager interface over a real socket, in words that Asterisk 22.10 was heard to say.

`tests/ami/*.txt` are captured answers and streams; `@ID@` stands for the number of the action they answer. It can drop
the connection, hang, send its bytes in pieces of `pieces`, and lie: put another text into `answers`.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType

CAPTURED = Path(__file__).parent / "ami"
USER, SECRET = "helpline", "a-secret-of-the-tests"
ANSWERED = {
    "Ping": "ping",
    "QueueStatus": "queue-status",
    "DeviceStateList": "device-states",
    "QueueAdd": "queue-add",
    "QueueRemove": "queue-remove",
    "QueuePause": "queue-pause",
    "QueuePenalty": "queue-penalty",
    "UserEvent": "user-event",
    "Status": "status",
    "PlayDTMF": "play-dtmf",
}
UNKNOWN = "Response: Error\nActionID: @ID@\nMessage: Invalid/unknown command\n\n"


def captured(name: str) -> str:
    return (CAPTURED / f"{name}.txt").read_text()


class FakeAmi:
    """Use as `async with FakeAmi() as fake`; `fake.actions` are those it was sent but for pings, the login first."""

    def __init__(self, pieces: int = 0) -> None:
        self.answers = {action: captured(name) for action, name in ANSWERED.items()}
        self.banner, self.login = captured("login").split("\n", 1)
        self.actions: list[dict[str, str]] = []
        self.hangs = False
        self.connected_at: list[float] = []
        self._pieces = pieces
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> FakeAmi:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        assert self._server
        self._server.close()
        self.drop()
        await asyncio.sleep(0)

    @property
    def done(self) -> list[str]:
        """The names of the actions after the login."""
        return [action["Action"] for action in self.actions if action["Action"] != "Login"]

    def drop(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def send(self, text: str) -> None:
        """To everyone who is connected, whole or in pieces."""
        for writer in tuple(self._writers):
            await self._write(writer, text.replace("\n", "\r\n").encode())

    async def send_bytes(self, sent: bytes) -> None:
        for writer in tuple(self._writers):
            await self._write(writer, sent)

    async def _write(self, writer: asyncio.StreamWriter, sent: bytes) -> None:
        size = self._pieces or len(sent) or 1
        for start in range(0, len(sent), size):
            writer.write(sent[start : start + size])
            await writer.drain()
            if self._pieces:
                await asyncio.sleep(0)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connected_at.append(time.monotonic())
        self._writers.add(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            if not self.hangs:
                await self._write(writer, f"{self.banner}\r\n".encode())
            while True:
                action = _fields(await reader.readuntil(b"\r\n\r\n"))
                if action["Action"] != "Ping":
                    self.actions.append(action)
                if not self.hangs:
                    await self._answer(writer, action)
        self._writers.discard(writer)
        writer.close()

    async def _answer(self, writer: asyncio.StreamWriter, action: dict[str, str]) -> None:
        text = self._text(action).replace("@ID@", action.get("ActionID", ""))
        await self._write(writer, text.replace("\n", "\r\n").encode())
        if "Authentication failed" in text:
            writer.close()

    def _text(self, action: dict[str, str]) -> str:
        if action["Action"] == "Login":
            right = (action["Username"], action["Secret"]) == (USER, SECRET)
            if not right:
                return captured("login-refused").split("\n", 1)[1]
            return self.login if action["Events"] == "on" else self.login.split("\n\n")[0] + "\n\n"
        return self.answers.get(action["Action"], UNKNOWN)


def _fields(block: bytes) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in block.decode().split("\r\n") if line)
