"""The story that interrupts the wait, over a real socket, and what becomes of a number that is keyed in."""

from __future__ import annotations

from ivr.attempt import Line
from ivr.call import Helpline, Noted, Promise, believe, take_call, take_waiting
from ivr.flow.script import Script
from ivr.flow.steps import Session
from ivr.flow.turn import Settled
from ivr.telephony.fastagi import FastAgiServer
from tests.fake_asterisk import CALLER, dialplan, ring, waiting

KEY = b"k" * 32
TYPED = "0000000007"  # invented: +994 00 is no network
PACKED = Session("menu.age", language=None, keys=2).pack()


class Promised:
    """Keeps the promises that are made."""

    def __init__(self, words: Settled | None = (("callback", "cb-1"),)) -> None:
        self.made: list[tuple[Session, str]] = []
        self._words = words

    def __call__(self, session: Session, number: str, now: float) -> Settled | None:
        self.made.append((session, number))
        return self._words


async def told(
    script: Script, *keys: str, promise: Promise | None = None, noted: Noted = believe, seen: str = CALLER, **how: str
) -> list[str]:
    """The commands of one story."""

    async def story(line: Line) -> None:
        await take_waiting(line, Helpline(script, KEY, promise=promise, noted=noted))

    async with FastAgiServer(0, story) as server:
        return await ring(server.port, dialplan(keys, seen), waiting(**{"session": PACKED, **how}))


def end(commands: list[str]) -> tuple[str, ...]:
    """How it ended, after which words, with which record."""
    words = commands[-1].split('"')[1].split(",")
    assert commands[-1].startswith("GOSUB queue told 1")
    return words[0], words[5], words[7]


async def test_no_key_waits_on(script: Script) -> None:
    commands = await told(script, "")
    assert "helpline/az/unanswered" in commands[1]
    assert end(commands) == ("wait", "back-in-queue", "told=wait")


async def test_without_a_session_the_language_of_the_wait_is_spoken(script: Script) -> None:
    assert "helpline/ru/unanswered" in (await told(script, "", session="", language="ru"))[1]
    assert "helpline/az/unanswered" in (await told(script, "", session="rubbish", language="xx"))[1]


async def test_nine_is_danger_and_goes_back_into_the_queue(script: Script) -> None:
    commands = await told(script, "9")
    assert commands[-1].startswith('GOSUB queue decide 1 "az-danger,danger,')


async def test_the_number_that_is_seen_is_promised_and_never_told(script: Script) -> None:
    promise = Promised()
    commands = await told(script, "1", "1", "1", "2", promise=promise)
    assert end(commands) == ("callback", "callback-promised", "callback=cb-1")
    ((session, number),) = promise.made
    assert (number, session.number, session.safe, session.who) == (CALLER, "seen", "now", "anybody")
    assert CALLER.lstrip("+") not in "".join(commands)


async def test_a_number_that_is_keyed_in_is_read_back_and_promised_and_stands_in_no_session(script: Script) -> None:
    promise = Promised()
    commands = await told(script, "1", "2", TYPED, "1", "3", "1", promise=promise)
    (back,) = (command for command in commands if "callback-heard" in command)
    assert back.count("digit-zero") == 9
    assert "callback-heard&helpline/az/digit-zero" in back
    assert "digit-seven&helpline/az/callback-right" in back
    assert promise.made[0][1] == TYPED
    assert TYPED not in "".join(commands)


async def test_a_number_of_another_country_is_asked_for_again(script: Script) -> None:
    commands = await told(script, "1", "2", "0012125550100", "")
    assert "callback-type-wrong" in "".join(commands)


async def test_a_withheld_number_is_keyed_in_at_once(script: Script) -> None:
    commands = await told(script, "", reason="asked", seen="")
    assert commands[1].startswith("GOSUB ask digits 1")
    assert commands[1].endswith(',15"')


async def test_nines_are_danger_where_a_number_is_keyed_in(script: Script) -> None:
    for nines in ("9", "999"):
        commands = await told(script, nines, reason="asked", seen="")
        assert commands[-1].startswith("GOSUB queue decide 1")


async def test_a_promise_that_cannot_be_made_waits_on(script: Script) -> None:
    for promise in (None, Promised(None)):
        commands = await told(script, "1", "1", "1", "1", promise=promise)
        assert end(commands) == ("wait", "back-in-queue", "told=wait")


async def test_a_promise_that_stands_on_no_disk_is_not_given(script: Script) -> None:
    """A full disk: the switch was told, but the ledger has no line of it. The caller waits on."""

    async def never(words: Settled) -> bool:
        return False

    commands = await told(script, "1", "1", "1", "1", promise=Promised(), noted=never)
    assert commands[-2].startswith('GOSUB queue told 1 "callback,')
    assert end(commands) == ("wait", "back-in-queue", "told=wait")


async def test_a_closed_line_promises_too(script: Script) -> None:
    promise = Promised()

    async def story(line: Line) -> None:
        await take_call(line, Helpline(script, KEY, promise=promise, is_open=lambda now: False))

    async with FastAgiServer(0, story) as server:
        commands = await ring(server.port, dialplan(["1", "1", "1", "3", "1"]))
    assert end(commands) == ("callback", "callback-promised", "callback=cb-1")
    assert [(session.safe, session.who, number) for session, number in promise.made] == [("tomorrow", "caller", CALLER)]


async def test_hanging_up_tells_nothing(script: Script) -> None:
    assert not (await told(script, "1", "hangup"))[-1].startswith("GOSUB queue")
