"""The line that is broken: one of its own, on a small disk of its own, with counsellors enough for the load."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from ivr import counsellors
from ivr.counsellors import Counsellor
from ivr.line import PARTS
from ivr.prepare import places
from ivr.privileges import run_as
from ivr.settings import Settings
from tests.live.line import LiveLine

DISK_MB = 160
FIRST_EXTENSION = 101
DEMO = 3  # counsellors that a new line has


class ChaosLine(LiveLine):
    """Its state folder is a file system in memory, where root may make one: a disk that can be filled without harm."""

    def __init__(self, counsellors: int, **settings: str) -> None:
        super().__init__(**settings)
        self.extensions = tuple(str(FIRST_EXTENSION + n) for n in range(counsellors))
        self._notes = Path(tempfile.mkdtemp(prefix="helpline-chaos-"))
        self.has_disk = os.geteuid() == 0 and self._mount()

    def _mount(self) -> bool:
        options = f"size={DISK_MB}m,mode=755"
        argv = ["mount", "-t", "tmpfs", "-o", options, "helpline-chaos", str(self.state)]
        return subprocess.run(argv, capture_output=True, check=False).returncode == 0

    def folder(self) -> Path:
        """What the telephones write is not on the disk that is filled."""
        return self._notes

    def open(self) -> None:
        super().open()
        asyncio.run(self._staff())

    async def _staff(self) -> None:
        for extension in self.extensions[DEMO:]:
            person = Counsellor(extension, f"Demo {extension}", ("az", "ru", "en"), active=True)
            await counsellors.add(self.settings, person)
        await self.all_in()

    def close(self) -> None:
        self.run("down")
        self._ports.let_go()
        if self.has_disk:
            subprocess.run(["umount", "-l", str(self.state)], check=False)
        for folder in (self.state, self._notes):
            shutil.rmtree(folder, ignore_errors=True)

    def step_clock(self, seconds: int) -> None:
        """What the program's processes read as the time of day is so much later than it is; the first time they are
        started anew for it."""
        shift = self.state / "clock"
        if not shift.exists():
            shift.write_bytes(bytes(8))
            self._start_anew({"LD_PRELOAD": str(self._build_clock()), "CHAOS_CLOCK": str(shift)})
        with shift.open("r+b") as file:
            file.write(seconds.to_bytes(8, sys.byteorder, signed=True))

    def _build_clock(self) -> Path:
        library = self.state / "clock.so"
        argv = ["gcc", "-O2", "-shared", "-fPIC", "-o", str(library), str(Path(__file__).with_name("clock.c"))]
        subprocess.run(argv, check=True)
        return library

    def _start_anew(self, environment: dict[str, str]) -> None:
        """Keeper and program, with this in their environment; the switch goes on as it is."""
        for part in ("keeper", *(part for part in PARTS if part != "switch")):
            self.send(part, signal.SIGKILL)
        own = {name: value for name, value in self.env.items() if name.startswith("IVR_")}
        own |= {"PATH": os.environ["PATH"], "TZ": "UTC", "HOME": str(self.state)}
        argv = run_as(self.settings.run_uid, [sys.executable, "-m", "ivr.app", "keep"], *places(self.settings))
        with (self.settings.logs_dir / "keeper.log").open("ab") as log:
            keeper = subprocess.Popen(
                argv, cwd="/", env=own | environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        keeper.returncode = 0  # it is stopped by its number, and not to be waited for

    @property
    def settings(self) -> Settings:
        """As the line's own parts read them."""
        env, url = self.env, self.env.get("IVR_DATABASE_URL", "")
        return Settings(
            state_dir=self.state, asterisk=Path(env["IVR_ASTERISK"]), sip_port=int(env["IVR_SIP_PORT"]),
            web_port=int(env["IVR_WEB_PORT"]), fastagi_port=int(env["IVR_FASTAGI_PORT"]),
            ami_port=int(env["IVR_AMI_PORT"]), database_url=url, wrap_up_s=0,
        )  # fmt: skip
