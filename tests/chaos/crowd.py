"""A steady load: children who ring one after another, choose, wait, are answered and talk; and the phones that answer.

One SIPp rings, one answers for every counsellor. Whoever hears nothing for as long as a child would bear it hangs up.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from ivr.errors import TelephonyError
from ivr.telephony.rtp import Packet, tone
from ivr.telephony.sipp import Sipp
from ivr.telephony.sipp_call import LiveCall, Sound
from ivr.telephony.sipp_message import Address, Message, Side
from ivr.telephony.sipp_phone import Handset, Phone
from ivr.telephony.sipp_scenario import Codec, calling
from ivr.telephony.voice import Voice
from tests.chaos.silence import Hearing
from tests.live.line import LiveLine

CHILD, COUNSELLOR = Sound(Codec.ALAW, says=tone(400)), Sound(Codec.ULAW, says=tone(700))
TALK_S = 5.0
BEARS_S = 12.0  # a child who hears nothing for so long has gone
WAITS_S = 110.0
BEFORE_KEY_S = 2.0
REGISTER_EVERY_S = 100.0
# What each of six callers presses; the last hangs up in the menus.
KEYS = ("113", "243", "19", "30", "133", "1")
GIVES_UP = 5


@dataclass(slots=True)
class Caller:
    """One child's call. `stays`: until somebody answers; otherwise they hang up in the menus."""

    live: LiveCall
    stays: bool
    hearing: Hearing | None = None
    left_at: float | None = None  # of themselves, tired of silence or of waiting

    @property
    def answered_at(self) -> float | None:
        return self.live.log.answered_at

    @property
    def ended_at(self) -> float | None:
        return self.live.log.ended_at

    @property
    def is_up(self) -> bool:
        return self.answered_at is not None and self.ended_at is None


@dataclass(slots=True)
class Crowd:
    """`per_s` calls begin every second while it is open; `callers` are all there ever were."""

    line: LiveLine
    per_s: float
    callers: list[Caller] = field(default_factory=list)
    died_at: float = 0.0
    _by_call: dict[str, Caller] = field(default_factory=dict)
    _by_media: dict[Address, Caller] = field(default_factory=dict)
    _lives: set[asyncio.Task[None]] = field(default_factory=set)
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _voice: Voice = field(init=False)
    _sipp: Sipp = field(init=False)

    @asynccontextmanager
    async def ringing(self) -> AsyncIterator[Crowd]:
        async with Voice(self._hear) as voice:
            self._voice = voice
            header = f"<sip:+9940002{os.getpid() % 100:02d}[call_number]@[local_ip]>"
            scenario = calling("116111", header, CHILD.offer(self._voice.port))
            self._sipp = Sipp(scenario, self.line.address, self.line.folder(), self._take)
            pace = ("-r", f"{round(self.per_s * 10)}", "-rp", "10000", "-l", "300", "-m", "1000000")
            try:
                async with self._sipp.options(*pace):
                    yield self
            finally:
                for life in self._lives:
                    life.cancel()

    async def stop(self, within_s: float) -> None:
        """No more calls begin; those that are going on come to their end, or are hung up."""
        os.kill(self._sipp._process.pid, signal.SIGUSR1)
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while self.up():
                    await asyncio.sleep(0.1)
        await asyncio.gather(*(each.live.finish(3) for each in self.up()), return_exceptions=True)

    def up(self) -> list[Caller]:
        return [each for each in self.callers if each.is_up]

    def on_the_line(self) -> list[Caller]:
        """Without those whose switch has died, which they will notice by and by."""
        return [each for each in self.up() if (each.answered_at or 0.0) > self.died_at]

    def _take(self, message: Message) -> None:
        caller = self._by_call.get(message.call_id)
        if caller is None:
            number = next(self._numbers) % len(KEYS)
            caller = Caller(LiveCall(CHILD, self._voice, self._sipp), number != GIVES_UP)
            self._by_call[message.call_id] = caller
            self.callers.append(caller)
            life = asyncio.create_task(self._live(caller, KEYS[number]))
            self._lives.add(life)
            life.add_done_callback(self._lives.discard)
        if not message.sent and message.media:
            caller.hearing = caller.hearing or Hearing()
            self._by_media[message.media] = caller
        caller.live.take(message)

    def _hear(self, packet: Packet, at: float, source: Address) -> None:
        caller = self._by_media.get(source)
        if caller and caller.hearing and caller.is_up:
            caller.hearing.hear(packet, at)

    async def _live(self, caller: Caller, keys: str) -> None:
        with suppress(TelephonyError):
            await caller.live.settled(40)
            for key in keys:
                await asyncio.sleep(BEFORE_KEY_S)
                await caller.live.press(key)
            await (self._stay(caller) if caller.stays else asyncio.sleep(BEFORE_KEY_S))
            if caller.is_up:
                caller.left_at = time.time()
                await caller.live.finish(5)

    async def _stay(self, caller: Caller) -> None:
        gives_up_at = time.time() + WAITS_S
        while caller.is_up and time.time() < gives_up_at:
            if caller.hearing and caller.hearing.silent_s(time.time()) > BEARS_S:
                return
            await asyncio.sleep(0.1)


@dataclass(frozen=True, slots=True)
class Talk:
    """One phone's side of a conversation."""

    live: LiveCall

    @property
    def is_on(self) -> bool:
        return self.live.log.connected and self.live.log.ended_at is None

    @property
    def was_cut(self) -> bool:
        """The switch ended it. Children never do: they stay until the counsellor hangs up."""
        return self.live.log.connected and self.live.log.ended_by is Side.THERE

    @property
    def began(self) -> float:
        return self.live.log.answered_at or 0.0


class Desk:
    """Every counsellor's phone, answered by one SIPp."""

    def __init__(self, handset: Handset) -> None:
        self._handset = handset
        self.died_at = 0.0

    def talks(self) -> list[Talk]:
        return [Talk(call) for call in self._handset.calls]

    def talking(self) -> list[Talk]:
        return [talk for talk in self.talks() if talk.is_on and talk.began > self.died_at]


@asynccontextmanager
async def desk(line: LiveLine, extensions: tuple[str, ...]) -> AsyncIterator[Desk]:
    phones = [line.phone(extension, talk_s=TALK_S, sound=COUNSELLOR) for extension in extensions]
    async with phones[0].on(line.address, line.folder()) as handset:
        again = asyncio.create_task(_keep_registered(line, phones, handset.address[1]))
        try:
            await _register(line, phones, handset.address[1])
            yield Desk(handset)
        finally:
            again.cancel()


async def _register(line: LiveLine, phones: list[Phone], port: int) -> None:
    for phone in phones:
        await phone.register(line.address, line.folder(), port)


async def _keep_registered(line: LiveLine, phones: list[Phone], port: int) -> None:
    while True:
        await asyncio.sleep(REGISTER_EVERY_S)
        with suppress(TelephonyError):
            await _register(line, phones, port)
