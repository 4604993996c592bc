"""A supervisor brings in other menus, tries them by keyboard and by one real call, takes them over, and goes back."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx
import pytest

from ivr import menus_call, new_flow, take_by_phone
from ivr.accounts import Role
from ivr.in_use import LOOK_EVERY_S
from ivr.new_flow import Shelf
from ivr.records.database import opened
from ivr.settings import Settings
from ivr.telephony.rtp import tone
from ivr.telephony.sipp_call import Sound
from ivr.telephony.sipp_child import Press, Stay, Until, Wait
from ivr.telephony.sipp_scenario import Codec
from ivr.telephony.sounds import length_s
from tests.conftest import PROJECT
from tests.live.line import LiveLine, Row
from tests.live.test_faults import door
from tests.live.test_stories import BEFORE_KEYS, keys
from tests.web.house import Browser, House

pytestmark = [pytest.mark.live, pytest.mark.alone]

SHIPPED = (PROJECT / "ivr/flow/helpline.toml").read_text()
OTHER = SHIPPED.replace('6 = { topic = "health"', '7 = { topic = "health"')  # health moves from 6 to 7
SEEN_S = LOOK_EVERY_S + 1


@pytest.fixture(scope="module")
def line(switch_there: None) -> Iterator[LiveLine]:
    own = LiveLine()
    own.open()
    yield own
    own.close()


@asynccontextmanager
async def supervisor(line: LiveLine) -> AsyncIterator[tuple[House, Browser]]:
    """Signed in at the line's own site; their phone is 103."""
    async with opened(Settings(state_dir=line.state).database) as database:
        house = House(Settings(state_dir=line.state), database)
        house.now = datetime.now(UTC)
        given = await house.add("gunay", Role.SUPERVISOR, "103")
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{line.env['IVR_WEB_PORT']}", timeout=30) as client:
            client.headers.update({"Accept-Language": "en", "Sec-Fetch-Site": "same-origin"})
            browser = Browser(house, client)
            await browser.enter(given)
            yield house, browser


async def shelf(house: House) -> Shelf:
    return await new_flow.shelf(house.settings, house.database)


async def put_on_trial(browser: Browser, text: str) -> httpx.Response:
    await browser.get("/menus/new")
    files = {"file": ("helpline.toml", text.encode(), "text/plain")}
    answer = await browser.client.post("/menus/new", data=browser.hidden, files=files, follow_redirects=True)
    return await browser._shown(answer)


async def presses(browser: Browser, *words: str) -> httpx.Response:
    answer = await browser.get("/menus/trial")
    said: list[str] = []
    for word in words:
        answer = await browser.send("/menus/trial/keys", keys=" ".join(said), begun="usual", key=word)
        said.append(word)
    return answer


async def child(line: LiveLine, *pressed: str) -> Row:
    """What is on record of one who presses that, and hangs up in the queue."""
    before = line.known()
    await line.call(*keys("".join(pressed)), Wait(1))
    (row,) = await line.new_rows(before)
    return row


async def test_other_menus_are_tried_taken_over_and_taken_back(line: LiveLine) -> None:
    async with supervisor(line) as (house, browser):
        answer = await put_on_trial(browser, OTHER.replace('prompts = ["age"]', "prompts = []"))
        assert answer.status_code == 422
        assert "line 96: menu.age.prompts: must be a list of texts" in answer.text
        assert "Menus on trial" in (await put_on_trial(browser, OTHER)).text

        assert "To a person" in (await presses(browser, "1", "7", "2")).text
        refused = await browser.send("/menus/take-over", flow=(await shelf(house)).trial.id)  # type: ignore[union-attr]
        assert "not tried yet" in refused.text

        # one real call, from the supervisor's own phone: it is in no list of calls, and nobody's phone rings
        before, since = line.known(), len(line.events())
        await line.dial("103", "*24", BEFORE_KEYS, Press("1"), Wait(1), Press("7"), Wait(1), Press("2"), Stay(30))
        events = line.events()[since:]
        assert [e["eventtype"] for e in events].count("menus_tried") == 1
        assert not [e for e in events if e["eventtype"] in {"decided", "APP_START"} and e.get("appname") == "Queue"]
        assert line.known() == before
        trial = (await shelf(house)).trial
        assert trial
        assert (trial.called_by, trial.went) == ("103", "person az normal")

        # somebody is in the menus as they are when others take over, and ends on those
        known, is_over, since = line.known(), asyncio.Event(), len(line.events())
        steps = (Until(is_over.is_set, 20, "the taking over"), Press("6"), Wait(1), Press("3"), Wait(2))
        old = asyncio.create_task(line.call(*keys("1"), *steps))
        await line.until_event(lambda e: e["eventtype"] == "asked", 15, "the first key", since)
        await browser.get("/menus/trial")
        answer = await browser.send("/menus/take-over", flow=trial.id)
        assert "Menus that took over on this page" in answer.text
        await asyncio.sleep(SEEN_S)
        is_over.set()
        await old
        (row,) = await line.new_rows(known)
        assert (row["topic"], row["age_band"]) == ("health", "15-18")
        assert (await child(line, "172"))["topic"] == "health"
        assert (await child(line, "166"))["topic"] is None

        # one click back
        await browser.get("/menus")
        assert "Those of the file" in (await browser.send("/menus/back")).text
        await asyncio.sleep(SEEN_S)
        assert (await child(line, "162"))["topic"] == "health"
        deeds = [deed for _, deed, _ in await house.deeds() if deed.startswith("flow")]
        assert deeds == ["flow_on_trial", "flow_taken_over", "flow_taken_back"]


async def test_door_2_goes_on_with_the_menus_a_call_began_with(line: LiveLine) -> None:
    """Others have taken over meanwhile, and the program died."""
    known, file, since = line.known(), line.state / "flow/page.toml", len(line.events())
    taken = asyncio.Event()
    steps = (Until(taken.is_set, 20, "the taking over"), Press("6"), Wait(1), Press("3"), Wait(3))
    old = asyncio.create_task(line.call(*keys("1"), *steps))
    await line.until_event(lambda e: e["eventtype"] == "asked", 15, "the first key", since)
    file.write_text(OTHER)
    await asyncio.sleep(SEEN_S)
    line.send("answer", signal.SIGKILL)
    taken.set()
    await old
    (row,) = await line.new_rows(known)
    assert (door(row), row["topic"]) == (2, "health")
    file.unlink()


# Two menus, each heard once: whoever presses nothing is through them in seconds.
GREETING = 'prompts = ["az/welcome", "az/choose-language", "ru/choose-language", "en/choose-language"]\nafter'
SHORT = (
    OTHER.replace(GREETING, 'prompts = ["az/choose-language"]\nattempts = 1\nafter')
    .replace('prompts = ["topic"]', 'prompts = ["topic-silence"]\nattempts = 1')
    .replace("wait_s = 2.3", "wait_s = 0.5")
)


async def test_the_supervisors_phone_is_rung_for_a_test_call_and_for_a_reading(line: LiveLine) -> None:
    sound, since = Sound(Codec.ULAW, says=tone(440)), len(line.events())
    settings = Settings(state_dir=line.state, ami_port=int(line.env["IVR_AMI_PORT"]))
    async with line.phone("103", talk_s=60, sound=sound).on(line.address, line.folder()):
        await line.all_in()
        async with opened(settings.database) as database:
            await new_flow.put_on_trial(settings, database, SHORT, new_flow.By("gunay", datetime.now(UTC)))
            await menus_call.ring(settings, "103")
            await line.until_event(lambda e: e["eventtype"] == "menus_tried", 20, "the test call", since)
            await line.until_event(lambda e: e["eventtype"] == "HANGUP", 30, "its end", since)
            trial = (await new_flow.shelf(settings, database)).trial
            assert trial
            assert (trial.called_by, trial.went.split()[0]) == ("103", "person")
        since = len(line.events())
        name = await take_by_phone.ring(settings, "103", 1)
        await line.until_event(lambda e: e["eventtype"] == "HANGUP", 30, "the end of the reading", since)
    found = take_by_phone.find(settings, name)
    assert found
    assert length_s(found) >= 3
