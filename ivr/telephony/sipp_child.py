"""A child who calls: who, from where, and what it does, step by step. Used by `make demo` and the live suite.

ears = Ears()
child = Child(steps=(Wait(1.5), Press("2"), Wait(7), HangUp()))
log = await child.call(line, folder, ears.heard)
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from ivr.errors import TelephonyError
from ivr.telephony.rtp import Samples
from ivr.telephony.sipp import Sipp, until
from ivr.telephony.sipp_call import LiveCall, Sound
from ivr.telephony.sipp_message import Address, CallLog, Message
from ivr.telephony.sipp_scenario import calling
from ivr.telephony.voice import Listener, Voice

# +994 00 is no network of Azerbaijan's: these numbers belong to nobody.
NOBODY = "+994000000001"
ONE_HOUR_S = 3600.0
ANONYMOUS = '"Anonymous" <sip:anonymous@anonymous.invalid>'


class Step(Protocol):
    async def take(self, call: LiveCall) -> None:
        """Do it; return when it is done."""


@dataclass(frozen=True, slots=True)
class Wait:
    seconds: float

    async def take(self, call: LiveCall) -> None:
        await asyncio.sleep(self.seconds)


@dataclass(frozen=True, slots=True)
class Until:
    """Go on when something is so: `Until(lambda: ears.heard_anything, 5, "the greeting")`."""

    seen: Callable[[], object]
    within_s: float
    what: str

    async def take(self, call: LiveCall) -> None:
        await until(self.seen, self.within_s, self.what)


@dataclass(frozen=True, slots=True)
class Press:
    keys: str
    held_ms: int = 120
    gap_ms: int = 100

    async def take(self, call: LiveCall) -> None:
        await call.press(self.keys, held_ms=self.held_ms, gap_ms=self.gap_ms)


@dataclass(frozen=True, slots=True)
class Say:
    """Sound from now on, over and over; None for no packet at all."""

    samples: Samples | None

    async def take(self, call: LiveCall) -> None:
        call.say(self.samples)


@dataclass(frozen=True, slots=True)
class HangUp:
    async def take(self, call: LiveCall) -> None:
        await call.finish()


@dataclass(frozen=True, slots=True)
class Stay:
    """Until the far end hangs up."""

    within_s: float = 60

    async def take(self, call: LiveCall) -> None:
        await call.ended(self.within_s)


@dataclass(frozen=True, slots=True)
class Linger:
    """Until the far end hangs up, or so many seconds have passed."""

    seconds: float

    async def take(self, call: LiveCall) -> None:
        with suppress(TelephonyError):
            await call.ended(self.seconds)


@dataclass(frozen=True, slots=True)
class Child:
    """A caller. The steps begin when the call is answered; after the last one the child hangs up."""

    dials: str = "116111"
    steps: Sequence[Step] = ()
    number: str | None = NOBODY
    """None withholds it. A `#` in it becomes the number of the call, 1 and up."""
    password: str = field(default="", repr=False)
    """With one this is no child but a phone of the line's own that dials; `number` is its extension."""
    sound: Sound = field(default_factory=Sound)
    gives_up_s: float | None = None
    """Cancel when nobody has answered by then, counted from the INVITE."""
    answer_within_s: float = 30

    @property
    def header(self) -> str:
        if self.number is None:
            return ANONYMOUS
        return f"<sip:{self.number.replace('#', '[call_number]')}@[local_ip]>"

    @asynccontextmanager
    async def ringing(self, line: Address, folder: Path, listener: Listener | None = None) -> AsyncIterator[LiveCall]:
        """The call in your own hands, from INVITE on; it is hung up when you leave."""
        async with self._calls(1, line, folder, listener) as calls:
            await until(lambda: calls, 10, "the call to begin")
            yield next(iter(calls.values()))

    async def call(self, line: Address, folder: Path, listener: Listener | None = None) -> CallLog:
        """Call, do the steps, hang up. What happened."""
        async with self.ringing(line, folder, listener) as live:
            await self._play(live)
        return live.log

    async def crowd(self, count: int, line: Address, folder: Path, listener: Listener | None = None) -> list[CallLog]:
        """`count` such children within a second, each from a number of its own. What happened to each."""
        each = self if self.number is None or "#" in self.number else replace(self, number=f"{self.number}#")
        async with each._calls(count, line, folder, listener) as calls:
            await until(lambda: len(calls) == count, 30, f"{count} calls to begin")
            async with asyncio.TaskGroup() as children:
                for live in calls.values():
                    children.create_task(self._play(live))
        return [live.log for live in calls.values()]

    @asynccontextmanager
    async def _calls(
        self, count: int, line: Address, folder: Path, listener: Listener | None
    ) -> AsyncIterator[dict[str, LiveCall]]:
        calls: dict[str, LiveCall] = {}

        def heard(message: Message) -> None:
            if self.password and message.header("CSeq").startswith("1 "):
                return  # the switch asks for the password: the call begins with what follows
            calls.setdefault(message.call_id, LiveCall(self.sound, voice, sipp)).take(message)

        async with AsyncExitStack() as stack:
            voice = await stack.enter_async_context(Voice(listener))
            offer = self.sound.offer(voice.port)
            scenario = calling(self.dials, self.header, offer, challenged=bool(self.password))
            sipp = Sipp(scenario, line, folder, heard)
            account = ("-au", self.number or "", "-ap", self.password) if self.password else ()
            rate = max(count, 50)
            await stack.enter_async_context(sipp.options("-m", f"{count}", "-l", f"{count}", "-r", f"{rate}", *account))
            stack.push_async_callback(_let_go, calls)
            yield calls

    async def _play(self, live: LiveCall) -> None:
        if self.gives_up_s is not None and not await _settled_in(live, self.gives_up_s):
            if live.reached:
                await live.finish()
        elif (await live.settled(self.answer_within_s)).answered_at:
            await self._walk(live)

    async def _walk(self, live: LiveCall) -> None:
        """The steps, until they are over or the far end hangs up."""
        steps = asyncio.create_task(self._take_steps(live))
        over = asyncio.create_task(live.ended(ONE_HOUR_S))
        try:
            await asyncio.wait((steps, over), return_when=asyncio.FIRST_COMPLETED)
        finally:
            steps.cancel()
            over.cancel()
            outcomes = await asyncio.gather(steps, over, return_exceptions=True)
        if isinstance(outcomes[0], Exception):
            raise outcomes[0]

    async def _take_steps(self, live: LiveCall) -> None:
        for step in (*self.steps, HangUp()):
            await step.take(live)


async def _settled_in(live: LiveCall, within_s: float) -> bool:
    with suppress(TelephonyError):
        await live.settled(within_s)
        return True
    return False


async def _let_go(calls: dict[str, LiveCall]) -> None:
    """Nobody is left hanging at the switch, however we leave."""
    reached = [live.finish(2) for live in calls.values() if live.reached]
    await asyncio.gather(*reached, return_exceptions=True)
