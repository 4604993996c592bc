"""The line that is broken: one of its own, on a small disk of its own, with counsellors enough for the load."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

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
        for extension in self.extensions[DEMO:]:
            self.run("counsellors", "add", extension, f"Demo {extension}", "-l", "az", "-l", "ru", "-l", "en")
        asyncio.run(self.all_in())

    def close(self) -> None:
        self.run("down")
        self._ports.let_go()
        if self.has_disk:
            subprocess.run(["umount", "-l", str(self.state)], check=False)
        for folder in (self.state, self._notes):
            shutil.rmtree(folder, ignore_errors=True)

    @property
    def settings(self) -> Settings:
        """As the line's own parts read them."""
        env, url = self.env, self.env.get("IVR_DATABASE_URL", "")
        return Settings(
            state_dir=self.state, asterisk=Path(env["IVR_ASTERISK"]), sip_port=int(env["IVR_SIP_PORT"]),
            web_port=int(env["IVR_WEB_PORT"]), fastagi_port=int(env["IVR_FASTAGI_PORT"]),
            ami_port=int(env["IVR_AMI_PORT"]), database_url=url, wrap_up_s=0,
        )  # fmt: skip
