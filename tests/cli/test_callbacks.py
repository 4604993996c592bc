"""`ivr callbacks`, from the outside: what is shown, what is refused, and that no number ever is."""

from __future__ import annotations

import asyncio
import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ivr.alarms import Vitals, raised
from ivr.cli import callbacks as verbs
from ivr.cli.every import app
from ivr.errors import HelplineError, NotFound, Refused
from ivr.settings import Settings
from ivr.vitals import look
from tests.conftest import PROJECT
from tests.records.switch_log import FIRST_SECOND, SwitchLog, promised, tried

NOW = datetime.fromtimestamp(FIRST_SECOND + 60, UTC)
ID, SECOND = "1795281000-0000000a", "1795281000-0000000b"
FIELDS = [
    "id", "call_id", "asked_at", "safe_from", "safe_until", "language", "topic", "age_band", "priority", "only_caller",
    "state", "attempts", "next_at",
]  # fmt: skip


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str) -> Path:
    """Two promises, the second in danger and safe for ten hours; one attempt at the first."""
    log = SwitchLog()
    promised(log.call())
    promised(log.call(), SECOND, "b" * 32, hours=10, priority="danger", only="no", age_band="11-14")
    tried(log, ID, "BUSY")
    for folder in ("ledger", "flow", "run"):
        (tmp_path / "var" / folder).mkdir(parents=True, exist_ok=True)
    (tmp_path / "var/ledger/cel.jsonl").write_bytes(log.data)
    shutil.copy(PROJECT / "callbacks/policy.toml", tmp_path / "var/flow")
    monkeypatch.setenv("IVR_STATE_DIR", str(tmp_path / "var"))
    at(monkeypatch, NOW)
    return tmp_path / "var"


def at(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    monkeypatch.setattr(verbs, "_now", lambda: now)


def run(*words: str) -> str:
    result = CliRunner().invoke(app, ["callbacks", *words])
    if result.exception:
        raise result.exception
    return result.stdout


def objects(*words: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run(*words, "--json").splitlines()]


def refused(kind: type[HelplineError], *words: str) -> HelplineError:
    with pytest.raises(kind) as caught:
        run(*words)
    return caught.value


def test_json_has_the_fields_that_others_rely_on_and_no_number() -> None:
    first, second = objects()
    assert [*first] == FIELDS
    assert (first["id"], first["state"], first["attempts"], first["only_caller"]) == (ID, "promised", 1, True)
    assert (second["priority"], second["only_caller"], second["age_band"]) == ("danger", False, "11-14")
    assert first["safe_from"].endswith("Z")


def test_due_is_what_may_ring_now_the_most_urgent_first(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, NOW + timedelta(minutes=30))
    log_is_over()
    assert [each["id"] for each in objects("due")] == [SECOND, ID]
    at(monkeypatch, NOW)
    assert [each["id"] for each in objects("due")] == [SECOND]  # the first was busy a moment ago
    at(monkeypatch, NOW + timedelta(hours=11))
    assert objects("due") == []
    assert "No call-back is due" in run("due")


def log_is_over() -> None:
    """Both callers have hung up."""
    file = Settings().ledger_file
    with file.open("ab") as more:
        more.write(b'{"eventtype":"SWITCH_START","eventtime":1795281200}\n')


def test_table_says_when_it_is_safe_in_the_helplines_own_time() -> None:
    shown = run()
    assert "2026-11-21 21:10–23:10" in shown  # Baku is four hours before UTC
    assert "only the caller" in shown
    assert "promised" in shown


def test_promise_that_lapses_soon_is_red_and_says_when(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, NOW + timedelta(minutes=95))
    assert "promised, lapses in 24 min" in run()


def test_show_lists_the_attempts() -> None:
    (found,) = objects("show", ID)
    assert [(each["outcome"], each["counsellor"], each["number"]) for each in found["tried"]] == [("busy", "101", 1)]
    shown = run("show", ID)
    assert "busy" in shown
    assert "Nothing was tried yet." in run("show", SECOND)


def test_withdrawn_is_over_and_stays_in_the_whole_list() -> None:
    assert "withdrawn" in run("withdraw", ID)
    assert [each["id"] for each in objects()] == [SECOND]
    assert [each["state"] for each in objects("all")] == ["withdrawn", "promised"]
    assert "withdrawn already" in str(refused(Refused, "withdraw", ID))


def test_now_makes_it_due_at_once_in_the_safe_hours_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    log_is_over()
    assert "due now" in run("now", ID)
    assert ID in [each["id"] for each in objects("due")]
    at(monkeypatch, NOW + timedelta(hours=3))
    assert "not safe to ring now" in str(refused(Refused, "now", ID))
    run("withdraw", ID)
    assert "is withdrawn" in str(refused(Refused, "now", ID))


@pytest.mark.parametrize("verb", ["show", "withdraw", "now"])
def test_unknown_id_is_said_so(verb: str) -> None:
    assert "no call-back 7" in str(refused(NotFound, verb, "7"))


def test_nothing_promised_says_what_it_is_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for each in (ID, SECOND):
        run("withdraw", each)
    assert "Nobody waits to be called back" in run()
    monkeypatch.setenv("IVR_STATE_DIR", str(tmp_path / "never"))
    monkeypatch.delenv("IVR_DATABASE_URL", raising=False)
    assert "make up" in run()
    assert objects() == []
    assert not (tmp_path / "never").exists()
    assert "ever promised" in str(refused(NotFound, "show", ID))


def test_no_number_and_nothing_sealed_is_shown() -> None:
    for words in ([], ["--json"], ["all", "--json"], ["show", ID], ["show", ID, "--json"]):
        assert "AAAAAAAA" not in run(*words)
        assert "a" * 32 not in run(*words)


def vitals_at(moment: datetime, monkeypatch: pytest.MonkeyPatch) -> tuple[Vitals, list[str]]:
    class Then(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return moment

    monkeypatch.setattr("ivr.vitals.datetime", Then)
    found = asyncio.run(look(Settings()))
    running = replace(found, answers=True, parts={"switch": True, "answer": True}, phones=1)
    return found, [f"{alarm.name}: {alarm.means('en')}" for alarm in raised(running)]


def test_check_says_what_somebody_must_look_at(monkeypatch: pytest.MonkeyPatch) -> None:
    found, alarms = vitals_at(NOW + timedelta(minutes=95), monkeypatch)
    assert found.promises_late == 1
    assert "promises: Promises to ring back: 1 lapse soon or were not kept." in alarms


def test_check_says_that_a_promise_needs_a_trunk(monkeypatch: pytest.MonkeyPatch) -> None:
    told = "unkeepable: There are promises to ring back (2) and no trunk to ring them over."
    assert vitals_at(NOW, monkeypatch)[1] == [told]
    monkeypatch.setenv("IVR_TRUNK_HOST", "127.0.0.2")
    assert vitals_at(NOW, monkeypatch)[1] == []
