"""The way from a telephone in a page to the switch: SIP over the switch's own WebSocket, on loopback."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from enum import IntEnum

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Subprotocol

from ivr.errors import TelephonyError

HOST = "127.0.0.1"
SIP = Subprotocol("sip")  # RFC 7118
PATIENCE_S = 3.0
MOST_BYTES = 64 * 1024  # of one message; an offer with its candidates has about three thousand


class Code(IntEnum):
    """Why a connection was closed: RFC 6455, 7.4, and one of our own."""

    NORMAL = 1000
    AWAY = 1001
    NOT_SAID = 1005
    LOST = 1006
    REFUSED = 1008
    TOO_LARGE = 1009
    SIGNED_OUT = 4001


class PageLine:
    """One connection. `receive` gives None when the switch has closed it."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def send(self, message: str) -> None:
        """Raises TelephonyError."""
        try:
            await self._socket.send(message)
        except ConnectionClosed as error:
            raise TelephonyError("the switch has closed the telephone's connection") from error

    async def receive(self) -> str | None:
        try:
            message = await self._socket.recv()
        except ConnectionClosed:
            return None
        return message if isinstance(message, str) else message.decode(errors="replace")


@contextlib.asynccontextmanager
async def connected(port: int) -> AsyncIterator[PageLine]:
    """Raises TelephonyError: nothing answers there within three seconds, or not as a switch would."""
    try:
        socket = await connect(
            f"ws://{HOST}:{port}/ws",
            subprotocols=[SIP],
            compression=None,
            proxy=None,
            user_agent_header=None,
            open_timeout=PATIENCE_S,
            close_timeout=PATIENCE_S,
            ping_interval=None,  # the switch is on this machine: when it dies the connection does
            max_size=MOST_BYTES,
        )
    except (OSError, WebSocketException) as error:
        raise TelephonyError("the switch does not take telephones in pages", remedy="Look at `ivr status`.") from error
    try:
        yield PageLine(socket)
    finally:
        await socket.close()
