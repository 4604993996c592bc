"""A counsellor's page in a real browser, signed in at the site of a line that is open."""

from __future__ import annotations

import asyncio
import contextlib
from array import array
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from wave import open as open_wave

import httpx
from playwright.async_api import Page, async_playwright

from ivr import accounts
from ivr.accounts import By
from ivr.records.database import opened
from ivr.settings import Settings
from ivr.telephony.rtp import RATE_HZ, tone
from tests.live.line import LiveLine
from tests.web.house import Browser, House

FEATURES = "WebRtcHideLocalIpsWithMdns,MediaRouter,DialMediaRouteProvider,OptimizationHints,Translate"
# The microphone is a file; on loopback alone; and nothing is looked for elsewhere.
FLAGS = (
    "--no-sandbox",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--autoplay-policy=no-user-gesture-required",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE 127.0.0.1",
    f"--disable-features={FEATURES}",
)
# What makes a voice clear takes a tone for noise.
PLAIN_MICROPHONE = """
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = () =>
  ask({ audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false } });
"""
LOUDEST_HZ = """() => {
  const analyser = telephone.call?.meters.there?.analyser;
  if (!analyser) return 0;
  const bins = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(bins);
  const best = bins.indexOf(Math.max(...bins));
  return bins[best] > -60 ? (best * telephone.context.sampleRate) / analyser.fftSize : 0;
}"""


class Desk:
    """A page of whoever has `extension`, by way of a relay that can be cut."""

    def __init__(self, page: Page, relay: Relay, port: int) -> None:
        self.page, self.relay, self.port = page, relay, port

    async def open(self) -> None:
        await self.page.goto(f"http://127.0.0.1:{self.port}/telephone/try?lang=en")
        await self.becomes("telephone.connection === 'here'")

    async def becomes(self, what: str, within_s: float = 20) -> None:
        await self.page.wait_for_function(f"() => {what}", timeout=within_s * 1000, polling=50)

    async def hears(self, hertz: int, within_s: float = 10) -> None:
        async with asyncio.timeout(within_s):
            while abs(await self.page.evaluate(LOUDEST_HZ) - hertz) > 60:
                await asyncio.sleep(0.05)


class Relay:
    """Between browser and site; cut, nothing gets through and nothing connects."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._writers: set[asyncio.StreamWriter] = set()
        self._is_cut = False

    @asynccontextmanager
    async def on(self) -> AsyncIterator[int]:
        server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            self._cut()
            server.close()
            await server.wait_closed()

    async def cut_for(self, seconds: float) -> None:
        self._cut()
        await asyncio.sleep(seconds)
        self._is_cut = False

    def _cut(self) -> None:
        self._is_cut = True
        for writer in self._writers:
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            return
        onward, out = await asyncio.open_connection("127.0.0.1", self._to)
        self._writers |= {writer, out}
        try:
            await asyncio.gather(_pipe(reader, out), _pipe(onward, writer))
        finally:
            self._writers -= {writer, out}


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def desk(line: LiveLine, extension: str, hertz: int) -> AsyncIterator[Desk]:
    """Of somebody who has signed in at the line's own site. Its microphone hears a tone."""
    relay = Relay(int(line.env["IVR_WEB_PORT"]))
    async with relay.on() as port, _browser(line.folder(), hertz) as page:
        await page.context.add_cookies([cookie_of(await signed_in(line, extension, port))])
        yield Desk(page, relay, port)


async def signed_in(line: LiveLine, extension: str, port: int) -> str:
    """The cookie of a new account with that extension; the one that had it is closed."""
    settings = Settings(state_dir=line.state)
    async with opened(settings.database) as database:
        house, name = House(settings, database), f"desk-{extension}-{port}"
        house.now = datetime.now(UTC)
        for other in await accounts.listed(database):
            if other.extension == extension and other.active:
                await accounts.close(database, other.name, By("test", house.now))
        given = await house.add(name, extension=extension)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            client.headers["Sec-Fetch-Site"] = "same-origin"
            await Browser(house, client).enter(given)
            return client.cookies["session"]


def cookie_of(token: str) -> Any:
    return {"name": "session", "value": token, "url": "http://127.0.0.1", "httpOnly": True, "sameSite": "Strict"}


@asynccontextmanager
async def _browser(folder: Path, hertz: int) -> AsyncIterator[Page]:
    sound = folder / f"{hertz}.wav"
    _write(sound, hertz)
    flags: Any = [*FLAGS, f"--use-file-for-fake-audio-capture={sound}"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
        try:
            page = await browser.new_page()
            await page.add_init_script(PLAIN_MICROPHONE)
            yield page
        finally:
            await browser.close()


def _write(path: Path, hertz: int) -> None:
    """At six times the rate of a telephone: Chromium's microphone is as good as real ones."""
    samples = array("h", tone(hertz // 6) * 6)
    with open_wave(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ * 6)
        file.writeframes(samples.tobytes())
