"""The switch's manager interface (AMI): one connection with one life. Asks, tells, hands events on; decides nothing.

Only panoramisk's reader of a single message is used. Its `Manager` sends again after a reconnect what was in flight,
keeps what is said while it is away for later, checks no ping, closes the connection when a callback fails (FACTS), and
waits for ever for a second answer to QueueAdd, whose "Added interface to queue" it takes for the head of a list. Its
protocol decodes each read by itself, so that a letter split over two is lost. Here a connection that fails is over:
nothing is sent twice, and who used it takes a fresh one from `connections` and asks for everything anew.

What an event holds is never logged, and what it tells of a caller is not kept: `parse` leaves those fields out.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import secrets
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import MappingProxyType

import structlog
from panoramisk.message import Message as OneMessage

from ivr.errors import TelephonyError

USER = "helpline"  # asterisk-conf/manager.conf

LOGIN_DEADLINE_S = 5.0  # to connect, log in and hear that every module is there
ACTION_DEADLINE_S = 5.0
PING_EVERY_S = 2.0  # a switch that hangs is noticed within twice that
BACK_OFF_S = (0.1, 0.3, 1.0, 3.0)  # before each fresh connection; the last one stays
STEADY_S = 10.0  # a connection that lasted so long begins again with the first wait

MESSAGE_LIMIT = 65_536  # bytes; the longest heard of 22.10 has 2 KB
LINE_LIMIT = 1_000  # bytes; 22.10 reads lines of 1,024 and throws longer ones away
LIST_LIMIT = 10_000  # messages in the answer to one action
EVENTS_LIMIT = 1_000  # waiting to be read; a busy queue sends about ten a call

RESPONSE = "Response"
RESYNC = "ResyncNeeded"  # the name of an event of our own: some were dropped here, so ask for everything anew
_END = b"\r\n\r\n"
_OF_A_CALLER = re.compile(r"CallerID|ConnectedLine|AccountCode|^content$|^AccountID$|^SessionID$")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Message:
    """An event, or the reply to an action. `name` is the event's, or RESPONSE. `message["Queue"]` is empty when the
    switch sent no such field; one that it sent more than once has a line for each.
    """

    name: str
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __getitem__(self, name: str) -> str:
        return self.fields.get(name, "")

    def __iter__(self) -> Iterator[str]:
        return iter(self.fields)


def parse(block: bytes) -> Message | None:
    """One message, without the empty line that ends it; None when it is none. Raises nothing."""
    found = OneMessage.from_line(block.decode("utf-8", "replace"))
    if found is None:
        return None
    fields = {k: "\n".join(v) if isinstance(v, list) else v for k, v in found.items() if not _OF_A_CALLER.search(k)}
    return Message(fields.get("Event", RESPONSE), MappingProxyType(fields))


def compose(fields: Mapping[str, str]) -> bytes:
    """One action. Raises TelephonyError for what would become another field or action, or be cut off."""
    lines = [f"{name}: {value}" for name, value in fields.items()]
    for line in lines:
        if any(letter in line for letter in "\r\n\0") or len(line.encode("utf-8", "replace")) > LINE_LIMIT:
            raise TelephonyError(f"a field of {fields.get('Action', 'an action')} is no line of {LINE_LIMIT} bytes")
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "replace")


class _Asked:
    """An action under way, and what came in answer so far."""

    def __init__(self, action: str) -> None:
        self.answer: asyncio.Future[tuple[Message, ...]] = asyncio.get_running_loop().create_future()
        self._action = action
        self._got: list[Message] = []

    def take(self, message: Message) -> None:
        if self.answer.done():
            return
        stage = message["EventList"].lower()
        if message.name != RESPONSE:
            self._take_listed(message, stage)
        elif message[RESPONSE] != "Success":
            self.fail(f"the switch refused {self._action}: {message['Message']}")
        elif stage == "start":
            self._got = [message]
        else:
            self.answer.set_result((message,))

    def _take_listed(self, message: Message, stage: str) -> None:
        if stage == "complete" and self._got:
            self.answer.set_result(tuple(self._got))
        elif stage or len(self._got) > LIST_LIMIT:
            self.fail(f"the switch did not finish its answer to {self._action}")
        else:
            self._got.append(message)

    def fail(self, reason: str) -> None:
        if not self.answer.done():
            self.answer.set_exception(TelephonyError(reason))


class Switch:
    """A connection as `connected` gives it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._numbers = itertools.count()
        self._mark = secrets.token_hex(4)  # an event may carry the number of somebody else's action
        self._asked: dict[str, _Asked] = {}
        self._events: deque[Message] = deque(maxlen=EVENTS_LIMIT)
        self._dropped = False
        self._stirred = asyncio.Event()
        self._lost = ""
        self._heard = 0

    async def ask(self, action: str, **fields: str) -> tuple[Message, ...]:
        """The list that the switch answers with, without its head and its end. Raises TelephonyError."""
        return (await self._send(action, fields))[1:]

    async def tell(self, action: str, **fields: str) -> Message:
        """The reply. Raises TelephonyError with the switch's words when it refuses, and when it is away."""
        return (await self._send(action, fields))[0]

    async def events(self) -> AsyncIterator[Message]:
        """What happens, in order, until the connection is lost. After RESYNC some are missing: the oldest."""
        while event := await self._next():
            yield event

    async def _next(self) -> Message | None:
        while not (self._events or self._dropped or self._lost):
            self._stirred.clear()
            await self._stirred.wait()
        if self._dropped:
            self._dropped = False
            return Message(RESYNC)
        return self._events.popleft() if self._events else None

    async def _send(self, action: str, fields: Mapping[str, str]) -> tuple[Message, ...]:
        number = f"{self._mark}-{next(self._numbers)}"
        block = compose({"Action": action, "ActionID": number, **fields})
        if self._lost:
            raise TelephonyError(self._lost, remedy="Run `ivr status`.")
        asked = self._asked[number] = _Asked(action)
        try:
            async with asyncio.timeout(ACTION_DEADLINE_S):
                self._writer.write(block)
                await self._writer.drain()
                return await asked.answer
        except (TimeoutError, ConnectionError) as error:  # whether it was done is not known: this connection is over
            asked.answer.cancel()
            self.lose(f"the switch did not answer {action} in time")
            raise TelephonyError(self._lost) from error
        finally:
            del self._asked[number]

    async def log_in(self, user: str, secret: str) -> None:
        """Raises TelephonyError when the switch refuses. At the end every module of the switch is there."""
        await self._send("Login", {"Username": user, "Secret": secret, "Events": "on"})
        while (event := await self._next()) and event.name != "FullyBooted":
            pass
        if event is None:
            raise TelephonyError(self._lost)

    async def read(self) -> None:
        """Take in what the switch sends until the connection is lost."""
        try:
            if not (await self._reader.readuntil(b"\n")).startswith(b"Asterisk Call Manager/"):
                self.lose("what answers is not the switch's manager interface")
            while not self._lost:
                message = parse((await self._reader.readuntil(_END)).removesuffix(_END))
                self._heard += 1
                if message:
                    self._take(message)
        except asyncio.LimitOverrunError:
            self.lose(f"the switch sent a message longer than {MESSAGE_LIMIT} bytes")
        except (asyncio.IncompleteReadError, ConnectionError):
            self.lose("the switch closed its manager connection")
        finally:
            self.lose("the manager connection is over")

    async def watch(self) -> None:
        """Notice a switch that hangs, or a cable that was cut: neither closes the connection.

        Anything that is heard is a sign of life: in a flood of events the answer to a ping stands behind them all.
        """
        while not self._lost:
            heard = self._heard
            self._writer.write(compose({"Action": "Ping"}))
            await asyncio.sleep(PING_EVERY_S)
            if self._heard == heard:
                self.lose("the switch does not answer")

    def _take(self, message: Message) -> None:
        number = message["ActionID"]
        if number in self._asked:
            self._asked[number].take(message)
        elif message.name != RESPONSE and not number.startswith(self._mark):
            self._dropped |= len(self._events) == EVENTS_LIMIT
            self._events.append(message)
            self._stirred.set()

    def lose(self, reason: str) -> None:
        """This connection is over; the first reason stays."""
        self._lost = self._lost or reason
        for asked in self._asked.values():
            asked.fail(self._lost)
        self._writer.transport.abort()
        self._stirred.set()


@asynccontextmanager
async def connected(host: str, port: int, user: str, secret: str) -> AsyncIterator[Switch]:
    """One connection, logged in. Raises TelephonyError when there is none to be had; leaving it closes it."""
    try:
        async with asyncio.timeout(LOGIN_DEADLINE_S):
            switch = Switch(*await asyncio.open_connection(host, port, limit=MESSAGE_LIMIT))
    except (OSError, TimeoutError) as error:
        raise TelephonyError("the switch's manager interface is away", remedy="Run `make up`.") from error
    tasks = [asyncio.create_task(switch.read())]
    try:
        await _log_in(switch, user, secret)
        tasks.append(asyncio.create_task(switch.watch()))
        yield switch
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _log_in(switch: Switch, user: str, secret: str) -> None:
    try:
        async with asyncio.timeout(LOGIN_DEADLINE_S):
            await switch.log_in(user, secret)
    except TimeoutError as error:
        raise TelephonyError("the switch did not finish the login in time") from error


async def connections(host: str, port: int, user: str, secret: str) -> AsyncGenerator[Switch, None]:
    """Fresh connections, for ever, one after another: the next begins when the loop asks for it, after a back-off.

    Whoever uses one reads its `events` to their end, sends nothing on it afterwards, and asks the next for everything:

        async with aclosing(connections(…)) as fresh:
            async for switch in fresh:
                with suppress(TelephonyError):
                    await follow(switch)
    """
    failures = 0
    while True:
        begun = time.monotonic()
        try:
            async with connected(host, port, user, secret) as switch:
                yield switch
        except TelephonyError as error:
            log.warning("ami.away", reason=str(error))
        failures = 0 if time.monotonic() - begun > STEADY_S else failures
        await asyncio.sleep(BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)])
        failures += 1
