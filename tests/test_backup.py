"""A backup while calls run, made into a line again: nothing missing, and with one byte changed nothing at all."""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from ivr import call_log
from ivr.backup import Manifest, back_up, thin_out
from ivr.errors import HelplineError, Refused
from ivr.records import audit, password
from ivr.records.container import FRAME_BYTES, Opening, Sealing
from ivr.records.copying import sums
from ivr.records.database import opened
from ivr.records.keyring import open_keyring
from ivr.restore import restore
from ivr.settings import Settings
from tests.records.switch_log import SwitchLog, answered, promised

PASSPHRASE = "four quiet words here"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What makes guessing slow makes these tests slow."""
    monkeypatch.setattr(password, "_SLOWLY", {"time_cost": 1, "memory_cost": 64, "parallelism": 1})


@pytest.fixture
async def line(tmp_path: Path, database_url: str) -> Settings:
    """A line that was open for a while."""
    told = settings(tmp_path, "var", database_url)
    log = SwitchLog()
    for number in range(5):
        promised(log.call(), f"1795281000-{number:08x}", f"{number:032x}")
        answered(log)
    for folder in ("ledger", "messages", "flow", "recordings/az"):
        (told.state_dir / folder).mkdir(parents=True)
    put(told.ledger_file, log.data)
    put(told.ledger_file.with_suffix(".jsonl.1"), b"rubbish\n")
    put(told.messages_dir / "1795281282-7.sealed", b"what was said")
    put(told.flow_in_use, b"# menus")
    put(told.flow_of_page, b"# menus that took over on the page")
    put(told.takes_dir / "az/welcome.wav", b"a voice that came over the page")
    put(told.recordings_dir / "az/welcome.wav", b"a voice" * 200_000)
    open_keyring(told.secrets_file)
    async with call_log.open_log(told) as kept:
        await call_log.catch_up(kept)
    return told


def settings(folder: Path, state: str, database_url: str = "") -> Settings:
    voices, policy = folder / "recordings", folder / "callbacks"
    for each in (voices / "az", policy):
        each.mkdir(parents=True, exist_ok=True)
    url = "" if "sqlite" in database_url else database_url
    return Settings(state_dir=folder / state, recordings_dir=voices, callbacks_dir=policy, database_url=url)


def put(path: Path, data: bytes) -> None:
    path.write_bytes(data)


async def made(line: Settings, folder: Path) -> tuple[Path, Manifest]:
    file = folder / "line.backup"
    return file, await back_up(line, file, PASSPHRASE)


def new_line(folder: Path) -> Settings:
    return settings(folder, "new")


async def test_everything_is_there_again(line: Settings, tmp_path: Path) -> None:
    file, manifest = await made(line, tmp_path)
    assert manifest.rows["call"] == 10
    new = new_line(tmp_path)
    await restore(new, file, PASSPHRASE)
    async with opened(new.database) as rows, rows.unit_of_work() as unit:
        deeds = [str(each.deed) for each in await audit.newest(unit, 9)]
        there = {each.table: each for each in await sums(unit)}
    assert there.pop("audit").rows == 1 + next(each.rows for each in manifest.sums if each.table == "audit")
    assert set(there.values()) == {each for each in manifest.sums if each.table != "audit"}
    assert deeds == ["restored"]
    for path in (
        "secrets.json",
        "ledger/cel.jsonl",
        "messages/1795281282-7.sealed",
        "flow/helpline.toml",
        "flow/page.toml",
        "recordings/az/welcome.wav",
    ):
        assert (new.state_dir / path).read_bytes() == (line.state_dir / path).read_bytes()
        assert (new.state_dir / path).stat().st_mode & 0o077 == 0
    given = new.state_dir / "given"
    assert (given / "recordings/az/welcome.wav").read_bytes() == b"a voice" * 200_000
    assert (given / "helpline.toml").read_bytes() == line.helpline_file.read_bytes()
    assert [path.name for path in new.state_dir.iterdir() if path.name.startswith(".")] == []
    async with call_log.open_log(new) as kept:
        assert await call_log.catch_up(kept) == 0  # the place in the ledger came along


async def test_it_is_of_one_moment_while_calls_run_and_the_ledger_has_the_rest(line: Settings, tmp_path: Path) -> None:
    log, stop = SwitchLog(1_795_290_000.0), asyncio.Event()

    async def ring() -> int:
        calls = 0
        async with call_log.open_log(line) as kept:
            while not stop.is_set():
                before = len(log.data)
                answered(log)
                with line.ledger_file.open("ab") as ledger:
                    ledger.write(log.data[before:])
                await call_log.catch_up(kept)
                calls += 1
                await asyncio.sleep(0)
        return calls

    ringing = asyncio.create_task(ring())
    file, manifest = await made(line, tmp_path)
    stop.set()
    assert await ringing > 1
    assert manifest.rows["contact"] == manifest.rows["call"] - 5  # no half of a batch
    new = new_line(tmp_path)
    await restore(new, file, PASSPHRASE)
    async with call_log.open_log(new) as kept:
        await call_log.catch_up(kept)
        assert await call_log.count_calls(kept, call_log.Wanted()) >= manifest.rows["call"]


@pytest.mark.parametrize("place", ["magic", "salt", "first frame", "middle", "last byte"])
async def test_one_flipped_bit_and_it_is_refused_whole(place: str, line: Settings, tmp_path: Path) -> None:
    file, _ = await made(line, tmp_path)
    data = bytearray(file.read_bytes())
    at = {"magic": 3, "salt": 15, "first frame": 60, "middle": len(data) // 2, "last byte": len(data) - 1}[place]
    data[at] ^= 1
    put(file, bytes(data))
    await refused(tmp_path, file)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[: len(data) - 30],
        lambda data: data[: 29 + 5 + FRAME_BYTES + 16],
        lambda data: data + b"more",
        lambda data: b"",
        lambda data: data[:29] + data[29 + 5 + FRAME_BYTES + 16 :],
    ],
    ids=["cut", "cut between frames", "more", "empty", "a frame left out"],
)
async def test_what_is_not_whole_is_refused(spoil: Callable[[bytes], bytes], line: Settings, tmp_path: Path) -> None:
    file, _ = await made(line, tmp_path)
    put(file, spoil(file.read_bytes()))
    await refused(tmp_path, file)


async def refused(folder: Path, file: Path, passphrase: str = PASSPHRASE) -> None:
    new = new_line(folder)
    with pytest.raises(Refused, match=r"refused whole|no backup"):
        await restore(new, file, passphrase)
    assert list(new.state_dir.iterdir()) == []


async def test_another_passphrase_opens_nothing_and_nothing_in_it_is_to_be_read(line: Settings, tmp_path: Path) -> None:
    file, _ = await made(line, tmp_path)
    await refused(tmp_path, file, PASSPHRASE + " ")
    assert open_keyring(line.secrets_file).caller_key.encode() not in file.read_bytes()
    assert b"SQLite" not in file.read_bytes()
    assert file.stat().st_mode & 0o777 == 0o600


async def test_a_filled_state_folder_is_refused_and_put_aside_by_force(tmp_path: Path, empty_file: Path) -> None:
    old = settings(tmp_path, "old")
    open_keyring(old.secrets_file)
    file, _ = await made(old, tmp_path)
    new = new_line(tmp_path)
    mine = open_keyring(new.secrets_file)
    with pytest.raises(Refused, match=r"in use: secrets\.json"):
        await restore(new, file, PASSPHRASE)
    assert open_keyring(new.secrets_file) == mine
    done = await restore(new, file, PASSPHRASE, force=True)
    assert done.aside
    assert open_keyring(done.aside / "secrets.json") == mine
    assert open_keyring(new.secrets_file) == open_keyring(old.secrets_file)


async def test_rows_of_a_server_are_not_written_over(cluster: object, postgresql_url: str, tmp_path: Path) -> None:
    old = settings(tmp_path, "old")
    open_keyring(old.secrets_file)
    file, _ = await made(old, tmp_path)
    filled = settings(tmp_path, "new", postgresql_url)
    async with opened(postgresql_url) as rows, rows.unit_of_work() as unit:
        await unit.execute(text("INSERT INTO presence VALUES ('101', 'sign_in', now())"))
    with pytest.raises(Refused, match="rows in that database"):
        await restore(filled, file, PASSPHRASE, force=True)


async def test_what_cannot_be_written_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    old = settings(tmp_path, "old")
    open_keyring(old.secrets_file)
    file, _ = await made(old, tmp_path)
    for target, passphrase in ((file, PASSPHRASE), (tmp_path / "no/x", PASSPHRASE), (tmp_path / "x", "short")):
        with pytest.raises(HelplineError):
            await back_up(old, target, passphrase)
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == [file.name]


@pytest.mark.parametrize("size", [0, 1, FRAME_BYTES - 1, FRAME_BYTES, FRAME_BYTES + 1, 3 * FRAME_BYTES])
def test_a_stream_comes_back_as_it_went_in(size: int) -> None:
    file = io.BytesIO()
    sealing = Sealing(file, PASSPHRASE)
    sealing.write(b"x" * size)
    sealing.close()
    file.seek(0)
    assert Opening(file, PASSPHRASE).read() == b"x" * size


async def test_the_newest_stay_and_whatever_else_lies_there(line: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    folder.mkdir()
    first = await _made_on(line, folder, 0)
    for night in (1, 2, 3):
        await _made_on(line, folder, night)
    (folder / "photo.backup").write_bytes(b"no backup of ours")
    first.with_suffix(".older").write_bytes(first.read_bytes())
    newest = folder / "night-3.backup"
    assert [file.name for file in thin_out(newest, 2)] == ["night-0.backup", "night-1.backup"]
    left = ["night-0.older", "night-2.backup", "night-3.backup", "photo.backup"]
    assert sorted(file.name for file in folder.iterdir()) == left
    os.utime(newest, (0, 0))  # a clock that was wrong
    assert [file.name for file in thin_out(newest, 1)] == []
    assert newest.exists()


async def _made_on(line: Settings, folder: Path, night: int) -> Path:
    file = folder / f"night-{night}.backup"
    await back_up(line, file, PASSPHRASE)
    os.utime(file, (1_795_281_000 + night, 1_795_281_000 + night))
    return file
