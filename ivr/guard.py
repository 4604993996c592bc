"""Refuses for a while whoever guesses telephones' passwords: follows what the switch tells, decides, tells the switch.

What is decided is in `telephony/guesses.py`. It stands beside everything else: when it fails, hangs or is flooded,
nobody is refused who was not before, and calls and queues know nothing of it. What was refused ends by the time in the
book, whether the switch's manager interface answers or not; after a restart the book is read again and what is over
is lifted.
"""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import structlog

from ivr import line, tidying
from ivr.errors import HelplineError, NotFound, TelephonyError
from ivr.records import audit
from ivr.records.audit import Deed, Entry
from ivr.records.database import opened
from ivr.settings import Settings
from ivr.telephony import addresses, phones, refusals, trunk
from ivr.telephony.ami import Switch
from ivr.telephony.guesses import (
    Book,
    Counter,
    Network,
    Noted,
    Refused,
    access_list,
    attempt,
    decided,
    networks,
)

__all__ = ["Refused"]  # what the faces read from here

LOOK_EVERY_S = 10.0
BREATH_S = 3.0  # from one look to the next at least: the switch reads its list no oftener
MOST_A_SECOND = 2_000  # events that are followed; a flood of more must not take the time that the queues need
REST_S = 5.0  # from such a flood; whoever goes on guessing is counted after it
BY_COMMAND = "ivr"  # on record as who lifted it
LOOPBACK = "127.0.0.1"

log = structlog.get_logger()

Ask = Callable[[str], str]
"""One command on the switch's console, and its answer. Raises TelephonyError."""
Connect = Callable[[], AsyncGenerator[Switch, None]]


@dataclass(frozen=True, slots=True)
class Places:
    """`own`: this machine's addresses, and what else is never refused."""

    book: Path
    refused_conf: Path
    logs: Path
    own: tuple[str, ...] = (LOOPBACK,)


def places(settings: Settings) -> Places:
    own = (LOOPBACK, settings.own_address, *addresses.own(), *settings.guess_spared)
    return Places(settings.guesses_file, settings.refused_conf, settings.logs_dir, own)


class Guard:
    def __init__(self, where: Places, ask: Ask, limit: int, refused_s: float) -> None:
        self._where, self._ask, self._refused_s = where, ask, refused_s
        self._counter = Counter(limit) if limit else None
        self._stirred = asyncio.Event()
        self._sure = False  # whether the switch has the list as it is written

    async def keep(self, connect: Connect) -> None:
        """For ever, whatever becomes of it: no part ends because this does."""
        while True:
            works = [asyncio.create_task(work) for work in (self._follow(connect), self._look_on())]
            try:
                await asyncio.gather(*works)
            except Exception as error:  # nothing of it but its place is logged
                log.error("guard.failed", error=type(error).__name__, at=_place(error))
            finally:
                for work in works:
                    work.cancel()
            await asyncio.sleep(REST_S)

    async def _follow(self, connect: Connect) -> None:
        if self._counter is None:
            return
        async with aclosing(connect()) as fresh:
            async for switch in fresh:
                if await self._listen(switch):
                    log.warning("guard.flooded")
                    switch.lose("more is told than is followed")
                    await asyncio.sleep(REST_S)

    async def _listen(self, switch: Switch) -> bool:
        """Until the connection is lost, or, then true, until more comes than can be followed."""
        begun, heard = time.monotonic(), 0
        async for event in switch.events():
            self.note(event.name, dict(event.fields), time.time())
            if time.monotonic() - begun > 1:
                begun, heard = time.monotonic(), 0
            heard += 1
            if heard > MOST_A_SECOND:
                return True
        return False

    def note(self, name: str, told: dict[str, str], at: float) -> None:
        made = attempt(name, told)
        if made and self._counter and self._counter.note(made, at):
            self._stirred.set()

    async def _look_on(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(BREATH_S)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S - BREATH_S):
                    await self._stirred.wait()
            self._stirred.clear()

    async def look(self) -> None:
        """One look: what was heard is decided, and the switch told. What fails is tried at the next one."""
        noted = self._counter.taken() if self._counter else Noted()
        try:
            await asyncio.to_thread(self._decide, noted, time.time())
        except (HelplineError, OSError) as error:
            self._sure = False
            log.warning("guard.not_told", reason=str(error) if isinstance(error, HelplineError) else error.strerror)

    def _decide(self, noted: Noted, now: float) -> None:
        with refusals.alone(self._where.book):
            before = refusals.read(self._where.book)
            spared = self._spared() if noted.over or before.refused else ()
            after = decided(
                before if self._counter else replace(before, refused=()), noted, spared, self._refused_s, now
            )
            self._tell(access_list(after, spared))
            if _differs(before, after, noted):  # after it: a full disk keeps nobody out for longer
                refusals.write(self._where.book, after)
        for each in set(after.refused) - set(before.refused):
            log.warning("guard.refused", address=each.address)
        if after.refused:
            tidying.put_aside(self._where.logs)  # the switch writes a line for every message that it refuses

    def _spared(self) -> tuple[Network, ...]:
        """Raises TelephonyError when the switch does not say: then nobody is refused."""
        carrier = trunk.matches(self._ask("pjsip show identifies"))
        if not carrier:
            raise TelephonyError("the switch does not say from where calls come without a password")
        return networks((*carrier, *phones.hosts(self._ask("database show registrar/contact")), *self._where.own))

    def _tell(self, text: str) -> None:
        if self._sure and refusals.text_of(self._where.refused_conf) == text:
            return
        tell_list(self._where, text, self._ask)
        self._sure = True


def _differs(before: Book, after: Book, noted: Noted) -> bool:
    """Whether it is worth writing: not for each hour in which a phone proves its password again."""
    again = {address for address, at in noted.proved.items() if at - before.known.get(address, 0.0) < 86_400}
    return (before.refused, before.wrong) != (after.refused, after.wrong) or bool(set(noted.proved) - again)


def tell_list(where: Places, text: str, ask: Ask) -> None:
    """Raises OSError or TelephonyError. To refuse nobody takes no room on the disk."""
    if text:
        refusals.write_text(where.refused_conf, text)
    else:
        where.refused_conf.unlink(missing_ok=True)
    ask("module reload acl")


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""


def of_line(settings: Settings) -> Guard:
    return Guard(places(settings), _asking(settings), settings.guess_limit, settings.guess_refused_s)


def _asking(settings: Settings) -> Ask:
    return lambda command: line.tell_switch(settings, command)


def book(settings: Settings, now: datetime) -> Book:
    """Who is refused at `now`, and what was counted."""
    kept = refusals.read(settings.guesses_file)
    return replace(kept, refused=tuple(each for each in kept.refused if each.until > now.timestamp()))


async def lift(settings: Settings, address: str) -> Refused:
    """Undo one refusal, on record. Raises NotFound when there is none of that address."""
    now = datetime.now(UTC)
    found = {each.address: each for each in book(settings, now).refused}.get(address)
    if found is None:
        raise NotFound(f"{address} is not refused.", remedy="`ivr guesses` lists who is.")
    async with opened(settings.database) as database, database.unit_of_work() as unit:
        await audit.write(unit, Entry(now, BY_COMMAND, Deed.REFUSAL_LIFTED, address))
    await asyncio.to_thread(_lift, settings, address)
    return found


def _lift(settings: Settings, address: str) -> None:
    where = places(settings)
    with refusals.alone(where.book):
        kept = refusals.read(where.book)
        left = replace(kept, refused=tuple(each for each in kept.refused if each.address != address))
        refusals.write(where.book, left)
        lines = refusals.text_of(where.refused_conf).splitlines(keepends=True)
        tell_list(where, "".join(each for each in lines if each.strip() != f"deny = {address}"), _asking(settings))
