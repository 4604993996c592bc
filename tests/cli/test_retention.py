"""What is too old, and a caller who is erased, on the command line."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ivr.cli.every import app
from ivr.errors import NotFound, Refused
from ivr.records.database import opened
from ivr.settings import Settings
from tests.somebody import AT, Somebody, everything, write_down, write_ledger
from tests.test_erasure import rest

NUMBER = "+994000000031"


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str) -> Settings:
    monkeypatch.setenv("IVR_STATE_DIR", str(tmp_path / "var"))
    return Settings()


@pytest.fixture
def who(settings: Settings) -> Somebody:
    """What they wrote and said is five years old."""
    back = int(time.time() - timedelta(days=5 * 366).total_seconds())

    async def made() -> Somebody:
        somebody = write_ledger(settings, NUMBER, "0000000a", back)
        async with opened(settings.database) as database:
            await write_down(settings, database, somebody, AT - timedelta(days=5 * 366))
        return somebody

    somebody = asyncio.run(made())
    rest(settings)
    return somebody


def run(words: Sequence[str], typed: str = "", fails: type[Exception] | None = None) -> Result:
    result = CliRunner().invoke(app, list(words), input=typed)
    assert type(result.exception) is (fails or type(None)), result.output
    return result


def test_what_would_go_is_listed_and_stays(settings: Settings, who: Somebody) -> None:
    rows = [json.loads(row) for row in run(["retention", "--json"]).stdout.splitlines()]
    assert all(row.keys() == {"kind", "setting", "kept_s", "before", "due", "oldest"} for row in rows)
    due = {row["kind"]: row["due"] for row in rows}
    assert (due["texts"], due["drafts"], due["messages"], due["reviews"]) == (3, 1, 1, 1)
    assert "IVR_KEEP_TEXTS_YEARS" in run(["retention"]).stdout
    assert [json.loads(row) for row in run(["retention", "--json"]).stdout.splitlines()][2]["due"] == due["texts"]


def test_it_goes_on_request_and_on_record(settings: Settings, who: Somebody) -> None:
    done = json.loads(run(["retention", "run", "--by", "Leyla", "--json"]).stdout)
    assert done["texts"] == 3
    assert "Nothing is older" in run(["retention", "run"]).stdout
    assert "aged_taken" in run(["audit", "--by", "Leyla"]).stdout


def test_a_number_is_read_and_never_an_argument(settings: Settings, who: Somebody) -> None:
    run(["erase", NUMBER], fails=NotFound)
    run(["erase"], fails=Refused)
    counted = run(["erase", "--number"], f"{NUMBER}\n").stdout
    assert "2  calls" in counted
    assert "Nothing was changed" in counted
    run(["erase", "--number", "--yes"], f"{NUMBER}\n", fails=Refused)
    words = ["erase", "--number", "--yes", "--by", "Leyla", "--reason", "she asked", "--json"]
    done = json.loads(run(words, f"{NUMBER}\n").stdout)
    assert (done["erased"], done["calls"], done["summaries"], done["ledger_lines_left"]) == (True, 2, 1, 0)
    assert NUMBER[-9:] not in counted + json.dumps(done)
    run(["erase", "--number"], f"{NUMBER}\n", fails=NotFound)

    async def calls() -> list[object]:
        async with opened(settings.database) as database:
            return [row["caller"] for row in (await everything(database))["call"]]

    assert asyncio.run(calls()) == [None, None]
