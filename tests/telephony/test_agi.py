"""AGI as values: headers, commands, replies."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.errors import TelephonyError
from ivr.flow.steps import HUNG_UP, NOTHING, pressed
from ivr.telephony.agi import (
    COMMAND_LIMIT,
    GONE,
    USAGE_LINES_LIMIT,
    Reply,
    ReplyReader,
    ReplyStatus,
    command,
    gosub,
    parse_header,
    read_heard,
)
from tests.fake_asterisk import CALLER, header


def replies(*lines: str) -> list[Reply]:
    reader, found = ReplyReader(), []
    for line in lines:
        if reply := reader.feed(line):
            found.append(reply)
    return found


def test_header_gives_script_caller_and_arguments() -> None:
    found = parse_header(header(session="abc", heard="OK:3"))
    assert (found.script, found.caller, found.arguments) == ("incoming", CALLER, ("abc", "OK:3", ""))


def test_header_never_prints_the_caller() -> None:
    assert CALLER not in repr(parse_header(header()))


@pytest.mark.parametrize("block", [b"", b"rubbish\n\n", b"agi_callerid: 1\n\n", b"\xff" * 9000])
def test_what_is_no_header_is_refused(block: bytes) -> None:
    with pytest.raises(TelephonyError):
        parse_header(block)


@given(st.binary(max_size=500))
def test_rubbish_is_a_header_or_refused(block: bytes) -> None:
    with contextlib.suppress(TelephonyError):
        parse_header(block + b"\n\n")


def test_variable_arrives_with_brackets_inside() -> None:
    assert replies("200 result=1 (OK:(3))\n") == [Reply(ReplyStatus.DONE, 1, "OK:(3)")]


def test_hangup_line_is_not_taken_for_the_reply() -> None:
    assert replies("HANGUP\n", "200 result=0\n") == [Reply(ReplyStatus.DONE)]


def test_trying_is_not_the_reply() -> None:
    assert replies("100 result=0 Trying...\n", "200 result=0 Gosub complete\n") == [Reply(ReplyStatus.DONE)]


def test_usage_block_is_one_reply_and_the_next_is_in_step() -> None:
    lines = ("520-Invalid command syntax.  Proper usage follows:\n", " Usage: GOSUB\n", "520 End of proper usage.\n")
    assert replies(*lines, "200 result=7\n") == [Reply(ReplyStatus.REFUSED, 520), Reply(ReplyStatus.DONE, 7)]


def test_endless_usage_block_ends() -> None:
    assert replies("520-Invalid\n", *["line\n"] * USAGE_LINES_LIMIT)[0].status is ReplyStatus.REFUSED


def test_dead_channel_is_a_caller_gone_and_unknown_command_is_refused() -> None:
    found = replies("511 Command Not Permitted on a dead channel\n", "510 Invalid or unknown command\n")
    assert found == [GONE, Reply(ReplyStatus.REFUSED, 510)]


def test_end_of_stream_is_a_caller_gone() -> None:
    assert replies("") == [GONE]


def test_value_called_hangup_is_a_value() -> None:
    assert replies("200 result=1 (hangup)\n") == [Reply(ReplyStatus.DONE, 1, "hangup")]


@given(st.lists(st.text(max_size=80), max_size=20))
def test_any_lines_end_in_replies_or_a_refusal(lines: list[str]) -> None:
    with contextlib.suppress(TelephonyError):
        replies(*lines)


@pytest.mark.parametrize("word", ["a\nb", "a\rb", "a\0b", "x" * COMMAND_LIMIT, "ə" * COMMAND_LIMIT])
def test_command_that_would_put_replies_out_of_step_is_refused(word: str) -> None:
    with pytest.raises(TelephonyError):
        command("GOSUB", word)


@pytest.mark.parametrize("argument", ["a,b", 'a"b', "a\\b", "a\nb"])
def test_gosub_argument_cannot_become_two(argument: str) -> None:
    with pytest.raises(TelephonyError):
        gosub("ask", "s", argument)


def test_gosub_is_one_line() -> None:
    assert gosub("ask", "s", "a&b", "2.5") == 'GOSUB ask s 1 "a&b,2.5"\n'


@pytest.mark.parametrize(
    ("value", "heard"),
    [
        ("OK:3", pressed("3")),
        ("OK:", pressed("#")),
        ("TIMEOUT:", NOTHING),
        ("ERROR:", NOTHING),
        ("", NOTHING),
        ("HANGUP:", HUNG_UP),
    ],
)
def test_attempt_is_read(value: str, heard: object) -> None:
    assert read_heard(value) == heard
