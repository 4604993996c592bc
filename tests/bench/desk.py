"""Twenty desks with a telephone in each page: from the queue's ring to the page, and to what the page shows of it.

All of it is real: the line, its site, children who ring it by SIPp. Some of the desks are pages in Chromium, and only
they speak English, so that each call of a child who chose English rings in one of them; the others are registered and
follow their desk's stream as a page does, without a browser.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from statistics import quantiles
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from ivr import counsellors, presence
from ivr.counsellors import Counsellor
from ivr.desk.presence import Word
from ivr.prepare import bring_switch
from ivr.settings import Settings
from ivr.telephony.events import call_id
from ivr.telephony.phones import page_of
from ivr.telephony.sipp_child import HangUp, Wait
from tests.bench.figures import Figure, Found, at_most
from tests.bench.saturation import Tell
from tests.live.line import LiveLine
from tests.live.page import FLAGS, cookie_of, signed_in
from tests.live.test_stories import keys

DESKS, PAGES = 20, 4
RINGS_S = 22.0  # from the last key: the words before the wait, the ring, and a look at it
OPENED = 20  # how often the wrap-up is opened
UNSEEN = ("--disable-background-timer-throttling", "--disable-renderer-backgrounding")
# When the telephone told that it rings, and when the page showed whose call it is, in milliseconds since 1970.
WATCH = """
document.addEventListener("telephone:ringing", ({ detail }) => {
  const rang = Date.now(), desk = document.querySelector(".desk");
  const look = () => {
    if (document.querySelector(".glance")?.dataset.call !== detail.contactId) return;
    seen.disconnect();
    globalThis.told(detail.contactId, rang, Date.now());
  };
  const seen = new MutationObserver(look);
  seen.observe(desk, { subtree: true, childList: true, attributes: true });
  look();
});
"""
INTERACTIVE = "() => performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"


@dataclass(frozen=True, slots=True)
class Ring:
    """Seconds since 1970."""

    call: str
    rang: float
    shown: float


@dataclass
class Desks:
    line: LiveLine
    settings: Settings
    browser: Browser
    rings: list[Ring] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.line.env["IVR_WEB_PORT"])

    @property
    def site(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def context(self, token: str) -> BrowserContext:
        context = await self.browser.new_context()
        await context.add_cookies([cookie_of(token)])
        return context


LONG, QUICK = 8, 3  # rounds of a call for each page


def measure(rounds: int, tell: Tell) -> Found:
    bring_switch(Settings(), lambda _: None)
    line = LiveLine()
    try:
        line.open()
        return asyncio.run(_measure(line, rounds, tell))
    finally:
        line.close()


async def _measure(line: LiveLine, rounds: int, tell: Tell) -> Found:
    async with _desks(line, tell) as desks:
        before = os.getloadavg()[0]
        for n in range(rounds):
            tell(f"{PAGES} children ring, {n + 1} of {rounds}")
            await asyncio.gather(*(_rings(desks, answered=n == 0 and child == 0) for child in range(PAGES)))
        load = (before + os.getloadavg()[0]) / 2
        tell("the wrap-up is opened")
        writer, call = await _writer(desks)
        opened = await _opened(desks, writer, call)
        first_load = await _first_load(desks, next(page for page in desks.pages if page is not writer))
        writing = await _first_load(desks, writer)
    late, shown = _delays(desks)
    figures = [
        Figure(f"the queue rings to ring in the page, {len(late)} rings, {DESKS} desks, median", _cut(late, 50), "ms"),
        Figure("the same, 95th percentile", _cut(late, 95), "ms", at_most(500)),
        Figure("ring in the page to whose call it is shown, median", _cut(shown, 50), "ms"),
        Figure("the same, 95th percentile", _cut(shown, 95), "ms", at_most(300)),
        Figure(f"wrap-up opened to its script at work, {len(opened)} times, median", _cut(opened, 50), "ms"),
        Figure("the same, 95th percentile", _cut(opened, 95), "ms", at_most(200)),
        Figure("first load of the desk, compressed", sum(first_load.values()) / 1000, "kB", at_most(250)),
        Figure("the same with a wrap-up open in it", sum(writing.values()) / 1000, "kB"),
    ]
    notes = [
        f"{rounds * PAGES} calls, {len(late)} rings in a page: a call that nobody takes rings at the next desk.",
        f"{PAGES} of the {DESKS} desks are pages in Chromium, {DESKS - PAGES} are registered without a browser.",
        f"Of the first load, in kB: {_largest(first_load)}.",
        f"Line, desks, browser and children share the machine; its load meanwhile was {load:.1f}.",
    ]
    return Found("desk", "The counsellor's desk", figures, notes)


def _cut(values: list[float], percent: int) -> float:
    return quantiles(values, n=100)[percent - 1] if len(values) > 1 else values[0]


@asynccontextmanager
async def _desks(line: LiveLine, tell: Tell) -> AsyncIterator[Desks]:
    told: Any = {name[4:].lower(): value for name, value in line.env.items() if name.startswith("IVR_")}
    settings = Settings(**told)
    extensions = [str(101 + n) for n in range(DESKS)]
    seen = {extension: ("en",) if n < PAGES else ("az",) for n, extension in enumerate(extensions)}
    tell(f"{DESKS} counsellors come")
    for extension, languages in seen.items():
        if extension in ("101", "102", "103"):  # they are there from the beginning
            await counsellors.change(settings, extension, {"languages": languages})
        else:
            await counsellors.add(settings, Counsellor(extension, f"Desk {extension}", languages, active=True))
    async with async_playwright() as playwright, AsyncExitStack() as stack:
        flags: Any = [*FLAGS, *UNSEEN]
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
        desks = Desks(line, settings, browser)
        for n, extension in enumerate(extensions):
            tell(f"desk {n + 1} of {DESKS}")
            token = await signed_in(line, extension, desks.port)
            if n < PAGES:
                desks.pages.append(await _page(desks, token))
            else:
                await stack.enter_async_context(_without_browser(desks.port, extension, token))
            await presence.say(settings, extension, Word.SIGN_IN)
        await asyncio.sleep(6)  # the watch has put all of them into their queues
        yield desks
        await browser.close()


async def _page(desks: Desks, token: str) -> Page:
    context = await desks.context(token)
    page = await context.new_page()
    await page.expose_function("told", lambda *told: desks.rings.append(Ring(told[0], told[1] / 1000, told[2] / 1000)))
    await page.add_init_script(WATCH)
    await page.goto(f"{desks.site}/desk?lang=en")
    await page.wait_for_function("() => telephone.connection === 'here'")
    return page


@asynccontextmanager
async def _without_browser(port: int, extension: str, token: str) -> AsyncIterator[None]:
    """A registration and a stream, as a page has them."""
    address, cookie = f"ws://127.0.0.1:{port}/telephone", f"session={token}"
    sip, own = [Subprotocol("sip")], Origin(f"http://127.0.0.1:{port}")
    async with connect(address, subprotocols=sip, origin=own, additional_headers={"Cookie": cookie}) as socket:
        await _register(socket, page_of(extension))
        following = asyncio.create_task(_follow(port, cookie))
        try:
            yield
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)


async def _register(socket: ClientConnection, user: str) -> None:
    """RFC 3261, 10 and 22; the site puts the answer right (ivr/telephony/page_guard.py)."""
    await socket.send(_asking(user, 1))
    challenge = str(await socket.recv())
    nonce, realm = (re.search(rf'{name}="([^"]*)"', challenge) for name in ("nonce", "realm"))
    assert nonce, challenge
    assert realm, challenge
    told = f'username="{user}", realm="{realm[1]}", nonce="{nonce[1]}", uri="sip:helpline.invalid", response="x"'
    if opaque := re.search(r'opaque="([^"]*)"', challenge):
        told += f', opaque="{opaque[1]}"'
    await socket.send(
        _asking(user, 2, f'Authorization: Digest {told}, algorithm=MD5, qop=auth, nc=00000001, cnonce="c"\r\n')
    )
    answer = str(await socket.recv())
    assert answer.startswith("SIP/2.0 200"), answer


def _asking(user: str, number: int, more: str = "") -> str:
    return (
        "REGISTER sip:helpline.invalid SIP/2.0\r\n"
        f"Via: SIP/2.0/WS {user}.invalid;branch=z9hG4bK{user}{number}\r\nMax-Forwards: 70\r\n"
        f"From: <sip:{user}@helpline.invalid>;tag={user}\r\nTo: <sip:{user}@helpline.invalid>\r\n"
        f"Call-ID: {user}@bench.invalid\r\nCSeq: {number} REGISTER\r\n"
        f"Contact: <sip:{user}@page.invalid;transport=ws>;expires=600\r\n{more}Content-Length: 0\r\n\r\n"
    )


async def _follow(port: int, cookie: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**22)
    writer.write(f"GET /desk/stream?lang=en HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n\r\n".encode())
    while await reader.readline():
        pass


async def _rings(desks: Desks, *, answered: bool) -> None:
    """A child chooses English, waits until it has rung somewhere, and goes."""
    call = asyncio.create_task(desks.line.call(*keys("30"), Wait(RINGS_S), HangUp()))
    while answered and not call.done():
        answered = not await _answer(desks)
        await asyncio.sleep(0.3)
    await call


async def _answer(desks: Desks) -> bool:
    """Whether one of the pages rang, and picks up now."""
    for page in desks.pages:
        if await page.evaluate("() => telephone.call?.state === 'ringing' && (telephone.answer(), true)"):
            return True
    return False


def _delays(desks: Desks) -> tuple[list[float], list[float]]:
    """Milliseconds from the queue's ring to the page's, and from that to what it shows."""
    began: dict[str, list[float]] = {}
    for event in desks.line.events():
        if event["eventtype"] == "CHAN_START" and "-page-" in event["channame"]:
            began.setdefault(call_id(event["linkedid"]), []).append(float(event["eventtime"]))
    late, shown = [], []
    for ring in desks.rings:  # a call rings at one desk after the other
        rang = max((at for at in began.get(ring.call, ()) if at <= ring.rang + 0.002), default=None)
        if rang is not None:
            late.append((ring.rang - rang) * 1000)
            shown.append((ring.shown - ring.rang) * 1000)
    return late, shown


async def _writer(desks: Desks) -> tuple[Page, str]:
    """The page that answered, and the call that is still to be written down in it."""
    answered = next(row for row in await asyncio.to_thread(desks.line.calls) if row["outcome"] == "answered")
    return desks.pages[int(answered["counsellor"]) - 101], answered["id"]


async def _opened(desks: Desks, page: Page, call: str) -> list[float]:
    """Milliseconds until the form of a call that was answered can be typed into, its script at work."""
    times = []
    for _ in range(OPENED + 1):
        await page.goto(f"{desks.site}/contacts/{call}")
        times.append(float(await page.evaluate(INTERACTIVE)))
    return times[1:]  # the first one fetches what the browser keeps


async def _first_load(desks: Desks, at: Page) -> dict[str, float]:
    """Bytes of that page's desk for a browser that has kept nothing, as Chromium counts them, by file: until its
    letters are there and its telephone is registered."""
    token = next(each["value"] for each in await at.context.cookies() if each["name"] == "session")
    context = await desks.context(token)
    page, names, counted = await context.new_page(), dict[str, str](), dict[str, float]()
    network = await context.new_cdp_session(page)
    network.on("Network.requestWillBeSent", lambda told: names.update({told["requestId"]: _file(told)}))
    network.on("Network.loadingFinished", lambda told: _count(counted, names, told))
    await network.send("Network.enable")
    await page.goto(f"{desks.site}/desk?lang=az", wait_until="load")
    await page.wait_for_function("() => telephone.connection === 'here'")
    await page.evaluate("() => document.fonts.ready.then(() => true)")
    await asyncio.sleep(2)
    await context.close()
    return counted


def _file(told: Any) -> str:
    return str(told["request"]["url"]).partition("?")[0].rpartition("/")[2]


def _count(counted: dict[str, float], names: dict[str, str], told: Any) -> None:
    name = names.get(told["requestId"], "others")
    counted[name] = counted.get(name, 0.0) + float(told["encodedDataLength"])


def _largest(counted: dict[str, float]) -> str:
    found = sorted(counted.items(), key=lambda each: -each[1])[:6]
    return ", ".join(f"{name} {size / 1000:.0f}" for name, size in found)
