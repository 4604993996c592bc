"""The page of what callers hear: words, sounds, and readings that come over it."""

from __future__ import annotations

import io
import math
import shutil
import struct
import wave
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from ivr import studio, takes
from ivr.accounts import Role
from ivr.settings import Settings
from ivr.telephony import sounds
from ivr.web import form
from tests.conftest import PROJECT
from tests.gallery.open_house import served
from tests.web.house import Browser, House

WORDS = """
default_language = "az"
[language.az]
name = "azərbaycanca"
voice = "az"
speed_wpm = 160
pitch = 50
[prompt.welcome]
heard = "First."
az = "Salam <b>uşaq</b>"
longest_s = 3
"""


def tone(seconds: float, level: float = 0.3, rate: int = 16000, channels: int = 1) -> bytes:
    """A wav file in which somebody hums."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setparams((channels, 2, rate, 0, "NONE", ""))
        wanted = (level * math.sin(2 * math.pi * 440 * n / rate) for n in range(int(seconds * rate)))
        values = (struct.pack("<h", round(32767 * max(-1, min(1, v)))) for v in wanted)
        sound.writeframes(b"".join(value * channels for value in values))
    return file.getvalue()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "recordings").mkdir()
    (tmp_path / "recordings/prompts.toml").write_text(WORDS)
    return Settings(state_dir=tmp_path / "var", recordings_dir=tmp_path / "recordings")


async def send(browser: Browser, take: bytes, path: str = "/prompts/az/welcome") -> httpx.Response:
    await browser.get("/prompts/az")
    files = {"take": ("take.wav", take, "audio/wav")}
    return await browser._shown(
        await browser.client.post(path, data=browser.hidden, files=files, follow_redirects=True)
    )


async def _enter(house: House, browser: Browser) -> None:
    await browser.enter(await house.add("chief", Role.SUPERVISOR))


async def test_a_reading_takes_the_place_of_the_made_voice_and_is_taken_back(house: House) -> None:
    made = takes.sound_file(house.settings, "az", "welcome")
    async with house.browser() as browser:
        await _enter(house, browser)
        page = await browser.get("/prompts/az")
        assert "Salam &lt;b&gt;uşaq&lt;/b&gt;" in page.text
        assert "No sound yet" in page.text
        assert "Read by a person" in (await send(browser, tone(1))).text
        first = made.read_bytes()
        assert (await browser.get("/prompts/az/welcome.wav")).content == first
        assert "Back to the one before" in (await send(browser, tone(2))).text
        assert made.read_bytes() != first
        assert "Take it away" in (await browser.send("/prompts/az/welcome/back")).text
        assert made.read_bytes() == first
        assert "Made voice" in (await browser.send("/prompts/az/welcome/back")).text
        assert made.read_bytes() != first
    told = [deed for _, deed, about in await house.deeds() if about == "az/welcome"]
    assert told == ["prompt_recorded", "prompt_recorded", "prompt_taken_back", "prompt_taken_back"]


@pytest.mark.parametrize(
    ("take", "said"),
    [
        (b"", "Choose a file first."),
        (b"MZ" * 3000, "This is not a WAV file"),
        (tone(1)[:30], "This is not a WAV file"),
        (tone(1, level=0), "Nobody is heard in it."),
        (tone(1, level=3), "It was recorded too loud"),
        (tone(4), "It is longer than 3 seconds."),
        (tone(4, rate=48000, channels=2), "It is longer than 3 seconds."),
        (tone(0), "Nobody is heard in it."),
        (tone(1)[:44], "Nobody is heard in it."),
        (b"RIFF" + b"\xff" * 200, "This is not a WAV file"),
        (b"ID3" + bytes(2000), "This is not a WAV file"),
    ],
)
async def test_a_reading_that_cannot_be_used_changes_nothing_and_is_told_why(
    house: House, take: bytes, said: str
) -> None:
    async with house.browser() as browser:
        await _enter(house, browser)
        answer = await send(browser, take)
        assert answer.status_code == 422
        assert said in answer.text
    assert not list(house.settings.takes_dir.rglob("*.wav"))


@pytest.mark.parametrize("path", ["/prompts/az/..%2Fsecrets", "/prompts/xx/welcome", "/prompts/az/nothing"])
async def test_a_name_that_we_do_not_know_leads_to_no_file(house: House, path: str) -> None:
    async with house.browser() as browser:
        await _enter(house, browser)
        assert (await send(browser, tone(1), path)).status_code == 404
        assert (await browser.get(f"{path}.wav")).status_code == 404
    assert not list(house.settings.state_dir.rglob("*.wav"))


async def test_more_than_a_minute_of_sound_is_refused_before_it_is_read(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(form, "LONGEST", (("/prompts/", 50_000),))
    async with house.browser() as browser:
        await _enter(house, browser)
        assert (await send(browser, bytes(60_000))).status_code == 413


async def test_stereo_of_a_studio_is_put_in_place_as_the_switch_plays_it(house: House) -> None:
    async with house.browser() as browser:
        await _enter(house, browser)
        assert (await send(browser, tone(1.5, rate=48000, channels=2))).status_code == 200
    found = sounds.measure(takes.sound_file(house.settings, "az", "welcome"))
    assert (found.rate_hz, found.channels, found.bits) == (8000, 1, 16)
    assert 1.5 < found.length_s < 2.4


async def test_somebody_elses_reading_is_not_written_over_unheard(house: House) -> None:
    async with house.browser() as first, house.browser() as second:
        await _enter(house, first)
        await second.enter(await house.add("other", Role.SUPERVISOR))
        await second.get("/prompts/az")
        stale = dict(second.hidden)
        assert (await send(first, tone(1))).status_code == 200
        kept = takes.sound_file(house.settings, "az", "welcome").read_bytes()
        files = {"take": ("take.wav", tone(2), "audio/wav")}
        answer = await second.client.post("/prompts/az/welcome", data=stale, files=files)
        assert answer.status_code == 409
        assert "Somebody else has put another recording in place" in answer.text
        back = await second.client.post("/prompts/az/welcome/back", data=stale)
        assert back.status_code == 409
        assert takes.sound_file(house.settings, "az", "welcome").read_bytes() == kept
        assert (await send(second, tone(2))).status_code == 200


async def test_what_is_read_by_phone_is_heard_and_put_in_place(house: House) -> None:
    """The file as dialplan/take.conf leaves it; that phones ring is in the live suite."""
    name, folder = "1795293485000-0123abcd", house.settings.phone_takes_dir
    folder.mkdir(parents=True)
    async with house.browser() as browser:
        await _enter(house, browser)
        assert "I have read it" in (await browser.get(f"/prompts/az?phone={name}&of=welcome")).text
        (folder / f"{name}.wav").write_bytes(tone(1, rate=8000))
        page = (await browser.get(f"/prompts/az?phone={name}&of=welcome")).text
        assert f'src="/prompts/phone/{name}.wav"' in page
        assert (await browser.get(f"/prompts/phone/{name}.wav")).content == tone(1, rate=8000)
        await browser.get(f"/prompts/az?phone={name}&of=welcome")
        answer = await browser.send("/prompts/az/welcome", phone=name, seen="")
        assert "Read by a person" in answer.text


@pytest.mark.parametrize("name", ["..%2F..%2Fsecrets", "1795293485000-0123abcd", "x"])
async def test_a_reading_that_is_not_there_leads_to_no_file(house: House, name: str) -> None:
    async with house.browser() as browser:
        await _enter(house, browser)
        assert (await browser.get(f"/prompts/phone/{name}.wav")).status_code == 404
        await browser.get("/prompts/az")
        assert (await browser.send("/prompts/az/welcome", phone=name)).status_code == 422


async def test_two_gigabytes_are_refused_after_the_first_of_them(house: House) -> None:
    """Over a real socket: what is sent on is not read, and the answer is there all the same."""
    sent = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal sent
        yield b'--x\r\nContent-Disposition: form-data; name="take"; filename="t.wav"\r\n\r\n'
        while sent < 2 * 1024**3:
            sent += 65536
            yield bytes(65536)

    async with house.browser() as browser:
        await _enter(house, browser)
        session = browser.client.cookies["session"]
    async with served(house.site(), 0) as address, httpx.AsyncClient(cookies={"session": session}) as client:
        headers = {"Content-Type": "multipart/form-data; boundary=x", "Sec-Fetch-Site": "same-origin"}
        with suppress(httpx.TransportError):  # it may be cut off before it has been answered
            answer = await client.post(f"{address}/prompts/az/welcome", content=body(), headers=headers)
            assert answer.status_code == 413
    assert sent < 64 * 1024**2
    assert not list(house.settings.takes_dir.rglob("*.wav"))


async def test_a_reading_without_the_token_of_the_form_is_refused(house: House) -> None:
    async with house.browser() as browser:
        await _enter(house, browser)
        answer = await browser.client.post("/prompts/az/welcome", files={"take": ("take.wav", tone(1), "audio/wav")})
        assert answer.status_code == 403
    assert ("chief", "forged_form", "/prompts/az/welcome") in await house.deeds()


async def test_counsellors_do_not_change_what_callers_hear(house: House) -> None:
    async with house.browser() as browser:
        await browser.enter(await house.add("aynur"))
        assert (await browser.get("/prompts/az")).status_code == 403


def test_every_prompt_of_the_line_is_on_the_page_in_its_order(tmp_path: Path) -> None:
    shutil.copytree(PROJECT / "recordings", tmp_path / "recordings")
    settings = Settings(state_dir=tmp_path, recordings_dir=tmp_path / "recordings")
    shelf = takes.shelf(settings, "ru")
    assert [each.id for each in shelf] == list(studio.catalogue(settings).prompts)
