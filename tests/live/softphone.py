"""A phone that others wrote: baresip, as Debian has it. By TLS or UDP, with SRTP or without; it answers at once.

It plays its tone to whoever it talks with, keeps what it hears in a file, and prints every SIP message it sees.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import wave
from array import array
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from ivr.telephony.rtp import RATE_HZ, tone
from tests.live.ears import LOUD_ENOUGH, loudness, share
from tests.live.line import LiveLine

MODULES = Path("/usr/lib/baresip/modules")
PLAYS_S = 60
WINDOW, WAV_HEAD = RATE_HZ // 5, 44
CONFIG = """
poll_method epoll
sip_listen 127.0.0.1:0
{verify}
audio_player aubridge,nowhere
audio_source aufile,{tone}
audio_alert aubridge,nowhere
module_path {modules}
module stdio.so
module g711.so
module aufile.so
module aubridge.so
module sndfile.so
module srtp.so
module_app account.so
module_app menu.so
snd_path {folder}
"""


@dataclass(frozen=True, slots=True)
class How:
    """`media`: baresip's own words, empty for none. `trusts`: a certificate that the switch's must come from."""

    transport: str = "tls"
    media: str = "srtp-mand"
    hertz: int = 700
    trusts: Path | None = None


class Softphone:
    """A phone that is switched on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def said(self) -> str:
        """What it printed so far, SIP messages included."""
        return (self.folder / "said").read_text(errors="replace")

    @property
    def registered(self) -> bool:
        return bool(re.search(r"200 OK .*\[\d+ bindings?\]", self.said))

    def hears(self, hertz: int) -> bool:
        """Whether that tone sounded for 200 ms in what it heard and decoded."""
        return any(_has_tone(file, hertz) for file in self.folder.glob("dump-*-dec.wav"))


def _has_tone(file: Path, hertz: int) -> bool:
    """In a file that may still be written, so that its head says nothing of its length."""
    sound = file.read_bytes()[WAV_HEAD:]
    samples = array("h", sound[: len(sound) // 2 * 2])
    pieces = (samples[start : start + WINDOW] for start in range(0, len(samples) - WINDOW, WINDOW // 2))
    return any(loudness(piece) >= LOUD_ENOUGH and share(piece, hertz) > 0.5 for piece in pieces)


@asynccontextmanager
async def softphone(line: LiveLine, extension: str, port: int, how: How) -> AsyncIterator[Softphone]:
    """Switched on, and off when you leave; whether it could register is yours to look at."""
    folder = line.folder() / f"softphone-{extension}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    _write_tone(folder / "tone.wav", how.hertz)
    verify = f"sip_cafile {how.trusts}" if how.trusts else ""
    config = CONFIG.format(folder=folder, tone=folder / "tone.wav", modules=MODULES, verify=verify)
    (folder / "config").write_text(config)
    encrypts = f";mediaenc={how.media}" if how.media else ""
    account = f"<sip:{extension}@127.0.0.1:{port};transport={how.transport}>;auth_pass={line._password(extension)}"
    (folder / "accounts").write_text(f"{account}{encrypts};answermode=auto;audio_codecs=pcmu;regint=60;ptime=20\n")
    with (folder / "said").open("wb") as said:
        argv = ("baresip", "-4", "-s", "-n", "127.0.0.1", "-f", str(folder))
        running = await asyncio.create_subprocess_exec(*argv, stdin=asyncio.subprocess.PIPE, stdout=said, stderr=said)
    try:
        yield Softphone(folder)
    finally:
        running.terminate()
        try:
            async with asyncio.timeout(5):
                await running.wait()
        except TimeoutError:
            running.kill()
            await running.wait()


def _write_tone(file: Path, hertz: int) -> None:
    said = tone(hertz)
    with wave.open(str(file), "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(RATE_HZ)
        written.writeframes((said * (PLAYS_S * RATE_HZ // len(said) + 1)).tobytes())
