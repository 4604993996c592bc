"""The desk in the browser, without any script: my state, who waits, what rings, help, what was written before."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request

from ivr import call_log, presence, wrapup, wrapup_reading
from ivr.accounts import Role
from ivr.board import state
from ivr.board.feed import Feed
from ivr.board.state import Board, ringing, waiting
from ivr.records import message
from ivr.records.draft import Of
from ivr.signing import office
from ivr.web.desk import Desk
from ivr.web.entrance import Entrance
from ivr.web.pages import Pages
from ivr.web.static_files import STATIC_DIR
from ivr.web.wrap_up import WrapUp
from tests.records.switch_log import Calling, SwitchLog, answered
from tests.web.house import Browser, House

GOOD = {"topic": "social", "age_band": "11-14", "gender": "girl", "summary": "She said little."}
HASH = "0123456789abcdef" * 2
ODD = "<script>alert(1)</script> \u202eرسالة\u202c 😢 " + "ş" * 300


class Line:
    """What the switch has written, with the clock of this moment."""

    def __init__(self, house: House) -> None:
        self.house, self.log = house, SwitchLog(time.time() - 600)
        house.now = datetime.now(UTC)

    def rings(self, extension: str = "101", **decided: object) -> tuple[Calling, str]:
        """Somebody waits, and that phone rings for them this second."""
        self.log.at = time.time() - 30
        call = self.log.call()
        call.asked("language", "1")
        call.decided(**{"language": "az", "topic": "violence", "age_band": "11-14", "caller": HASH} | decided)
        call.queued()
        self.log.at = time.time() - 2
        return call, call.rings(extension)

    async def talks(self, extension: str = "101", **decided: object) -> Calling:
        call, channel = self.rings(extension, **decided)
        call.talks(channel)
        await self.told()
        return call

    async def told(self) -> None:
        file = self.house.settings.ledger_file
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(self.log.data)
        await call_log.catch_up(call_log.CallLog(self.house.database, file))


@pytest.fixture
def line(house: House) -> Line:
    return Line(house)


async def sit_down(house: House, browser: Browser, name: str = "aynur", extension: str = "101") -> httpx.Response:
    return await browser.enter(await house.add(name, Role.COUNSELLOR, extension))


async def chief(house: House, browser: Browser) -> httpx.Response:
    return await browser.enter(await house.add("sevda", Role.SUPERVISOR))


async def test_who_waits_is_counted_by_language(house: House, line: Line) -> None:
    for language in ("ru", "ru", "az"):
        line.log.at = time.time() - 60
        line.log.call().decided(language=language)
    await line.told()
    async with house.browser() as browser:
        page = await sit_down(house, browser)
    assert "<b>2</b> <span>Russian</span>" in page.text
    assert "<b>1</b> <span>Azerbaijani</span>" in page.text
    assert "No call is with you now" in page.text


async def test_a_call_that_rings_is_understood_at_a_glance_and_shows_no_number(house: House, line: Line) -> None:
    answered(line.log, "102", caller=HASH)
    async with house.browser() as browser, house.browser() as other:
        await sit_down(house, browser)
        await sit_down(house, other, "leyla", "102")
        line.rings(priority="danger", silent="yes")
        await line.told()
        page, elsewhere = await browser.get("/desk"), await other.get("/desk")
    for words in (
        'id="glance-heading"',
        "Violence",
        "11 to 14",
        "Azerbaijani",
        "Danger",
        "Cannot speak",
        "Rang 1 time in",
    ):
        assert words in page.text
    assert HASH not in page.text
    assert 'id="glance-heading"' not in elsewhere.text


async def test_in_a_call_the_form_and_its_helpers_are_there(house: House, line: Line) -> None:
    call = await line.talks()
    async with house.browser() as browser:
        page = await sit_down(house, browser)
    for words in (
        "You are talking",
        "Silent talk",
        "Emergency card",
        "Ask a supervisor",
        f"/contacts/{call.row_id}/draft",
    ):
        assert words in page.text


async def test_the_state_is_said_by_the_page(house: House) -> None:
    async with house.browser() as browser:
        await sit_down(house, browser)
        page = await browser.send("/desk/presence", word="pause")
        assert "On a break" in page.text
        assert (await browser.send("/desk/presence", word="dance")).status_code == 403
    shown, _ = await presence.everybody(house.settings, "101")
    assert shown[0].state is presence.State.BREAK


async def told(browser: Browser, words: str) -> None:
    """The desk says so. All desks share one look, which may be a moment old."""
    async with asyncio.timeout(20):
        while words not in (await browser.get("/desk")).text:
            await asyncio.sleep(0.1)


async def test_help_is_asked_for_silently_and_the_counsellor_sees_who_comes(house: House, line: Line) -> None:
    call = await line.talks()
    async with house.browser() as hers, house.browser() as theirs:
        await sit_down(house, hers)
        await chief(house, theirs)
        page = await hers.send("/desk/help", why="danger")
        assert "Help is asked for: The child is in danger now" in page.text
        assert (await hers.send("/desk/help", why="danger")).status_code == 409
        await told(theirs, "1 asks for help")
        assert "The child is in danger now" in (await theirs.get("/help")).text
        await theirs.send(f"/help/{call.row_id}")
        await told(hers, "Sevda comes to help.")
        late = await theirs.send(f"/help/{call.row_id}")
        assert "Somebody comes already" in late.text
        assert (await hers.get("/help")).status_code == 403


async def test_help_without_a_call_or_for_no_reason_is_refused(house: House, line: Line) -> None:
    async with house.browser() as browser:
        await sit_down(house, browser)
        assert (await browser.send("/desk/help", why="danger")).status_code == 409
        await line.talks()
        await browser.get("/desk")
        assert (await browser.send("/desk/help", why="curiosity")).status_code == 403


async def test_silent_talk_says_when_the_switch_is_away(house: House, line: Line) -> None:
    house.settings.secrets_file.parent.mkdir(exist_ok=True)
    await line.talks()
    async with house.browser() as browser:
        await sit_down(house, browser)
        assert (await browser.send("/desk/silent", question="safe")).status_code == 503
        assert (await browser.send("/desk/silent", question="colour")).status_code == 404


async def test_drafts_save_themselves_and_a_second_window_is_told(house: House, line: Line) -> None:
    call = await line.talks()
    async with house.browser() as browser:
        await sit_down(house, browser)
        await browser.get("/desk")
        headers = {"X-Form-Token": browser.hidden["form_token"]}
        path = f"/contacts/{call.row_id}/draft"
        first = await browser.client.post(path, data={"summary": ODD, "seen": "0"}, headers=headers)
        assert first.json() == {"seen": 1}
        stale = await browser.client.post(path, data={"summary": "other", "seen": "0"}, headers=headers)
        assert stale.status_code == 409
        page = await browser.get("/desk")
    assert "&lt;script&gt;" in page.text
    assert "<script>alert" not in page.text
    desk = wrapup.open_desk(house.settings, house.database)
    assert (await wrapup.read_draft(desk, Of(call.row_id, "aynur"))).form.summary == ODD


async def test_somebody_elses_draft_is_refused_and_on_record(house: House, line: Line) -> None:
    call = await line.talks("102")
    async with house.browser() as browser:
        await sit_down(house, browser)
        headers = {"X-Form-Token": browser.hidden["form_token"]}
        path = f"/contacts/{call.row_id}/draft"
        answer = await browser.client.post(path, data={"summary": "x"}, headers=headers)
        assert answer.status_code == 403
        forged = await browser.client.post(path, data={"summary": "x"}, headers={"X-Form-Token": "0" * 64})
        assert forged.status_code == 403
    assert ("aynur", "not_permitted", path) in await house.deeds()
    assert ("aynur", "forged_form", path) in await house.deeds()


async def test_whom_a_call_was_handed_to_may_write_it_down_too(house: House, line: Line) -> None:
    call, channel = line.rings("102")
    bridge = call.talks(channel)
    second = call.rings("101")
    call.enters(bridge, second)
    call.leaves(bridge, channel)
    await line.told()
    async with house.browser() as browser:
        await sit_down(house, browser)
        assert (await browser.get(f"/contacts/{call.row_id}")).status_code == 200


async def test_a_hard_call_keeps_what_was_typed_and_begins_a_pause(house: House, line: Line) -> None:
    call = await line.talks()
    async with house.browser() as browser:
        await sit_down(house, browser)
        await browser.get(f"/contacts/{call.row_id}")
        page = await browser.send(f"/contacts/{call.row_id}/hard", summary="half a sent")
        assert "Your pause has begun" in page.text
        assert "half a sent" in page.text
        again = await browser.send(f"/contacts/{call.row_id}/hard", summary="half a sentence")
        assert again.status_code == 200


async def test_who_wrote_it_reads_every_version_and_a_supervisor_says_why(house: House, line: Line) -> None:
    call = await line.talks()
    async with house.browser() as hers, house.browser() as theirs:
        await sit_down(house, hers)
        await hers.get(f"/contacts/{call.row_id}")
        await hers.send(f"/contacts/{call.row_id}", deed="close", **GOOD)
        await hers.get(f"/contacts/{call.row_id}")
        await hers.send(f"/contacts/{call.row_id}", deed="correct", **GOOD | {"topic": "legal"})
        page = await hers.get(f"/contacts/{call.row_id}/versions")
        assert "was: Social help" in page.text
        assert "She said little." in page.text
        await chief(house, theirs)
        page = await theirs.get(f"/contacts/{call.row_id}/versions")
        assert "She said little." not in page.text
        page = await theirs.send(f"/contacts/{call.row_id}/versions", reason=" ")
        assert (page.status_code, "A reason is needed" in page.text) == (422, True)
        page = await theirs.send(f"/contacts/{call.row_id}/versions", reason="the mother rings again")
        assert "She said little." in page.text
    (opening,) = await wrapup_reading.openings(wrapup.open_desk(house.settings, house.database))
    assert (opening.by, opening.of, opening.reason) == ("sevda", call.row_id, "the mother rings again")


async def test_a_number_is_for_supervisors_with_a_reason(house: House) -> None:
    async with house.browser() as hers, house.browser() as theirs:
        await sit_down(house, hers)
        assert (await hers.get("/callbacks/1-1/number")).status_code == 403
        await chief(house, theirs)
        assert "Why do you open it?" in (await theirs.get("/callbacks/1-1/number")).text
        assert (await theirs.send("/callbacks/1-1/number", reason="x" * 201)).status_code == 422
        assert (await theirs.send("/callbacks/1-1/number", reason="he has to be warned")).status_code == 404


async def test_a_contact_that_did_not_come_by_telephone_is_entered(house: House) -> None:
    house.now = datetime.now(UTC)
    async with house.browser() as browser:
        await sit_down(house, browser)
        await browser.get("/contacts/new")
        page = await browser.send("/contacts/new", deed="close", came_at="2999-01-01T10:00", summary=ODD)
        assert page.status_code == 422
        for words in ('id="channel-wrong"', "That is still to come.", "&lt;script&gt;"):
            assert words in page.text
        page = await browser.send("/contacts/new", deed="close", came_at="soon", channel="pigeon")
        assert "A day and a time." in page.text
        page = await browser.send("/contacts/new", deed="close", came_at="2026-11-20T10:00", channel="letter", **GOOD)
        assert page.url.path == "/desk"
    async with house.database.reading() as unit:
        from ivr.records import contact

        (found,) = await contact.page(unit)
    assert (found.channel, found.received_at) == ("letter", datetime(2026, 11, 20, 6, 0, tzinfo=UTC))


@pytest.mark.parametrize("asked", ["polis", "ПОЛИЦ", "POLİS", "poli"])
async def test_the_directory_is_searched_in_every_language(house: House, asked: str) -> None:
    async with house.browser() as browser:
        await sit_down(house, browser)
        page = await browser.client.get("/directory", params={"q": asked})
    listed = page.text.split('class="directory"')[1].split("</ul>")[0]
    assert "Police" in listed
    assert "Shelter" not in listed


async def test_categories_are_found_while_they_are_typed(house: House) -> None:
    async with house.browser() as browser:
        await sit_down(house, browser)
        page = await browser.client.get("/desk/categories", params={"q": "fiziki ş"})
    assert 'data-code="violence.physical"' in page.text


async def test_a_message_is_heard_by_who_may_and_that_is_on_record(house: House) -> None:
    folder = house.settings.messages_dir
    folder.mkdir(parents=True)
    (folder / "1795281000-7.wav").write_bytes(b"RIFF....sound")
    async with house.database.unit_of_work() as unit:
        await message.add(unit, "1795281000-7", house.now, {"seconds": 7.0})
    async with house.browser() as hers, house.browser() as theirs:
        await sit_down(house, hers)
        assert (await hers.get("/messages")).status_code == 403
        await chief(house, theirs)
        assert "Nobody has heard it yet" in (await theirs.get("/messages")).text
        sound = await theirs.client.post("/messages/1795281000-7/sound", data=theirs.hidden)
        assert (sound.content, sound.headers["content-type"]) == (b"RIFF....sound", "audio/wav")
        assert "Heard first by sevda" in (await theirs.get("/messages")).text


async def events(stream: AsyncIterator[str]) -> AsyncIterator[tuple[str, dict[str, object]]]:
    async for told in stream:
        if told.startswith("event: "):
            name, data = told.removeprefix("event: ").rstrip().split("\ndata: ")
            yield name, json.loads(data)


def glance_of(data: dict[str, object]) -> str:
    parts = data["parts"]
    assert isinstance(parts, dict)
    return str(parts["glance"])


async def stream_of(house: House, browser: Browser, feed: Feed) -> AsyncIterator[tuple[str, dict[str, object]]]:
    entrance, pages = Entrance(office(house.settings, house.database), lambda: house.now), Pages()
    desk = Desk(house.settings, pages, entrance, WrapUp(house.settings, pages, entrance), feed)
    cookie = f"session={browser.client.cookies['session']}".encode()
    asked = {"type": "http", "path": "/desk/stream", "query_string": b"", "client": None}
    request = Request(asked | {"headers": [(b"cookie", cookie)]})
    seat = await entrance.seat(request)
    assert seat
    return events(desk.tell(request, seat))


async def test_who_rings_is_shown_when_the_switch_says_it_and_the_log_has_not(house: House, line: Line) -> None:
    line.log.at = time.time() - 30
    call = line.log.call()
    call.decided(language="az", topic="violence", age_band="11-14", caller=HASH)
    call.queued()
    await line.told()
    feed = Feed()
    feed.board = Board({call.row_id: waiting(state.Call(call.row_id), 1.0)}, away=False)
    publishing = asyncio.create_task(feed._publish())
    try:
        async with house.browser() as browser:
            await sit_down(house, browser)
            told = await stream_of(house, browser, feed)
            assert (await anext(told))[1]["stage"] == "quiet"
            rings = ringing(feed.board.calls[call.row_id], ["101"], 2.0)
            feed._see(replace(feed.board, calls={rings.id: rings}))
            name, data = await anext(told)
        assert (name, data["stage"]) == ("desk", "ringing")
        assert f'data-call="{call.row_id}"' in glance_of(data)
    finally:
        publishing.cancel()


async def test_what_others_press_in_a_menu_is_sent_to_no_desk(house: House, line: Line) -> None:
    line.log.at = time.time() - 30
    call = line.log.call()
    await line.told()
    async with house.browser() as browser:
        await sit_down(house, browser)
        told = await stream_of(house, browser, Feed())
        assert (await anext(told))[0] == "desk"
        call.asked("language", "1")
        await line.told()
        assert (await anext(told))[0] == "beat"


async def test_the_stream_tells_what_changes_and_ends_with_the_session(
    house: House, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivr.web.desk.SESSION_EVERY_S", 0.0)
    async with house.browser() as browser:
        await sit_down(house, browser)
        told = await stream_of(house, browser, Feed())
        assert (await anext(told))[1]["stage"] == "quiet"
        call, channel = line.rings()
        await line.told()
        name, data = await anext(told)
        assert (name, data["stage"], data["database"], data["switch"]) == ("desk", "ringing", True, False)
        assert f'data-call="{call.row_id}"' in glance_of(data)
        call.talks(channel)
        await line.told()
        data = (await anext(told))[1]
        assert data["contact"] == call.row_id
        assert 'action="/desk/help"' in glance_of(data)
        await browser.get("/desk")
        await browser.send("/sign-out")
        while (await anext(told))[0] != "over":
            pass


def test_scripts_are_small() -> None:
    scripts = [path for path in Path(STATIC_DIR).glob("*.js") if path.name in {"desk.js", "paper.js", "seal.js"}]
    assert sum(path.stat().st_size for path in scripts) < 20_000
