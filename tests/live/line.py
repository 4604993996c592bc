"""A whole line of its own for the live suite: another state folder, other ports, the same program."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import itertools
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from ivr import presence
from ivr.desk.presence import Word
from ivr.errors import TelephonyError
from ivr.keeper import alive
from ivr.settings import Settings
from ivr.telephony.rtp import Samples
from ivr.telephony.sipp import until
from ivr.telephony.sipp_call import Sound
from ivr.telephony.sipp_child import Child, Stay, Step
from ivr.telephony.sipp_message import Address, CallLog
from ivr.telephony.sipp_phone import Phone
from ivr.telephony.sipp_scenario import Codec
from tests.conftest import PROJECT
from tests.live.ears import Ears

ON_RECORD_S = 20.0  # the promise of one second is measured by `make bench`; a test machine may be busy
UNREAD_S = 3.0
BUSY = 3.0  # how many times longer a test machine may take; what is promised in seconds is read off the ledger's times
Row = dict[str, Any]


class LiveLine:
    """Opened by `open`, closed by `close`; verbs of `ivr` run as a person would run them."""

    def __init__(self, **settings: str) -> None:
        self.state = Path(tempfile.mkdtemp(prefix="helpline-"))
        self.state.chmod(0o755)  # the line runs as a user of its own
        self._ports, self._passwords = Block(), dict[str, str]()
        self._numbers = itertools.count()  # whoever rings again is greeted otherwise, and rung elsewhere first
        first = self._ports.first + 1000
        ports = {"SIP": first, "FASTAGI": first + 1, "WEB": first + 2, "AMI": first + 3, "ASTERISK_HTTP": first + 4}
        self.sip_port, self.tls_port = first, first + 5
        ports |= {"SIP_TLS": self.tls_port} if settings.pop("tls", "") else {}
        self.env = {
            **os.environ,
            "IVR_STATE_DIR": str(self.state),
            "IVR_ASTERISK": os.environ.get("IVR_ASTERISK", str(PROJECT / "var/asterisk")),
            "IVR_RTP_FIRST_PORT": str(self._ports.first),
            "IVR_TEST_CALL_EVERY_MIN": "0",  # the ledger of a story is its own
            "IVR_WRAP_UP_S": "0",  # or every phone would rest for two minutes between two stories
            **{f"IVR_{name}_PORT": str(port) for name, port in ports.items()},
            **{f"IVR_{name.upper()}": value for name, value in settings.items()},
        }

    @property
    def address(self) -> Address:
        return ("127.0.0.1", self.sip_port)

    def run(self, *words: str, code: int | None = 0) -> str:
        """`ivr WORDS`: what it printed. `code`: the exit code it must have, None for any."""
        argv = [sys.executable, "-c", "from ivr.cli import main; main()", *words]
        done = subprocess.run(argv, env=self.env, capture_output=True, text=True, timeout=120, check=False)
        if code is not None and done.returncode != code:
            raise AssertionError(f"ivr {' '.join(words)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def rows(self, *words: str) -> list[Row]:
        return [json.loads(line) for line in self.run(*words, "--json").splitlines()]

    def calls(self) -> list[Row]:
        return self.rows("calls", "--limit", "100000")

    def known(self, *, ended: bool = False) -> frozenset[str]:
        """Ids of the calls on record; a look that costs nothing, where `calls` starts a program."""
        if "IVR_DATABASE_URL" in self.env:
            return frozenset(row["id"] for row in self.calls() if row["ended_at"] or not ended)
        file = self.state / "database/helpline.sqlite3"
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as rows:
            found = rows.execute("SELECT id, ended_at FROM call")
            return frozenset(identity for identity, ended_at in found if ended_at or not ended)

    def open(self) -> None:
        sounds = PROJECT / "var/sounds"
        if sounds.exists():  # made once for all; `ivr up` looks whether they are what they should be
            shutil.copytree(sounds, self.state / "sounds", symlinks=True)
        self.run("up")

    def close(self) -> None:
        self.run("down")
        self._ports.let_go()
        shutil.rmtree(self.state, ignore_errors=True)

    def pid(self, part: str) -> int:
        found = alive(self.state / "run" / f"{part}.pid")
        assert found, f"{part} does not run"
        return found

    def send(self, part: str, number: signal.Signals) -> None:
        os.kill(self.pid(part), number)

    def console(self, command: str) -> str:
        """One command on the switch's own console."""
        tree = Path(self.env["IVR_ASTERISK"])
        library = next(iter(tree.glob("usr/lib/*-linux-gnu")))
        loader = next(iter(tree.glob("usr/lib*/ld-linux-*.so.*")))
        conf = self.state / "switch/etc/asterisk.conf"
        argv = [
            str(loader),
            "--library-path",
            str(library),
            str(tree / "usr/sbin/asterisk"),
            "-C",
            str(conf),
            "-rx",
            command,
        ]
        return subprocess.run(argv, capture_output=True, text=True, timeout=20, check=True).stdout

    def events(self) -> list[Row]:
        """The ledger, raw."""
        text = (self.state / "ledger/cel.jsonl").read_text()
        return [json.loads(line) for line in text.splitlines()]

    async def all_in(self) -> None:
        """Everybody says that they are there; with that nobody has missed a ring."""
        told = Settings(state_dir=self.state, ami_port=int(self.env["IVR_AMI_PORT"]), wrap_up_s=0)
        for extension in ("101", "102", "103"):
            await presence.say(told, extension, Word.SIGN_IN)

    def phone(self, extension: str, **how: Any) -> Phone:
        return Phone(extension, self._password(extension), **{"ring_s": 0.2, **how})

    def _password(self, extension: str) -> str:
        if extension not in self._passwords:
            self._passwords = {phone["extension"]: phone["password"] for phone in self.rows("phones")}
        return self._passwords[extension]

    async def call(self, *steps: Step, ears: Ears | None = None, says: Samples | None = None, **who: Any) -> CallLog:
        """One child's call, from answer to hang-up; from a number that nobody rang from before, unless told."""
        who.setdefault("number", f"+9940001{next(self._numbers):05d}")
        sound = Sound(Codec.ALAW, says=says) if says else Sound(Codec.ALAW)
        child = Child(steps=steps, sound=sound, **who)
        return await child.call(self.address, self.folder(), ears.heard if ears else None)

    async def dial(
        self, extension: str, what: str, *steps: Step, ears: Ears | None = None, says: Samples | None = None
    ) -> CallLog:
        """One call from a counsellor's phone, by its account, until the line hangs up."""
        password = self._password(extension)
        sound = Sound(Codec.ULAW, says=says) if says else Sound(Codec.ULAW)
        phone = Child(what, steps or (Stay(30),), number=extension, password=password, sound=sound)
        return await phone.call(self.address, self.folder(), ears.heard if ears else None)

    def folder(self) -> Path:
        path = self.state / "tests"
        path.mkdir(exist_ok=True)
        return path

    async def new_rows(self, before: Collection[str] = (), count: int = 1, ended: bool = True) -> list[Row]:
        """The calls that are on record and were not `known` before, once there are `count` of them, ended."""
        known = frozenset(before)
        async with asyncio.timeout(ON_RECORD_S + count * 0.2):
            while True:
                with contextlib.suppress(TelephonyError):  # with no part running only the verb reads the ledger
                    await until(lambda: len(self.known(ended=ended) - known) >= count, UNREAD_S, "the rows")
                # in a thread: the sound of every call that is going on comes from this event loop
                rows = await asyncio.to_thread(self.calls)
                new = [row for row in rows if row["id"] not in known and (row["ended_at"] or not ended)]
                if len(new) >= count:
                    return new

    async def until_event(self, seen: Callable[[Row], object], within_s: float, what: str, since: int = 0) -> Row:
        """The first ledger event from line `since` on for which `seen` is true. A busy machine is given more time."""
        found = lambda: next((e for e in self.events()[since:] if seen(e)), None)  # noqa: E731
        return await until(found, BUSY * within_s, what)


class Block:
    """1,100 ports that no other line under test uses, in this process or another: 1,000 for sound, then the others.

    A file that is locked as long as the block is held says so; the ports themselves are free until the line opens.
    """

    def __init__(self) -> None:
        folder = Path(tempfile.gettempdir()) / "helpline-ports"
        folder.mkdir(exist_ok=True)
        for first in range(10000, 32000, 1100):  # below the ports that Linux gives out by itself
            self.first, self._lock = first, (folder / str(first)).open("w")
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _is_free(first + 1000):
                    return
            self._lock.close()
        raise AssertionError("no free ports")

    def let_go(self) -> None:
        self._lock.close()


def _is_free(port: int) -> bool:
    with socket.socket() as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        try:
            tcp.bind(("127.0.0.1", port + 1))
            udp.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def python_processes(line: LiveLine) -> list[int]:
    """Every Python process of this line, by its state folder in the environment; this one is not among them."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            environment = (path / "environ").read_bytes()
            program = (path / "cmdline").read_bytes().split(b"\0")[0]
        except OSError:
            continue
        if f"IVR_STATE_DIR={line.state}\0".encode() in environment and b"python" in program:
            found.append(int(path.name))
    return found
