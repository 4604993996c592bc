"""A line that is closed says so at both doors, opens while it runs, and is never closed to danger. With real calls."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ivr.telephony.sipp import until
from ivr.telephony.sipp_child import HangUp, Press, Stay, Wait
from tests.live.line import LiveLine, Row
from tests.live.test_stories import keys

pytestmark = pytest.mark.live

OPEN = '[week]\nmon-sun = ["00:00-24:00"]\n'
CLOSED = OPEN + '[[closure]]\nname = "Moving house"\nfrom = 2001-01-01\nuntil = 2099-01-01\n'


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """The line runs as a user of its own, who may not enter pytest's folders."""
    with tempfile.TemporaryDirectory(prefix="hours-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


async def menus(line: LiveLine, language: str) -> list[str]:
    """The menus that a caller is asked who only chooses a language."""
    before = line.known()
    await line.call(*keys(language), Wait(1), Press("7"), Wait(2), HangUp())  # 7 means nothing in either menu
    (row,) = await line.new_rows(before)
    return [step["menu"] for step in row["steps"] if step["step"] == "asked"]


async def test_a_closed_line_says_so_at_both_doors_and_opens_while_it_runs(
    new_line: Callable[..., LiveLine], open_folder: Path
) -> None:
    hours = open_folder / "hours.toml"
    hours.write_text(CLOSED)
    line = new_line(hours_file=str(hours))
    assert await menus(line, "2") == ["language", "closed"]

    hours.write_text(OPEN)
    await until(lambda: (line.state / "flow/hours.toml").read_text() == OPEN, 10, "the changed hours")
    assert await menus(line, "2") == ["language", "topic"]

    hours.write_text(CLOSED.replace("[[closure]]", "[closure"))
    assert line.run("check", code=2)
    await until(lambda: "file.refused" in (line.state / "logs/answer.log").read_text(), 10, "the refusal in the log")
    assert await menus(line, "2") == ["language", "topic"]

    hours.write_text(CLOSED)
    await until(lambda: (line.state / "flow/hours.toml").read_text() == CLOSED, 10, "the changed hours")
    line.send("keeper", signal.SIGSTOP)
    line.send("answer", signal.SIGKILL)
    assert await menus(line, "2") == ["language", "closed"]
    row = await danger(line)
    assert (row["outcome"], row["priority"]) == ("answered", "danger")


async def danger(line: LiveLine) -> Row:
    before = line.known()
    async with line.phone("103", talk_s=0.5).on(line.address, line.folder()):
        await line.call(*keys("2"), Wait(1), Press("9"), Stay(60))
    (row,) = await line.new_rows(before)
    return row
