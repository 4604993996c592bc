"""The live board with many at it: how long from the switch's event to each browser, and what an hour of events leaves.

The switch is a fake one on a socket, the site is the real one over real HTTP, the watchers are a process of their own.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from socket import create_server
from statistics import quantiles
from tempfile import TemporaryDirectory

import uvicorn

from ivr.accounts import Role
from ivr.records.database import Database, migrate
from ivr.settings import Settings
from ivr.telephony.ami import connections
from ivr.web.site import Server
from tests.bench.figures import Figure, Found, at_most
from tests.bench.saturation import Tell
from tests.fake_ami import SECRET, USER, FakeAmi
from tests.web.house import House

WATCHERS, EVENTS_PER_S, WAITING = 200, 20, 12
NOTHING = (
    "Response: Success\nActionID: @ID@\nEventList: start\n\nEvent: Complete\nActionID: @ID@\nEventList: Complete\n\n"
)
TOLD = (
    "Event: UserEvent\nUserEvent: Call\nState: {state}\nLinkedid: hl-1795293485.{n}\nTimestamp: {at}\nPlace: {n}\n"
    "Since: {at}\nSaid: language=az&topic=legal&age_band=15-18\n\n"
)


@dataclass(frozen=True, slots=True)
class Span:
    seconds: float
    flood: int  # events of an hour, as fast as they are taken


LONG, QUICK = Span(30.0, 72_000), Span(5.0, 10_000)


def measure(span: Span, tell: Tell) -> Found:
    with TemporaryDirectory() as folder:
        return asyncio.run(_measure(Path(folder), span, tell))


async def _measure(folder: Path, span: Span, tell: Tell) -> Found:
    async with FakeAmi() as fake, _site(folder, fake) as (port, cookie, house):
        tell(f"{WATCHERS} watchers for {span.seconds:g} s")
        delays, worked_s = await _delays(fake, port, cookie, span.seconds)
        tell("an hour's events")
        grown = await _grown(fake, house, span.flood)
    cuts = quantiles(delays, n=100)
    figures = [
        Figure(f"event to browser, {WATCHERS} watchers, {EVENTS_PER_S} events/s, median", cuts[49] * 1000, "ms"),
        Figure("the same, 99th percentile", cuts[98] * 1000, "ms", at_most(500)),
        Figure("changes that arrived", len(delays)),
        Figure("processor time of the site for an event", worked_s * 1000 / (span.seconds * EVENTS_PER_S), "ms"),
        Figure(f"memory after {span.flood:,} events", grown, "MB more", at_most(10)),
    ]
    return Found("board", "The live board", figures, ["The watchers share the machine."])


@asynccontextmanager
async def _site(folder: Path, fake: FakeAmi) -> AsyncIterator[tuple[int, str, House]]:
    fake.answers |= {"Status": NOTHING, "QueueStatus": NOTHING}
    settings = Settings(state_dir=folder)
    (folder / "database").mkdir()
    await asyncio.to_thread(migrate, settings.database)
    house = House(settings, Database(settings.database))
    house.now = datetime.now(UTC)
    async with house.browser() as browser:
        await browser.enter(await house.add("nigar", Role.SUPERVISOR))
        cookie = browser.client.cookies["session"]
    sock = create_server(("127.0.0.1", 0), backlog=WATCHERS)
    server = Server(uvicorn.Config(house.site(), log_config=None, lifespan="off", timeout_graceful_shutdown=1))
    tasks = [
        asyncio.create_task(server.serve([sock])),
        asyncio.create_task(house.feed.run(lambda: connections("127.0.0.1", fake.port, USER, SECRET))),
    ]
    try:
        yield sock.getsockname()[1], cookie, house
    finally:
        server.should_exit = True
        await tasks[0]
        tasks[1].cancel()
        await house.database.close()


async def _delays(fake: FakeAmi, port: int, cookie: str, seconds: float) -> tuple[list[float], float]:
    """Of each change at each watcher; and the processor's seconds that the site took, the fake switch's among them."""
    argv = ["-m", "tests.bench.watchers", str(port), cookie, str(WATCHERS), str(seconds + 10)]
    watching = await asyncio.create_subprocess_exec(sys.executable, *argv, stdout=asyncio.subprocess.PIPE)
    await asyncio.sleep(6)  # until all are connected and have the whole
    sent: dict[int, float] = {}
    began = time.process_time()
    for n in range(1, int(seconds * EVENTS_PER_S / 2)):
        next_at = time.monotonic() + 2 / EVENTS_PER_S
        sent[n] = time.monotonic()
        await fake.send(TOLD.format(state="waiting", n=n, at=time.time()))
        await asyncio.sleep(1 / EVENTS_PER_S)
        await fake.send(TOLD.format(state="over", n=n - WAITING, at=time.time()))
        await asyncio.sleep(max(0.0, next_at - time.monotonic()))
    worked_s = time.process_time() - began
    told, _ = await watching.communicate()
    arrived = (line.split() for line in told.decode().splitlines())
    return [float(at) - sent[int(number)] for number, at in arrived if int(number) in sent], worked_s


async def _grown(fake: FakeAmi, house: House, events: int) -> float:
    await _flood(fake, house, 5_000)
    before = _resident_mb()
    await _flood(fake, house, events)
    return _resident_mb() - before


async def _flood(fake: FakeAmi, house: House, events: int) -> None:
    for n in range(100_000, 100_000 + events // 2, 100):
        states = ((state, n + each) for each in range(100) for state in ("waiting", "over"))
        await fake.send("".join(TOLD.format(state=state, n=number, at=time.time()) for state, number in states))
        await asyncio.sleep(0.01)
    await asyncio.sleep(1)


def _resident_mb() -> float:
    """proc(5), statm: the second number is of pages."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
