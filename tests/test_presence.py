"""Counsellors say that they are there: over a real AGI connection, by command, with a real database."""

from __future__ import annotations

import asyncio
import json
import os
import re
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Insert, update
from typer.testing import CliRunner

from ivr import presence as act
from ivr.attempt import Line
from ivr.cli.every import app
from ivr.desk.presence import State, Word
from ivr.errors import NotFound, Refused
from ivr.keeper import note_pid
from ivr.presence import take_word
from ivr.records import call, counsellor, presence
from ivr.records.database import Database, opened
from ivr.records.keyring import open_keyring
from ivr.settings import Settings
from ivr.telephony.fastagi import FastAgiServer
from tests.fake_ami import SECRET, FakeAmi, captured
from tests.fake_asterisk import header, ring

NOW = datetime.now(UTC)


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(state_dir=tmp_path / "var")


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    async with opened(settings.database) as found:
        yield found


async def dial(settings: Settings, word: str, extension: str = "101") -> list[str]:
    """The commands that the program sends to a phone which dialled that."""

    async def story(line: Line) -> None:
        await take_word(line, settings)

    block = header(session=extension, heard=word).replace(b"script: incoming", b"script: presence")
    async with FastAgiServer(0, story) as server:
        return await ring(server.port, lambda _: "200 result=0 Gosub complete\n", block)


async def word_of(database: Database, extension: str = "101") -> str | None:
    async with database.reading() as unit:
        said = (await presence.all(unit)).get(extension)
    return said.word if said else None


def answer(prompt: str, language: str = "az") -> list[str]:
    return [f'GOSUB presence said 1 "{prompt},{language}"']


# ---- from the phone


async def test_dialling_writes_the_word_down_and_then_names_the_prompt(settings: Settings, database: Database) -> None:
    assert await dial(settings, "sign_in") == answer("presence-available")
    assert await word_of(database) == "sign_in"
    assert await dial(settings, "sign_out") == answer("presence-out")
    assert await word_of(database) == "sign_out"
    assert await word_of(database, "102") is None


async def test_break_key_begins_and_ends_a_break(settings: Settings, database: Database) -> None:
    assert [await dial(settings, "pause") for _ in range(3)] == [
        answer("presence-break"),
        answer("presence-back"),
        answer("presence-break"),
    ]
    assert await dial(settings, "sign_in") == answer("presence-available")
    assert await dial(settings, "pause") == answer("presence-break")


async def test_break_of_one_who_is_signed_out_changes_nothing_and_says_so(
    settings: Settings, database: Database
) -> None:
    await dial(settings, "sign_out")
    assert await dial(settings, "pause") == answer("presence-out")
    assert await word_of(database) == "sign_out"


async def test_counsellor_hears_their_own_first_language(settings: Settings, database: Database) -> None:
    async with database.unit_of_work() as unit:
        row = update(counsellor.table).where(counsellor.table.c.extension == "102")
        await unit.execute(row.values(languages="ru az"))
    assert await dial(settings, "sign_in", "102") == answer("presence-available", "ru")
    assert await dial(settings, "sign_out", "102") == answer("presence-out", "ru")
    assert await dial(settings, "pause", "102") == answer("presence-out", "ru")


async def test_who_is_no_longer_active_gets_no_answer_and_is_not_listed(settings: Settings, database: Database) -> None:
    async with database.unit_of_work() as unit:
        row = update(counsellor.table).where(counsellor.table.c.extension == "102")
        await unit.execute(row.values(active=False))
    assert await dial(settings, "sign_in", "102") == []
    assert [person.extension for person in (await act.everybody(settings))[0]] == ["101", "103"]


@pytest.mark.parametrize(("extension", "word"), [("999", "sign_in"), ("loopback", "sign_in"), ("101", "dance")])
async def test_strangers_and_nonsense_get_no_answer_which_the_phone_hears_as_a_failure(
    settings: Settings, database: Database, extension: str, word: str
) -> None:
    assert await dial(settings, word, extension) == []
    assert await word_of(database, extension) is None


async def test_database_that_cannot_be_used_gets_no_answer(tmp_path: Path) -> None:
    (tmp_path / "database").write_text("in the way")
    assert await dial(Settings(state_dir=tmp_path), "sign_in") == []


async def test_word_of_another_version_counts_for_nothing(database: Database) -> None:
    async with database.unit_of_work() as unit:
        await unit.execute(presence.table.insert(), [{"extension": "101", "said": "hum", "said_at": NOW}])
    assert await word_of(database) is None


# ---- by command, with a switch to ask


def member(extension: str, status: int, last_call: float = 0) -> str:
    return (
        f"Event: QueueMember\nQueue: everybody\nName: {extension}\nLocation: PJSIP/{extension}\nPenalty: 0\n"
        f"LastCall: {int(last_call)}\nStatus: {status}\nPaused: 0\nActionID: @ID@\n\n"
    )


def status_of(*members: str) -> str:
    """The captured answer with other members in it."""
    head, *_, end = captured("queue-status").strip().split("\n\n")
    return "\n\n".join((head, "".join(members) + end)) + "\n\n"


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[tuple[Settings, FakeAmi]]:
    """A line whose switch is this process, as far as its number goes."""
    secrets = tmp_path / "secrets.json"
    open_keyring(secrets)
    secrets.write_text(json.dumps(json.loads(secrets.read_text()) | {"ami": SECRET}))
    (tmp_path / "run").mkdir()
    note_pid(tmp_path / "run/switch.pid", os.getpid())
    async with FakeAmi() as fake:
        yield Settings(state_dir=tmp_path, ami_port=fake.port), fake


async def states(settings: Settings) -> dict[str, State]:
    people, _ = await act.everybody(settings)
    return {person.extension: person.state for person in people}


async def test_list_shows_what_the_phones_do(line: tuple[Settings, FakeAmi]) -> None:
    settings, fake = line
    fake.answers["QueueStatus"] = status_of(member("101", 6), member("102", 1, time.time() - 5), member("103", 5))
    people, asked = await act.everybody(settings)
    assert asked
    assert [(p.extension, p.state, p.registered, p.on_rota) for p in people] == [
        ("101", State.RINGING, True, True),
        ("102", State.WRAP_UP, True, True),
        ("103", State.AVAILABLE, False, True),
    ]


async def test_command_is_written_down_and_the_watch_is_told(line: tuple[Settings, FakeAmi]) -> None:
    settings, fake = line
    fake.answers["QueueStatus"] = status_of(member("101", 1))
    shown = await act.say(settings, "101", Word.PAUSE)
    assert (shown.extension, shown.state) == ("101", State.BREAK)
    assert fake.actions[-1]["Action"] == "UserEvent"
    assert (fake.actions[-1]["UserEvent"], fake.actions[-1]["Extension"]) == ("Presence", "101")
    assert (await states(settings))["101"] is State.BREAK


async def test_done_ends_a_wrap_up_and_means_nothing_elsewhere(line: tuple[Settings, FakeAmi]) -> None:
    settings, fake = line
    fake.answers["QueueStatus"] = status_of(member("101", 1, time.time() - 5), member("102", 1))
    assert (await states(settings))["101"] is State.WRAP_UP
    assert (await act.say(settings, "101", Word.DONE)).state is State.AVAILABLE
    for extension in ("101", "102"):
        with pytest.raises(Refused, match="is available: done means nothing now"):
            await act.say(settings, extension, Word.DONE)


async def test_refused_word_changes_nothing(line: tuple[Settings, FakeAmi]) -> None:
    settings, fake = line
    fake.answers["QueueStatus"] = status_of(member("101", 1))
    await act.say(settings, "101", Word.SIGN_OUT)
    with pytest.raises(Refused):
        await act.say(settings, "101", Word.PAUSE)
    async with opened(settings.database) as database:
        assert await word_of(database) == "sign_out"
    assert fake.done.count("UserEvent") == 1


async def test_unknown_extension_is_not_found(settings: Settings) -> None:
    for asked in (act.say(settings, "999", Word.SIGN_IN), act.everybody(settings, "999")):
        with pytest.raises(NotFound, match="999"):
            await asked


async def test_closed_line_shows_what_was_said_and_says_that_it_knows_no_more(settings: Settings) -> None:
    await act.say(settings, "102", Word.SIGN_OUT)
    people, asked = await act.everybody(settings)
    assert not asked
    assert [(p.extension, p.state, p.registered) for p in people] == [
        ("101", State.AVAILABLE, None),
        ("102", State.SIGNED_OUT, None),
        ("103", State.AVAILABLE, None),
    ]


async def test_switch_that_hangs_is_as_good_as_closed(
    line: tuple[Settings, FakeAmi], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, fake = line
    monkeypatch.setattr("ivr.telephony.ami.LOGIN_DEADLINE_S", 0.1)
    fake.hangs = True
    assert (await act.everybody(settings))[1] is False


# ---- the verb


def test_verb_lists_and_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IVR_STATE_DIR", str(tmp_path))
    run = CliRunner()
    said = run.invoke(app, ["presence", "101", "break", "--json"])
    row = json.loads(said.stdout)
    assert list(row) == ["extension", "counsellor", "state", "since", "on_rota", "registered"]
    assert (row["extension"], row["state"], row["on_rota"], row["registered"]) == ("101", "break", True, None)
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT[0-9:.]+Z", row["since"])
    listed = run.invoke(app, ["presence"])
    assert "break" in listed.stdout
    assert "The line is closed" in listed.output
    assert isinstance(run.invoke(app, ["presence", "101", "break"]).exception, Refused)
    assert run.invoke(app, ["presence", "101", "sing"]).exit_code == 2


async def test_who_talks_is_shown_with_the_moment_it_began(line: tuple[Settings, FakeAmi]) -> None:
    settings, fake = line
    fake.answers["QueueStatus"] = status_of(member("101", 2))
    began = NOW - timedelta(minutes=3)
    async with opened(settings.database) as database, database.unit_of_work() as unit:
        await unit.execute(call_row("1-000001", began, "talking"))
        await unit.execute(call_row("1-000002", NOW, "ended"))
    (person,) = [p for p in (await act.everybody(settings))[0] if p.extension == "101"]
    assert (person.state, person.since) == (State.ON_CALL, began.replace(microsecond=0))


def call_row(name: str, began: datetime, state: str) -> Insert:
    step = {"at": began.isoformat(timespec="seconds"), "step": "talking", "extension": "101"}
    return call.table.insert().values(
        id=name, started_at=began, dialled="116111", priority="normal", silent=False, steps=[step],
        state=state, revision=1,
    )  # fmt: skip


async def test_two_words_at_once_leave_one_of_them(settings: Settings, database: Database) -> None:
    heard = await asyncio.gather(dial(settings, "pause"), dial(settings, "sign_out"))
    assert await word_of(database) in {"pause", "sign_out"}
    assert heard[1] == answer("presence-out")
