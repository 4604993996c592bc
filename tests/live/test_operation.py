"""The line calls itself, tells how it is, and is renewed while two talk."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Callable

import httpx
import pytest

from ivr.records.keyring import open_keyring
from ivr.settings import Settings
from ivr.telephony import ami
from ivr.telephony.ami import Message
from ivr.telephony.rtp import tone
from ivr.telephony.sipp import until
from ivr.telephony.sipp_call import Sound
from ivr.telephony.sipp_child import Press, Until, Wait
from ivr.telephony.sipp_scenario import Codec
from tests.live.ears import Ears
from tests.live.line import LiveLine
from tests.live.test_faults import COUNSELLOR_HZ, door, without_keeper
from tests.live.test_stories import keys

pytestmark = pytest.mark.live

NewLine = Callable[..., LiveLine]


def metrics(line: LiveLine) -> dict[str, float]:
    told = httpx.get(f"http://127.0.0.1:{line.env['IVR_WEB_PORT']}/metrics", timeout=20).text
    rows = (row.rpartition(" ") for row in told.splitlines() if not row.startswith("#"))
    return {name: float(value) for name, _, value in rows}


async def heard(line: LiveLine, seen: list[Message]) -> None:
    """Every event that the board would hear."""
    secret = open_keyring(Settings(state_dir=line.state).secrets_file).ami
    async with ami.connected("127.0.0.1", int(line.env["IVR_AMI_PORT"]), ami.USER, secret) as switch:
        async for event in switch.events():
            seen.append(event)


async def test_a_trial_goes_through_and_leaves_no_trace(new_line: NewLine) -> None:
    line, seen = new_line(), list[Message]()
    await line.all_in()
    async with line.phone("101").on(line.address, line.folder()) as phone:
        listening = asyncio.create_task(heard(line, seen))
        await until(lambda: metrics(line)["helpline_phones_registered"] == 1, 30, "the phone")
        made = json.loads(await asyncio.to_thread(line.run, "trial", "--json"))
        listening.cancel()
        assert phone.calls == ()
    assert (made["came"], made["door"]) == ("through", 1)
    assert 0 < made["heard_s"] < made["took_s"] < 20
    kinds = [event["eventtype"] for event in line.events()]
    assert kinds.count("tried_out") == 4
    assert "decided" in kinds  # the menus were real
    assert [event.fields for event in seen if event["UserEvent"] == "Call"] == []
    for listing in (("calls",), ("contacts",), ("callbacks", "all")):
        assert line.rows(*listing) == []
    told = metrics(line)
    assert told['helpline_calls_today{outcome="abandoned_in_queue"}'] == 0
    assert told['helpline_doors_today{door="1"}'] == 0
    assert told["helpline_trial_success"] == 1
    assert "rows" not in line.run("ledger", "status") or '"calls": 0' in line.run("ledger", "status", "--json")


async def test_the_line_tries_itself_by_itself(new_line: NewLine) -> None:
    line = new_line(test_call_every_min="0.4")
    file = line.state / "run/trials.json"
    await until(lambda: file.exists() and '"through"' in file.read_text(), 100, "a trial")
    assert line.rows("calls") == []


async def test_a_trial_says_that_the_program_is_away(new_line: NewLine) -> None:
    line = new_line()
    without_keeper(line, "answer", signal.SIGKILL)
    made = json.loads(await asyncio.to_thread(line.run, "trial", "--json", code=1))
    assert (made["came"], made["door"]) == ("round_about", 2)
    told = await asyncio.to_thread(line.run, "check", "--live", "--lang", "az", code=1)
    assert "Zənglərə proqramsız cavab verilir" in told
    assert metrics(line)["helpline_trial_success"] == 0
    assert line.rows("calls") == []


async def test_a_trial_of_a_silent_switch_fails_in_time(new_line: NewLine) -> None:
    """The greeting is gone: what is answered is heard by nobody."""
    line = new_line()
    line.console("dialplan remove extension s@incoming")
    made = json.loads(await asyncio.to_thread(line.run, "trial", "--json", code=1))
    assert made["came"] in {"unheard", "unanswered"}
    assert "called itself and did not get through" in line.run("check", "--live", code=1)


async def test_the_line_is_renewed_while_two_talk(new_line: NewLine) -> None:
    line, ears = new_line(), Ears()
    phone = line.phone("102", sound=Sound(Codec.ULAW, says=tone(COUNSELLOR_HZ)))
    before = {part: line.pid(part) for part in ("keeper", "switch", "answer", "watch", "ledger", "callbacks", "web")}
    async with phone.on(line.address, line.folder()) as handset:
        talk = Until(lambda: ears.hears(COUNSELLOR_HZ), 30, "talk")
        renewed = asyncio.Event()
        call = asyncio.create_task(
            line.call(*keys("242"), talk, Until(renewed.is_set, 90, "renewal"), Wait(2), ears=ears)
        )
        await (await handset.call()).answered()
        await asyncio.sleep(1)
        line.env["IVR_HELPLINE_FILE"] = str(line.state / "nothing.toml")
        assert "nothing.toml" in await asyncio.to_thread(line.run, "up", "--renew", code=2)
        assert {part: line.pid(part) for part in before} == before  # refused before anything was stopped
        del line.env["IVR_HELPLINE_FILE"]
        goes_on = Until(renewed.is_set, 90, "renewal")
        in_the_menus = asyncio.create_task(line.call(*keys("2"), goes_on, Press("3"), Wait(4)))
        await line.until_event(lambda e: e["eventtype"] == "asked" and "key=2" in e["eventextra"], 10, "the menus")
        told = await asyncio.to_thread(line.run, "up", "--renew")
        renewed.set()
        log = await call
        await in_the_menus
    assert "The line is open" in told
    after = {part: line.pid(part) for part in before}
    assert after.pop("switch") == before.pop("switch")
    assert all(after[part] != before[part] for part in before)
    assert log.ended_at is not None
    assert ears.hears(COUNSELLOR_HZ, since=log.ended_at - 1.5)
    row, led_on = sorted(await line.new_rows(count=2), key=lambda each: each["id"])
    assert (row["outcome"], row["counsellor"], row["topic"]) == ("answered", "102", "legal")
    assert (door(led_on), led_on["language"]) == (2, "ru")
    made = json.loads(await asyncio.to_thread(line.run, "trial", "--json"))
    assert made["came"] == "through"
