"""Promises on record: made by the ledger once, kept once, never opened again by reading twice."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, text

from ivr.errors import NotFound
from ivr.records import callback
from ivr.records.callback import Callback
from ivr.records.database import Database, opened
from ivr.records.ledger import Reader
from ivr.records.rebuild import Rebuild
from ivr.routing.promise import Outcome, Standing, State
from tests.records.recorded import on_record
from tests.records.switch_log import FIRST_SECOND, SwitchLog, answered, kept, promised, tried

NOW = datetime.fromtimestamp(FIRST_SECOND + 60, UTC)
CALLER = "a" * 32


async def read(database: Database, path: Path, log: SwitchLog) -> list[Callback]:
    path.write_bytes(log.data)
    await Reader(database, path).catch_up()
    async with database.reading() as unit:
        return await callback.listed(unit)


async def rows(database: Database) -> list[dict[str, Any]]:
    async with database.reading() as unit:
        return [dict(row._mapping) for row in await unit.execute(select(callback.table).order_by(callback.table.c.id))]


def one_promise() -> tuple[SwitchLog, str]:
    log = SwitchLog()
    call = log.call()
    call.decided()
    number = promised(call)
    call.hangs_up()
    return log, number


async def test_promise_is_a_row_and_the_call_nobody_answered_says_so(database: Database, ledger_path: Path) -> None:
    log, number = one_promise()
    (found,) = await read(database, ledger_path, log)
    assert (found.id, found.state, found.attempts, found.topic, found.only_caller) == (
        number, State.PROMISED, 0, "violence", True,
    )  # fmt: skip
    assert found.next_at == found.safe_from == found.safe_until - timedelta(hours=2)
    (call,) = (await on_record(database))["call"]
    assert (call["outcome"], call["id"]) == ("callback_promised", found.call_id)
    (step,) = (step for step in call["steps"] if step["step"] == "promised")
    assert step.keys() == {"at", "step", "callback", "only_caller", "safe_from", "safe_until"}


async def test_promise_is_about_what_was_chosen_before_and_as_urgent_as_the_caller_became(
    database: Database, ledger_path: Path
) -> None:
    """The menus in which it was agreed may know neither the topic nor the danger key of the wait."""
    log = SwitchLog()
    call = log.call()
    call.decided(language="ru", topic="legal", age_band="11-14")
    call.chose(priority="danger")
    call.step("promised", "", **whole())
    (found,) = await read(database, ledger_path, log)
    assert (found.language, found.topic, found.age_band, found.priority) == ("ru", "legal", "11-14", "danger")


async def test_promise_is_there_before_the_caller_has_hung_up(database: Database, ledger_path: Path) -> None:
    log = SwitchLog()
    promised(log.call())
    assert len(await read(database, ledger_path, log)) == 1


async def test_whoever_merely_hangs_up_is_promised_nothing(database: Database, ledger_path: Path) -> None:
    log = SwitchLog()
    call = log.call()
    call.decided()
    call.hangs_up()
    assert await read(database, ledger_path, log) == []


@pytest.mark.parametrize(
    "odd",
    [
        {"number": "+994000001234"},
        {"number": ""},
        {"safe_from": "0"},
        {"safe_until": "1000000000"},
        {"only": "maybe"},
        {"caller": "0501234567"},
        {"id": "../../etc"},
    ],
)
async def test_promise_that_is_not_whole_is_none(database: Database, ledger_path: Path, odd: dict[str, str]) -> None:
    log = SwitchLog()
    call = log.call()
    call.step("promised", "", **whole() | odd)
    call.hangs_up()
    assert await read(database, ledger_path, log) == []
    assert (await on_record(database))["call"][0]["outcome"] == "abandoned_in_menu"


def whole() -> dict[str, object]:
    second = int(FIRST_SECOND)
    return {
        "id": "1795281000-0000000a", "number": "A" * 56, "caller": CALLER, "only": "yes",
        "safe_from": second, "safe_until": second + 7200,
    }  # fmt: skip


async def test_reading_twice_does_not_promise_twice(database: Database, ledger_path: Path) -> None:
    log, _ = one_promise()
    log.lines += log.lines
    assert len(await read(database, ledger_path, log)) == 1


async def test_rebuild_does_not_open_what_is_over(database: Database, ledger_path: Path) -> None:
    log, number = one_promise()
    await read(database, ledger_path, log)
    async with database.unit_of_work() as unit:
        await callback.withdraw(unit, callback.table.c.id == number)
    before = await rows(database)
    await Rebuild(database, ledger_path).run(lambda done, total: None)
    assert await rows(database) == before
    assert (before[0]["state"], before[0]["number"]) == ("withdrawn", None)


async def test_second_promise_to_a_telephone_takes_the_place_of_the_first(
    database: Database, ledger_path: Path
) -> None:
    log = SwitchLog()
    for n in range(3):
        promised(log.call(), f"1795281000-0000000{n}", CALLER if n != 1 else "b" * 32)
    assert [found.state for found in await read(database, ledger_path, log)] == ["withdrawn", "promised", "promised"]


async def test_older_promise_that_is_read_later_does_not_come_back(database: Database, ledger_path: Path) -> None:
    log = SwitchLog()
    for n in range(2):
        promised(log.call(), f"1795281000-0000000{n}")
    await read(database, ledger_path, log)
    async with database.unit_of_work() as unit:
        await unit.execute(delete(callback.table).where(callback.table.c.id == "1795281000-00000000"))
    await Rebuild(database, ledger_path).run(lambda done, total: None)
    assert [row["state"] for row in await rows(database)] == ["withdrawn", "promised"]


async def test_second_promise_of_one_call_takes_the_place_of_the_first_whatever_the_number(
    database: Database, ledger_path: Path
) -> None:
    log = SwitchLog()
    call = log.call()
    promised(call, "1795281000-00000001")
    promised(call, "1795281000-00000002", "b" * 32)
    assert [found.state for found in await read(database, ledger_path, log)] == ["withdrawn", "promised"]


async def test_whoever_rings_again_and_is_answered_needs_it_no_more(database: Database, ledger_path: Path) -> None:
    log, _ = one_promise()
    answered(log, caller=CALLER)
    (found,) = await read(database, ledger_path, log)
    assert (found.state, found.next_at) == (State.WITHDRAWN, None)
    assert (await rows(database))[0]["number"] is None


async def test_ringing_from_the_telephone_that_asked_counts_too(database: Database, ledger_path: Path) -> None:
    """The call-back was to go to another telephone."""
    log = SwitchLog()
    call = log.call()
    call.chose(caller="c" * 32)
    promised(call)
    call.hangs_up()
    answered(log, caller="c" * 32)
    (found,) = await read(database, ledger_path, log)
    assert found.state is State.WITHDRAWN


async def test_ringing_again_in_vain_leaves_the_promise(database: Database, ledger_path: Path) -> None:
    log, _ = one_promise()
    call = log.call()
    call.decided(caller=CALLER)
    call.hangs_up()
    answered(log, caller="b" * 32)
    (found,) = await read(database, ledger_path, log)
    assert found.state is State.PROMISED


async def test_caller_who_says_so_withdraws_and_may_be_promised_anew_in_the_same_call(
    database: Database, ledger_path: Path
) -> None:
    log, _ = one_promise()
    call = log.call()
    call.chose(caller=CALLER, promise="withdrawn")
    promised(call, "1795281000-0000000b")
    call.hangs_up()
    assert [found.state for found in await read(database, ledger_path, log)] == ["withdrawn", "promised"]


async def test_attempts_are_rows_and_the_last_word_counts(database: Database, ledger_path: Path) -> None:
    log, number = one_promise()
    tried(log, number, "BUSY")
    tried(log, number, "answered", 2).step("tried", callback=number, attempt=2, outcome="not_child")
    tried(log, "1795281000-ffffffff", "answered")
    tried(log, number, "rubbish", 3)
    await read(database, ledger_path, log)
    async with database.reading() as unit:
        found = await callback.tried(unit, number)
    assert [(each.number, each.outcome, each.counsellor) for each in found] == [
        (1, Outcome.BUSY, "101"),
        (2, Outcome.NOT_CHILD, "101"),
    ]


async def test_attempt_without_a_talk_is_no_call(database: Database, ledger_path: Path) -> None:
    log, number = one_promise()
    tried(log, number, "NOANSWER").hangs_up()
    await read(database, ledger_path, log)
    assert len((await on_record(database))["call"]) == 1


async def test_kept_call_back_is_a_call_and_a_contact_linked_with_the_first(
    database: Database, ledger_path: Path
) -> None:
    log, number = one_promise()
    own = kept(log, number)
    await read(database, ledger_path, log)
    found = await on_record(database)
    first, second = found["call"]
    assert (first["outcome"], second["outcome"], second["counsellor"], second["dialled"]) == (
        "callback_promised", "answered", "101", "callback",
    )  # fmt: skip
    assert second["talk_s"] == 1
    assert [step["step"] for step in second["steps"]] == [
        "decided",
        "rang",
        "rang",
        "tried",
        "talking",
        "parted",
        "ended",
    ]
    assert second["steps"][0]["first_call"] == "1795281001-000001"
    assert [(each["id"], each["topic"]) for each in found["contact"]] == [(own.row_id, "violence")]
    async with database.reading() as unit:
        (attempt,) = await callback.tried(unit, number)
        (promise,) = await callback.listed(unit)
    assert (attempt.call_id, attempt.talk_s, attempt.outcome) == (own.row_id, 1, Outcome.ANSWERED)
    assert promise.state is State.PROMISED  # what follows from the attempt is settled by ivr/callback.py


async def test_child_who_stays_a_moment_longer_talks_to_nobody(database: Database, ledger_path: Path) -> None:
    log, number = one_promise()
    own = kept(log, number, counsellor_leaves_first=True)
    await read(database, ledger_path, log)
    call = (await on_record(database))["call"][1]
    assert [step.get("extension") for step in call["steps"] if step["step"] in ("talking", "parted")] == ["101", "101"]
    assert own.row_id == call["id"]


async def test_kept_promise_is_not_withdrawn_by_a_later_call(database: Database, ledger_path: Path) -> None:
    log, number = one_promise()
    kept(log, number)
    answered(log, caller=CALLER)
    (found,) = await read(database, ledger_path, log)
    assert found.state is State.PROMISED


async def promise(database: Database, ledger_path: Path) -> str:
    log, number = one_promise()
    await read(database, ledger_path, log)
    return number


async def test_two_programs_never_begin_the_same_attempt(database_url: str, ledger_path: Path) -> None:
    async with opened(database_url) as one, opened(database_url) as two:
        number = await promise(one, ledger_path)

        async def claim(database: Database) -> int | None:
            async with database.unit_of_work(alone=False) as unit:
                return await callback.claim(unit, number, NOW)

        got = await asyncio.gather(*(claim(database) for database in (one, two) * 5))
    assert sorted(got, key=bool)[-2:] == [None, 1]


async def test_only_the_first_call_to_ask_is_the_attempt(database: Database, ledger_path: Path) -> None:
    """A call file that was left in the spool of a switch that died begins a call, too."""
    number = await promise(database, ledger_path)
    async with database.unit_of_work() as unit:
        assert await callback.answer_for(unit, number, "1795281100-000001") is None
        assert await callback.claim(unit, number, NOW) == 1
        assert await callback.answer_for(unit, number, "1795281100-000001") == 1
        assert await callback.answer_for(unit, number, "1795281100-000001") == 1
        assert await callback.answer_for(unit, number, "1795281100-000002") is None
        await callback.lose(unit, NOW + timedelta(hours=1))
        assert await callback.answer_for(unit, number, "1795281100-000001") is None


async def test_attempt_at_a_promise_that_was_withdrawn_meanwhile_is_over(database: Database, ledger_path: Path) -> None:
    number = await promise(database, ledger_path)
    async with database.unit_of_work() as unit:
        await callback.claim(unit, number, NOW)
        await callback.withdraw(unit, callback.table.c.id == number)
        assert await callback.answer_for(unit, number, "1795281100-000001") is None


@pytest.mark.parametrize(("minutes", "is_due"), [(-2, False), (0, True), (119, True), (121, False)])
async def test_due_in_the_safe_hours_alone(database: Database, ledger_path: Path, minutes: int, is_due: bool) -> None:
    number = await promise(database, ledger_path)
    when = NOW - timedelta(seconds=50) + timedelta(minutes=minutes)
    async with database.unit_of_work() as unit:
        assert [found.id for found in await callback.due(unit, when)] == [number][: int(is_due)]
        assert (await callback.claim(unit, number, when) is not None) is is_due


async def test_most_urgent_first_and_nobody_who_is_on_the_line(database: Database, ledger_path: Path) -> None:
    log = SwitchLog()
    for n, priority in enumerate(("normal", "high", "danger", "normal")):
        promised(log.call(), f"1795281000-0000000{n}", f"{n:032x}", priority=priority)
    log.write("SWITCH_START")  # those calls are over
    log.call().chose(caller=f"{1:032x}")
    await read(database, ledger_path, log)
    async with database.unit_of_work() as unit:
        assert [found.id[-1] for found in await callback.due(unit, NOW)] == ["2", "0", "3"]


async def test_lapsed_ones_are_named_once_and_their_number_is_forgotten(database: Database, ledger_path: Path) -> None:
    number = await promise(database, ledger_path)
    async with database.unit_of_work() as unit:
        assert await callback.lapse(unit, NOW) == []
        assert await callback.lapse(unit, NOW + timedelta(hours=3)) == [number]
        assert await callback.lapse(unit, NOW + timedelta(hours=3)) == []
        assert await callback.sealed_number(unit, number)
        await callback.forget_numbers(unit, NOW)
        assert await callback.sealed_number(unit, number) is None


async def test_number_of_a_kept_promise_stays_for_a_day(database: Database, ledger_path: Path) -> None:
    number = await promise(database, ledger_path)
    async with database.unit_of_work() as unit:
        await callback.settle(unit, await callback.get(unit, number), Standing(State.KEPT, 0, None))
        await callback.forget_numbers(unit, NOW + timedelta(hours=25))
        assert await callback.sealed_number(unit, number)
        await callback.forget_numbers(unit, NOW + timedelta(hours=27))
        assert await callback.sealed_number(unit, number) is None


async def test_open_promise_keeps_its_number(database: Database, ledger_path: Path) -> None:
    number = await promise(database, ledger_path)
    async with database.unit_of_work() as unit:
        await callback.forget_numbers(unit, NOW + timedelta(days=9))
        assert await callback.sealed_number(unit, number)


async def test_attempt_of_which_nothing_is_heard_is_lost(database: Database, ledger_path: Path) -> None:
    number = await promise(database, ledger_path)
    async with database.unit_of_work() as unit:
        await callback.claim(unit, number, NOW)
        assert await callback.lose(unit, NOW) == []
        assert await callback.lose(unit, NOW + timedelta(seconds=1)) == [number]
        (attempt,) = await callback.tried(unit, number)
    assert attempt.outcome is Outcome.LOST


async def test_what_somebody_else_changed_is_not_settled(database: Database, ledger_path: Path) -> None:
    number = await promise(database, ledger_path)
    async with database.unit_of_work() as unit:
        before = await callback.get(unit, number)
        await callback.withdraw(unit, callback.table.c.id == number)
        await callback.settle(unit, before, Standing(State.KEPT, 0, None))
        assert (await callback.get(unit, number)).state is State.WITHDRAWN


async def test_kept_ones_are_settled_anew_only_when_the_child_was_not_there(
    database: Database, ledger_path: Path
) -> None:
    log, number = one_promise()
    own = kept(log, number)
    await read(database, ledger_path, log)
    async with database.unit_of_work() as unit:
        await callback.settle(unit, await callback.get(unit, number), Standing(State.KEPT, 0, None))
        assert await callback.unsettled(unit) == []
    own.step("tried", callback=number, attempt=1, outcome="not_child")
    await read(database, ledger_path, log)
    async with database.reading() as unit:
        assert [found.id for found in await callback.unsettled(unit)] == [number]


async def test_hurry_only_in_the_safe_hours(database: Database, ledger_path: Path) -> None:
    number = await promise(database, ledger_path)
    async with database.unit_of_work() as unit:
        await unit.execute(text("UPDATE callback SET next_at = safe_until"))
        assert await callback.due(unit, NOW) == []
        assert not await callback.hurry(unit, number, NOW + timedelta(days=1))
        assert await callback.hurry(unit, number, NOW)
        assert len(await callback.due(unit, NOW)) == 1


async def test_unknown_id_is_said_so(database: Database) -> None:
    async with database.reading() as unit:
        with pytest.raises(NotFound, match="no call-back 7"):
            await callback.get(unit, "7")


async def test_caller_is_known_to_be_promised_one(database: Database, ledger_path: Path) -> None:
    number = await promise(database, ledger_path)
    async with database.unit_of_work() as unit:
        assert await callback.is_promised(unit, CALLER, NOW)
        assert not await callback.is_promised(unit, "b" * 32, NOW)
        await callback.withdraw(unit, callback.table.c.id == number)
        assert not await callback.is_promised(unit, CALLER, NOW)
