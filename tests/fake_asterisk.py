"""Plays Asterisk's end of an AGI connection over a real socket: sends the header block, answers commands.

Replies are given by a function from the command to what the switch would say; `dialplan` below is one that presses
keys. Nothing is mocked: what it says is what Asterisk 22.10 was heard to say.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

HEADER = (
    "agi_network: yes\nagi_network_script: {script}\nagi_request: agi://127.0.0.1/incoming\n"
    "agi_channel: PJSIP/loopback-00000000\nagi_language: az\nagi_type: PJSIP\nagi_uniqueid: hl-1795281282.0\n"
    "agi_version: 22.10.1\nagi_callerid: {caller}\nagi_calleridname: unknown\nagi_context: incoming\n"
    "agi_extension: s\nagi_priority: 4\nagi_enhanced: 0.0\nagi_accountcode: \nagi_threadid: 1\n"
    "agi_arg_1: {session}\nagi_arg_2: {heard}\nagi_arg_3: {language}\n\n"
)
CALLER = "+994000000001"

Replies = Callable[[str], str]


def header(caller: str = CALLER, session: str = "", heard: str = "", script: str = "incoming") -> bytes:
    return HEADER.format(caller=caller, session=session, heard=heard, script=script, language="").encode()


def waiting(session: str = "", reason: str = "unanswered", language: str = "ru") -> bytes:
    """The header block of `dialplan/unanswered.conf`. The caller's number has left the channel's own fields by then."""
    given = {"session": session, "heard": reason, "language": language}
    return HEADER.format(caller="116111", script="unanswered", **given).encode()


def dialplan(keys: Iterable[str], seen: str = CALLER) -> Replies:
    """Answers as `dialplan/ask.conf` does, pressing `keys` in turn; an empty one is silence, "hangup" hangs up.

    Several digits are a number that is keyed in.
    """
    left, typed = iter(keys), ""

    def reply(command: str) -> str:
        nonlocal typed
        if command.startswith("GOSUB"):
            return "100 result=0 Trying...\n200 result=0 Gosub complete\n"
        if not command.startswith("GET VARIABLE HL_HEARD"):
            value = {"HL_SEEN": seen, "HL_TYPED": typed}[command.rsplit(maxsplit=1)[-1]]
            return f"200 result=1 ({value})\n" if value else "200 result=0\n"
        key = next(left, "hangup")
        if key == "hangup":
            return "HANGUP\n511 Command Not Permitted on a dead channel or intercept routine\n"
        if len(key) > 1:
            typed = key
            return "200 result=1 (TYPED:)\n"
        return f"200 result=1 ({'OK' if key else 'TIMEOUT'}:{key})\n"

    return reply


async def ring(port: int, replies: Replies, block: bytes | None = None) -> list[str]:
    """One call: the commands the program sent until it closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    heard: list[str] = []
    try:
        writer.write(header() if block is None else block)
        while command := (await reader.readline()).decode():
            heard.append(command.rstrip("\n"))
            writer.write(replies(command).encode())
    except ConnectionError:
        pass
    finally:
        writer.close()
    return heard
