"""Somebody outside in a counsellor's call: the caller is handed to them, they are asked first, or they join.

Whoever answers there has to press 1; a voicemail never gets the child, and the number is nowhere to be found.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from ivr import handover
from ivr.errors import NotFound, Refused
from ivr.handover import Ask
from ivr.listening import Heard, Mode
from ivr.records.database import Database, opened
from ivr.settings import Settings
from ivr.telephony.rtp import tone
from ivr.telephony.sipp import until
from ivr.telephony.sipp_call import LiveCall, Sound
from ivr.telephony.sipp_child import Until
from ivr.telephony.sipp_scenario import Codec
from tests.live.line import LiveLine
from tests.live.test_in_the_call import CHILD_HZ, HERTZ, Party, mixed_in, name_of, party
from tests.live.test_mobiles import Carrier, carrier
from tests.live.test_stories import COUNSELLOR_HZ, keys

pytestmark = pytest.mark.live

NewLine = Callable[..., LiveLine]
NUMBER, OTHER = "0000000055", "0000000056"  # no network of Azerbaijan's begins so
OUTSIDE_HZ, OWN_HZ = COUNSELLOR_HZ, HERTZ["102"]
Deed = Callable[[Settings, Database, Ask], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Talk:
    """101 talks with a child on a line with a carrier, and may ring out."""

    known: Party
    trunk: Carrier
    me: Ask

    async def do(self, deed: Deed, to: str = "") -> None:
        await deed(self.known.settings, self.known.database, Ask(self.me.who, to, self.me.knock))

    async def outside_hears(self, hertz: int) -> None:
        since = len(self.trunk.ears.pieces)
        await until(lambda: mixed_in(self.trunk.ears, hertz, since), 15, f"{hertz} Hz outside")

    async def human(self, number: str, again: int = 0) -> LiveCall:
        """Picks up and presses 1, into the announcement."""
        call = await self.trunk.voicemail(number, again)
        await asyncio.sleep(0.6)
        await call.press("1")
        return call

    async def together(self) -> None:
        """The counsellor and the child."""
        await self.known.hears("child", OWN_HZ, 30)
        await self.known.hears("101", CHILD_HZ)


@asynccontextmanager
async def talk(new_line: NewLine) -> AsyncIterator[Talk]:
    async with carrier(new_line, ring_out_numbers="000XXXXXXX") as trunk:
        line = trunk.line
        await asyncio.to_thread(line.run, "counsellors", "set", "101", "--rings-out")
        settings = Settings(state_dir=line.state, ami_port=int(line.env["IVR_AMI_PORT"]), wrap_up_s=0)
        async with opened(settings.database) as database:
            known = Party(line, settings, database)
            await line.all_in()
            phone = line.phone("101", sound=Sound(Codec.ULAW, says=tone(OWN_HZ)), ring_s=0.2)
            async with phone.on(line.address, line.folder(), known.ears["101"].heard):
                await asyncio.sleep(1)
                stays = Until(known.over.is_set, 240, "the end")
                child = line.call(*keys("112"), stays, ears=known.ears["child"], says=tone(CHILD_HZ))
                call = asyncio.create_task(child)
                try:
                    told = Talk(known, trunk, Ask(await known.account("101"), "", known.knock()))
                    await told.together()
                    yield told
                finally:
                    known.over.set()
                    await call


def everything_kept(line: LiveLine) -> bytes:
    """Ledger, logs, database: where no number may be."""
    files = [path for name in ("ledger", "logs", "database") for path in (line.state / name).rglob("*")]
    return b"".join(path.read_bytes() for path in files if path.is_file())


async def test_a_caller_handed_to_a_number_is_back_after_a_voicemail_and_talks_with_a_human(new_line: NewLine) -> None:
    async with talk(new_line) as told:
        known, trunk = told.known, told.trunk
        child = known.ears["child"]
        for wrong in ("0501234567", "12a", "", "*9"):
            with pytest.raises(Refused):
                await told.do(handover.hand_outside, wrong)
        # busy
        await told.do(handover.hand_outside, OTHER)
        (await trunk.rings(OTHER)).refuse()
        await told.together()
        # nobody, or dead
        await told.do(handover.hand_outside, OTHER)
        dead, since = await trunk.rings(OTHER, again=1), time.time()
        await dead.ended(40)
        assert child.longest_silence(since, time.time()) < 5
        await told.together()
        # a voicemail: the child hears music, never what is said there
        await told.do(handover.hand_outside, NUMBER)
        machine, since = await trunk.voicemail(NUMBER), time.time()
        names = trunk.line.console("core show channels concise")
        await machine.ended(25)
        assert time.time() - since < 20
        assert not child.hears(OUTSIDE_HZ)
        assert child.longest_silence(since, time.time()) < 5
        await told.together()
        # a human
        await told.do(handover.hand_outside, NUMBER)
        human = await told.human(NUMBER, again=1)
        await known.hears("child", OUTSIDE_HZ)
        await told.outside_hears(CHILD_HZ)
        assert "From: <sip:116111@" in human.invite
        human.hang_up()
    (row,) = await trunk.line.new_rows()
    assert (row["outcome"], row["counsellor"]) == ("answered", "101")
    assert [step["to"] for step in row["steps"] if step["step"] == "handed"] == ["outside"] * 4
    kept = everything_kept(trunk.line)
    assert not any(number.encode() in kept for number in (NUMBER, OTHER))
    # The last field but some is what an application was given: the one place with the number, while it rings.
    assert NUMBER not in "".join(row.split("!")[0] for row in names.splitlines())


async def test_a_number_is_asked_first_taken_back_by_itself_and_then_given_the_caller(new_line: NewLine) -> None:
    async with talk(new_line) as told:
        known = told.known
        await told.do(handover.ask_outside, OTHER)
        ringing = await told.trunk.rings(OTHER)
        await told.do(handover.take_back)
        await ringing.ended(5)
        await told.together()
        await told.do(handover.ask_outside, NUMBER)
        machine = await told.trunk.voicemail(NUMBER)
        with pytest.raises(Refused):  # it has not picked up as long as nobody pressed 1
            await told.do(handover.settle)
        await machine.ended(25)
        await told.together()
        assert not known.ears["child"].hears(OUTSIDE_HZ)
        await told.do(handover.ask_outside, NUMBER)
        human = await told.human(NUMBER, again=1)
        await known.hears("101", OUTSIDE_HZ)
        await told.outside_hears(OWN_HZ)
        await known.hears_not("child", OUTSIDE_HZ)
        assert (await handover.look(known.settings, "101")).asking == "outside"
        await told.do(handover.settle)
        await known.hears("child", OUTSIDE_HZ)
        await told.outside_hears(CHILD_HZ)
        human.hang_up()
    assert NUMBER.encode() not in everything_kept(told.trunk.line)


async def test_an_interpreter_joins_from_outside_is_put_out_and_never_left_alone_with_the_child(
    new_line: NewLine,
) -> None:
    async with talk(new_line) as told:
        known, settings = told.known, told.known.settings
        with pytest.raises(NotFound):
            await told.do(handover.put_out)
        await told.do(handover.ask_in_outside, NUMBER)
        machine = await told.trunk.voicemail(NUMBER)
        assert (await handover.look(settings, "101")).rings
        with pytest.raises(Refused):
            await told.do(handover.ask_in_outside, OTHER)
        await told.together()  # all the time
        await machine.ended(25)
        assert not known.ears["child"].hears(OUTSIDE_HZ)
        await told.do(handover.ask_in_outside, NUMBER)
        human = await told.human(NUMBER, again=1)
        await known.hears("child", OUTSIDE_HZ)
        await known.hears("child", OWN_HZ)
        await known.hears("101", OUTSIDE_HZ)
        for hertz in (CHILD_HZ, OWN_HZ):
            await told.outside_hears(hertz)
        assert await handover.look(settings, "101") == handover.Looked((Heard("outside", Mode.JOIN),))
        await told.do(handover.put_out)
        await human.ended(5)
        await told.together()
        # the counsellor vanishes while the interpreter is there: the child goes to the front of the queue
        await told.do(handover.ask_in_outside, OTHER)
        human = await told.human(OTHER)
        await known.hears("child", OUTSIDE_HZ)
        told.trunk.line.console("channel request hangup " + name_of(told.trunk.line, "101"))
        await human.ended(5)
        await told.together()
    assert NUMBER.encode() not in everything_kept(told.trunk.line)


@pytest.mark.parametrize("is_told", [True, False], ids=["by its last step", "by a look every five seconds"])
async def test_a_counsellor_who_vanishes_while_asking_leaves_the_caller_at_the_front_of_the_queue(
    line: LiveLine, is_told: bool
) -> None:
    async with party(line) as known:
        me = Ask(await known.account("101"), "103", known.knock())
        await handover.ask_first(known.settings, known.database, me)
        await known.hears("103", HERTZ["101"])
        if not is_told:  # as if they had gone before the dialplan had them
            line.console(f"dialplan set chanvar {name_of(line, '101')} HL_HANDED yes")
        since = len(line.events())
        line.console("channel request hangup " + name_of(line, "101"))
        gone = time.time()
        queued = await line.until_event(
            lambda e: e["eventtype"] == "APP_START" and e["appname"] == "Queue", 30, "the queue", since
        )
        assert float(queued["eventtime"]) - gone < (3 if is_told else 8)  # with the words that ask for a moment
        await known.hears("child", HERTZ["102"], 30)
