"""A line whose processes run in the images: opened, rung, answered, closed. They are built by `make images`."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ivr.keeper import alive
from ivr.telephony.rtp import tone
from ivr.telephony.sipp import until
from ivr.telephony.sipp_call import Sound
from ivr.telephony.sipp_child import Stay
from ivr.telephony.sipp_scenario import Codec
from tests.live.ears import Ears
from tests.live.line import LiveLine
from tests.live.test_faults import COUNSELLOR_HZ
from tests.live.test_stories import keys

IMAGE = "localhost/helpline"
BUILDAH = ("buildah", "--storage-driver", "vfs")
USER = 61611
ROLES = ("switch", "answer,watch,ledger,callbacks", "web")
OPEN_S = 150.0


def is_built() -> bool:
    if not shutil.which("buildah"):
        return False
    return not subprocess.run([*BUILDAH, "inspect", IMAGE], capture_output=True, check=False).returncode


pytestmark = [pytest.mark.live, pytest.mark.skipif(not is_built(), reason="no images: `make images` builds them")]


class ImageLine(LiveLine):
    """The same line, each role started in the image as its own user; the state folder is the volume."""

    def __init__(self, **settings: str) -> None:
        super().__init__(**settings)
        os.chown(self.state, USER, USER)
        self._container = self._buildah("from", "--pull-never", IMAGE).strip()
        self._roles: list[subprocess.Popen[bytes]] = []

    def _buildah(self, *words: str) -> str:
        return subprocess.run([*BUILDAH, *words], capture_output=True, text=True, check=True, timeout=120).stdout

    def _argv(self, *words: str, parts: str = "") -> list[str]:
        told = {name: value for name, value in self.env.items() if name.startswith("IVR_")}
        told |= {"IVR_ASTERISK": "/opt/switch/asterisk", "IVR_PARTS": parts}
        env = [word for name, value in told.items() for word in ("--env", f"{name}={value}")]
        run = ("run", "--isolation", "chroot", "--network", "host", "--user", f"{USER}:{USER}")
        volume = ("--volume", f"{self.state}:{self.state}")
        return [*BUILDAH, *run, *volume, *env, self._container, "--", "/opt/helpline/.venv/bin/ivr", *words]

    def run(self, *words: str, code: int | None = 0) -> str:
        done = subprocess.run(self._argv(*words), capture_output=True, text=True, timeout=120, check=False)
        if code is not None and done.returncode != code:
            raise AssertionError(f"ivr {' '.join(words)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def start(self, parts: str) -> None:
        with (self.state / f"{parts[:6]}.out").open("wb") as out:
            argv = self._argv("up", "--stay", parts=parts)
            self._roles.append(subprocess.Popen(argv, stdout=out, stderr=out, stdin=subprocess.DEVNULL))

    def open(self) -> None:
        for parts in ROLES:
            self.start(parts)

    def stop(self, parts: str) -> None:
        """As a container is stopped."""
        keeper = alive(self.state / "run" / f"keeper-{parts.partition(',')[0]}.pid")
        if keeper:
            os.kill(keeper, signal.SIGTERM)

    def close(self) -> None:
        for parts in reversed(ROLES):
            self.stop(parts)
        for role in self._roles:
            try:
                role.wait(30)
            except subprocess.TimeoutExpired:
                role.kill()
        self._buildah("rm", self._container)
        self._ports.let_go()
        shutil.rmtree(self.state, ignore_errors=True)


@pytest.fixture
def image_line() -> Iterator[ImageLine]:
    line = ImageLine()
    yield line
    line.close()


def owner(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


async def test_a_line_from_the_images_answers_and_survives_an_upgrade_of_the_program(image_line: ImageLine) -> None:
    line = image_line
    line.open()
    parts = ("switch", "answer", "watch", "ledger", "callbacks", "web")

    def runs() -> bool:
        return all(alive(line.state / "run" / f"{part}.pid") for part in parts)

    await until(runs, OPEN_S, "every part")
    await until(lambda: "The line is open" in line.run("status", code=None), OPEN_S, "the line")
    assert {owner(line.pid(part)) for part in parts} == {USER}
    await until(lambda: '"through"' in line.run("trial", "--json", code=None), OPEN_S, "a trial")
    await line.all_in()

    async def ring() -> None:
        before, ears = line.known(), Ears()
        phone = line.phone("102", talk_s=1.0, sound=Sound(Codec.ULAW, says=tone(COUNSELLOR_HZ)))
        async with phone.on(line.address, line.folder()):
            await line.call(*keys("242"), Stay(60), ears=ears)
        assert ears.hears(COUNSELLOR_HZ)
        (row,) = await line.new_rows(before)
        assert (row["outcome"], row["counsellor"], row["topic"]) == ("answered", "102", "legal")

    await ring()
    switch, program = line.pid("switch"), line.pid("answer")
    line.stop(ROLES[1])
    await until(lambda: not alive(line.state / "run/answer.pid"), 30, "the program to stop")
    line.start(ROLES[1])
    await until(runs, OPEN_S, "every part again")
    assert line.pid("switch") == switch
    assert line.pid("answer") != program
    await ring()
