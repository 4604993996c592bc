"""Door 1: the FastAGI server. Listens, reads the header block, hands each caller's line on; decides nothing.

panoramisk's own listener spins for ever on a connection that closes early and has no time-outs (FACTS), so the
listener and the reply reader are ours; its `Request` is what a session is made of.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from panoramisk.fast_agi import Request

from ivr.errors import TelephonyError, where
from ivr.telephony.agi import GONE, HEADER_LIMIT, LINE_LIMIT, Header, Reply, ReplyReader, parse_header

HEADER_DEADLINE_S = 2.0  # the switch sends the block at once; who is slower is not the switch
REPLY_DEADLINE_S = 90.0  # the longest menu attempt is under 30 s of prompts and waiting
SESSIONS_LIMIT = 2000  # at once; beyond it the next caller goes through door 2

log = structlog.get_logger()


class FastAgiLine(Request):
    """One caller's wire through door 1."""

    header: Header
    sent_at: float  # event loop time of the last command
    watching: asyncio.TimerHandle

    async def send(self, command: str) -> Reply:
        """Raises TelephonyError when the switch speaks nonsense. GONE when it went away or did not answer in time."""
        self.sent_at = asyncio.get_running_loop().time()
        try:
            self.writer.write(command.encode())
            return await self._reply()
        except (ConnectionError, asyncio.IncompleteReadError):
            return GONE

    async def _reply(self) -> Reply:
        reader = ReplyReader()
        while True:
            reply = reader.feed((await self._line()).decode("utf-8", "replace"))
            if reply:
                return reply

    async def _line(self) -> bytes:
        try:
            line: bytes = await self.reader.readuntil(b"\n")
        except asyncio.LimitOverrunError as error:
            raise TelephonyError(f"an AGI line longer than {LINE_LIMIT} bytes") from error
        return line

    def watch(self) -> None:
        """Cut the line when the switch owes a reply for too long. One timer a session, which looks again when its time
        has come: one a command costs as much as reading the reply."""
        loop = asyncio.get_running_loop()
        left = self.sent_at + REPLY_DEADLINE_S - loop.time()
        if left > 0:
            self.watching = loop.call_later(left, self.watch)
            return
        log.warning("fastagi.cut", reason="the switch did not answer a command in time")
        self.writer.transport.abort()


Story = Callable[[FastAgiLine], Awaitable[object]]


class FastAgiServer:
    """Use as `async with FastAgiServer(port, story)`; leaving it ends every session."""

    def __init__(self, port: int, story: Story, host: str = "127.0.0.1") -> None:
        self._address = (host, port)
        self._story = story
        self._server: asyncio.Server | None = None
        self.sessions: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> FastAgiServer:
        self._server = await asyncio.start_server(self._connected, *self._address, limit=LINE_LIMIT, backlog=512)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server:
            self._server.close()
        for session in tuple(self.sessions):
            session.cancel()
        await asyncio.gather(*self.sessions, return_exceptions=True)

    @property
    def port(self) -> int:
        assert self._server is not None  # noqa: S101  asked for inside the `async with` only
        return int(self._server.sockets[0].getsockname()[1])

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = asyncio.current_task()
        assert session is not None  # noqa: S101  asyncio runs this callback as a task
        self.sessions.add(session)
        try:
            if len(self.sessions) <= SESSIONS_LIMIT:
                await self._serve(reader, writer)
        except TelephonyError as error:
            log.warning("fastagi.refused", reason=str(error))
        except asyncio.CancelledError:
            pass  # the server closes; the caller goes on through door 2
        except Exception as error:  # the caller goes on through door 2; nothing of the error but its place is logged
            log.error("fastagi.failed", error=type(error).__name__, at=where(error))
        finally:
            self.sessions.discard(session)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        block = await _read_header(reader)
        if block is None:
            return
        line = FastAgiLine(self, {}, reader, writer)
        line.header = parse_header(block)
        line.sent_at = asyncio.get_running_loop().time()
        line.watch()
        try:
            await self._story(line)
        finally:
            line.watching.cancel()


async def _read_header(reader: asyncio.StreamReader) -> bytes | None:
    """The header block; None when the other side went away or was no switch: a port scan is no event."""
    try:
        async with asyncio.timeout(HEADER_DEADLINE_S):
            return await reader.readuntil(b"\n\n")
    except asyncio.LimitOverrunError as error:
        raise TelephonyError(f"AGI header longer than {HEADER_LIMIT} bytes") from error
    except (TimeoutError, asyncio.IncompleteReadError, ConnectionError):
        return None
