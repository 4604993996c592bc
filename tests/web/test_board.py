"""The live board in a browser: what it says, what it sends, who may do what from it, and what it must never show."""

from __future__ import annotations

import asyncio
import json
import re
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ivr import help_request
from ivr.accounts import Role
from ivr.board.feed import Feed
from ivr.board.state import Board, Call, Phone, Stage
from ivr.records import counsellor
from ivr.records.counsellor import Counsellor
from ivr.records.draft import Of
from ivr.telephony.statuses import PhoneState
from ivr.web import board_parts as module
from tests.fake_ami import SECRET, USER, FakeAmi
from tests.records.rung import rang
from tests.web.house import Browser, House

ID = "1795293485-000007"


def line(now: float) -> Board:
    """One who waits, two behind them; one who talks."""
    wait: dict[str, Any] = {"stage": Stage.WAITING, "channel": "PJSIP/trunk-1", "queue": "az"}
    calls = (
        Call("1795293485-000001", place=900, waiting_since=now - 70, language="ru", topic="legal", **wait),
        Call(ID, place=500, waiting_since=now - 10, language="az", topic="violence", age_band="11-14", **wait),
        Call("1795293485-000009", stage=Stage.TALKING, counsellor="101", talking_since=now - 65, language="en"),
    )
    return Board({call.id: call for call in calls}, {"101": Phone(PhoneState.TALKING)}, away=False)


@pytest.fixture
async def busy(house: House) -> House:
    async with house.database.unit_of_work() as unit:
        await counsellor.write(unit, Counsellor("101", "Aynur", ("az", "en"), active=True))
    house.feed.board = line(house.now.timestamp())
    return house


async def supervisor(house: House, browser: Browser) -> Browser:
    await browser.enter(await house.add("nigar", Role.SUPERVISOR))
    return browser


async def test_board_says_who_waits_talks_and_is_there(busy: House) -> None:
    async with busy.browser() as browser:
        page = (await (await supervisor(busy, browser)).get("/board")).text
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    assert "Waiting 2" in text and "Talking 1" in text
    assert "1:10 Russian Legal help" in text
    assert "0:10 Azerbaijani Violence 11 to 14" in text
    assert "1:05 Aynur English" in text
    assert page.count("Comes next") == 1  # the first need not


async def test_switch_that_is_away_is_said(house: House) -> None:
    async with house.browser() as browser:
        page = await (await supervisor(house, browser)).get("/board")
    assert "The switch does not answer." in page.text


async def test_wall_shows_numbers_and_nothing_of_a_caller(busy: House) -> None:
    async with busy.browser() as browser:
        await supervisor(busy, browser)
        page = (await browser.get("/board/wall")).text
    assert "1:10" in page
    for word in ("Violence", "Legal", "Russian", "11 to 14", "Aynur", ID, "<form"):
        assert word not in page


async def test_counsellor_sees_no_board(busy: House) -> None:
    async with busy.browser() as browser:
        await browser.enter(await busy.add("leyla"))
        for path in ("/board", "/board/wall", "/board/events"):
            assert (await browser.get(path)).status_code == 403


async def test_administrator_sees_it_and_may_do_nothing_from_it(busy: House) -> None:
    async with busy.browser() as browser:
        await browser.enter(await busy.add("chief", Role.ADMINISTRATOR))
        page = await browser.get("/board")
        assert "formaction" not in page.text
        assert (await browser.send(f"/board/calls/{ID}/front")).status_code == 403
        assert (await browser.send("/board/people/101/out")).status_code == 403


async def frames(browser: Browser, path: str, seconds: float) -> list[dict[str, Any]]:
    """What the stream sent until it ended by itself."""
    async with asyncio.timeout(seconds + 10):
        text = (await browser.client.get(path)).text
    assert text.startswith("retry: ")
    return [json.loads(data) for data in re.findall(r"^event: part\ndata: (.*)$", text, re.MULTILINE)]


async def test_stream_begins_with_everything_and_goes_on_with_what_changes(
    busy: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STREAM_S", 4.0)
    async with busy.browser() as browser:
        await supervisor(busy, browser)
        following = asyncio.create_task(frames(browser, "/board/events?lang=en", 1))
        await asyncio.sleep(1.0)
        talks = replace(busy.feed.board.calls[ID], stage=Stage.TALKING, counsellor="102", talking_since=time.time())
        busy.feed._see(replace(busy.feed.board, calls={**busy.feed.board.calls, ID: talks}))
        publishing = asyncio.create_task(busy.feed._publish())
        sent = await following
        publishing.cancel()
    names = [frame["name"] for frame in sent]
    whole = len(module.PARTS)
    assert names[:whole] == list(module.PARTS)
    assert set(names[whole:]) == {"figures", "waiting", "talking"}
    last = {frame["name"]: frame["html"] for frame in sent}
    assert "102" in last["talking"] and ID not in last["waiting"]


async def test_stream_of_the_wall_has_its_parts_alone(busy: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STREAM_S", 2.0)
    async with busy.browser() as browser:
        await supervisor(busy, browser)
        sent = await frames(browser, "/board/events?wall", 1)
    assert {frame["name"] for frame in sent} == set(module.WALL_PARTS)
    assert "Violence" not in str(sent)


async def test_stream_keeps_nobody_signed_in(busy: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STREAM_S", 0.1)
    async with busy.browser() as browser:
        await supervisor(busy, browser)
        for _ in range(8):
            busy.later(minutes=10)
            answer = await browser.client.get("/board/events")
    assert answer.status_code == 303


async def test_caller_comes_next_by_one_press_and_it_is_on_record(busy: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async with FakeAmi() as fake, busy.browser() as browser:
        fake.answers |= dict.fromkeys(("Setvar", "QueueChangePriorityCaller"), "Response: Success\nActionID: @ID@\n\n")
        _line_of(fake, busy, monkeypatch)
        await supervisor(busy, browser)
        await browser.get("/board")
        page = await browser.send(f"/board/calls/{ID}/front")
        assert page.url.path == "/board" and not page.url.query
    told = {action["Action"]: action for action in fake.actions}
    assert (told["Setvar"]["Variable"], told["Setvar"]["Value"]) == ("HL_PLACE", "901")
    assert told["QueueChangePriorityCaller"]["Caller"] == "PJSIP/trunk-1"
    assert (told["UserEvent"]["Call"], told["UserEvent"]["Place"]) == (ID, "901")
    assert ("nigar", "caller_moved", ID) in await busy.deeds()


def _line_of(fake: FakeAmi, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page's acts go to this switch."""
    from contextlib import asynccontextmanager

    from ivr import moving
    from ivr.telephony.ami import connected

    @asynccontextmanager
    async def there(_: object) -> Any:
        async with connected("127.0.0.1", fake.port, USER, SECRET) as switch:
            yield switch

    monkeypatch.setattr(moving, "switch_of", there)


async def asks_for_help(house: House, contact_id: str, why: str = "danger") -> None:
    of = Of(contact_id, "aynur")
    await help_request.ask(house.database, of, "101", why, house.now)


async def test_help_that_is_asked_for_is_shown_first_and_somebody_comes(busy: House) -> None:
    talk = "1795293485-000009"
    await asks_for_help(busy, talk)
    async with busy.browser() as browser:
        await supervisor(busy, browser)
        page = (await browser.get("/board")).text
        assert page.index("The child is in danger now") < page.index("Longest wait")
        assert 'formaction="/board/talks/101/listen" id="help-listen-101"' in page
        wall = (await browser.get("/board/wall")).text
        assert "1 counsellor asks for help." in wall and "danger now" not in wall
        await browser.get("/board")
        assert "The child is in danger now" not in (await browser.send(f"/board/help/{talk}")).text
        assert "Somebody comes already" in (await browser.send(f"/board/help/{talk}")).text
    assert [deed for deed in await busy.deeds() if deed[1] == "help_answered"] == [("nigar", "help_answered", talk)]


async def test_help_asked_for_in_a_talk_that_is_over_is_still_shown(busy: House) -> None:
    busy.feed.board = replace(busy.feed.board, calls={})
    await asks_for_help(busy, "1795293485-000009", "strain")
    async with busy.browser() as browser:
        page = (await (await supervisor(busy, browser)).get("/board")).text
    assert "It is too much for me" in page and "the talk is over" in page
    assert "help-listen-101" not in page and "come-1795293485-000009" in page


async def test_who_may_not_listen_sees_that_help_is_asked_for_and_answers_none(busy: House) -> None:
    await asks_for_help(busy, "1795293485-000009")
    async with busy.browser() as browser:
        await browser.enter(await busy.add("chief", Role.ADMINISTRATOR))
        page = await browser.get("/board")
        assert "The child is in danger now" in page.text and "/board/help/" not in page.text
        assert (await browser.send("/board/help/1795293485-000009")).status_code == 403


async def test_help_appears_on_a_board_that_is_watched(busy: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STREAM_S", 5.0)
    async with busy.browser() as browser:
        await supervisor(busy, browser)
        following = asyncio.create_task(frames(browser, "/board/events?lang=en", 5))
        await asyncio.sleep(0.5)
        await asks_for_help(busy, "1795293485-000009")
        parts = [frame["html"] for frame in await following if frame["name"] == "help"]
    assert parts[0] == "" and "The child is in danger now" in parts[-1]


async def test_today_stands_beside_the_same_weekday_before(busy: House) -> None:
    """It is Sunday noon; two weeks ago 3 rang in the morning, last week 1; today 2, and one this hour."""
    began = [busy.now - timedelta(hours=hours) for hours in (0, 1, 1)]
    began += [busy.now - timedelta(days=7, hours=2), *[busy.now - timedelta(days=14, hours=3)] * 3]
    async with busy.database.unit_of_work() as unit:
        await rang(unit, *began)
    async with busy.browser() as browser:
        page = (await (await supervisor(busy, browser)).get("/board")).text
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    assert "until 12:00 today: 2 calls" in text
    assert "on a usual Sunday: 2" in text
    assert "mean of 2 such days" in text
    assert '<tr><th scope="row">11</th><td>2</td><td>0</td></tr>' in page
    assert '<tr><th scope="row">09</th><td>0</td><td>1.5</td></tr>' in page
    assert '<tr><th scope="row">13</th><td>–</td><td>0</td></tr>' in page


async def test_talk_that_cannot_be_heard_is_said_and_the_wish_is_on_record(busy: House) -> None:
    async with busy.browser() as browser:
        await browser.enter(await busy.add("hall", Role.SUPERVISOR, "103"))
        page = await browser.get("/board")
        assert "/board/talks/" in page.text
        page = await browser.send("/board/talks/101/listen")  # no switch is there
        assert "cannot be heard now" in page.text
        assert (await browser.send("/board/talks/101/shout")).status_code == 404
    assert ("hall", "listened_in", "101 listen") in await busy.deeds()


async def test_caller_who_has_gone_is_said_to_have_gone(busy: House) -> None:
    async with busy.browser() as browser:
        await supervisor(busy, browser)
        await browser.get("/board")
        page = await browser.send("/board/calls/1795293485-000099/front")
    assert "That caller does not wait any more." in page.text
    assert "caller_moved" not in {deed for _, deed, _ in await busy.deeds()}


async def test_counsellor_is_signed_out_by_another_and_it_is_on_record(busy: House) -> None:
    async with busy.browser() as browser:
        await supervisor(busy, browser)
        busy.feed.board = replace(busy.feed.board, phones={"101": Phone(PhoneState.IDLE)})
        await browser.get("/board")
        page = await browser.send("/board/people/101/out")
        assert "Sign them in" in page.text
        page = await browser.send("/board/people/101/in")
        assert "Sign them out" in page.text
        assert "cannot be said" in (await browser.send("/board/people/999/out")).text
        assert (await browser.send("/board/people/101/away")).status_code == 404
    deeds = [(by, about) for by, deed, about in await busy.deeds() if deed == "presence_said"]
    assert deeds == [("nigar", "101 sign_out"), ("nigar", "101 sign_in")]


async def test_feed_that_was_never_run_says_nothing_for_a_while() -> None:
    feed = Feed()
    began = time.monotonic()
    assert await feed.after(feed.board, 0.05) is feed.board
    assert time.monotonic() - began < 2
