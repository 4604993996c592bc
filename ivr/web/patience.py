"""How long the server waits for somebody who has connected to ask something: uvicorn itself waits for ever."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S = 10.0
"""From the first byte of a connection, or the end of an answer, to the end of a request's head."""


class Patience(H11Protocol):
    """Whoever sends a head byte by byte (slowloris), or nothing, is hung up on. Bodies: `web/form.py`."""

    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._look()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        super().connection_lost(exc)

    def _look(self) -> None:
        is_waited_for = self.cycle is None or self.cycle.response_complete
        if not is_waited_for or self.transport.get_protocol() is not self:  # it became a WebSocket
            self._stop()
        elif self._waiting is None:
            self._waiting = self.loop.call_later(HEAD_S, self.transport.close)

    def _stop(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
