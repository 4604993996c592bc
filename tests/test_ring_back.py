"""What the switch is told while it keeps a promise: whom to ring, and the child's number at the last moment only."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from ivr.callback import kept_policy
from ivr.flow.steps import AgeBand, Language, Safe, Session, Topic, Who
from ivr.promise import Promiser
from ivr.records import callback
from ivr.records.database import opened
from ivr.records.keyring import open_keyring
from ivr.records.ledger import Reader
from ivr.ring_back import ring_child, ring_counsellor
from ivr.routing.plan import Ready, Seat
from ivr.routing.skills import Person
from ivr.settings import Settings
from ivr.telephony.agi import Header, Reply, ReplyStatus
from tests.records.switch_log import SwitchLog
from tests.test_callback import Line as State

NUMBER = "+994000001234"
LINKED, OTHER = "hl-1795281282.7", "hl-1795281282.9"
SEATS = tuple(
    Seat(Person(extension, languages), Ready.FREE, idle)
    for extension, languages, idle in (("101", ("az",), 9.0), ("102", ("az", "ru"), 5.0), ("103", ("ru", "en"), 7.0))
)
SESSION = Session(
    "", language=Language.RU, topic=Topic.SOCIAL, age_band=AgeBand.FROM_11_TO_14, safe=Safe.NOW, who=Who.CALLER
)


@dataclass
class Wire:
    """The switch's end of an AGI session: what was asked, and the commands that came back."""

    header: Header
    sent: list[str] = field(default_factory=list)

    async def send(self, command: str) -> Reply:
        self.sent.append(command)
        return Reply(ReplyStatus.DONE)

    @property
    def told(self) -> list[str]:
        (command,) = self.sent
        return command.split('"')[1].split(",")


def wire(story: str, callback_id: str, linkedid: str = LINKED, tried: str = "") -> Wire:
    return Wire(Header(story, "", (callback_id, linkedid, tried)))


@pytest.fixture
async def calling(tmp_path: Path, database_url: str) -> tuple[Settings, str]:
    """A promise that has just been placed."""
    settings = State(tmp_path).settings
    return settings, await promise(settings, SESSION)


async def promise(settings: Settings, session: Session) -> str:
    now = datetime.now(UTC)
    promiser = Promiser(open_keyring(settings.secrets_file), lambda: kept_policy(settings))
    words = promiser.promise(session, NUMBER, now.timestamp())
    assert words
    log = SwitchLog(now.timestamp())
    log.call().step("promised", "", **dict(words))
    settings.ledger_file.write_bytes(log.data)
    callback_id = dict(words)["id"]
    async with opened(settings.database) as database:
        await Reader(database, settings.ledger_file).catch_up()
        async with database.unit_of_work() as unit:
            assert await callback.claim(unit, callback_id, datetime.now(UTC)) == 1
    return callback_id


async def ask(settings: Settings, line: Wire, seats: tuple[Seat, ...] = SEATS) -> Wire:
    async def there() -> tuple[Seat, ...]:
        return seats

    await ring_counsellor(line, settings, there)
    return line


async def test_best_fit_who_has_been_idle_longest_is_rung_and_hears_what_was_agreed(
    calling: tuple[Settings, str],
) -> None:
    settings, callback_id = calling
    attempt, counsellor, shown, words, ring_s, record = (await ask(settings, wire("callback", callback_id))).told
    assert (attempt, counsellor, shown, ring_s) == ("1", "103", "call-back ru social 11-14", "20")
    spoken = [word.removeprefix("helpline/ru/call-back-") for word in words.split("&")]
    assert spoken == ["promised", "language-ru", "topic-social", "age-teen", "only-caller", "take"]
    assert "language=ru&topic=social&age_band=11-14&priority=normal&caller=" in record
    assert f"callback={callback_id}&first_call=" in record


async def test_next_one_is_rung_when_it_was_not_taken_and_is_told_in_a_language_of_theirs(
    calling: tuple[Settings, str],
) -> None:
    settings, callback_id = calling
    await ask(settings, wire("callback", callback_id))
    second = (await ask(settings, wire("callback", callback_id, tried="-103"))).told
    assert (second[1], second[5]) == ("102", "")  # it is on record once
    third = (await ask(settings, wire("callback", callback_id, tried="-103-102"))).told
    assert (third[0], third[1]) == ("1", "")


async def test_who_is_asked_for_another_call_back_is_not_asked_for_this_one(calling: tuple[Settings, str]) -> None:
    settings, callback_id = calling
    async with opened(settings.database) as database, database.unit_of_work() as unit:
        row = (await unit.execute(select(callback.table))).one()._mapping
        await unit.execute(insert(callback.table).values(dict(row) | {"id": "1795281000-0000000f"}))
        other = {"callback_id": "1795281000-0000000f", "number": 1, "at": datetime.now(UTC), "counsellor": "103"}
        await unit.execute(insert(callback.attempts).values(other))
    assert (await ask(settings, wire("callback", callback_id))).told[1] == "102"


async def test_no_number_is_told_before_somebody_has_taken_it(calling: tuple[Settings, str]) -> None:
    settings, callback_id = calling
    line = await ask(settings, wire("callback", callback_id))
    assert NUMBER[4:] not in line.sent[0]


async def test_call_that_a_left_file_began_is_told_nothing(calling: tuple[Settings, str]) -> None:
    settings, callback_id = calling
    await ask(settings, wire("callback", callback_id))
    assert (await ask(settings, wire("callback", callback_id, OTHER))).sent == []
    line = wire("callback-child", callback_id, OTHER)
    await ring_child(line, settings)
    assert line.sent == []


async def child(settings: Settings, callback_id: str) -> Wire:
    await ask(settings, wire("callback", callback_id))
    line = wire("callback-child", callback_id)
    await ring_child(line, settings)
    return line


async def test_number_is_told_when_somebody_has_taken_it_and_ours_is_withheld_from_others_eyes(
    calling: tuple[Settings, str],
) -> None:
    settings, callback_id = calling
    told = (await child(settings, callback_id)).told
    assert told == ["1", "called_off", NUMBER, "prohib", "24", "ru", "103"]


async def test_our_number_is_shown_where_anybody_may_answer(tmp_path: Path) -> None:
    settings = State(tmp_path).settings
    callback_id = await promise(settings, replace(SESSION, who=Who.ANYBODY))
    assert (await child(settings, callback_id)).told[3] == "allowed"


@pytest.mark.parametrize(("hours", "ring_s"), [(-1, 0), (1, 0)])
async def test_outside_the_safe_hours_no_number_is_told(calling: tuple[Settings, str], hours: int, ring_s: int) -> None:
    settings, callback_id = calling
    await move_hours(settings, timedelta(hours=4 * hours))
    told = (await child(settings, callback_id)).told
    assert told[:5] == ["1", "too_late", "", "", "0"]


async def test_it_rings_no_longer_than_the_safe_hours_last(calling: tuple[Settings, str]) -> None:
    settings, callback_id = calling
    await move_hours(settings, timedelta(seconds=10) - timedelta(hours=2))
    told = (await child(settings, callback_id)).told
    assert told[2] == NUMBER
    assert 5 <= int(told[4]) <= 10


async def move_hours(settings: Settings, by: timedelta) -> None:
    async with opened(settings.database) as database, database.unit_of_work() as unit:
        (promise,) = await callback.listed(unit)
        moved = {"safe_from": promise.safe_from + by, "safe_until": promise.safe_until + by}
        await unit.execute(update(callback.table).values(moved))


async def test_number_of_a_promise_that_was_withdrawn_meanwhile_is_told_to_nobody(
    calling: tuple[Settings, str],
) -> None:
    settings, callback_id = calling
    await ask(settings, wire("callback", callback_id))
    async with opened(settings.database) as database, database.unit_of_work() as unit:
        await callback.withdraw(unit, callback.table.c.id == callback_id)
    line = wire("callback-child", callback_id)
    await ring_child(line, settings)
    assert line.sent == []
