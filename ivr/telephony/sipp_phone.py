"""A counsellor's phone: registered, it rings, and answers, or does not, as told. Several calls at once or in turn.

async with Phone("101", "secret", ring_s=1).on(line, folder, ears.heard) as handset:
    call = await handset.call(0)      # the first; waits for it
    await call.answered()
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from ivr.errors import TelephonyError
from ivr.telephony.sipp import LOOPBACK, Sipp, until
from ivr.telephony.sipp_call import LiveCall, Sound
from ivr.telephony.sipp_message import Address, CallLog, Message
from ivr.telephony.sipp_scenario import Codec, answering, registering
from ivr.telephony.voice import Listener, Voice

EXPIRES_S = 300
# One call a second would make the only one wait for a second.
ONCE = ("-m", "1", "-r", "50")
ULAW_SOUND = Sound(codec=Codec.ULAW)


@dataclass(frozen=True, slots=True)
class Phone:
    """How a phone behaves with each call. Without a password it does not register and can only be called directly."""

    extension: str = ""
    password: str = ""
    ring_s: float | None = 1.0
    """Answered, or refused, after so long; None leaves it ringing, or to `LiveCall.answer` in your own hands."""
    busy: bool = False
    talk_s: float | None = None
    """Hang up after so long; None stays until the far end hangs up."""
    sound: Sound = field(default_factory=lambda: ULAW_SOUND)

    @asynccontextmanager
    async def on(self, line: Address, folder: Path, listener: Listener | None = None) -> AsyncIterator["Handset"]:
        """Switched on and registered; hung up, taken off the register and off when you leave."""
        async with AsyncExitStack() as stack:
            voice = await stack.enter_async_context(Voice(listener))
            handset = Handset(self, voice)
            scenario = answering(self.sound.offer(voice.port))
            sipp = await stack.enter_async_context(Sipp(scenario, line, folder, handset.take))
            handset.sipp = sipp
            if self.password:
                await self.register(line, folder, sipp.port)
                await stack.enter_async_context(self._registered(line, folder, sipp.port))
            stack.push_async_callback(handset.close)
            yield handset

    @asynccontextmanager
    async def _registered(self, line: Address, folder: Path, port: int) -> AsyncIterator[None]:
        await self.register(line, folder, port)
        again = asyncio.create_task(self._register_again(line, folder, port))
        try:
            yield
        finally:
            again.cancel()
            # The switch may be gone, which is what some tests are about.
            with suppress(TelephonyError):
                await self.register(line, folder, port, 0)

    async def _register_again(self, line: Address, folder: Path, port: int) -> None:
        while True:
            await asyncio.sleep(EXPIRES_S / 2)
            with suppress(TelephonyError):
                await self.register(line, folder, port)

    async def register(self, line: Address, folder: Path, port: int, expires_s: int = EXPIRES_S) -> None:
        """REGISTER once. Raises TelephonyError when the switch says no, or nothing."""
        told: list[Message] = []
        sipp = Sipp(registering(self.extension, port, expires_s), line, folder, told.append)
        async with sipp.options("-au", self.extension, "-ap", self.password, *ONCE):
            with suppress(TelephonyError):
                await until(lambda: _decided(told), 5 if expires_s else 1, "the register")
            if not told or told[-1].status != 200:
                raise TelephonyError(f"phone {self.extension} could not register")


def _decided(told: list[Message]) -> bool:
    """Taken or refused; the first refusal is a question for the password (RFC 3261 22.2)."""
    statuses = [message.status for message in told if message.status >= 200]
    return len(statuses) > 1 or (bool(statuses) and statuses[0] != 401)


class Handset:
    """A phone that is switched on. `calls` in the order in which they came."""

    def __init__(self, phone: Phone, voice: Voice) -> None:
        self.phone, self._voice = phone, voice
        self.sipp: Sipp | None = None
        self._calls: dict[str, LiveCall] = {}
        self._minding: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> Address:
        """To call it directly, without a switch."""
        return (LOOPBACK, self.sipp.port if self.sipp else 0)

    @property
    def complaint(self) -> str:
        """What SIPp found wrong so far."""
        return self.sipp.complaint if self.sipp else ""

    @property
    def calls(self) -> tuple[LiveCall, ...]:
        return tuple(self._calls.values())

    @property
    def logs(self) -> tuple[CallLog, ...]:
        return tuple(call.log for call in self.calls)

    async def call(self, number: int = 0, within_s: float = 30) -> LiveCall:
        """The call with that number, 0 the first; waits for it to ring."""
        await until(lambda: len(self._calls) > number, within_s, f"phone {self.phone.extension} to ring")
        call = self.calls[number]
        await call.rings()
        return call

    def take(self, message: Message) -> None:
        if self.sipp is None or (message.call_id not in self._calls and message.method != "INVITE"):
            return
        if message.call_id not in self._calls:
            self._calls[message.call_id] = LiveCall(self.phone.sound, self._voice, self.sipp)
            self._mind(self._calls[message.call_id])
        self._calls[message.call_id].take(message)

    async def close(self) -> None:
        for task in tuple(self._minding):
            task.cancel()
        await asyncio.gather(*(call.finish(2) for call in self.calls), return_exceptions=True)

    def _mind(self, call: LiveCall) -> None:
        task = asyncio.create_task(self._behave(call))
        self._minding.add(task)
        task.add_done_callback(self._minding.discard)

    async def _behave(self, call: LiveCall) -> None:
        if self.phone.ring_s is None:
            return
        await call.rings()
        await asyncio.sleep(self.phone.ring_s)
        if self.phone.busy:
            call.refuse()
            return
        call.answer()
        # The far end may give up first: then there is nothing to hang up.
        with suppress(TelephonyError):
            await call.answered(10)
            if self.phone.talk_s is not None:
                await asyncio.sleep(self.phone.talk_s)
                call.hang_up()
