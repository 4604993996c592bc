"""A new sealing key: everything is open with it, nothing with the old one, and being cut off loses nothing."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from sqlalchemy import select, text, update

from ivr import keeper, messages
from ivr.errors import Refused
from ivr.keys import rotate
from ivr.records import account, callback, draft, resealing, wrapup
from ivr.records.database import Database, opened
from ivr.records.keyring import add_key, open_keyring
from ivr.records.sealed import seal_bytes, unseal, unseal_bytes
from ivr.settings import Settings
from tests.test_wrapup import NOW

NUMBER = "+994000000077"
ROWS = 5


@pytest.fixture
async def line(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A few of everything that is sealed."""
    monkeypatch.setattr(resealing, "AT_ONCE", 2)
    told = Settings(state_dir=tmp_path / "var")
    for folder in ("messages", "ledger", "run"):
        (told.state_dir / folder).mkdir(parents=True)
    key = open_keyring(told.secrets_file).sealing_keys
    async with opened(told.database) as database:
        for number in range(ROWS):
            await _fill(database, key, str(number))
    box = told.messages_dir / "1795281282-7.sealed"
    box.write_bytes(seal_bytes(key, b"a voice", "message:1795281282-7"))
    return told


async def _fill(database: Database, key: dict[int, bytes], name: str) -> None:
    async with database.unit_of_work() as unit:
        await unit.execute(callback.table.insert().values(
            id=name, call_id=name, priority="normal", only_caller=True, asked_at=NOW, safe_from=NOW, safe_until=NOW,
            state="promised", attempts=0, number=seal_bytes(key, NUMBER.encode(), name),
        ))  # fmt: skip
        await unit.execute(account.table.insert().values(
            id=name, name=name, shown_name=name, role="counsellor", password_hash="x", must_change=False, active=True,
            created_at=NOW, totp_secret=seal_bytes(key, b"factor", f"account {name}"),
        ))  # fmt: skip
        form = seal_bytes(key, b"{}", f"draft:{name}:anna")
        await unit.execute(
            draft.table.insert().values(contact_id=name, account="anna", revision=1, saved_at=NOW, form=form)
        )


async def numbers(line: Settings) -> list[str]:
    key = open_keyring(line.secrets_file).sealing_keys
    async with opened(line.database) as database, database.reading() as unit:
        rows = await unit.execute(select(callback.table.c.id, callback.table.c.number))
        return [unseal(key, row.number, row.id) for row in rows]


async def test_everything_is_sealed_again_and_the_old_key_is_gone(line: Settings) -> None:
    old = open_keyring(line.secrets_file)
    done = await rotate(line)
    new = open_keyring(line.secrets_file)
    assert (done.key, done.resealed, done.shut, done.holding, done.dropped) == (2, 3 * ROWS + 1, (), (), True)
    assert (set(old.sealing), set(new.sealing)) == ({"1"}, {"2"})
    assert (new.hash_key, new.phones, new.ami) == (old.hash_key, old.phones, old.ami)
    assert await numbers(line) == [NUMBER] * ROWS
    async with opened(line.database) as database:
        box = messages.open_box(line, database)
        assert unseal_bytes(
            box.keys, box.sealed("1795281282-7").read_bytes(), "message:1795281282-7"
        ) == b"a voice"  # fmt: skip
        async with database.reading() as unit:
            assert (await unit.execute(text("SELECT count(*) FROM audit WHERE deed = 'keys_rotated'"))).scalar() == 1
    assert (await rotate(line)).key == 3


async def test_what_was_cut_off_goes_on_with_the_same_key_and_both_open_meanwhile(
    line: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, resealing_one = 4, resealing._reseal_one

    async def cut(*each: object) -> object:
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt
        return await resealing_one(*each)  # type: ignore[arg-type]

    with monkeypatch.context() as cutting:
        cutting.setattr(resealing, "_reseal_one", cut)
        with pytest.raises(KeyboardInterrupt):
            await rotate(line)
    both = open_keyring(line.secrets_file).sealing_keys
    assert set(both) == {1, 2}
    assert await numbers(line) == [NUMBER] * ROWS
    done = await rotate(line)
    assert (done.key, done.dropped) == (2, True)
    assert open_keyring(line.secrets_file).sealing_keys == {2: both[2]}
    assert await numbers(line) == [NUMBER] * ROWS


async def test_while_a_part_knows_the_old_key_only_it_stays(line: Settings) -> None:
    pid_file = line.state_dir / "run/web.pid"
    keeper.note_pid(pid_file, os.getpid())
    os.utime(pid_file, (time.time() - 60,) * 2)
    done = await rotate(line)
    assert (done.holding, done.dropped) == (("web",), False)
    assert set(open_keyring(line.secrets_file).sealing) == {"1", "2"}
    os.utime(pid_file, (time.time() + 60,) * 2)
    assert (await rotate(line)).dropped


async def test_what_cannot_be_opened_is_named_and_keeps_the_old_key(line: Settings) -> None:
    async with opened(line.database) as database, database.unit_of_work() as unit:
        await unit.execute(update(callback.table).where(callback.table.c.id == "3").values(number=b"\1damaged"))
    done = await rotate(line)
    assert (done.shut, done.dropped, done.resealed) == (("callback 3",), False, 3 * ROWS)
    assert set(open_keyring(line.secrets_file).sealing) == {"1", "2"}


async def test_what_somebody_changed_meanwhile_is_not_written_over(line: Settings) -> None:
    key = add_key(line.secrets_file).sealing_keys
    async with opened(line.database) as database, database.unit_of_work() as unit:
        row = (await unit.execute(select(callback.table).limit(1))).one()
        await unit.execute(update(callback.table).where(callback.table.c.id == row.id).values(number=None))
        found = await resealing._reseal_one(unit, key, resealing.PLACES[0], row)
        assert found.done == 0
        query = select(callback.table.c.number).where(callback.table.c.id == row.id)
        assert (await unit.execute(query)).scalar_one() is None


def test_no_sealed_column_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    assert resealing.forgotten() == []
    monkeypatch.setattr(resealing, "PLACES", resealing.PLACES[1:])
    assert resealing.forgotten() == ["callback.number"]


def test_keys_that_have_run_out_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    made = open_keyring(file)
    file.write_text(file.read_text().replace('"1":', '"255":'))
    with pytest.raises(Refused, match="no numbers left"):
        add_key(file)
    assert open_keyring(file).sealing == {"255": made.sealing["1"]}


def test_the_same_words_name_a_version_everywhere() -> None:
    assert wrapup.about("7", 2) == "wrapup:7:2"
