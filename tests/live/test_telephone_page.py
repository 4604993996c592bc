"""A child rings, and somebody answers in a page: a real browser, real sound both ways."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from ivr.telephony.rtp import tone
from ivr.telephony.sipp import until
from ivr.telephony.sipp_call import Sound
from ivr.telephony.sipp_child import Stay, Until
from ivr.telephony.sipp_scenario import Codec
from tests.live.ears import Ears
from tests.live.line import LiveLine
from tests.live.page import Desk, desk
from tests.live.test_stories import keys

pytestmark = [pytest.mark.live, pytest.mark.alone]

CHILD_HZ, PAGE_HZ, OTHER_HZ = 440, 960, 700
TOLD = """() => {
  globalThis.told = [];
  for (const what of ["ringing", "talking", "ended"]) {
    document.addEventListener(`telephone:${what}`, (event) => told.push([event.type, event.detail.contactId]));
  }
}"""
RINGING = "telephone.call?.state === 'ringing'"
TALKING = "telephone.call?.state === 'talking'"
OVER = "telephone.call === null"
# A socket of a page's own, as a script would open one that means no good; what became of it.
SOCKET = """([url, message]) => new Promise((done) => {
  const socket = new WebSocket(url, "sip");
  socket.onopen = () => message && socket.send(message);
  socket.onclose = (event) => done(event.code);
})"""


@pytest.fixture(scope="module")
def line(switch_there: None) -> Iterator[LiveLine]:
    own = LiveLine()
    own.open()
    yield own
    own.close()


@pytest.fixture
async def page(line: LiveLine) -> AsyncIterator[Desk]:
    async with desk(line, "101", PAGE_HZ) as opened:
        await opened.open()
        await line.all_in()
        yield opened


async def test_child_and_page_hear_each_other_and_the_row_says_who_answered(line: LiveLine, page: Desk) -> None:
    before, child, told = line.known(), Ears(), asyncio.Event()
    steps = (Until(lambda: child.hears(PAGE_HZ), 20, "the page's tone"), Until(told.is_set, 10, "the child's tone"))
    call = asyncio.create_task(line.call(*keys("112"), *steps, ears=child, says=tone(CHILD_HZ)))
    await page.becomes(RINGING, 30)
    await page.page.keyboard.press("Enter")
    await page.becomes(TALKING)
    await page.hears(CHILD_HZ)
    levels = await page.page.evaluate("() => telephone.levels()")
    assert min(levels.values()) > 0.3
    told.set()
    await call
    await page.becomes(OVER, 3)
    (row,) = await line.new_rows(before)
    assert (row["outcome"], row["counsellor"]) == ("answered", "101")


async def test_all_that_is_pressed_in_the_page_is_done(line: LiveLine, page: Desk) -> None:
    """Mute, hold, keys; somebody is asked, the caller taken back; hang up. Other scripts are told of it."""
    await page.page.evaluate(TOLD)
    before, child, other = line.known(), Ears(), line.phone("102", sound=Sound(Codec.ULAW, says=tone(OTHER_HZ)))
    call = asyncio.create_task(line.call(*keys("112"), Stay(90), ears=child, says=tone(CHILD_HZ)))
    await until_ringing_here(page, call)
    await page.page.click("[data-deed=answer]")
    async with other.on(line.address, line.folder()):  # only now, or the call might have been theirs
        await until(lambda: child.hears(PAGE_HZ), 15, "the page's tone")
        await page.page.click("[data-deed=mute]")
        await silent(child)
        await page.page.click("[data-deed=mute]")
        await until(lambda: child.hears(PAGE_HZ, child.pieces[-25].at), 5, "the page's tone again")
        await page.page.click("summary:has-text('Keys')")
        await page.page.click("[data-key='5']")
        await until(lambda: child.pressed.endswith("5"), 5, "the key")
        await page.page.click("[data-deed=hold]")
        await page.becomes("telephone.call?.state === 'held'")
        await silent(child, PAGE_HZ)
        await page.page.click("[data-deed=hold]")
        await page.becomes(TALKING)
        await page.page.click("[data-part=others] summary")
        await page.page.select_option("#telephone-to", "102")
        await page.page.click("button[value=ask]")
        await page.hears(OTHER_HZ)
        await page.page.click("[data-deed=back]", timeout=15_000)
        await page.hears(CHILD_HZ)
        await page.page.click("[data-deed=hangup]")
        await call
    (row,) = await line.new_rows(before)
    assert (row["outcome"], row["counsellor"]) == ("answered", "101")
    told = await page.page.evaluate("() => told")
    assert told == [[what, row["id"]] for what in ("telephone:ringing", "telephone:talking", "telephone:ended")]


async def until_ringing_here(page: Desk, call: asyncio.Task[object]) -> None:
    await page.becomes(RINGING, 60)
    assert not call.done()


async def silent(child: Ears, hertz: int = PAGE_HZ) -> None:
    """The child hears that tone no more."""
    await asyncio.sleep(0.5)
    since = child.pieces[-1].at
    await until(lambda: child.pieces[-1].at > since + 0.6, 10, "sound at the child")
    assert not child.hears(hertz, since)


async def test_the_device_test_plays_back_what_was_said(page: Desk) -> None:
    await page.page.click("summary:has-text('Microphone')")
    await page.page.click("[data-deed=test]")
    await page.page.wait_for_selector("[data-test=heard]", timeout=20_000)


async def test_reloaded_while_it_rings_it_rings_again(line: LiveLine, page: Desk) -> None:
    before, child = line.known(), Ears()
    steps = (Until(lambda: child.hears(PAGE_HZ), 60, "the page's tone"),)
    call = asyncio.create_task(line.call(*keys("112"), *steps, ears=child))
    await page.becomes(RINGING, 30)
    await page.open()
    await page.becomes(RINGING, 40)
    await page.page.keyboard.press("Enter")
    await call
    (row,) = await line.new_rows(before)
    assert (row["outcome"], row["counsellor"]) == ("answered", "101")


async def test_a_connection_lost_for_three_seconds_costs_no_call(line: LiveLine, page: Desk) -> None:
    before, child, over = line.known(), Ears(), asyncio.Event()
    call = asyncio.create_task(
        line.call(*keys("112"), Until(over.is_set, 60, "the end"), ears=child, says=tone(CHILD_HZ))
    )
    await page.becomes(RINGING, 30)
    await page.page.keyboard.press("Enter")
    await page.becomes(TALKING)
    cut = asyncio.create_task(page.relay.cut_for(3))
    await page.becomes("telephone.connection === 'away'", 3)
    await cut
    back = asyncio.get_running_loop().time()
    await page.becomes("telephone.connection === 'here'", 5)
    assert asyncio.get_running_loop().time() - back < 5
    since = child.pieces[-1].at
    await until(lambda: child.hears(PAGE_HZ, since), 5, "the page's tone again")
    await page.hears(CHILD_HZ)
    over.set()
    await call
    await page.becomes(OVER, 3)  # the switch knows where the page is now
    (row,) = await line.new_rows(before)
    assert (row["outcome"], row["counsellor"]) == ("answered", "101")


async def test_a_page_of_another_origin_and_one_that_speaks_for_another_are_refused(page: Desk) -> None:
    url = f"ws://127.0.0.1:{page.port}/telephone"
    sender = "<sip:102-page@helpline.invalid>"
    message = f"REGISTER sip:helpline.invalid SIP/2.0\r\nFrom: {sender};tag=a\r\nTo: {sender}\r\n\r\n"
    async with asyncio.timeout(30):
        assert await page.page.evaluate(SOCKET, [url, message]) == 1008
        await page.page.goto("about:blank")
        assert await page.page.evaluate(SOCKET, [url, ""]) == 1006  # never opened: closed by the site it would be 1008


async def test_closed_in_mid_call_the_child_is_with_somebody_else_within_seconds(line: LiveLine, page: Desk) -> None:
    before, child = line.known(), Ears()
    steps = (Until(lambda: child.hears(PAGE_HZ), 30, "the page's tone"), Until(lambda: child.hears(700), 20, "another"))
    other = line.phone("102", sound=Sound(Codec.ULAW, says=tone(700)))
    call = asyncio.create_task(line.call(*keys("112"), *steps, ears=child, says=tone(CHILD_HZ)))
    await page.becomes(RINGING, 30)
    await page.page.keyboard.press("Enter")
    await until(lambda: child.hears(PAGE_HZ), 15, "the page's tone")
    async with other.on(line.address, line.folder()):
        await page.page.close(run_before_unload=False)
        await call
    (row,) = await line.new_rows(before)
    assert row["outcome"] == "answered"  # the row names whom the child talked with first
