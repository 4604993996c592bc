"""Runs SIPp, the telephone without hands: starts it, reads its trace as it is written, nudges it, ends it.

One `Sipp` is one process on one SIP port with one scenario. Nothing of it outlives its `async with`.
"""

import asyncio
import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Self, TypeVar

from ivr.errors import TelephonyError
from ivr.telephony.sipp_message import Address, Message, read_trace, unforeseen
from ivr.telephony.sipp_scenario import Nudge
from ivr.telephony.voice import even_port_socket

LOOPBACK = "127.0.0.1"
# Even where we are killed and clean up nothing.
ENDS_WITH_US = ("setpriv", "--pdeathsig", "KILL")
LOOK_EVERY_S = 0.02
READ_EVERY_S = 0.01
PORT_TAKEN = 254  # SIPp's exit: "Unable to bind main socket"
# SIPp ends itself on a machine that is too busy, by default; a phone that vanishes proves nothing.
WATCHDOG = ("-watchdog_minor_maxtriggers", "1000000", "-watchdog_major_maxtriggers", "1000000")
# It takes one step at a time, and would end the call for a message that comes in between, which is sent again anyway.
PATIENT = (*WATCHDOG, "-default_behaviors", "all,-abortunexp")
Seen = TypeVar("Seen")


async def until(seen: Callable[[], Seen | None], within_s: float, what: str) -> Seen:
    """Wait until `seen` returns something true, and return it.

    Raises TelephonyError naming `what` when `within_s` is over. A condition and a deadline, never a fixed sleep.
    """
    deadline = time.monotonic() + within_s
    while not (found := seen()):
        if time.monotonic() > deadline:
            raise TelephonyError(f"waited {within_s:g} s in vain for {what}")
        await asyncio.sleep(LOOK_EVERY_S)
    return found


def free_port() -> int:
    """A loopback UDP port that was free a moment ago."""
    with even_port_socket() as sock:
        port: int = sock.getsockname()[1]
        return port


class Sipp:
    """One SIPp process. `heard` is called with every message, sent and received, soon after it is written."""

    def __init__(self, scenario: str, line: Address, folder: Path, heard: Callable[[Message], None]) -> None:
        self.port = free_port()
        self._scenario, self._line, self._heard = scenario, line, heard
        self._folder = Path(mkdtemp(prefix="sipp-", dir=folder))
        self._read = 0
        self._options: tuple[str, ...] = ()

    def options(self, *options: str) -> Self:
        """More of SIPp's own options."""
        self._options = options
        return self

    @property
    def complaint(self) -> str:
        """What SIPp found wrong, in its own words; nothing as a rule."""
        with suppress(FileNotFoundError):
            return (self._folder / "errors").read_text(errors="replace")
        return ""

    @property
    def gone(self) -> bool:
        """SIPp has ended; what it wrote last has been read."""
        if self._process.returncode is None:
            return False
        self._read_on()
        return True

    async def __aenter__(self) -> Self:
        await asyncio.to_thread((self._folder / "scenario.xml").write_text, self._scenario)
        while not await self._started():
            self.port = free_port()
        return self

    async def _started(self) -> bool:
        """False when somebody else was given our port in the moment before SIPp took it."""
        self._process = await self._start()
        self._reader = asyncio.create_task(self._read_for_ever())
        try:
            await until(self._listens, 5, "SIPp to start")
        except BaseException:
            await self._end()
            raise
        if self._process.returncode == PORT_TAKEN:
            await self._end()
        return self._process.returncode != PORT_TAKEN

    async def __aexit__(self, _kind: object, error: BaseException | None, _where: object) -> None:
        """Raises TelephonyError where a message came that the scenario does not know, for then we are no telephone."""
        await self._end()
        if error is not None and self.complaint:
            error.add_note(f"SIPp says: {self.complaint}")
        elif strange := unforeseen(self.complaint):
            raise TelephonyError(f"SIPp did not know what to do with {', '.join(strange)}. {self.complaint}")

    async def _end(self) -> None:
        self._reader.cancel()
        with suppress(asyncio.CancelledError):
            await self._reader
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        self._read_on()

    def nudge(self, message: Message, nudge: Nudge) -> None:
        """Press a button in the call that `message`, the last one received, belongs to."""
        head = message.text.split("\r\n\r\n", 1)[0].split("\r\n")[1:]
        kept = [line for line in head if not line.lower().startswith(("content-", "allow", "supported"))]
        text = "\r\n".join((f"{nudge} sip:{LOOPBACK} SIP/2.0", *kept, "Content-Length: 0", "", ""))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as finger:
            finger.sendto(text.encode(), (LOOPBACK, self.port))

    async def _start(self) -> asyncio.subprocess.Process:
        with (self._folder / "stderr").open("wb") as errors:
            return await asyncio.create_subprocess_exec(
                *ENDS_WITH_US,
                *self._command(),
                cwd=self._folder,
                env=os.environ | {"TZ": "UTC", "TERM": "dumb"},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=errors,
            )

    def _command(self) -> tuple[str, ...]:
        place = ("-i", LOOPBACK, "-p", str(self.port), "-bind_local", "-ci", LOOPBACK, "-cp", str(free_port()))
        traces = ("-trace_msg", "-message_file", "messages", "-trace_err", "-error_file", "errors")
        host, port = self._line
        return ("sipp", "-sf", "scenario.xml", *place, *traces, *PATIENT, "-nostdin", *self._options, f"{host}:{port}")

    def _listens(self) -> bool:
        if self._process.returncode not in (None, 0, 1, PORT_TAKEN):
            said = (self._folder / "stderr").read_text(errors="replace").strip()
            raise TelephonyError(f"SIPp did not start: {said}", remedy="Debian's package of it is sip-tester.")
        return self._process.returncode is not None or _holds(self._process.pid, self.port)

    async def _read_for_ever(self) -> None:
        while True:
            self._read_on()
            await asyncio.sleep(READ_EVERY_S)

    def _read_on(self) -> None:
        with suppress(FileNotFoundError), (self._folder / "messages").open("rb") as trace:
            trace.seek(self._read)
            messages, taken = read_trace(trace.read())
            self._read += taken
            for message in messages:
                if message.method not in list(Nudge):
                    self._heard(message)


def _holds(pid: int, port: int) -> bool:
    """Whether that process, and nobody else, has the UDP port (proc(5), /proc/net/udp: address and inode of each)."""
    sockets = [line.split() for line in Path("/proc/net/udp").read_text().splitlines()[1:]]
    ours = {f"socket:[{found[9]}]" for found in sockets if int(found[1].rpartition(":")[2], 16) == port}
    with suppress(FileNotFoundError):  # it has just ended
        return any(_link(handle) in ours for handle in Path(f"/proc/{pid}/fd").iterdir())
    return False


def _link(path: Path) -> str:
    with suppress(OSError):
        return str(path.readlink())
    return ""
