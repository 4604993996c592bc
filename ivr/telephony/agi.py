"""AGI as values: the header block, commands and replies. No sockets.

Protocol: https://docs.asterisk.org/ (AGI). A command is one line; Asterisk splits longer ones in two and every
later reply is then one late, so length and control characters are refused here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from ivr.errors import TelephonyError
from ivr.flow.steps import HUNG_UP, NOTHING, TYPED, Heard, pressed
from ivr.telephony.statuses import ReadStatus

HEADER_LIMIT = 8192  # bytes; Asterisk's own block is under 1 KB
COMMAND_LIMIT = 2000  # bytes; 2 KB before 20.16/22.6, measured
LINE_LIMIT = 8192  # bytes of one reply line
USAGE_LINES_LIMIT = 100  # lines of a 520 block; the longest in 22.10 has 13

_SPLITS_A_COMMAND = re.compile(r"[\r\n\0]")
_SPLITS_AN_ARGUMENT = re.compile(r'[,"\\]')
_REPLY = re.compile(r"(?P<code>\d{3})(?P<more>-?) ?(?:result=(?P<result>-?\d+))?(?: \((?P<data>.*)\))?")


class ReplyStatus(StrEnum):
    DONE = "done"
    HUNG_UP = "hung_up"  # the caller is gone, or the switch closed the stream
    REFUSED = "refused"  # 510, 511, 520


@dataclass(frozen=True, slots=True)
class Reply:
    status: ReplyStatus
    result: int = 0
    data: str = ""


GONE = Reply(ReplyStatus.HUNG_UP, result=-1)


@dataclass(frozen=True, slots=True)
class Header:
    """What the switch tells at the start. `caller` is the number as the carrier sent it: never log this value."""

    script: str
    caller: str
    arguments: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Header(script={self.script!r}, caller=***)"


def parse_header(block: bytes) -> Header:
    """The header block, up to the empty line. Raises TelephonyError when it is not one."""
    if len(block) > HEADER_LIMIT:
        raise TelephonyError(f"AGI header longer than {HEADER_LIMIT} bytes")
    pairs = dict(line.split(": ", 1) for line in block.decode("latin-1").split("\n") if ": " in line)
    script = pairs.get("agi_network_script") or pairs.get("agi_request", "")
    if not script:
        raise TelephonyError("AGI header without a request")
    arguments = tuple(pairs.get(f"agi_arg_{n}", "") for n in range(1, 4))
    return Header(script, pairs.get("agi_callerid", ""), arguments)


class ReplyReader:
    """Lines in, one reply out. Feed it until it is not None.

    `HANGUP` lines come unasked and are no reply; `100 Trying` precedes one; a 520 block has many lines.
    """

    def __init__(self) -> None:
        self._usage_lines = 0

    def feed(self, line: str) -> Reply | None:
        """The reply that `line` completes. An empty line is the end of the stream."""
        if not line:
            return GONE
        if self._usage_lines:
            return self._usage(line)
        found = _REPLY.match(line)
        if not found:
            return None if line.strip() == "HANGUP" else _nonsense(line)
        return self._reply(found)

    def _reply(self, found: re.Match[str]) -> Reply | None:
        code = int(found["code"])
        if code == 100:
            return None
        if code == 520 and found["more"]:
            self._usage_lines = 1
            return None
        if code == 200:
            result = int(found["result"] or 0)
            return Reply(ReplyStatus.DONE, result, found["data"] or "")
        return GONE if code == 511 else Reply(ReplyStatus.REFUSED, code)

    def _usage(self, line: str) -> Reply | None:
        self._usage_lines += 1
        if line.startswith("520 ") or self._usage_lines > USAGE_LINES_LIMIT:
            self._usage_lines = 0
            return Reply(ReplyStatus.REFUSED, 520)
        return None


def _nonsense(line: str) -> Reply:
    raise TelephonyError(f"not an AGI reply ({len(line)} characters)")


def command(*words: str) -> str:
    """One command line. Raises TelephonyError for what would put the replies out of step."""
    line = " ".join(words)
    if len(line.encode()) > COMMAND_LIMIT or _SPLITS_A_COMMAND.search(line):
        raise TelephonyError(f"not one AGI command of at most {COMMAND_LIMIT} bytes")
    return line + "\n"


def gosub(context: str, extension: str, *arguments: str) -> str:
    """GOSUB with arguments. A comma would divide one into two, a quote would end them all: both are refused."""
    if _SPLITS_AN_ARGUMENT.search("".join(arguments)):
        raise TelephonyError("a GOSUB argument may hold no comma, quote or backslash")
    return command("GOSUB", context, extension, "1", '"' + ",".join(arguments) + '"')


def get_variable(name: str) -> str:
    return command("GET VARIABLE", name)


def read_heard(value: str) -> Heard:
    """HL_HEARD (`dialplan/ask.conf`) as an outcome. An error of the prompt counts as no key: the call goes on."""
    status, _, key = value.partition(":")
    if status == ReadStatus.HANGUP:
        return HUNG_UP
    if status == ReadStatus.TYPED:
        return TYPED
    if status == ReadStatus.OK:
        return pressed(key[:1] or "#")
    return NOTHING
