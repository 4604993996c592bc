"""What a trial finds in the ledger, and when the next one is made."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ivr import trial
from ivr.errors import Refused, TelephonyError
from ivr.settings import Settings
from ivr.telephony.trial import Came, Trial
from ivr.trial import _alone, _left_s, _remember, _told, is_overdue, results, try_out

NOW = datetime(2026, 11, 29, 23, 0, tzinfo=UTC)
BEFORE = '{"eventtype":"SWITCH_START","eventtime":1795281282.0}\n'


def line(step: str, at: float) -> str:
    words = {"eventtype": "tried_out", "eventtime": 1795281282.0 + at, "linkedid": "hl-1795281282.7"}
    words |= {"uniqueid": "hl-1795281282.7", "channame": "", "exten": "", "context": "", "appname": ""}
    return json.dumps(words | {"eventextra": json.dumps({"extra": f"trial=trial-1&step={step}"})}) + "\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "run").mkdir()
    return Settings(state_dir=tmp_path, test_call_every_min=15)


def test_what_was_written_since_is_found(tmp_path: Path) -> None:
    ledger = tmp_path / "cel.jsonl"
    ledger.write_text(BEFORE)
    start = ledger.stat().st_size
    ledger.write_text(BEFORE + line("answered", 1) + line("over", 2))
    assert set(_told(ledger, start, "trial-1")) == {"answered", "over"}
    assert _told(ledger, start, "trial-2") == {}


def test_a_ledger_that_was_begun_anew_meanwhile_is_read_with_the_one_before(tmp_path: Path) -> None:
    ledger = tmp_path / "cel.jsonl"
    ledger.write_text(BEFORE * 20)
    start = ledger.stat().st_size
    (tmp_path / "cel.jsonl.2026-11-29").write_text(BEFORE * 20 + line("answered", 1))
    ledger.write_text(line("over", 2))
    assert set(_told(ledger, start, "trial-1")) == {"answered", "over"}


def test_there_is_one_at_a_time(settings: Settings) -> None:
    with _alone(settings), pytest.raises(Refused, match="going on"), _alone(settings):
        pass
    with _alone(settings):
        pass


async def test_a_closed_line_says_so(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(TelephonyError, match="not running"):
        await try_out(settings)
    assert [each.came for each in results(settings)] == [Came.UNANSWERED]
    with pytest.raises(TelephonyError, match="never opened"):
        await try_out(Settings(state_dir=tmp_path / "never"))
    assert not (tmp_path / "never").exists()


def test_the_next_one_is_after_the_interval_also_for_a_part_that_was_started_again(settings: Settings) -> None:
    assert _left_s(settings, 900) == 900
    _remember(settings, Trial(datetime.now(UTC) - timedelta(minutes=10), Came.THROUGH))
    assert 290 < _left_s(settings, 900) < 301
    _remember(settings, Trial(datetime.now(UTC) - timedelta(minutes=5), Came.POSTPONED))
    assert 590 < _left_s(settings, 900) < 601
    for _ in range(3):
        _remember(settings, Trial(datetime.now(UTC) - timedelta(hours=9), Came.THROUGH))


def test_none_for_too_long_is_told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not is_overdue(settings, NOW)  # closed
    (settings.state_dir / "run/keeper.pid").touch()
    opened = trial._opened_at(settings)
    assert opened is not None
    assert not is_overdue(settings, opened + timedelta(minutes=31))
    assert is_overdue(settings, opened + timedelta(minutes=33))
    _remember(settings, Trial(opened + timedelta(minutes=30), Came.POSTPONED))
    assert not is_overdue(settings, opened + timedelta(minutes=33))
    assert is_overdue(settings, opened + timedelta(minutes=63))
    never = Settings(state_dir=settings.state_dir, test_call_every_min=0)
    assert not is_overdue(never, opened + timedelta(days=9))
