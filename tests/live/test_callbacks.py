"""A promise to ring back, from the key to the conversation: kept by a person, to nobody but the child, and once."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from ivr.flow.steps import Language, Safe, Session, Topic, Who
from ivr.privileges import run_as
from ivr.promise import Promiser, policy_of
from ivr.records.keyring import open_keyring
from ivr.telephony.rtp import SILENCE, Samples, tone
from ivr.telephony.sipp import free_port, until
from ivr.telephony.sipp_call import LiveCall, Sound
from ivr.telephony.sipp_child import Press, Stay, Until, Wait
from ivr.telephony.sipp_phone import Handset, Phone
from ivr.telephony.sipp_scenario import Codec
from tests.conftest import PROJECT
from tests.live.ears import Ears
from tests.live.line import LiveLine, Row
from tests.live.test_greetings import files_with
from tests.live.test_stories import keys

pytestmark = pytest.mark.live

NewLine = Callable[..., LiveLine]
NUMBER = "+994000001234"
CHILD_HZ, COUNSELLOR_HZ, VOICE_HZ = 440, 700, 300
NOTHING_RINGS_S = 7.0  # some looks of the program, each of which would have begun the call


@dataclass(frozen=True, slots=True)
class Out:
    """A line with a carrier at whose other end children's telephones ring."""

    line: LiveLine
    child: Handset
    ears: Ears  # what is heard at the child's telephone

    def promises(self, *words: str) -> list[Row]:
        return self.line.rows("callbacks", *(words or ("all",)))

    async def until_state(self, state: str, within_s: float = 20) -> Row:
        async with asyncio.timeout(within_s):
            while True:
                (promise,) = await asyncio.to_thread(self.promises)
                if promise["state"] == state:
                    return promise

    def attempts(self, promise: str) -> list[str | None]:
        (found,) = self.line.rows("callbacks", "show", promise)
        return [each["outcome"] for each in found["tried"]]

    async def rings(self, number: int = 0) -> LiveCall:
        return await self.child.call(number, within_s=15)


@asynccontextmanager
async def out(new_line: NewLine, says: Samples | None = SILENCE, **settings: str) -> AsyncIterator[Out]:
    ears = Ears()
    telephone = Phone(ring_s=None, sound=Sound(Codec.ALAW, says=says))
    async with telephone.on(("127.0.0.1", 9), PROJECT / "var", ears.heard) as child:
        host, port = child.address
        line = new_line(trunk_host=host, trunk_port=str(port), trunk_addresses="127.0.0.9", **settings)
        yield Out(line, child, ears)


def promise(line: LiveLine, number: str = NUMBER, *, starts_s: int = -1, ends_s: int = 7200, only: bool = True) -> str:
    """As the program writes it when a caller has agreed; safe from and until so many seconds from now. Its id."""
    now = time.time()
    session = Session(
        "", language=Language.RU, topic=Topic.SOCIAL, safe=Safe.NOW, who=Who.CALLER if only else Who.ANYBODY
    )
    promiser = Promiser(open_keyring(line.state / "secrets.json"), policy_of(line.state / "flow/policy.toml"))
    found = promiser.promise(session, number, now)
    assert found
    words = dict(found) | {"safe_from": int(now) + starts_s, "safe_until": int(now) + ends_s}
    channel = {
        "linkedid": f"hl-{int(now)}.999",
        "uniqueid": f"hl-{int(now)}.999",
        "channame": "PJSIP/loopback-00000009",
    }
    place = {"exten": "told", "context": "queue", "appname": "CELGenUserEvent", "peer": "", "userdeftype": "promised"}
    extra = json.dumps({"extra": urlencode(words)})
    event: dict[str, Any] = {"eventtype": "promised", "eventtime": now, **channel, **place, "eventextra": extra}
    with (line.state / "ledger/cel.jsonl").open("a") as ledger:
        ledger.write(json.dumps(event) + "\n")
    return str(words["id"])


def desk(line: LiveLine, extension: str = "103", **how: Any) -> Phone:
    return line.phone(extension, **{"sound": Sound(Codec.ULAW, says=SILENCE), **how})


async def take(counsellor: Handset, number: int = 0) -> LiveCall:
    """The counsellor hears what was agreed, and takes it."""
    call = await counsellor.call(number, within_s=20)
    await call.answered()
    await asyncio.sleep(1.0)
    await call.press("1")
    return call


async def talk(call: LiveCall, ringing: LiveCall, at: Out, heard_by_counsellor: Ears) -> None:
    """The child picks up and says nothing; the counsellor speaks first; both hear each other."""
    ringing.answer()
    picked_up = (await ringing.answered()).answered_at
    assert picked_up is not None
    await asyncio.sleep(6)
    assert at.ears.sound_at(picked_up) is None, "something was said before the counsellor spoke"
    call.say(tone(COUNSELLOR_HZ))
    await until(lambda: at.ears.hears(COUNSELLOR_HZ), 5, "the counsellor's voice at the child's")
    ringing.say(tone(CHILD_HZ))
    await until(lambda: heard_by_counsellor.hears(CHILD_HZ), 5, "the child's voice at the counsellor's")


async def test_promise_by_keys_is_kept_by_a_counsellor_and_the_number_stands_nowhere(new_line: NewLine) -> None:
    async with out(new_line) as at:
        line, ears = at.line, Ears()
        since = len(line.events())

        def asked(what: str) -> Callable[[], bool]:
            return lambda: any(what in e.get("eventextra", "") for e in line.events()[since:])

        steps = [
            *keys("213"), Until(asked("priority=normal"), 10, "the wait"), Wait(9), Press("1"), Wait(2), Press("1"),
            Until(asked("menu=callback-number"), 10, "the question when"), Wait(1), Press("1"),
            Until(asked("menu=callback-when"), 10, "the question who"), Wait(1), Press("1"), Stay(30),
        ]  # fmt: skip
        await line.call(*steps, number=NUMBER, ears=ears)
        (first,) = await line.new_rows()
        assert first["outcome"] == "callback_promised"
        (row,) = at.promises("due")
        assert (row["call_id"], row["state"], row["only_caller"]) == (first["id"], "promised", True)
        assert (row["language"], row["topic"], row["age_band"]) == ("ru", "psychological", "15-18")

        heard = Ears()
        async with desk(line).on(line.address, line.folder(), heard.heard) as counsellor:
            call = await take(counsellor)
            assert "call-back ru psychological 15-18" in call.invite
            assert NUMBER[4:] not in call.invite
            ringing = await at.rings()
            assert ringing.invite.startswith(f"INVITE sip:{NUMBER}@")
            assert "anonymous@anonymous.invalid" in ringing.invite
            assert "116111" not in ringing.invite
            await talk(call, ringing, at, heard)
            assert (await at.until_state("kept"))["attempts"] == 0
            call.hang_up()
            await ringing.ended()
        second = next(r for r in await line.new_rows([first["id"]]) if r["dialled"] == "callback")
        assert (second["outcome"], second["counsellor"], second["topic"]) == ("answered", "103", "psychological")
        assert [s["first_call"] for s in second["steps"] if "first_call" in s] == [first["id"]]
        assert [c["id"] for c in line.rows("contacts")] == [second["id"]]
        assert at.attempts(row["id"]) == ["answered"]
        assert list(files_with(line, NUMBER[4:].encode())) == []


async def test_our_number_is_shown_where_anybody_may_answer(new_line: NewLine) -> None:
    async with out(new_line) as at:
        promise(at.line, only=False)
        async with desk(at.line).on(at.line.address, at.line.folder()) as counsellor:
            await take(counsellor)
            ringing = await at.rings()
            assert "<sip:116111@" in ringing.invite
            ringing.refuse()
            assert (await at.until_state("promised"))["attempts"] == 1


def impatient(place: Path) -> str:
    """A policy folder in which the next look after an attempt comes after a minute."""
    folder = Path(shutil.copytree(PROJECT / "callbacks", place / "callbacks"))
    policy = (folder / "policy.toml").read_text()
    (folder / "policy.toml").write_text(policy.replace("again_min = 2", "again_min = 1"))
    place.chmod(0o755)
    return str(folder)


async def test_promise_outlives_the_line(new_line: NewLine, tmp_path: Path) -> None:
    """Closed while a counsellor's phone rings for it, and opened again: found, and kept."""
    async with out(new_line, callbacks_dir=impatient(tmp_path)) as at:
        line, heard = at.line, Ears()
        identity = promise(line)
        async with desk(line, ring_s=None).on(line.address, line.folder()) as counsellor:
            await counsellor.call(within_s=15)
            assert at.promises()[0]["state"] == "calling"
            await asyncio.to_thread(line.run, "down")
        await asyncio.to_thread(line.run, "up")
        async with desk(line).on(line.address, line.folder(), heard.heard) as counsellor:
            call = await asyncio.wait_for(take_within(counsellor, 90), 100)
            await talk(call, await at.rings(), at, heard)
            await at.until_state("kept")
            call.hang_up()
        *before, last = at.attempts(identity)  # how often it was tried until a phone was there again is chance
        assert set(before) <= {"lost", "no_counsellor"}
        assert last == "answered"


async def take_within(counsellor: Handset, within_s: float) -> LiveCall:
    await counsellor.call(0, within_s=within_s)
    return await take(counsellor)


async def test_wrong_person_hears_nothing_and_seven_ends_it(new_line: NewLine) -> None:
    async with out(new_line) as at:
        identity, heard = promise(at.line), Ears()
        async with desk(at.line).on(at.line.address, at.line.folder(), heard.heard) as counsellor:
            call = await take(counsellor)
            ringing = await at.rings()
            ringing.answer()
            await ringing.answered()
            ringing.say(tone(CHILD_HZ))  # "Hello?"
            await asyncio.sleep(0.8)
            ringing.say(SILENCE)
            await at.until_state("kept")
            await asyncio.sleep(1)
            await call.press("7")
            await ringing.ended(5)
            await call.ended(5)
        assert at.ears.sound_at() is None
        row = await at.until_state("promised")
        assert (row["attempts"], at.attempts(identity)) == (1, ["not_child"])


async def test_answering_machine_gets_nothing(new_line: NewLine) -> None:
    async with out(new_line) as at:
        identity = promise(at.line)
        async with desk(at.line).on(at.line.address, at.line.folder()) as counsellor:
            call = await take(counsellor)
            ringing = await at.rings()
            ringing.answer()
            await ringing.answered()
            ringing.say(tone(VOICE_HZ))  # it goes on and on
            await ringing.ended(8)
            await call.ended(10)
        assert at.ears.sound_at() is None
        row = await at.until_state("promised")
        assert (row["attempts"], at.attempts(identity)) == (1, ["machine"])


async def test_child_who_sends_not_even_silence_is_put_through(new_line: NewLine) -> None:
    async with out(new_line, says=None) as at:
        promise(at.line)
        async with desk(at.line).on(at.line.address, at.line.folder()) as counsellor:
            call = await take(counsellor)
            call.say(tone(COUNSELLOR_HZ))
            ringing = await at.rings()
            ringing.answer()
            await ringing.answered()
            await until(lambda: at.ears.hears(COUNSELLOR_HZ), 6, "the counsellor's voice")
            await at.until_state("kept")


async def test_picked_up_and_put_down_again_counts_as_not_there(new_line: NewLine) -> None:
    async with out(new_line) as at:
        identity = promise(at.line)
        async with desk(at.line).on(at.line.address, at.line.folder()) as counsellor:
            call = await take(counsellor)
            ringing = await at.rings()
            ringing.answer()
            await ringing.answered()
            await asyncio.sleep(0.3)
            ringing.hang_up()
            await call.ended(15)
        assert ((await at.until_state("promised"))["attempts"], at.attempts(identity)) == (1, ["no_answer"])


async def test_trunk_that_is_down_does_not_count_and_no_number_is_in_the_switchs_log(new_line: NewLine) -> None:
    line = new_line(trunk_host="127.0.0.1", trunk_port=str(free_port()), trunk_addresses="127.0.0.9")
    identity = promise(line)
    line.console("pjsip qualify trunk")  # its own OPTIONS come within a minute
    await until(lambda: "Unavail" in line.console("pjsip show contacts"), 75, "the switch to find out")
    async with desk(line).on(line.address, line.folder()) as counsellor:
        await (await take(counsellor)).ended(60)
    async with asyncio.timeout(20):
        while (found := await asyncio.to_thread(line.rows, "callbacks"))[0]["state"] == "calling":
            await asyncio.sleep(0.5)
    assert found[0]["attempts"] == 0
    (shown,) = line.rows("callbacks", "show", identity)
    assert [each["outcome"] for each in shown["tried"]] == ["no_trunk"]
    assert list(files_with(line, NUMBER[4:].encode())) == []


async def test_nothing_rings_outside_the_safe_hours(new_line: NewLine) -> None:
    async with out(new_line) as at:
        promise(at.line, starts_s=3600)
        async with desk(at.line).on(at.line.address, at.line.folder()) as counsellor:
            await asyncio.sleep(NOTHING_RINGS_S)
            assert counsellor.calls == ()
            (row,) = at.promises()
            assert (row["state"], row["attempts"]) == ("promised", 0)
            assert "not safe" in at.line.run("callbacks", "now", row["id"], code=1)


async def test_safe_hours_that_end_while_a_counsellor_is_told_are_over(new_line: NewLine) -> None:
    async with out(new_line) as at:
        identity = promise(at.line, ends_s=9)
        async with desk(at.line, ring_s=9.0).on(at.line.address, at.line.folder()) as counsellor:
            call = await take(counsellor)
            await call.ended(15)
        assert at.child.calls == ()
        await at.until_state("lapsed")
        assert at.attempts(identity) == ["too_late"]
        log = (at.line.state / "logs/callbacks.log").read_text()
        assert "callback.lapsed" in log
        assert NUMBER[4:] not in log
        assert "1 lapse soon or were not kept" in at.line.run("check", "--live", code=1)


async def test_ringing_again_and_being_answered_withdraws_it(new_line: NewLine) -> None:
    async with out(new_line) as at:
        promise(at.line)
        before = at.line.known()
        async with desk(at.line, talk_s=1.0).on(at.line.address, at.line.folder()) as counsellor:
            child = asyncio.create_task(at.line.call(*keys("20"), Stay(60), number=NUMBER))
            first = await counsellor.call(within_s=30)
            if "call-back" in first.invite:  # it was quicker than the child; nobody takes it
                await until(lambda: len(counsellor.calls) > 1, 60, "the child's own call")
            await child
            assert (await at.line.new_rows(before))[0]["outcome"] == "answered"
            assert (await at.until_state("withdrawn"))["next_at"] is None
            rung = len(counsellor.calls)
            await asyncio.sleep(NOTHING_RINGS_S)
            assert len(counsellor.calls) == rung
        assert at.child.calls == ()


async def test_counsellor_who_does_not_take_it_is_followed_by_the_next(new_line: NewLine) -> None:
    async with out(new_line) as at:
        line, identity = at.line, promise(at.line)
        one, two = desk(line, "103"), desk(line, "102")
        async with one.on(line.address, line.folder()) as first, two.on(line.address, line.folder()) as second:
            await until(lambda: first.calls or second.calls, 20, "a counsellor's phone")
            rung, other = (first, second) if first.calls else (second, first)
            call = await take_within(other, 60)
            assert (await rung.call()).log.ended_at
            ringing = await at.rings()
            ringing.answer()
            await at.until_state("kept")
            call.hang_up()
        assert at.attempts(identity) == ["answered"]


async def test_two_programs_place_it_once(new_line: NewLine) -> None:
    async with out(new_line) as at:
        line = at.line
        others = [another_keeper_of_promises(line) for _ in range(2)]
        try:
            await asyncio.sleep(4)
            promise(line)
            async with desk(line, ring_s=None).on(line.address, line.folder()) as counsellor:
                await counsellor.call(within_s=20)
                await asyncio.sleep(NOTHING_RINGS_S)
                assert len(counsellor.calls) == 1
        finally:
            for other in others:
                other.kill()
                other.wait()


def another_keeper_of_promises(line: LiveLine) -> subprocess.Popen[bytes]:
    """One more program that looks for what is due, as the line's own user."""
    argv = run_as(line.state.stat().st_uid or 61611, [sys.executable, "-m", "ivr.app", "callbacks"])
    return subprocess.Popen(argv, cwd="/", env=line.env, stdout=subprocess.DEVNULL)


def test_spool_is_the_switchs_own_and_closed_to_others(line: LiveLine) -> None:
    for name in ("staging", "outgoing"):
        folder: Path = line.state / "switch/spool" / name
        assert folder.stat().st_uid == (line.state / "ledger").stat().st_uid
    assert "pbx_spool.so" in line.console("module show like pbx_spool")
    assert "app_amd.so" in line.console("module show like app_amd")
