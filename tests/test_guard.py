"""The guard beside a switch that tells, is cut off, hangs and lies: what it is told, and what it is not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ivr import guard
from ivr.errors import TelephonyError
from ivr.guard import Guard, Places
from ivr.telephony import refusals
from ivr.telephony.ami import connections
from tests.fake_ami import SECRET, USER, FakeAmi, captured
from tests.telephony.test_guesses import IDENTIFIES

LIMIT = 3
GUESSER, PHONE = "127.0.0.2", "127.0.0.3"
AGAIN = "\n\n".join(b for b in captured("guesses").split("\n\n") if GUESSER in b) + "\n\n"


class Console:
    """The switch's own: what it was told, and what it answers."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.answers = {"pjsip show identifies": IDENTIFIES, "database show registrar/contact": "0 results found.\n"}
        self.away = frozenset[str]()

    def ask(self, command: str) -> str:
        if command in self.away:
            raise TelephonyError("the switch does not answer its console")
        self.told.append(command)
        return self.answers.get(command, "")

    @property
    def reloads(self) -> int:
        return self.told.count("module reload acl")


class Stand:
    def __init__(self, folder: Path, refused_s: float = 300, limit: int = LIMIT) -> None:
        self.console = Console()
        self.places = Places(folder / "guesses.json", folder / "acl_refused.conf", folder)
        self.guard = Guard(self.places, self.console.ask, limit, refused_s)

    @property
    def listed(self) -> str:
        return refusals.text_of(self.places.refused_conf)


@asynccontextmanager
async def at_work(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeAmi]:
    monkeypatch.setattr(guard, "BREATH_S", 0.02)
    monkeypatch.setattr(guard, "LOOK_EVERY_S", 0.05)
    monkeypatch.setattr(guard, "REST_S", 0.1)
    async with FakeAmi() as fake:
        keeping = asyncio.create_task(stand.guard.keep(lambda: connections("127.0.0.1", fake.port, USER, SECRET)))
        try:
            await until(lambda: bool(fake.actions) and stand.console.reloads > 0)
            yield fake
        finally:
            keeping.cancel()
            with suppress(asyncio.CancelledError):
                await keeping


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.005)


async def test_who_guesses_is_told_to_the_switch_and_lifted_when_it_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand = Stand(tmp_path, refused_s=0.5)
    with capture_logs() as logs:
        async with at_work(stand, monkeypatch) as fake:
            await fake.send(captured("guesses"))
            await until(lambda: f"deny = {GUESSER}\n" in stand.listed)
            assert stand.listed.splitlines()[1:] == [
                "permit = 127.0.0.1/32",
                "permit = 127.0.0.9/32",
                "permit = 203.0.113.0/24",
            ]
            await until(lambda: stand.listed == "")
    assert [each["address"] for each in logs if each["event"] == "guard.refused"] == [GUESSER]
    assert stand.console.reloads <= 3 + 1  # at the start, refused, lifted


async def test_a_phone_that_is_registered_is_not_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand = Stand(tmp_path)
    stand.console.answers["database show registrar/contact"] = (
        f'{{"via_addr":"{GUESSER}","uri":"sip:101@{GUESSER}:5060"}}'
    )
    async with at_work(stand, monkeypatch) as fake:
        await fake.send(AGAIN)
        await until(lambda: refusals.read(stand.places.book).wrong >= LIMIT)
    assert stand.listed == ""


async def test_while_the_switch_does_not_say_who_the_carrier_is_nobody_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand = Stand(tmp_path)
    stand.console.answers["pjsip show identifies"] = ""
    with capture_logs() as logs:
        async with at_work(stand, monkeypatch) as fake:
            await fake.send(AGAIN)
            await until(lambda: any(each["event"] == "guard.not_told" for each in logs))
    assert stand.listed == ""


async def test_cut_off_it_lifts_in_time_and_counts_again_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand = Stand(tmp_path, refused_s=0.5)
    async with at_work(stand, monkeypatch) as fake:
        await fake.send(AGAIN)
        await until(lambda: GUESSER in stand.listed)
        fake.drop()
        await until(lambda: stand.listed == "")
        await until(lambda: len(fake.connected_at) > 1 and len(fake.actions) > 1)
        await asyncio.sleep(0.05)
        await fake.send(AGAIN)
        await until(lambda: GUESSER in stand.listed)


async def test_what_the_switch_could_not_be_told_it_is_told_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand = Stand(tmp_path, refused_s=1.0)
    async with at_work(stand, monkeypatch) as fake:
        await fake.send(AGAIN)
        await until(lambda: GUESSER in stand.listed)
        stand.console.away, before = frozenset({"module reload acl"}), stand.console.reloads
        await until(lambda: stand.listed == "")  # it is written, and the switch has not read it
        stand.console.away = frozenset()
        await until(lambda: stand.listed == "" and stand.console.reloads > before)


async def test_on_a_full_disk_a_refusal_ends_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand = Stand(tmp_path, refused_s=0.5)
    async with at_work(stand, monkeypatch) as fake:
        await fake.send(AGAIN)
        await until(lambda: GUESSER in stand.listed and stand.places.book.exists())
        for full in (stand.places.book, stand.places.refused_conf):
            full.with_suffix(".new").mkdir()  # nothing can be written in its place
        await until(lambda: stand.listed == "")


async def test_a_flood_is_not_followed_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "MOST_A_SECOND", 50)
    stand = Stand(tmp_path)
    with capture_logs() as logs:
        async with at_work(stand, monkeypatch) as fake:
            with suppress(ConnectionError):
                await fake.send(AGAIN * 100)
            await until(lambda: any(each["event"] == "guard.flooded" for each in logs))
            await until(lambda: GUESSER in stand.listed)
            await until(lambda: len(fake.connected_at) > 1)
    assert stand.console.reloads <= 3


async def test_a_fault_of_its_own_ends_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand = Stand(tmp_path)
    with capture_logs() as logs:
        async with at_work(stand, monkeypatch) as fake:
            monkeypatch.setattr(guard, "decided", lambda *_: 1 / 0)
            await until(lambda: any(each["event"] == "guard.failed" for each in logs))
            monkeypatch.undo()
            monkeypatch.setattr(guard, "BREATH_S", 0.02)
            monkeypatch.setattr(guard, "LOOK_EVERY_S", 0.05)
            await until(lambda: len(fake.connected_at) > 1 and len(fake.actions) > 1)
            await asyncio.sleep(0.05)
            await fake.send(AGAIN)
            await until(lambda: GUESSER in stand.listed)


async def test_switched_off_it_listens_to_nobody_and_lifts_what_was_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand = Stand(tmp_path)
    async with at_work(stand, monkeypatch) as fake:
        await fake.send(AGAIN)
        await until(lambda: GUESSER in stand.listed)
    off = Stand(tmp_path, limit=0)
    await off.guard.look()
    assert off.listed == ""


async def test_a_list_that_was_changed_behind_its_back_is_put_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand = Stand(tmp_path)
    async with at_work(stand, monkeypatch):
        stand.places.refused_conf.write_text("deny = 0.0.0.0/0\n")
        await until(lambda: stand.listed == "" and stand.console.reloads > 1)
