"""One call in the hands of a caller or a counsellor: press, say, answer, hang up, and what happened so far."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from ivr.errors import TelephonyError
from ivr.telephony.rtp import SILENCE, Samples
from ivr.telephony.sipp import Sipp, until
from ivr.telephony.sipp_message import CallLog, Message, fold
from ivr.telephony.sipp_scenario import Codec, Nudge, Offer
from ivr.telephony.voice import Leg, Voice


@dataclass(frozen=True, slots=True)
class Sound:
    """How one side sounds: codec, payload type of its keys, what it says (None: not a single packet)."""

    codec: Codec = Codec.ALAW
    key_type: int = 101
    says: Samples | None = field(default_factory=lambda: SILENCE)
    echoes: bool = False

    def offer(self, media_port: int) -> Offer:
        return Offer(self.codec, media_port, self.key_type)


class LiveCall:
    """A call that is going on, or is over; fed with SIPp's messages by `take`."""

    def __init__(self, sound: Sound, voice: Voice, sipp: Sipp) -> None:
        self._sound, self._voice, self._sipp = sound, voice, sipp
        self._messages: list[Message] = []
        self._leg: Leg | None = None
        self._leaving: asyncio.Task[None] | None = None
        self.log = CallLog()

    @property
    def invite(self) -> str:
        """The INVITE as it was on the wire, to look for what should not be in it."""
        return self._messages[0].text if self._messages else ""

    def take(self, message: Message) -> None:
        self._messages.append(message)
        self.log = fold(self._messages)
        if self.log.ended_at:
            self._fall_silent()
        elif self.log.answered_at:
            self._speak()

    async def rings(self, within_s: float = 10) -> CallLog:
        return await self._until(lambda log: log.ringing_at or log.ended_at, within_s, "the phone to ring")

    async def settled(self, within_s: float = 30) -> CallLog:
        """Answered, refused or given up."""
        return await self._until(lambda log: log.status or log.ended_at, within_s, "an answer")

    async def answered(self, within_s: float = 30) -> CallLog:
        return await self._until(lambda log: log.connected, within_s, "the call to be answered")

    async def ended(self, within_s: float = 60) -> CallLog:
        return await self._until(lambda log: log.ended_at, within_s, "the call to end")

    async def _until(self, seen: Callable[[CallLog], object], within_s: float, what: str) -> CallLog:
        def look() -> CallLog | None:
            gone = self._sipp.gone
            if seen(self.log):
                return self.log
            if gone:
                raise TelephonyError(f"SIPp ended while we waited for {what}")
            return None

        return await until(look, within_s, what)

    async def press(self, keys: str, *, held_ms: int = 120, gap_ms: int = 100) -> None:
        """Press keys, if the call is up."""
        if self._leg:
            await self._leg.press(keys, held_ms=held_ms, gap_ms=gap_ms)

    def say(self, samples: Samples | None) -> None:
        if self._leg:
            self._leg.say(samples)

    def answer(self) -> None:
        self._nudge(Nudge.ANSWER)

    def refuse(self) -> None:
        self._nudge(Nudge.REFUSE)

    def hang_up(self) -> None:
        """BYE, or CANCEL where nobody has answered yet; nothing where the far end gave no sign of life, for then
        nothing may be sent (RFC 3261 9.1). Pressed again each second until it is done: SIPp may have been busy.
        """
        self._leaving = asyncio.create_task(self._insist())

    @property
    def reached(self) -> bool:
        """The far end has given a sign of life."""
        return any(not message.sent for message in self._messages)

    async def _insist(self) -> None:
        with suppress(TelephonyError):
            await self.finish()

    def leave(self) -> None:
        """Put the receiver down, in whatever state the call is."""
        called = bool(self._messages) and not self._messages[0].sent
        self._nudge(Nudge.REFUSE if called and not self.log.answered_at else Nudge.HANG_UP)

    async def finish(self, within_s: float = 10) -> CallLog:
        """Put the receiver down and wait until that is done."""
        for _ in range(int(within_s) - 1):
            self.leave()
            with suppress(TelephonyError):
                return await self.ended(1)
        return await self.ended(1)

    def _nudge(self, nudge: Nudge) -> None:
        received = [message for message in self._messages if not message.sent]
        if received and not self.log.ended_at:
            self._sipp.nudge(received[-1], nudge)

    def _speak(self) -> None:
        theirs = [message for message in self._messages if not message.sent and message.media]
        if not theirs or not theirs[-1].media:
            return
        if self._leg is None:
            key_type = theirs[-1].key_type or self._sound.key_type
            self._leg = self._voice.to(theirs[-1].media, int(self._sound.codec), key_type)
            self._leg.echoes = self._sound.echoes
            self._leg.say(self._sound.says)
        self._leg.remote = theirs[-1].media

    def _fall_silent(self) -> None:
        if self._leg:
            self._voice.stop(self._leg)
