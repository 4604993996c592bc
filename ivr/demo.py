"""A whole call, for show and for proof: a scripted child rings the line, a scripted counsellor answers.

Both are real SIP telephones with real sound. What is told comes from the telephones themselves and from the switch's
own event log, as it happens; at the end stands the row that was written.
"""

from __future__ import annotations

import asyncio
import math
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from ivr import call_log, line
from ivr.call_log import Call, Wanted
from ivr.errors import Refused, TelephonyError
from ivr.prepare import load_flow, words_of_prompts
from ivr.rehearsal import Rehearsal
from ivr.settings import Settings
from ivr.telephony.rtp import ALAW, ULAW, Packet, decode, tone
from ivr.telephony.sipp_call import LiveCall, Sound
from ivr.telephony.sipp_child import Child
from ivr.telephony.sipp_phone import Handset, Phone
from ivr.telephony.sipp_scenario import Codec

PRESSES = (("1", 4.5), ("1", 6.0), ("2", 4.0))  # language az, topic psychological, 11 to 14; seconds listened before
LANGUAGE = "az"
TALK_S = 4.0
CHILD_HZ, COUNSELLOR_HZ = 440, 620
AUDIBLE = 100.0  # root mean square of 16-bit samples; a whispered prompt has 300
ON_RECORD_S = 5.0


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened: seconds since the call began, who, what."""

    at_s: float
    who: str  # child, line, counsellor
    what: str


Tell = Callable[[Moment], None]


class Ear:
    """How long one side heard something, in seconds of sound."""

    def __init__(self) -> None:
        self.heard_s = 0.0

    def listen(self, packet: Packet, _at: float, _source: tuple[str, int]) -> None:
        if packet.payload_type in (ALAW, ULAW):
            samples = decode(packet.payload_type, packet.payload)
            loud = math.sqrt(sum(s * s for s in samples) / max(len(samples), 1)) > AUDIBLE
            self.heard_s += len(samples) / 8000 if loud else 0


class Stage:
    """One demonstration. `tell` is given each moment as it happens."""

    def __init__(self, settings: Settings, tell: Tell) -> None:
        self._settings = settings
        self._tell = tell
        self._began = time.monotonic()
        self._words = words_of_prompts(settings)
        self._menus = Rehearsal(load_flow(settings))
        self._child_ear, self._counsellor_ear = Ear(), Ear()

    def say(self, who: str, what: str) -> None:
        self._tell(Moment(time.monotonic() - self._began, who, what))

    async def play(self) -> Call:
        """The call, and its row. Raises TelephonyError when something did not happen that should have."""
        address = ("127.0.0.1", self._settings.sip_port)
        with tempfile.TemporaryDirectory(prefix="helpline-demo-") as folder:
            phone = await self._free_phone()
            async with (
                phone.on(address, Path(folder), self._counsellor_ear.listen) as handset,
                self._call_on_record() as row,
            ):
                self.say("counsellor", f"phone {phone.extension} is registered and waits")
                child = Child(sound=Sound(Codec.ALAW, says=tone(CHILD_HZ)))
                async with child.ringing(address, Path(folder), self._child_ear.listen) as call:
                    await self._through_the_menus(call)
                    await self._talk(call, handset)
                    call.hang_up()
                    await call.ended(10)
                    self.say("child", "hangs up")
                return await row()

    async def _free_phone(self) -> Phone:
        known = await line.list_phones(self._settings)
        free = next((p for p in known if LANGUAGE in p.languages and not p.registered), None)
        if free is None:
            raise Refused("every phone is in use, and the demo would take one away", remedy="Switch one phone off.")
        return Phone(free.extension, free.password, sound=Sound(Codec.ULAW, says=tone(COUNSELLOR_HZ)))

    async def _through_the_menus(self, call: LiveCall) -> None:
        self.say("child", "dials 116111")
        await call.answered(10)
        self.say("line", "answers")
        for key, listens_s in PRESSES:
            self._speak()
            await asyncio.sleep(listens_s)
            await call.press(key)
            self.say("child", f"presses {key}")
            self._menus.hear(key)
        self._speak()

    def _speak(self) -> None:
        """What the child is hearing now, in words."""
        last = self._menus.lines[-1].split(" (")[0].split()
        prompts = last[1:] if last[0] == "says" else [last[last.index("after") + 1]]
        self.say("line", " ".join(f"“{self._words.get(prompt, prompt)}”" for prompt in prompts))

    async def _talk(self, call: LiveCall, handset: Handset) -> None:
        ringing = await handset.call(0, 30)
        shown = ringing.log.shown.split("<")[0].strip(' "')
        self.say("counsellor", f"the phone rings and shows “{shown}”, no number")
        await ringing.answered(30)
        self.say("counsellor", "answers")
        before = self._child_ear.heard_s, self._counsellor_ear.heard_s
        await asyncio.sleep(TALK_S)
        heard = self._child_ear.heard_s - before[0], self._counsellor_ear.heard_s - before[1]
        if min(heard) < TALK_S / 2:
            raise TelephonyError(f"the two did not hear each other ({heard[0]:.1f} s and {heard[1]:.1f} s of sound)")
        self.say(
            "line", f"both hear each other: {heard[0]:.1f} s of sound at the child, {heard[1]:.1f} s at the other end"
        )

    @asynccontextmanager
    async def _call_on_record(self) -> AsyncIterator[Callable[[], Awaitable[Call]]]:
        async with call_log.open_log(self._settings) as log:
            await call_log.catch_up(log)
            known = await call_log.count_calls(log, Wanted())

            async def row() -> Call:
                async with asyncio.timeout(ON_RECORD_S):
                    while True:
                        await call_log.catch_up(log)
                        if await call_log.count_calls(log, Wanted()) > known:
                            newest = [each async for each in call_log.calls(log, Wanted(limit=1))]
                            if newest[0].ended_at:
                                return newest[0]
                        await asyncio.sleep(0.05)

            yield row


async def play(settings: Settings, tell: Tell) -> Call:
    """Ring the open line once. Raises TelephonyError when it is closed or something went wrong."""
    if not line.is_open(settings):
        raise TelephonyError("the line is closed", remedy="Run `make up`.")
    return await Stage(settings, tell).play()
