"""The life of a call-back, look by look: due, placed, kept or not, and never twice."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ivr import call_log
from ivr.callback import ATTEMPT_S, Keeping, kept_policy, policy_in_use
from ivr.records import callback
from ivr.records.callback import Callback
from ivr.routing.plan import Ready, Seat
from ivr.routing.promise import State
from ivr.routing.skills import Person
from ivr.settings import Settings
from tests.conftest import PROJECT
from tests.records.switch_log import FIRST_SECOND, SwitchLog, promised, tried

NOW = datetime.fromtimestamp(FIRST_SECOND + 60, UTC)
FREE = (Seat(Person("101", ("az",)), Ready.FREE, 100.0), Seat(Person("103", ("az", "ru", "en")), Ready.FREE, 50.0))
ID = "1795281000-0000000a"


def minutes(count: float) -> datetime:
    return NOW + timedelta(minutes=count)


class Line:
    """A state folder with a ledger, a policy and a switch that has run for an hour."""

    def __init__(self, place: Path) -> None:
        policies = place / "callbacks"
        shutil.copytree(PROJECT / "callbacks", policies)
        self.settings = Settings(state_dir=place / "state", callbacks_dir=policies, trunk_host="127.0.0.2")
        for folder in ("ledger", "run", "flow", "switch/spool/staging", "switch/spool/outgoing"):
            (self.settings.state_dir / folder).mkdir(parents=True)
        shutil.copy(policies / "policy.toml", self.settings.policy_in_use)
        self.switch_starts(minutes(-60))
        self.log = SwitchLog()
        self.seats: tuple[Seat, ...] = FREE

    def switch_starts(self, at: datetime) -> None:
        pid_file = self.settings.state_dir / "run" / "switch.pid"
        pid_file.touch()
        os.utime(pid_file, (at.timestamp(), at.timestamp()))

    async def there(self) -> tuple[Seat, ...]:
        return self.seats

    @asynccontextmanager
    async def keeping(self) -> AsyncIterator[Keeping]:
        async with call_log.open_log(self.settings) as record:
            yield Keeping(self.settings, record, self.there, policy_in_use(self.settings))

    async def look(self, now: datetime = NOW) -> Callback:
        """One look of a program that was started this moment: whatever it needs to know is in the rows."""
        self.settings.ledger_file.write_bytes(self.log.data)
        async with self.keeping() as keeping:
            await keeping.look(now)
            async with keeping.record.database.reading() as unit:
                return await callback.get(unit, ID)

    async def outcomes(self) -> list[str | None]:
        async with self.keeping() as keeping, keeping.record.database.reading() as unit:
            return [each.outcome for each in await callback.tried(unit, ID)]

    @property
    def files(self) -> list[str]:
        return sorted(path.name for path in (self.settings.spool_dir / "outgoing").iterdir())

    def taken(self) -> None:
        """The switch has taken every call file."""
        for name in self.files:
            (self.settings.spool_dir / "outgoing" / name).unlink()


@pytest.fixture
def line(tmp_path: Path) -> Line:
    made = Line(tmp_path)
    call = made.log.call()
    promised(call)
    call.hangs_up()
    return made


async def test_what_is_due_is_placed_once(line: Line) -> None:
    assert (await line.look()).state is State.CALLING
    assert line.files == [f"{ID}.call"]
    line.taken()
    await line.look(minutes(1))
    assert line.files == []
    assert await line.outcomes() == [None]


async def test_two_programs_that_find_it_due_at_once_place_it_once(line: Line) -> None:
    line.settings.ledger_file.write_bytes(line.log.data)
    both = asyncio.Barrier(2)

    async def there() -> tuple[Seat, ...]:
        await both.wait()  # both have found it due by now
        return FREE

    async with line.keeping() as one, line.keeping() as two:
        one.seats = two.seats = there
        with capture_logs() as logs:
            await asyncio.gather(one.look(NOW), two.look(NOW))
    assert [each["event"] for each in logs].count("callback.placed") == 1
    assert await line.outcomes() == [None]


@pytest.mark.parametrize("ready", [each for each in Ready if each is not Ready.FREE])
async def test_nothing_rings_while_nobody_is_free(line: Line, ready: Ready) -> None:
    line.seats = (Seat(Person("101", ("az",)), ready),)
    assert (await line.look()).state is State.PROMISED
    assert (line.files, await line.outcomes()) == ([], [])


async def test_whoever_shares_no_language_is_asked_only_when_it_would_lapse(line: Line) -> None:
    line.seats = (Seat(Person("104", ("en",)), Ready.FREE),)
    assert (await line.look()).state is State.PROMISED
    assert (await line.look(minutes(95))).state is State.CALLING


async def test_who_stayed_on_the_line_is_not_overtaken(line: Line) -> None:
    earlier = SwitchLog(FIRST_SECOND - 600)
    waits = earlier.call()
    waits.decided()
    line.log.lines = earlier.lines + line.log.lines
    assert (await line.look()).state is State.PROMISED
    waits.hangs_up()
    line.log.lines.append(earlier.lines[-1])
    assert (await line.look()).state is State.CALLING


async def test_who_rang_later_waits_behind_the_promise(line: Line) -> None:
    line.log.call().decided()
    assert (await line.look()).state is State.CALLING


async def test_no_more_are_placed_than_there_is_somebody_for(line: Line) -> None:
    for n in range(4):
        promised(line.log.call(), f"1795281000-1000000{n}", f"{n:032x}")
    line.log.write("SWITCH_START")
    await line.look()
    assert len(line.files) == 2
    await line.look()
    assert len(line.files) == 2


async def test_without_a_trunk_no_counsellor_is_bothered(line: Line) -> None:
    line.settings = line.settings.model_copy(update={"trunk_host": ""})
    assert (await line.look()).state is State.PROMISED
    assert line.files == []


async def test_missed_child_is_rung_again_later_and_then_no_more(line: Line) -> None:
    for number, (at, outcome) in enumerate([(0, "NOANSWER"), (10, "BUSY"), (40, "machine")], 1):
        assert (await line.look(minutes(at))).state is State.CALLING
        tried(line.log, ID, outcome, number)
        assert (await line.look(minutes(at + 1))).state is (State.GIVEN_UP if number == 3 else State.PROMISED)
        assert (await line.look(minutes(at + 9))).attempts == number
    assert await line.outcomes() == ["no_answer", "busy", "machine"]


async def test_attempt_that_no_counsellor_took_does_not_count(line: Line) -> None:
    await line.look()
    tried(line.log, ID, "no_counsellor")
    found = await line.look(minutes(1))
    assert (found.state, found.attempts, found.next_at) == (State.PROMISED, 0, minutes(2))


async def test_kept_is_kept_unless_it_was_not_the_child(line: Line) -> None:
    await line.look()
    own = tried(line.log, ID, "answered")
    assert (await line.look(minutes(1))).state is State.KEPT
    assert (await line.look(minutes(11))).state is State.KEPT
    own.step("tried", callback=ID, attempt=1, outcome="not_child")
    found = await line.look(minutes(12))
    assert (found.state, found.attempts) in [(State.PROMISED, 1), (State.CALLING, 1)]


async def test_promise_lapses_with_its_hours_and_is_loud_about_it(line: Line) -> None:
    line.seats = ()
    with capture_logs() as logs:
        assert (await line.look(minutes(60))).state is State.PROMISED
        assert logs == []
        assert (await line.look(minutes(91))).state is State.PROMISED
        assert (await line.look(minutes(121))).state is State.LAPSED
    assert [(each["event"], each["callback"]) for each in logs if each["log_level"] in ("warning", "error")] == [
        ("callback.lapses_soon", ID),
        ("callback.lapses_soon", ID),  # by another process: each says it once
        ("callback.lapsed", ID),
    ]


async def test_it_is_said_once_that_a_promise_lapses_soon(line: Line) -> None:
    line.seats = ()
    line.settings.ledger_file.write_bytes(line.log.data)
    with capture_logs() as logs:
        async with line.keeping() as keeping:
            await keeping.look(minutes(91))
            await keeping.look(minutes(92))
    assert [each["event"] for each in logs] == ["callback.lapses_soon"]


async def test_attempt_of_which_nothing_is_heard_is_found_again(line: Line) -> None:
    await line.look()
    line.taken()
    late = NOW + timedelta(seconds=ATTEMPT_S + 1)
    found = await line.look(late)
    assert (found.state, found.attempts, await line.outcomes()) == (State.CALLING, 0, ["lost", None])
    assert line.files == [f"{ID}.call"]


async def test_machine_that_was_started_again_finds_the_attempt_it_was_at(line: Line) -> None:
    await line.look()
    line.switch_starts(minutes(1))
    assert (await line.look(minutes(1.1))).state is State.PROMISED
    assert line.files == []  # or the switch would begin that call now
    assert (await line.look(minutes(2))).state is State.CALLING


async def test_without_a_switch_no_attempt_goes_on(line: Line) -> None:
    await line.look()
    (line.settings.state_dir / "run" / "switch.pid").unlink()
    assert (await line.look(minutes(1))).state is State.PROMISED


async def test_faulty_policy_is_refused_once_and_the_old_one_stays(line: Line) -> None:
    file = line.settings.callbacks_dir / "policy.toml"
    file.write_text(file.read_text().replace("attempts = 3", "attempts = 99"))
    line.settings.ledger_file.write_bytes(line.log.data)
    with capture_logs() as logs:
        async with line.keeping() as keeping:
            await keeping.look(NOW)
            await keeping.look(NOW)
    (refused,) = (each for each in logs if each["event"] == "file.refused")
    assert "rings.attempts" in refused["problems"][0]
    assert line.files == [f"{ID}.call"]
    assert kept_policy(line.settings).attempts == 3


async def test_changed_policy_takes_over(line: Line) -> None:
    file = line.settings.callbacks_dir / "policy.toml"
    file.write_text(file.read_text().replace("attempts = 3", "attempts = 1"))
    await line.look()
    tried(line.log, ID, "BUSY")
    assert (await line.look(minutes(1))).state is State.GIVEN_UP
    assert kept_policy(line.settings).attempts == 1


async def test_database_made_anew_from_the_ledger_knows_what_was_kept(line: Line) -> None:
    await line.look()
    tried(line.log, ID, "answered")
    await line.look(minutes(1))
    shutil.rmtree(line.settings.state_dir / "database")
    assert (await line.look(minutes(2))).state is State.KEPT
