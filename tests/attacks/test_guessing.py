"""Whoever guesses telephones' passwords is refused for a while; children, phones at work and the carrier never are."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from ivr import guard
from ivr.guard import Refused
from ivr.settings import Settings
from ivr.telephony import guesses, refusals
from ivr.telephony.guesses import Book
from ivr.telephony.sipp import until
from ivr.telephony.sipp_child import Stay
from tests.attacks.guesser import REFUSED, RIGHT, WRONG, Guesser
from tests.attacks.test_toll_fraud import _login, _manager, _secret
from tests.attacks.wire import CARRIER, is_alive
from tests.live.conftest import new_line, switch_there
from tests.live.line import LiveLine
from tests.live.test_operation import metrics
from tests.live.test_stories import keys

__all__ = ["new_line", "switch_there"]
pytestmark = pytest.mark.live

LIMIT, REFUSED_S = 5, 12.0
WITHIN_S = 10.0  # the list is read every three seconds at most, and a test machine may be busy
THERE, ELSEWHERE = "127.0.0.2", "127.0.0.3"


@pytest.fixture(scope="module")
def guessed(switch_there: None) -> Iterator[LiveLine]:
    own = LiveLine(
        trunk_host=CARRIER, trunk_port="9", guess_limit=str(LIMIT), guess_refused_s=str(REFUSED_S),
    )  # fmt: skip
    own.open()
    yield own
    own.close()


def settings_of(line: LiveLine) -> Settings:
    return Settings(state_dir=line.state)


def book(line: LiveLine) -> Book:
    return guard.book(settings_of(line), datetime.now(UTC))


def refused(line: LiveLine) -> dict[str, Refused]:
    return {each.address: each for each in book(line).refused}


async def made_known(line: LiveLine, wrong: int) -> None:
    """Until so many wrong passwords are in the book."""
    await until(lambda: book(line).wrong >= wrong, WITHIN_S, "the wrong passwords to be counted")


async def until_refused(guesser: Guesser, name: str = "101") -> int:
    """Guess until refused: how many guesses that took."""
    guesses, deadline = 0, time.monotonic() + WITHIN_S
    while time.monotonic() < deadline:
        guesses += 1
        if await guesser.tries(name, f"wrong-{guesses}") == REFUSED:
            return guesses
    raise AssertionError(f"{guesses} guesses, and none was refused")


async def test_who_guesses_is_refused_for_a_while_and_nobody_else_is(guessed: LiveLine) -> None:
    there, at_work, carrier = (Guesser(guessed.address, host) for host in (THERE, ELSEWHERE, CARRIER))
    right, colleague = guessed._password("101"), guessed._password("103")
    assert await at_work.tries("103", colleague, 300) == RIGHT
    guessed.run("presence", "103", "out")  # that phone proves its password and takes no calls
    before = guessed.known()
    async with guessed.phone("101", talk_s=3).on(guessed.address, guessed.folder()):
        child = asyncio.create_task(guessed.call(*keys("114"), Stay(60)))
        assert await until_refused(there, "199") > LIMIT
        for _ in range(4 * LIMIT):
            assert await carrier.tries("101", "wrong") == WRONG
            assert await at_work.tries("102", "wrong") == WRONG
        assert await there.tries("101", right) == REFUSED
        assert refused(guessed).keys() == {THERE}
        assert await at_work.tries("103", colleague, 300) == RIGHT
        await child
    (row,) = await guessed.new_rows(before)
    assert (row["outcome"], row["counsellor"]) == ("answered", "101")
    await let_in(there, right)
    assert not refused(guessed)


async def test_a_lie_about_an_address_locks_out_no_phone_that_is_or_was_there(guessed: LiveLine) -> None:
    """Also where the program has forgotten who proved a password, the switch knows who is registered."""
    phone, password = Guesser(guessed.address, "127.0.0.31"), guessed._password("102")
    gone, its_password = Guesser(guessed.address, "127.0.0.32"), guessed._password("103")
    assert await gone.tries("103", its_password) == RIGHT
    assert await gone.tries("103", its_password, 0) == RIGHT
    await until(lambda: gone.host in book(guessed).known, 2 * WITHIN_S, "the password to be known as proved")
    assert await phone.tries("102", password, 300) == RIGHT
    await until(lambda: phone.host in book(guessed).known, 2 * WITHIN_S, "the password to be known as proved")
    forget(guessed, phone.host)
    nobody = Guesser(guessed.address, "127.0.0.33")
    before = book(guessed).wrong
    for each in (phone, gone, nobody):
        each.lies("102", 6 * LIMIT)
    await until(lambda: nobody.host in refused(guessed), WITHIN_S, "the lies to be heard")
    await made_known(guessed, before + 3 * 6 * LIMIT)
    assert refused(guessed).keys() & {phone.host, gone.host} == set()
    assert await phone.tries("102", password, 300) == RIGHT
    assert await gone.tries("103", its_password) == RIGHT


def forget(line: LiveLine, address: str) -> None:
    file = settings_of(line).guesses_file
    with refusals.alone(file):
        kept = refusals.read(file)
        known = {each: at for each, at in kept.known.items() if each != address}
        refusals.write(file, Book(kept.refused, known, kept.wrong, kept.times))


async def test_a_refusal_is_lifted_by_hand_on_record_and_counted(attacked: LiveLine) -> None:
    """As long as it is unless set otherwise: the verbs take their time."""
    there = Guesser(attacked.address, "127.0.0.4")
    assert await until_refused(there) > Settings().guess_limit > LIMIT
    (row,) = attacked.rows("guesses")
    assert row["address"] == there.host and row["until"] > row["since"]
    assert "1 address is refused for wrong passwords" in attacked.run("check", "--live", code=None)
    told = await asyncio.to_thread(metrics, attacked)
    assert (told["helpline_refused_addresses"], told["helpline_refusals_total"]) == (1, 1)
    assert told["helpline_wrong_passwords_total"] >= Settings().guess_limit
    assert await there.tries("101", attacked._password("101")) == REFUSED
    assert "let in again" in attacked.run("guesses", "lift", there.host)
    assert await there.tries("101", attacked._password("101")) == RIGHT
    (deed,) = attacked.rows("audit", "--deed", "refusal_lifted")
    assert (deed["about"], deed["by"]) == (there.host, guard.BY_COMMAND)
    assert "is not refused" in attacked.run("guesses", "lift", there.host, code=1)


async def test_a_refusal_ends_though_the_program_or_the_switch_was_killed(guessed: LiveLine) -> None:
    there, right = Guesser(guessed.address, "127.0.0.5"), guessed._password("101")
    await until_refused(there)
    guessed.send("watch", signal.SIGKILL)
    await until(lambda: there.host not in refused(guessed), REFUSED_S + WITHIN_S, "the refusal to be over")
    await let_in(there, right)
    other = Guesser(guessed.address, "127.0.0.6")
    await until_refused(other)
    settings_of(guessed).refused_conf.write_text("deny = everybody\n")  # as a disk may have it after a loss of power
    guessed.send("switch", signal.SIGKILL)
    await let_in(Guesser(guessed.address, "127.0.0.7"), right)
    assert await is_alive(guessed.address)
    await let_in(other, right)
    await until_refused(Guesser(guessed.address, "127.0.0.8"))


async def let_in(guesser: Guesser, password: str) -> None:
    deadline = time.monotonic() + REFUSED_S + 2 * WITHIN_S
    while await guesser.tries("101", password) != RIGHT:
        assert time.monotonic() < deadline, "still refused"
        await asyncio.sleep(0.2)


def test_no_log_holds_more_of_a_guess_than_its_address(guessed: LiveLine) -> None:
    logs = "".join(file.read_text(errors="replace") for file in (guessed.state / "logs").glob("*.log*"))
    assert '"event": "guard.refused"' in logs and THERE in logs
    assert "attacks.invalid" not in logs and "sip:1" not in logs and '"101"' not in logs


async def test_who_hears_of_guesses_may_do_nothing(guessed: LiveLine) -> None:
    port, password = int(guessed.env["IVR_AMI_PORT"]), guesses.secret(_secret(guessed))
    for wanted in (
        "Action: Originate\r\nChannel: Local/s@incoming\r\nApplication: Echo\r\n\r\n",
        "Action: Setvar\r\nVariable: HL_ON_DUTY\r\nValue: 0\r\n\r\n",
        "Action: QueueRemove\r\nQueue: az\r\nInterface: PJSIP/101\r\n\r\n",
        "Action: Command\r\nCommand: core stop now\r\n\r\n",
    ):
        told = await _manager(port, _login(guesses.USER, password) + wanted)
        assert "Error" in told.split("Authentication accepted", 1)[1], wanted
    assert await is_alive(guessed.address)
