"""A day's traffic, and then everything that the line keeps is searched for who rang and for what was said of whom."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from ivr.accounts import Role
from ivr.records.database import opened
from ivr.settings import Settings
from ivr.telephony.rtp import tone
from ivr.telephony.sipp_child import Press, Stay, Until, Wait
from tests.live.ears import Ears
from tests.live.line import LiveLine, Row
from tests.live.test_greetings import Hears
from tests.live.test_messages import recording, sealed, with_key_7
from tests.live.test_mobiles import Carrier, carrier
from tests.live.test_ring_out import steps as dialled
from tests.live.test_ring_out import until_over
from tests.live.test_stories import CHILD_HZ, COUNSELLOR_HZ, keys
from tests.web.house import Browser, House

pytestmark = pytest.mark.live

NewLine = Callable[..., LiveLine]
TALKS, ASKS, TYPES = "+994000007131", "+994000007232", "0000007333"
LEAVES, PARENT, GUESSED = "+994000007434", "0000007535", "+994000007636"
NAME, DRAFTED, REASON = "Nərgizşah Qızılgülova", "Ülkərnaz Şəbnəmova", "Günçiçək Əzizağalı"


@dataclass(frozen=True, slots=True)
class Secret:
    """Something that must stand nowhere, by every form it might take."""

    text: str

    def forms(self) -> Iterator[bytes]:
        plain = [self.text.encode(), self.text.encode("utf-16-le"), self.text.encode("utf-16-be")]
        yield from plain
        yield from (form.hex().encode() for form in plain)
        yield from (form.hex().upper().encode() for form in plain)
        for form in plain:
            yield from _base64(form)
        yield quote(self.text).encode()
        yield self.text.encode("ascii", "backslashreplace")  # as JSON and Python write it
        yield repr(self.text.encode())[2:-1].encode()


def _base64(data: bytes) -> Iterator[bytes]:
    """Wherever in a longer text it begins, without the letters that its neighbours have a part in."""
    for before in range(3):
        found = b64encode(b"\0" * before + data)
        yield found[(before * 8 + 5) // 6 : (before + len(data)) * 8 // 6]


def secrets() -> list[Secret]:
    """Of a number the digits that every way of writing it has."""
    numbers = [Secret(number[-9:]) for number in (TALKS, ASKS, TYPES, LEAVES, PARENT, GUESSED)]
    names = [Secret(part) for name in (NAME, DRAFTED, REASON) for part in name.split()]
    return numbers + names


def in_clear(state: Path) -> set[tuple[str, str]]:
    """Which file has what, of all that the line keeps; the tests' own callers write into a folder of theirs."""
    wanted = [(each.text, form) for each in secrets() for form in each.forms()]
    files = (path for path in state.rglob("*") if path.is_file() and not path.is_symlink())
    own = (path for path in files if path.relative_to(state).parts[0] not in {"tests", "sounds"})
    found = ((str(path), path.read_bytes()) for path in own)
    return {(name, text) for name, data in found for text, form in wanted if form in data}


def test_every_form_is_found(tmp_path: Path) -> None:
    """Whoever looks for a needle had better know it."""
    for number, form in enumerate(f for each in secrets() for f in each.forms()):
        file = tmp_path / f"{number}.bin"
        file.write_bytes(b"\x01\xff" + form + b"\x02")
        assert in_clear(tmp_path), form
        file.unlink()
    for before in range(3):
        (tmp_path / "base64").write_bytes(b64encode(b"x" * before + NAME.encode() + b"yz"))
        assert in_clear(tmp_path), before
    assert not in_clear(Path(__file__).parent / "nowhere")


async def test_after_a_days_traffic_no_number_and_no_name_lies_in_clear(new_line: NewLine) -> None:
    async with carrier(new_line, ring_out_numbers="112,000XXXXXXX", wait_s="20") as trunk:
        line = with_key_7(trunk.line)
        await asyncio.to_thread(line.run, "counsellors", "set", "101", "--rings-out")
        talked = await talks(line)
        await asks_to_be_rung_back(line)
        await leaves_a_message(line)
        await rings_out(trunk)
        async with signed_in(line, "aynur", Role.COUNSELLOR, "101") as aynur:
            await writes_down(aynur, talked)
            await aynur.get(f"/callbacks/{GUESSED}/number")
            await aynur.get(f"/contacts/{GUESSED}")
        async with signed_in(line, "leyla", Role.SUPERVISOR) as leyla:
            await leyla.get(f"/calls?about={GUESSED}")
            await leyla.get(f"/contacts/{talked['id']}/versions")
            await leyla.send(f"/contacts/{talked['id']}/versions", reason="a review")
        line.run("block", talked["id"], "--hours", "1", "--reason", "a story", "--by", "tests")
        assert "7131" not in line.run("calls", "--json")
        assert in_clear(line.state) == set()
        assert planted(line) == {NAME.split(maxsplit=1)[0], TALKS[-9:]}
        await erases(line)
        line.run("down")
        assert in_clear(line.state) == set()


def planted(line: LiveLine) -> set[str]:
    """What is found once it is there: a name in the switch's log, a number in the database's."""
    log, number = line.state / "logs" / "switch.log", line.state / "database" / "planted"
    was = log.read_bytes()
    log.write_bytes(was + NAME.split(maxsplit=1)[0].encode())
    number.write_bytes(TALKS.encode("utf-16-le").hex().encode())
    found = in_clear(line.state)
    log.write_bytes(was)
    number.unlink()
    return {text for _, text in found}


async def talks(line: LiveLine) -> Row:
    """A child who says nothing and answers by key; the number is the carrier's to tell."""
    before = line.known()
    async with line.phone("101", talk_s=6).on(line.address, line.folder()) as handset:
        await asyncio.sleep(1)
        call = asyncio.create_task(line.call(*keys("10"), Stay(90), number=TALKS))
        await (await handset.call(within_s=60)).answered()
        await asyncio.to_thread(line.run, "silent", "101", "start")
        await call
    (row,) = await line.new_rows(before)
    assert row["outcome"] == "answered"
    return row


async def asks_to_be_rung_back(line: LiveLine) -> None:
    before = line.known()
    asked = (
        *keys("20"), Hears(line, "unanswered", 120), Press("1"), Hears(line, "callback-number"), Press("2"),
        Hears(line, "callback-type"), Press(TYPES), Hears(line, "callback-right"), Press("1"),
        Hears(line, "callback-when"), Press("3"), Hears(line, "callback-who"), Press("1"), Stay(60),
    )  # fmt: skip
    await line.call(*asked, number=ASKS)
    assert [row["outcome"] for row in await line.new_rows(before)] == ["callback_promised"]


async def leaves_a_message(line: LiveLine) -> None:
    before, since = line.known(), len(line.events())
    waits = Until(lambda: any(e["eventtype"] == "decided" for e in line.events()[since:]), 30, "the wait")
    said = (Wait(1), Press("#"), Wait(1), recording(line), Wait(4), Press("#"), Wait(2), Press("1"), Stay(30))
    await line.call(*keys("24"), Press("1"), waits, Wait(0.5), Press("7"), *said, says=tone(CHILD_HZ), number=LEAVES)
    assert [row["outcome"] for row in await line.new_rows(before)] == ["message_left"]
    await sealed(line)


async def rings_out(trunk: Carrier) -> None:
    ears = Ears()
    there = Until(lambda: ears.hears(COUNSELLOR_HZ), 20, "the parent's voice")
    ringing = asyncio.create_task(
        trunk.line.dial("101", "*9", *dialled(PARENT), there, Wait(1), ears=ears, says=tone(CHILD_HZ))
    )
    parent = await trunk.rings(PARENT)
    parent.answer()
    await ringing
    await until_over(trunk.line)


@asynccontextmanager
async def signed_in(line: LiveLine, name: str, role: Role, extension: str = "") -> Any:
    """At the line's own site, after a wrong word or two."""
    settings = Settings(state_dir=line.state)
    async with opened(settings.database) as database:
        house = House(settings, database)
        house.now = datetime.now(UTC)
        given = await house.add(name, role, extension)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{line.env['IVR_WEB_PORT']}", timeout=30) as client:
            client.headers.update({"Sec-Fetch-Site": "same-origin", "Accept-Language": "en"})
            browser = Browser(house, client)
            await browser.sign_in(NAME, REASON)
            await browser.enter(given)
            yield browser


async def writes_down(aynur: Browser, talked: Row) -> None:
    """A draft by the page, then the whole of it; the number is in it too, as people do."""
    page = f"/contacts/{talked['id']}"
    assert (await aynur.get(page)).status_code == 200
    told = {"topic": "social", "age_band": "11-14", "gender": "girl", "language": "az"}
    hidden = dict(aynur.hidden)
    saved = await aynur.client.post(f"{page}/draft", data=hidden | told | {"summary": f"{DRAFTED} {TALKS}"})
    assert saved.status_code == 200, saved.text
    aynur.hidden = hidden | {"seen": str(saved.json()["seen"])}
    closed = await aynur.send(page, **told, summary=f"{NAME}, {TALKS}, {REASON}", deed="close")
    assert closed.status_code == 200
    assert closed.url.path == "/desk", closed.text


async def erases(line: LiveLine) -> None:
    """Whoever asked to be rung back is erased by number, which no list of processes shows; the hash goes with them."""
    argv = [sys.executable, "-c", "from ivr.cli import main; main()", "erase", "--number", "--json"]
    more = ["--yes", "--by", "tests", "--reason", "asked"]
    for words in ([], more):
        done = await asyncio.to_thread(
            subprocess.run, argv + words, input=ASKS, env=line.env, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert ASKS[-9:] not in done.stdout + done.stderr
    assert line.rows("callbacks", "all")[0]["state"] == "withdrawn"
