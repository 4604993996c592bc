"""Somebody else in a counsellor's call: a supervisor who listens, whispers or joins; and handing the caller over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime

import pytest

from ivr import accounts, handover, listening
from ivr.accounts import Role
from ivr.errors import NotFound, Refused
from ivr.handover import Ask
from ivr.listening import Heard, Mode, Wish
from ivr.records.account import Account
from ivr.records.database import Database, opened
from ivr.records.keyring import open_keyring
from ivr.settings import Settings
from ivr.signing import Knock
from ivr.silent import channels
from ivr.telephony.ami import USER, connected
from ivr.telephony.rtp import tone
from ivr.telephony.sipp import until
from ivr.telephony.sipp_call import Sound
from ivr.telephony.sipp_child import Until
from ivr.telephony.sipp_scenario import Codec
from tests.live.ears import WINDOW, Ears, share
from tests.live.line import LiveLine
from tests.live.test_stories import keys
from tests.web.house import House

pytestmark = pytest.mark.live

CHILD_HZ, HERTZ = 440, {"101": 700, "102": 900, "103": 1100}


class Party:
    """Everybody's phone, what each heard, and a child who calls and stays until told."""

    def __init__(self, line: LiveLine, settings: Settings, database: Database) -> None:
        self.line, self.settings, self.database = line, settings, database
        self.ears = {who: Ears() for who in ("child", *HERTZ)}
        self.over = asyncio.Event()

    async def hears(self, who: str, hertz: int, within_s: float = 15) -> None:
        """From now on, among whatever else is heard."""
        since = len(self.ears[who].pieces)
        await until(lambda: mixed_in(self.ears[who], hertz, since), within_s, f"{hertz} Hz at {who}")

    async def hears_not(self, who: str, hertz: int) -> None:
        since = len(self.ears[who].pieces)
        await until(lambda: len(self.ears[who].pieces) > since + 75, 15, f"sound at {who}")
        assert not mixed_in(self.ears[who], hertz, since)

    async def account(self, extension: str, role: Role = Role.COUNSELLOR) -> Account:
        name = f"x{extension}"
        for known in await accounts.listed(self.database):  # from another story of this line
            if known.name == name:
                return known
        house = House(self.settings, self.database)
        house.now = datetime.now(UTC)
        return (await house.add(name, role, extension)).account

    def knock(self) -> Knock:
        return Knock(datetime.now(UTC), "127.0.0.1")

    async def who_hears(self, counsellor: str) -> tuple[Heard, ...]:
        secret = open_keyring(self.settings.secrets_file).ami
        async with connected("127.0.0.1", self.settings.ami_port, USER, secret) as switch:
            return listening.heard_by(channels(await switch.ask("Status")), counsellor)


def mixed_in(ears: Ears, hertz: int, since: int) -> bool:
    """Whether a tone is at least a tenth of what was heard in some 200 ms from that packet on."""
    for start in range(since, len(ears.pieces) - WINDOW, WINDOW):
        samples = ears.pieces[start].samples[:0]
        for piece in ears.pieces[start : start + WINDOW]:
            samples.extend(piece.samples)
        if max(map(abs, samples), default=0) > 300 and share(samples, hertz) > 0.1:
            return True
    return False


@asynccontextmanager
async def party(line: LiveLine) -> AsyncIterator[Party]:
    """101 talks with a child."""
    settings = Settings(state_dir=line.state, ami_port=int(line.env["IVR_AMI_PORT"]), wrap_up_s=0)
    async with opened(settings.database) as database, AsyncExitStack() as stack:
        made = Party(line, settings, database)
        await line.all_in()
        for extension, hertz in HERTZ.items():
            ring_s = 0.2
            phone = line.phone(extension, sound=Sound(Codec.ULAW, says=tone(hertz)), ring_s=ring_s)
            if extension == "101":
                await stack.enter_async_context(phone.on(line.address, line.folder(), made.ears["101"].heard))
                await asyncio.sleep(1)
                child = line.call(
                    *keys("112"), Until(made.over.is_set, 120, "the end"), ears=made.ears["child"], says=tone(CHILD_HZ)
                )
                call = asyncio.create_task(child)
                await made.hears("child", 700, 40)
            else:
                await stack.enter_async_context(phone.on(line.address, line.folder(), made.ears[extension].heard))
        await asyncio.sleep(1)
        try:
            yield made
        finally:
            made.over.set()
            await call


async def test_a_supervisor_listens_whispers_and_joins_and_the_counsellor_can_see_it(line: LiveLine) -> None:
    async with party(line) as known:
        boss, other = await known.account("103", Role.SUPERVISOR), await known.account("102")
        for mode in Mode:
            await listening.listen(known.settings, known.database, Wish(boss, "101", mode, known.knock()))
            await known.hears("103", CHILD_HZ)
            await known.hears("103", HERTZ["101"])
            assert await known.who_hears("101") == (Heard("103", mode),)
            told = known.hears if mode is not Mode.LISTEN else known.hears_not
            await told("101", HERTZ["103"])
            told = known.hears if mode is Mode.JOIN else known.hears_not
            await told("child", HERTZ["103"])
            line.console("channel request hangup " + name_of(line, "103"))
            await asyncio.sleep(2)
        with pytest.raises(Refused):
            await listening.listen(known.settings, known.database, Wish(other, "101", Mode.JOIN, known.knock()))
        with pytest.raises(NotFound):
            await listening.listen(known.settings, known.database, Wish(boss, "102", Mode.JOIN, known.knock()))


def name_of(line: LiveLine, extension: str) -> str:
    names = [row.split("!")[0] for row in line.console("core show channels concise").splitlines()]
    return next(name for name in names if name.startswith(f"PJSIP/{extension}-"))


async def test_a_caller_is_handed_over_at_once_after_asking_and_back(line: LiveLine) -> None:
    before = line.known()
    async with party(line) as known:
        first, second = await known.account("101"), await known.account("102")

        def ask(who: Account, to: str = "") -> Ask:
            return Ask(who, to, known.knock())

        with pytest.raises(Refused):  # themself, nobody, a number that is nobody's
            await handover.hand_over(known.settings, known.database, ask(first, "101"))
        with pytest.raises(Refused):
            await handover.hand_over(known.settings, known.database, ask(first, "999"))
        with pytest.raises(Refused):
            await handover.hand_outside(known.settings, known.database, ask(first, "0501234567"))
        # asked first, and back
        await handover.ask_first(known.settings, known.database, ask(first, "103"))
        await known.hears("103", HERTZ["101"])
        await known.hears("101", HERTZ["103"])
        await known.hears_not("child", HERTZ["101"])
        await asyncio.sleep(6)  # one round of music and a look whether the counsellor is still there
        assert "!handover!held!" in line.console("core show channels concise")
        assert (await handover.look(known.settings, "101")).asking == "103"
        await handover.take_back(known.settings, known.database, ask(first))
        await known.hears("child", HERTZ["101"])
        await known.hears("101", CHILD_HZ)
        # at once
        await handover.hand_over(known.settings, known.database, ask(first, "102"))
        await known.hears("child", HERTZ["102"])
        await known.hears("102", CHILD_HZ)
        # three in the call
        await handover.ask_in(known.settings, known.database, ask(second, "101"))
        await known.hears("child", HERTZ["101"])
        await known.hears("101", CHILD_HZ)
        line.console("channel request hangup " + name_of(line, "101"))
        # asked first, and handed over
        await asyncio.sleep(1)
        await handover.ask_first(known.settings, known.database, ask(second, "103"))
        await known.hears("103", HERTZ["102"])
        await handover.settle(known.settings, known.database, ask(second))
        await known.hears("child", HERTZ["103"])
        await known.hears("103", CHILD_HZ)
        await known.hears_not("child", HERTZ["102"])
    (row,) = await line.new_rows(before)
    assert (row["outcome"], row["counsellor"]) == ("answered", "103")
    assert [step["to"] for step in row["steps"] if step["step"] == "handed"] == ["102", "103"]
