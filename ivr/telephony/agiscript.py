"""Door 2: one call as a process started by the switch, speaking AGI over its standard streams.

pyst2 reads the header and sends the commands. Its own reply reader mistakes HANGUP lines and ends of stream (FACTS),
so ours stands in its place; and it writes the dialogue, caller's number included, to a stream we give it: a void.
"""

from __future__ import annotations

from typing import TextIO

from asterisk.agi import AGI

from ivr.telephony.agi import GONE, HEADER_LIMIT, LINE_LIMIT, Header, Reply, ReplyReader, parse_header


class Void:
    """Where pyst2's trace of the dialogue goes: nowhere."""

    def write(self, text: str) -> int:
        return len(text)


class ScriptLine(AGI):
    """One caller's wire through door 2. `send` never waits for an event loop."""

    def __init__(self, stdin: TextIO, stdout: TextIO) -> None:
        super().__init__(stdin, stdout, Void())
        self.header: Header = parse_header(self._block())

    def _block(self) -> bytes:
        return "".join(f"{name}: {value}\n" for name, value in self.env.items()).encode("latin-1", "replace")

    def _get_agi_env(self) -> None:
        """pyst2 loops for ever on a stream that ends before the empty line, and has no limit."""
        self.env = {}
        left = HEADER_LIMIT
        while left > 0 and (line := self.stdin.readline(left)).strip():
            left -= len(line)
            name, _, value = line.strip().partition(": ")
            self.env[name] = value

    async def send(self, command: str) -> Reply:
        try:
            self.send_command(command.rstrip("\n"))
            return self.get_result()
        except BrokenPipeError:
            return GONE

    def get_result(self, stdin: TextIO | None = None) -> Reply:
        reader = ReplyReader()
        while True:
            reply = reader.feed(self.stdin.readline(LINE_LIMIT))
            if reply:
                return reply
